-- The tables of release 0.1.0: every workflow's truth.
--
-- Invariants, kept by the functions of `orchestrator/src/**/*.sql` and by nothing else:
--   * The state of a task or step lives in one column. Nobody stores it a second time.
--   * A step changes only from the state and execution that the event names (compare and swap). Executions are numbered
--     across attempts, resumptions and operators' resets, and no number is ever used twice.
--   * Whoever changes a step's state holds its task's row lock, taken in task_id order, so events on one task are
--     serial and events on different tasks never wait in a circle. What only marks a message as sent takes the step
--     alone, and passes over one that is being changed.
--   * `remaining_dependencies` counts the dependencies not yet satisfied. At zero a pending step is enqueued, in
--     the same transaction. A dependency that a decision may still create counts as not yet satisfied; one that no
--     decision can create any more does not count.
--   * `wake_at` is when the sweep must look at a step if nothing has happened by then. It is null exactly where no
--     event can be missed: pending and settled steps. One partial index on it finds all that was ever lost.
--   * The step counters of a task equal what counting its steps would give.

CREATE SCHEMA tasker;

-- The catalog: what can run --------------------------------------------------------------------------------------

-- One row. Every publication raises the version. A call that uses a cached catalog names the cached version, and the
-- database rejects an old one: no extra query asks whether the cache is current.
CREATE TABLE tasker.catalog (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version  bigint NOT NULL DEFAULT 1,
    -- Counts the changes of triggers, for the same reason.
    triggers_version bigint NOT NULL DEFAULT 0
);
INSERT INTO tasker.catalog (version) VALUES (1);

CREATE TABLE tasker.components (
    digest       text PRIMARY KEY CHECK (digest ~ '^[0-9a-f]{64}$'),
    size_bytes   bigint NOT NULL,
    handlers     jsonb NOT NULL,
    published_at timestamptz NOT NULL
);

-- Every version of a handler that a template's `callable` can name, numbered from 1.
CREATE TABLE tasker.handler_versions (
    callable     text NOT NULL,
    version      integer NOT NULL,
    component    text NOT NULL REFERENCES tasker.components,
    function     text NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (callable, version),
    UNIQUE (callable, component, function)
);

-- The version that tasks created from now on get.
CREATE TABLE tasker.handlers (
    callable         text PRIMARY KEY,
    version          integer NOT NULL,
    -- The version before the last promotion, for a roll-back.
    previous_version integer,
    promoted_at      timestamptz NOT NULL,
    FOREIGN KEY (callable, version) REFERENCES tasker.handler_versions
);

-- Published versions, immutable.
CREATE TABLE tasker.templates (
    template_id  uuid PRIMARY KEY,
    namespace    text NOT NULL,
    name         text NOT NULL,
    version      text NOT NULL,
    definition   jsonb NOT NULL,
    published_at timestamptz NOT NULL,
    UNIQUE (namespace, name, version)
);

-- A template version with every handler pinned to a component. A task is created from one and keeps it.
CREATE TABLE tasker.releases (
    release_id  uuid PRIMARY KEY,
    template_id uuid NOT NULL REFERENCES tasker.templates,
    pins        jsonb NOT NULL,
    created_at  timestamptz NOT NULL,
    -- The template's lifecycle: the longest duration of a task, and of one of these states. Null: no limit.
    max_duration                 interval,
    max_waiting_for_dependencies interval,
    max_waiting_for_retry        interval,
    max_steps_in_process         interval,
    staleness_action             text NOT NULL CHECK (staleness_action IN ('dlq', 'error', 'none')),
    fails_on_timeout             boolean NOT NULL,
    buries_on_timeout            boolean NOT NULL,
    UNIQUE (template_id, pins)
);

-- The steps of a release, computed once: creating a task copies rows, completing a step reads one.
CREATE TABLE tasker.release_steps (
    release_id        uuid NOT NULL REFERENCES tasker.releases,
    step_index        integer NOT NULL,
    name              text NOT NULL,
    step_type         text NOT NULL CHECK (step_type IN
        ('standard', 'decision', 'deferred_convergence', 'batchable', 'batch_worker')),
    -- False for steps that a decision creates, and for batch workers.
    created_with_task boolean NOT NULL,
    -- Position in a topological order.
    creation_order    integer NOT NULL,
    parents           integer[] NOT NULL,
    children          integer[] NOT NULL,
    -- The decisions upstream: only they can create it.
    deciders          integer[] NOT NULL,
    -- The steps whose results the step receives: its parents, or all its ancestors.
    context_steps     integer[] NOT NULL,
    retryable         boolean NOT NULL,
    max_attempts      integer NOT NULL,
    backoff           text NOT NULL CHECK (backoff IN ('none', 'linear', 'exponential', 'fibonacci')),
    backoff_base_ms   bigint NOT NULL,
    max_backoff_ms    bigint NOT NULL,
    jitter            boolean NOT NULL,
    -- Of a batchable step: the step that its workers copy, how many run at once, and what a failed worker means.
    -- A batch worker has the failure strategy of its batch.
    worker            integer,
    parallelism       integer,
    failure_strategy  text CHECK (failure_strategy IN ('continue_on_failure', 'fail_fast', 'isolate')),
    -- The domain events that it publishes: array of {name, condition, delivery_mode}.
    events            jsonb,
    PRIMARY KEY (release_id, step_index)
);

-- Tasks and steps --------------------------------------------------------------------------------------------------

CREATE TABLE tasker.tasks (
    task_id               uuid PRIMARY KEY,
    -- No foreign key: releases are never deleted, and the check would lock the release's row for every task.
    release_id            uuid NOT NULL,
    namespace             text NOT NULL,
    name                  text NOT NULL,
    version               text NOT NULL,
    state                 text NOT NULL CHECK (state IN
        ('pending', 'initializing', 'enqueuing_steps', 'steps_in_process', 'evaluating_results',
         'waiting_for_dependencies', 'waiting_for_retry', 'blocked_by_failures',
         'complete', 'error', 'cancelled', 'resolved_manually')),
    priority              smallint NOT NULL,
    -- Inline, or a reference into the blob store.
    input                 json,
    input_blob            json,
    -- Hash shared by requests for the same task; null where every request is a task of its own.
    identity              bytea,
    initiator             text,
    source_system         text,
    reason                text,
    tags                  text[] NOT NULL DEFAULT '{}',
    correlation_id        text NOT NULL,
    parent_correlation_id text,
    traceparent           text,
    created_at            timestamptz NOT NULL,
    completed_at          timestamptz,
    steps_total           integer NOT NULL,
    steps_satisfied       integer NOT NULL DEFAULT 0, -- complete, resolved_manually
    steps_running         integer NOT NULL DEFAULT 0, -- enqueued, in_progress
    steps_retrying        integer NOT NULL DEFAULT 0, -- waiting_for_retry
    steps_failed          integer NOT NULL DEFAULT 0, -- error, and cancelled in a task that is not
    steps_isolated        integer NOT NULL DEFAULT 0, -- error, and its batch goes on without it
    -- Set while an operator pauses the task: nothing more is enqueued.
    paused_at             timestamptz,
    -- When an event last changed the task.
    state_since           timestamptz NOT NULL,
    -- When the sweep must next check the task against its lifecycle, at the latest.
    wake_at               timestamptz,
    -- Whether it exceeded max_duration and the consequences were applied.
    is_overdue            boolean NOT NULL DEFAULT false,
    has_dlq_entry         boolean NOT NULL DEFAULT false,
    -- New steps number their executions from here, above the numbers of deleted steps.
    first_execution       integer NOT NULL DEFAULT 0,
    CHECK ((input IS NULL) <> (input_blob IS NULL))
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX tasks_identity ON tasker.tasks (identity) WHERE identity IS NOT NULL;
-- Lists run in creation order: the key is a UUIDv7, which sorts by time.
CREATE INDEX tasks_by_state ON tasker.tasks (state, task_id);
CREATE INDEX tasks_to_wake ON tasker.tasks (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX tasks_by_name ON tasker.tasks (namespace, name, task_id);

CREATE TABLE tasker.steps (
    task_id                uuid NOT NULL,
    step_index             integer NOT NULL,
    state                  text NOT NULL CHECK (state IN
        ('pending', 'enqueued', 'in_progress', 'enqueued_for_orchestration',
         'enqueued_as_error_for_orchestration', 'waiting_for_retry',
         'complete', 'error', 'cancelled', 'resolved_manually')),
    -- Index of the release's step that it copies: its own index, unless it is a batch worker.
    definition             integer NOT NULL,
    -- For the retry policy and for people: counts from 1, and again from 1 after an operator's reset.
    attempt                integer NOT NULL DEFAULT 0,
    -- For messages: never used twice.
    execution              integer NOT NULL DEFAULT 0,
    remaining_dependencies integer NOT NULL,
    wake_at                timestamptz,
    enqueued_at            timestamptz,
    -- When the message of this execution was sent; null while it may be unsent.
    dispatched_at          timestamptz,
    started_at             timestamptz,
    finished_at            timestamptz,
    next_retry_at          timestamptz,
    host                   text,
    progress               text,
    result                 json,
    result_blob            json,
    last_failure           json,
    -- The saved state to resume from, and the last few saves: array of {number, attempt, at, host}.
    checkpoint             json,
    checkpoint_blob        json,
    checkpoints            integer NOT NULL DEFAULT 0,
    checkpoint_history     jsonb,
    -- Of a batch worker: its batchable step, its number from 1, and its slice (null: an empty batch's placeholder).
    batch                  integer,
    worker_number          integer,
    cursor                 json,
    -- Failed, and the batch continues without it.
    isolated               boolean NOT NULL DEFAULT false,
    PRIMARY KEY (task_id, step_index)
) WITH (fillfactor = 70);

CREATE INDEX steps_to_wake ON tasker.steps (wake_at) WHERE wake_at IS NOT NULL;

-- A batchable step with its workers: the steps from `first_index` on, in the order of their numbers.
CREATE TABLE tasker.batches (
    task_id     uuid NOT NULL,
    step_index  integer NOT NULL,
    worker      integer NOT NULL,
    first_index integer NOT NULL,
    workers     integer NOT NULL,
    -- No worker before this step is pending.
    next_index  integer NOT NULL,
    PRIMARY KEY (task_id, step_index)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX batches_by_worker ON tasker.batches (task_id, worker);

-- Dead letters: tasks that need a person, with a snapshot --------------------------------------------------------

CREATE TABLE tasker.dlq (
    dlq_entry_id       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    task_id            uuid NOT NULL,
    -- Of one isolated slice of a batch; null for the whole task.
    step_index         integer,
    namespace          text NOT NULL,
    name               text NOT NULL,
    priority           smallint NOT NULL,
    dlq_reason         text NOT NULL CHECK (dlq_reason IN ('staleness_timeout', 'max_retries_exceeded',
        'dependency_cycle_detected', 'worker_unavailable', 'manual_dlq')),
    resolution_status  text NOT NULL DEFAULT 'pending' CHECK (resolution_status IN
        ('pending', 'manually_resolved', 'permanently_failed', 'cancelled')),
    actor              text NOT NULL,
    note               text,
    task_state         text NOT NULL,
    snapshot           json NOT NULL,
    created_at         timestamptz NOT NULL,
    resolved_at        timestamptz,
    resolved_by        text,
    resolution_notes   text
);
CREATE UNIQUE INDEX dlq_pending ON tasker.dlq (task_id, coalesce(step_index, -1)) WHERE resolution_status = 'pending';
CREATE INDEX dlq_by_status ON tasker.dlq (resolution_status, created_at);
CREATE INDEX dlq_by_task ON tasker.dlq (task_id);

-- Domain events ------------------------------------------------------------------------------------------------------

-- The outbox: events of steps, written in the transaction that causes them. Published events are kept for a day.
CREATE TABLE tasker.events (
    event_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name           text NOT NULL,
    at             timestamptz NOT NULL,
    task_id        uuid NOT NULL,
    release_id     uuid NOT NULL,
    step_index     integer,
    definition     integer,
    attempt        integer,
    step_state     text,
    correlation_id text NOT NULL,
    worker_number  integer,
    -- The step's result or its failure.
    payload        json,
    payload_blob   json,
    -- When its deliveries were written.
    published_at   timestamptz,
    -- Why it has none: its payload does not fit its schema.
    error          text
);
CREATE INDEX events_to_publish ON tasker.events (event_id) WHERE published_at IS NULL;
CREATE INDEX events_published ON tasker.events (published_at) WHERE published_at IS NOT NULL;

-- Who receives which events.
CREATE TABLE tasker.subscriptions (
    subscription_id uuid PRIMARY KEY,
    name            text NOT NULL UNIQUE,
    -- The name of an event, or the beginning of names followed by `*`.
    event           text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('webhook', 'queue', 'topic', 'event_bus', 'task')),
    target          jsonb NOT NULL,
    created_at      timestamptz NOT NULL
);

-- An event on its way to a subscriber. Deleted when it has arrived.
CREATE TABLE tasker.deliveries (
    event_id        bigint NOT NULL,
    subscription_id uuid NOT NULL REFERENCES tasker.subscriptions ON DELETE CASCADE,
    envelope        json NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    -- Null: given up, and kept for people.
    next_attempt_at timestamptz,
    last_error      text,
    PRIMARY KEY (event_id, subscription_id)
);
CREATE INDEX deliveries_due ON tasker.deliveries (subscription_id, next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- Audit --------------------------------------------------------------------------------------------------------------

-- One row per event: the whole path of states, from the state before it.
CREATE TABLE tasker.audit (
    -- The order of events where their times are equal.
    audit_id       bigint GENERATED ALWAYS AS IDENTITY,
    task_id        uuid NOT NULL,
    at             timestamptz NOT NULL,
    event          text NOT NULL,
    actor          text NOT NULL,
    reason         text,
    task_states    text[],
    step_index     integer,
    attempt        integer,
    step_states    text[],
    step_times     timestamptz[],
    -- Steps whose last dependency this event satisfied: pending to enqueued, at `at`.
    enqueued_steps integer[],
    -- Of a run: resource use, logs, failure.
    detail         json
);

CREATE INDEX audit_by_task ON tasker.audit (task_id);

-- The audit as from → to rows, for people and for the API.
CREATE VIEW tasker.transitions AS
    SELECT a.audit_id, a.task_id, NULL::integer AS step_index, a.attempt, a.at, path.state_before AS from_state,
           path.state_after AS to_state, a.event, a.actor, a.reason, path.position
    FROM tasker.audit a
    CROSS JOIN LATERAL (
        SELECT a.task_states[i] AS state_before, a.task_states[i + 1] AS state_after, i AS position
        FROM generate_series(1, cardinality(a.task_states) - 1) AS i) AS path
UNION ALL
    SELECT a.audit_id, a.task_id, a.step_index, a.attempt, path.at, path.state_before, path.state_after, a.event, a.actor,
           a.reason, path.position
    FROM tasker.audit a
    CROSS JOIN LATERAL (
        SELECT a.step_states[i] AS state_before, a.step_states[i + 1] AS state_after,
               coalesce(a.step_times[i + 1], a.at) AS at, i AS position
        FROM generate_series(1, cardinality(a.step_states) - 1) AS i) AS path
UNION ALL
    SELECT a.audit_id, a.task_id, enqueued.step_index, 1, a.at, 'pending', 'enqueued', a.event, a.actor, a.reason, 1
    FROM tasker.audit a
    CROSS JOIN LATERAL unnest(a.enqueued_steps) AS enqueued (step_index);

-- Triggers, and events from outside that start tasks -------------------------------------------------------------

CREATE TABLE tasker.triggers (
    namespace    text NOT NULL,
    name         text NOT NULL,
    -- Rises with every change of the content.
    version      integer NOT NULL,
    definition   jsonb NOT NULL,
    -- Set by an operator; independent of the definition's `enabled`.
    disabled_at  timestamptz,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (namespace, name)
);

CREATE TABLE tasker.received_events (
    -- Hash of its source and id.
    received_id uuid PRIMARY KEY,
    source      text NOT NULL,
    id          text NOT NULL,
    type        text NOT NULL,
    event       json,
    event_blob  json,
    -- `unmatched` and `failed` are dead letters.
    state       text NOT NULL CHECK (state IN ('started', 'unmatched', 'failed')),
    -- Array of {trigger, version, task_id}. Of a failed event, the tasks that its other triggers started.
    tasks       jsonb NOT NULL,
    reason      text,
    received_at timestamptz NOT NULL,
    replayed_at timestamptz,
    CHECK ((event IS NULL) <> (event_blob IS NULL))
);
CREATE INDEX received_events_by_state ON tasker.received_events (state, received_at);

-- Sets of functions ------------------------------------------------------------------------------------------------

-- Each release calls functions in a schema of its own, named by their hash, so that two releases run side by side. The
-- sweep drops the sets that no process has used for a week.
CREATE TABLE tasker.function_sets (
    name         text PRIMARY KEY CHECK (name ~ '^tasker_f_[0-9a-f]{16}$'),
    installed_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL
);

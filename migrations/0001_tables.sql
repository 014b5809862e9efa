-- The tables: every workflow's truth.
--
-- Invariants, kept by the functions in the later files and by nothing else:
--   * The state of a task or step lives in one column. Nobody stores it a second time.
--   * A step changes only from the state and attempt that the event names (compare and swap).
--   * Whoever changes a step's state holds its task's row lock, taken in task_id order, so events on one task are
--     serial and events on different tasks never wait in a circle. What only marks a message as sent takes the step
--     alone, and passes over one that is being changed.
--   * `remaining_dependencies` counts the dependencies not yet satisfied. At zero a pending step is enqueued, in
--     the same transaction.
--   * `wake_at` is when the sweep must look at a step if nothing has happened by then. It is null exactly where no
--     event can be missed: pending and settled steps. One partial index on it finds all that was ever lost.
--   * The step counters of a task equal what counting its steps would give.

CREATE SCHEMA tasker;

-- Time ---------------------------------------------------------------------------------------------------------

-- Empty, except in tests, which freeze time by storing it here.
CREATE TABLE tasker.clock (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    frozen_at timestamptz NOT NULL
);

-- The only source of time in this schema.
CREATE FUNCTION tasker.now() RETURNS timestamptz LANGUAGE sql STABLE AS
$$ SELECT coalesce((SELECT frozen_at FROM tasker.clock WHERE only_row), clock_timestamp()) $$;

-- The catalog: what can run --------------------------------------------------------------------------------------

-- One row. Its version grows with every publication, so that an orchestrator which cached the catalog learns in
-- the call that uses it, and not by asking first, that its cache is old.
CREATE TABLE tasker.catalog (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version  bigint NOT NULL DEFAULT 1
);
INSERT INTO tasker.catalog DEFAULT VALUES;

CREATE TABLE tasker.components (
    digest       text PRIMARY KEY CHECK (digest ~ '^[0-9a-f]{64}$'),
    size_bytes   bigint NOT NULL,
    handlers     jsonb NOT NULL,
    published_at timestamptz NOT NULL
);

-- Which handler of which component a template's `callable` means for tasks created from now on.
CREATE TABLE tasker.handlers (
    callable     text PRIMARY KEY,
    component    text NOT NULL REFERENCES tasker.components,
    function     text NOT NULL,
    published_at timestamptz NOT NULL
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

-- A template version with every handler pinned to a component: what a task is created from and stays with.
CREATE TABLE tasker.releases (
    release_id  uuid PRIMARY KEY,
    template_id uuid NOT NULL REFERENCES tasker.templates,
    pins        jsonb NOT NULL,
    created_at  timestamptz NOT NULL,
    UNIQUE (template_id, pins)
);

-- The steps of a release, worked out once: creating a task copies rows, and completing a step reads one.
CREATE TABLE tasker.release_steps (
    release_id        uuid NOT NULL REFERENCES tasker.releases,
    step_index        integer NOT NULL,
    name              text NOT NULL,
    step_type         text NOT NULL CHECK (step_type IN
        ('standard', 'decision', 'deferred_convergence', 'batchable', 'batch_worker')),
    created_with_task boolean NOT NULL,
    parents           integer[] NOT NULL,
    children          integer[] NOT NULL,
    -- Whose results the step is given: its parents, or all its ancestors.
    context_steps     integer[] NOT NULL,
    retryable         boolean NOT NULL,
    max_attempts      integer NOT NULL,
    backoff           text NOT NULL CHECK (backoff IN ('none', 'linear', 'exponential', 'fibonacci')),
    backoff_base_ms   bigint NOT NULL,
    max_backoff_ms    bigint NOT NULL,
    jitter            boolean NOT NULL,
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
    -- Hash that two requests for the same work share; null where every request is new work.
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
    steps_failed          integer NOT NULL DEFAULT 0, -- error
    CHECK ((input IS NULL) <> (input_blob IS NULL))
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX tasks_identity ON tasker.tasks (identity) WHERE identity IS NOT NULL;
-- Lists run in creation order: the key is a UUIDv7, which sorts by time.
CREATE INDEX tasks_by_state ON tasker.tasks (state, task_id);
CREATE INDEX tasks_by_name ON tasker.tasks (namespace, name, task_id);

CREATE TABLE tasker.steps (
    task_id                uuid NOT NULL,
    step_index             integer NOT NULL,
    state                  text NOT NULL CHECK (state IN
        ('pending', 'enqueued', 'in_progress', 'enqueued_for_orchestration',
         'enqueued_as_error_for_orchestration', 'waiting_for_retry',
         'complete', 'error', 'cancelled', 'resolved_manually')),
    attempt                integer NOT NULL DEFAULT 0,
    remaining_dependencies integer NOT NULL,
    wake_at                timestamptz,
    enqueued_at            timestamptz,
    -- When the message of this attempt had left; null while it may not have.
    dispatched_at          timestamptz,
    started_at             timestamptz,
    finished_at            timestamptz,
    next_retry_at          timestamptz,
    host                   text,
    progress               text,
    result                 json,
    result_blob            json,
    last_failure           json,
    PRIMARY KEY (task_id, step_index)
) WITH (fillfactor = 70);

CREATE INDEX steps_to_wake ON tasker.steps (wake_at) WHERE wake_at IS NOT NULL;

-- Audit --------------------------------------------------------------------------------------------------------------

-- One row per event: the whole path of states it led through, the first being the state before.
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
    -- Of a run: its use of resources, its logs, its failure.
    detail         json
);

CREATE INDEX audit_by_task ON tasker.audit (task_id);

-- The audit as from → to rows.
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

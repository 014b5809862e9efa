-- Bulk operations: one action on many tasks, previewed, confirmed, and then worked through in the background.

CREATE TABLE tasker.bulk_operations (
    bulk_id      uuid PRIMARY KEY,
    state        text NOT NULL CHECK (state IN ('previewed', 'running', 'stopped', 'complete')),
    action       text NOT NULL,
    arguments    json NOT NULL,
    reason       text,
    -- Who asked for it, and whom the audit names.
    principal    json NOT NULL,
    actor        text NOT NULL,
    -- What its tasks must match; NULL if they were named.
    filter       json,
    -- The namespaces that it is limited to; NULL for all.
    namespaces   text[],
    -- What the preview counted.
    matching     bigint NOT NULL,
    is_capped    boolean NOT NULL,
    -- SHA-256 of the token that confirms it.
    token        bytea NOT NULL,
    created_at   timestamptz NOT NULL,
    confirmed_at timestamptz,
    ended_at     timestamptz,
    -- The progress: from the newest task to the oldest, this one is the last that was worked on.
    last_task    uuid,
    done         bigint NOT NULL DEFAULT 0,
    failed       bigint NOT NULL DEFAULT 0,
    -- The turn of a process that works on it, and until when no other may.
    turn         uuid,
    leased_until timestamptz
);
CREATE UNIQUE INDEX bulk_operations_by_token ON tasker.bulk_operations (token);
CREATE INDEX bulk_operations_running ON tasker.bulk_operations (leased_until) WHERE state = 'running';

-- The tasks that the action could not be applied to. At most 10,000 of an operation; the others are only counted.
CREATE TABLE tasker.bulk_failures (
    bulk_id uuid NOT NULL,
    task_id uuid NOT NULL,
    code    text NOT NULL,
    message text NOT NULL,
    PRIMARY KEY (bulk_id, task_id)
);

-- The tasks of an operation, as its preview found them, until it has ended.
CREATE TABLE tasker.bulk_tasks (
    bulk_id uuid NOT NULL,
    task_id uuid NOT NULL,
    PRIMARY KEY (bulk_id, task_id)
);

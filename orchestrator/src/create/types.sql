-- A validated request for a task.
CREATE TYPE tasker_f.new_task AS (
    task_id               uuid,
    release_id            uuid,
    priority              smallint,
    -- JSON, inline or as a blob reference.
    input                 text,
    input_blob            text,
    -- The hash that requests for the same task share. Null if every request creates its own task.
    identity              bytea,
    initiator             text,
    source_system         text,
    reason                text,
    tags                  text[],
    correlation_id        text,
    parent_correlation_id text,
    traceparent           text,
    -- What the task is found by.
    labels                text[]
);

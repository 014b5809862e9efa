-- What an event function answers: rows of four kinds.
CREATE TYPE tasker_f.effect AS (
    -- Of a verdict on what was asked for, its position (from 1); 0 in a verdict on a task; -1 in an execution that no
    -- longer counts, though a host may be at it; -2 where events wait to be published; null in a step to dispatch.
    position           bigint,
    step_state         text,
    task_state         text,
    -- Milliseconds until the step's retry is due; of a cancellation, how many steps it ended.
    retry_in_ms        bigint,
    task_id            uuid,
    step_index         integer,
    execution          integer,
    attempt            integer,
    -- Of a step to dispatch: what the orchestrator does not know from the release.
    release_id         uuid,
    definition         integer,
    priority           smallint,
    input              text,
    input_blob         text,
    correlation_id     text,
    traceparent        text,
    -- JSON array of {step, result: {inline} | {blob}}, in the template's order.
    dependency_results text,
    checkpoint         text,
    checkpoint_blob    text,
    batch              integer,
    worker_number      integer,
    workers            integer,
    cursor             text
);

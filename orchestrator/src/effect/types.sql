-- A row that an event function returns. There are six kinds.
CREATE TYPE tasker_f.effect AS (
    -- 'verdict':  the result for one item of the call.
    -- 'task':     the new state of a task.
    -- 'revoked':  an execution whose report no longer counts, although a host may still run it.
    -- 'events':   unpublished events exist.
    -- 'dispatch': a step to send to a host.
    -- 'later':    a step to send to a host, whose dispatch must be queried.
    kind               text,
    -- Verdict: the position of the item in the call, from 1.
    position           bigint,
    step_state         text,
    task_state         text,
    -- Verdict: milliseconds until the step's retry is due.
    retry_in_ms        bigint,
    -- Verdict of a cancellation: the number of cancelled steps.
    count              bigint,
    task_id            uuid,
    step_index         integer,
    execution          integer,
    attempt            integer,
    -- Dispatch: the data that is not in the release.
    release_id         uuid,
    template_step      integer,
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

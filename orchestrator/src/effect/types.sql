-- What an event function returns: rows of five kinds.
CREATE TYPE tasker_f.effect AS (
    -- 'verdict':  the result for one thing that the caller asked for.
    -- 'task':     the state that a task moved to.
    -- 'revoked':  an execution that no longer counts, although a host may run it.
    -- 'events':   events wait to be published.
    -- 'dispatch': a step to send to a host.
    kind               text,
    -- Of a verdict: the position of what was asked for, from 1.
    position           bigint,
    step_state         text,
    task_state         text,
    -- Of a verdict: milliseconds until the step's retry is due.
    retry_in_ms        bigint,
    -- Of the verdict on a cancellation: how many steps it ended.
    count              bigint,
    task_id            uuid,
    step_index         integer,
    execution          integer,
    attempt            integer,
    -- Of a step to dispatch: what the orchestrator does not know from the release.
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

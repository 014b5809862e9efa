-- The end of an execution, as reported by its host.
CREATE TYPE tasker_f.report AS (
    task_id        uuid,
    step_index     integer,
    execution      integer,
    -- The release and the template step that the outcome was checked against. Null if it was not checked.
    release_id     uuid,
    template_step  integer,
    -- JSON, inline or as a blob reference. Null if the execution failed.
    result         text,
    result_blob    text,
    -- Whether the result is a checkpoint from which the step runs again.
    is_checkpoint  boolean,
    -- Decision: JSON array of the template steps that it named. Batchable step: JSON array of its cursors.
    branch         text,
    cursors        text,
    -- JSON. Null if the execution did not fail.
    failure        text,
    retryable      boolean,
    retry_after_ms bigint,
    event          text,
    actor          text,
    reason         text,
    detail         text,
    started_at     timestamptz,
    finished_at    timestamptz,
    -- In [0, 1): the jitter of the backoff. Passed by the caller, so that tests can repeat a run.
    dice           double precision,
    -- Whether the host goes on with the next step, which then needs no message.
    continues      boolean,
    -- The step from which the host went on to this one, and when that execution ended. Null if a message was sent.
    after_step     integer,
    after_end      timestamptz
);

-- A heartbeat of an execution.
CREATE TYPE tasker_f.heartbeat AS (
    task_id    uuid,
    step_index integer,
    execution  integer,
    started_at timestamptz,
    lease_ms   bigint,
    actor      text,
    progress   text,
    -- As in a report.
    after_step integer,
    after_end  timestamptz
);

-- The end of an execution, as its host reports it.
CREATE TYPE tasker_f.report AS (
    task_id        uuid,
    step_index     integer,
    execution      integer,
    -- The release, and the step of its template, that the outcome was checked against; null where nothing was checked.
    release_id     uuid,
    template_step  integer,
    -- JSON, inline or as a blob reference. Null where the execution failed.
    result         text,
    result_blob    text,
    -- Whether the result is a checkpoint, and the step is to run again from it.
    is_checkpoint  boolean,
    -- Of a decision: JSON array of the template steps that it named. Of a batchable step: JSON array of its cursors.
    branch         text,
    cursors        text,
    -- JSON. Null where the execution did not fail.
    failure        text,
    retryable      boolean,
    retry_after_ms bigint,
    event          text,
    actor          text,
    reason         text,
    detail         text,
    started_at     timestamptz,
    finished_at    timestamptz,
    -- In [0, 1): spreads the waits between attempts. From the caller, so that a test can repeat a run.
    dice           double precision
);

-- A sign of life of an execution.
CREATE TYPE tasker_f.heartbeat AS (
    task_id    uuid,
    step_index integer,
    execution  integer,
    started_at timestamptz,
    lease_ms   bigint,
    actor      text,
    progress   text
);

-- What has happened, counted by minute, hour and day: kept longer than it takes to read the audit.
--
-- Each record of the audit counts once in a bucket of each length, in the transaction that moves `settled` past it. Times are in
-- microseconds, memory in bytes.

-- One row: how far the audit is counted.
CREATE TABLE tasker.analytics_progress (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    -- All records up to this one are counted, and none after it.
    settled     bigint NOT NULL,
    -- The highest record at some moment, and the first transaction after that moment: once all transactions before it have
    -- ended, no record up to this one can appear any more.
    mark_record bigint NOT NULL,
    mark_next   bigint NOT NULL,
    -- Records before this time do not count: what they counted for is kept.
    counts_from timestamptz NOT NULL DEFAULT '-infinity'
);
-- From now on. A command counts what was before.
INSERT INTO tasker.analytics_progress (settled, mark_record, mark_next)
SELECT coalesce(max(audit_id), 0), 0, 0 FROM tasker.audit;

CREATE TABLE tasker.analytics_tasks (
    -- The length of the bucket: a minute, an hour or a day.
    minutes     smallint NOT NULL,
    bucket      timestamptz NOT NULL,
    release_id  uuid NOT NULL,
    created     bigint NOT NULL,
    completed   bigint NOT NULL,
    failed      bigint NOT NULL,
    cancelled   bigint NOT NULL,
    resolved    bigint NOT NULL,
    blocked     bigint NOT NULL,
    -- From creation to completion, of those that completed.
    duration_us numeric NOT NULL,
    longest_us  bigint NOT NULL,
    PRIMARY KEY (minutes, bucket, release_id)
);

CREATE TABLE tasker.analytics_steps (
    minutes          smallint NOT NULL,
    bucket           timestamptz NOT NULL,
    release_id       uuid NOT NULL,
    -- Index of the release's step. -1: the step is gone.
    template_step    integer NOT NULL,
    -- Executions by their ends.
    succeeded        bigint NOT NULL,
    checkpoints      bigint NOT NULL,
    retryable        bigint NOT NULL,
    permanent        bigint NOT NULL,
    timeout          bigint NOT NULL,
    lost             bigint NOT NULL,
    over_limit       bigint NOT NULL,
    -- Failures without a further attempt.
    given_up         bigint NOT NULL,
    -- Successes of the second attempt, and of later ones.
    succeeded_second bigint NOT NULL,
    succeeded_later  bigint NOT NULL,
    -- Retries that became due, and how long they had waited for that.
    retries          bigint NOT NULL,
    backoff_us       numeric NOT NULL,
    -- Starts that were reported, and how long they came after the step was enqueued.
    starts           bigint NOT NULL,
    wait_us          numeric NOT NULL,
    -- Of executions that a host reported.
    runs             bigint NOT NULL,
    run_us           numeric NOT NULL,
    longest_us       bigint NOT NULL,
    cpu_us           numeric NOT NULL,
    peak_memory      bigint NOT NULL,
    -- The sum of peak memory in KiB, times running time.
    kib_us           numeric NOT NULL,
    last_at          timestamptz NOT NULL,
    PRIMARY KEY (minutes, bucket, release_id, template_step)
);

-- How often a time was in each cell. A cell begins at 10 * 1.1 ^ cell. In arrays: a row of each would cost more than all else.
CREATE TABLE tasker.analytics_histogram (
    minutes       smallint NOT NULL,
    bucket        timestamptz NOT NULL,
    release_id    uuid NOT NULL,
    -- -1 for tasks.
    template_step integer NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('task', 'wait', 'run')),
    cells         smallint[] NOT NULL,
    counts        bigint[] NOT NULL,
    PRIMARY KEY (minutes, bucket, release_id, template_step, kind)
);

-- Failures by type. Of the types of a step in a bucket, fifty have names; the others are `other`.
CREATE TABLE tasker.analytics_errors (
    minutes       smallint NOT NULL,
    bucket        timestamptz NOT NULL,
    release_id    uuid NOT NULL,
    template_step integer NOT NULL,
    error_type    text NOT NULL,
    count         bigint NOT NULL,
    last_task     uuid NOT NULL,
    last_at       timestamptz NOT NULL,
    PRIMARY KEY (minutes, bucket, release_id, template_step, error_type)
);

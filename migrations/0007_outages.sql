-- How many holders lost a lease before this one: each neither released nor settled it. A step that kills its hosts is given up
-- by this number, and an outage, in which hosts release their leases, fails no step.
ALTER TABLE tasker_lease.leases ADD COLUMN lost integer NOT NULL DEFAULT 0;

-- One row, for sweeps by processes that do not run between them. After a pause, the reports of the hosts may still wait, and
-- no host counts as silent for a while.
CREATE TABLE tasker.sweeps (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    swept_at    timestamptz NOT NULL,
    judges_from timestamptz NOT NULL
);
INSERT INTO tasker.sweeps (swept_at, judges_from) VALUES ('-infinity', '-infinity');

-- What the current attempt of a step has used before its last checkpoint, so that an attempt ends however often it is
-- continued.
ALTER TABLE tasker.steps
    ADD COLUMN attempt_checkpoints integer NOT NULL DEFAULT 0,
    ADD COLUMN attempt_ms          bigint NOT NULL DEFAULT 0;

-- The two queues between orchestrator and hosts, and the role that a host connects with.
--
-- A host takes steps from one queue and reports to the other. The role can read and answer every step of this queue, and
-- nothing that is not in it: no table of tasks, results or templates, and no report of another host.

SELECT pgmq.create('tasker_steps');
SELECT pgmq.create('tasker_reports');

DO $$
BEGIN
    CREATE ROLE tasker_worker NOLOGIN;
EXCEPTION
    -- Roles belong to the server: another database of the same server has made it, perhaps this very moment.
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

GRANT USAGE ON SCHEMA pgmq TO tasker_worker;
GRANT SELECT ON pgmq.meta TO tasker_worker;
GRANT SELECT, UPDATE, DELETE ON pgmq.q_tasker_steps TO tasker_worker;
GRANT INSERT ON pgmq.q_tasker_reports TO tasker_worker;
GRANT USAGE ON SEQUENCE pgmq.q_tasker_reports_msg_id_seq TO tasker_worker;
-- `RETURNING msg_id`, which PGMQ sends with, reads that column.
GRANT SELECT (msg_id) ON pgmq.q_tasker_reports TO tasker_worker;

-- Leases: which host runs an attempt. A queue may deliver a message twice, and the sweep may send a second one; only
-- the holder of the lease runs it. Their transactions do not wait for the disk, and survive a crash with the next one
-- that does: what a host reports or acknowledges.
CREATE SCHEMA tasker_lease;

CREATE TABLE tasker_lease.leases (
    lease      text PRIMARY KEY,
    holder     text NOT NULL,
    expires_at timestamptz NOT NULL,
    -- The work is done; the row stays for a while, against late copies of the message.
    settled    boolean NOT NULL
);
CREATE INDEX leases_by_expiry ON tasker_lease.leases (expires_at);

GRANT USAGE ON SCHEMA tasker_lease TO tasker_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON tasker_lease.leases TO tasker_worker;

-- The two queues between orchestrator and hosts, and the role that a host connects with.
--
-- A host takes steps from one queue and reports to the other. The role can read and report every step of this queue, and
-- nothing else: no table of tasks, results or templates, and no report of another host.

SELECT pgmq.create('tasker_steps');
SELECT pgmq.create('tasker_reports');

DO $$
BEGIN
    CREATE ROLE tasker_worker NOLOGIN;
EXCEPTION
    -- Roles belong to the server: another database of the same server may have made it, even at this moment.
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
-- the holder of the lease runs it. Lease transactions do not wait for the disk: the next commit that does (a report, an
-- acknowledgement) makes them durable too.
CREATE SCHEMA tasker_lease;

CREATE TABLE tasker_lease.leases (
    lease      text PRIMARY KEY,
    holder     text NOT NULL,
    expires_at timestamptz NOT NULL,
    -- The work is done; the row stays for a while to reject late copies of the message.
    settled    boolean NOT NULL
);
CREATE INDEX leases_by_expiry ON tasker_lease.leases (expires_at);

GRANT USAGE ON SCHEMA tasker_lease TO tasker_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON tasker_lease.leases TO tasker_worker;

-- The key-value buckets of handlers, where PostgreSQL stores them. Hosts read and write the table, and let a handler
-- reach only the buckets of its namespace that its step is granted.

CREATE SCHEMA tasker_key_value;

CREATE TABLE tasker_key_value.entries (
    -- The namespace, `/`, and the bucket's name.
    bucket  text COLLATE "C" NOT NULL,
    key     text COLLATE "C" NOT NULL,
    value   bytea NOT NULL,
    -- New with every write, so that compare-and-swap detects a value that changed and changed back.
    version uuid NOT NULL DEFAULT gen_random_uuid(),
    PRIMARY KEY (bucket, key)
);

GRANT USAGE ON SCHEMA tasker_key_value TO tasker_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON tasker_key_value.entries TO tasker_worker;

-- A host may hide a message of the steps' queue, show it again and delete it. It may not change what the message says, because
-- another host runs that.
REVOKE UPDATE ON pgmq.q_tasker_steps FROM tasker_worker;
GRANT UPDATE (vt, read_ct, last_read_at) ON pgmq.q_tasker_steps TO tasker_worker;

-- Returns when to send a message again if no report arrives. The wait doubles with the age of the step, so that a long
-- backlog does not multiply its messages.
CREATE FUNCTION tasker_f.resend_at(at timestamptz, enqueued_at timestamptz)
RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT at + greatest(interval '5 minutes', at - enqueued_at)
$$;

-- Marks the messages of steps as sent, if the steps are still enqueued in these executions.
CREATE FUNCTION tasker_f.mark_dispatched(p_task uuid[], p_step integer[], p_execution integer[])
RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_now timestamptz := tasker_f.now();
BEGIN
    -- In key order and without locked rows: a transaction that holds the lock is applying a report of the step.
    UPDATE tasker.steps s SET dispatched_at = v_now, wake_at = tasker_f.resend_at(v_now, s.enqueued_at)
    FROM (SELECT l.task_id, l.step_index
          FROM unnest(p_task, p_step, p_execution) AS k (task_id, step_index, execution)
          JOIN tasker.steps l ON l.task_id = k.task_id AND l.step_index = k.step_index AND l.execution = k.execution
          WHERE l.state = 'enqueued'
          ORDER BY l.task_id, l.step_index
          FOR UPDATE OF l SKIP LOCKED) AS sent
    WHERE s.task_id = sent.task_id AND s.step_index = sent.step_index;
END
$$;

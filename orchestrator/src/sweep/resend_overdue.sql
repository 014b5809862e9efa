-- Returns how long a step is enqueued before its report may count as lost, if a host has ended it.
CREATE FUNCTION tasker_f.report_lost_after() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '5 minutes' $$;

-- Returns the dispatches of enqueued steps whose wake_at has passed, and restarts their grace time. Skips steps that
-- have changed. A host has ended the executions in p_ended: hosts drop their messages, so these steps get a new execution.
CREATE FUNCTION tasker_f.resend_overdue(p_task uuid[], p_step integer[], p_execution integer[], p_ended boolean[])
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_now        timestamptz := tasker_f.now();
    v_task       uuid[];
    v_step       integer[];
    -- The executions in p_ended.
    v_ended_task uuid[];
    v_ended_step integer[];
    v_ended      integer[];
BEGIN
    WITH overdue AS (
        SELECT l.task_id, l.step_index, l.execution, k.ended
        FROM unnest(p_task, p_step, p_execution, p_ended) AS k (task_id, step_index, execution, ended)
        JOIN tasker.steps l ON l.task_id = k.task_id AND l.step_index = k.step_index AND l.execution = k.execution
        JOIN tasker.tasks t ON t.task_id = k.task_id
        WHERE l.state = 'enqueued' AND l.wake_at <= v_now
        ORDER BY l.task_id, l.step_index
        FOR UPDATE OF t, l SKIP LOCKED
    ), renewed AS (
        UPDATE tasker.steps s SET dispatched_at = NULL, wake_at = v_now + tasker_f.unsent_grace()
        FROM overdue o
        WHERE NOT o.ended AND s.task_id = o.task_id AND s.step_index = o.step_index
    )
    SELECT array_agg(o.task_id) FILTER (WHERE NOT ended), array_agg(o.step_index) FILTER (WHERE NOT ended),
           array_agg(o.task_id) FILTER (WHERE ended), array_agg(o.step_index) FILTER (WHERE ended),
           array_agg(o.execution) FILTER (WHERE ended)
    INTO v_task, v_step, v_ended_task, v_ended_step, v_ended
    FROM overdue o;
    RETURN QUERY SELECT * FROM tasker_f.dispatches(v_task, v_step);
    RETURN QUERY SELECT * FROM tasker_f.run_again(v_ended_task, v_ended_step, v_ended, 'report_lost',
        'a host ended the execution, and its report never arrived; the attempt runs again');
END
$$;

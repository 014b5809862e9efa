-- Returns the dispatches of enqueued steps whose wake_at has passed, and restarts their grace time. Skips steps that
-- have changed.
CREATE FUNCTION tasker_f.resend_overdue(p_task uuid[], p_step integer[], p_execution integer[])
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_now  timestamptz := tasker_f.now();
    v_task uuid[];
    v_step integer[];
BEGIN
    WITH overdue AS (
        SELECT l.task_id, l.step_index
        FROM unnest(p_task, p_step, p_execution) AS k (task_id, step_index, execution)
        JOIN tasker.steps l ON l.task_id = k.task_id AND l.step_index = k.step_index AND l.execution = k.execution
        WHERE l.state = 'enqueued' AND l.wake_at <= v_now
        ORDER BY l.task_id, l.step_index
        FOR UPDATE OF l SKIP LOCKED
    ), renewed AS (
        UPDATE tasker.steps s SET dispatched_at = NULL, wake_at = v_now + tasker_f.unsent_grace()
        FROM overdue o
        WHERE s.task_id = o.task_id AND s.step_index = o.step_index
        RETURNING s.task_id, s.step_index
    )
    SELECT array_agg(r.task_id), array_agg(r.step_index) INTO v_task, v_step FROM renewed r;
    RETURN QUERY SELECT * FROM tasker_f.dispatches(v_task, v_step);
END
$$;

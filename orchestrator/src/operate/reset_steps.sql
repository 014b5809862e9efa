-- Makes failed steps run again, their attempts counted anew.
CREATE FUNCTION tasker_f.reset_steps(p_task uuid, p_steps integer[], p_paused boolean)
RETURNS tasker_f.change[] LANGUAGE sql AS $$
    WITH before AS (
        SELECT s.step_index, s.attempt, s.state,
               -- Workers go back in line; their batch may have all its places taken.
               CASE WHEN p_paused OR s.batch IS NOT NULL THEN 'pending' ELSE 'enqueued' END AS after
        FROM tasker.steps s WHERE s.task_id = p_task AND s.step_index = ANY (p_steps)
    ), reset AS (
        UPDATE tasker.steps s SET
            state = b.after,
            attempt = CASE WHEN b.after = 'enqueued' THEN 1 ELSE 0 END,
            execution = s.execution + CASE WHEN b.after = 'enqueued' THEN 1 ELSE 0 END,
            remaining_dependencies = 0,
            enqueued_at = CASE WHEN b.after = 'enqueued' THEN tasker_f.now() END,
            wake_at = CASE WHEN b.after = 'enqueued' THEN tasker_f.now() + tasker_f.unsent_grace() END,
            dispatched_at = NULL, started_at = NULL, finished_at = NULL, next_retry_at = NULL, progress = NULL
        FROM before b
        WHERE s.task_id = p_task AND s.step_index = b.step_index
    )
    SELECT coalesce(array_agg((b.step_index, b.attempt, b.state, b.after)::tasker_f.change ORDER BY b.step_index), '{}')
    FROM before b
$$;

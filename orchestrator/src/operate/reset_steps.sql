-- Resets failed steps, with their attempts counted from 1 again. Returns the changes.
CREATE FUNCTION tasker_f.reset_steps(p_task uuid, p_steps integer[], p_paused boolean)
RETURNS tasker_f.change[] LANGUAGE sql AS $$
    WITH before AS (
        SELECT s.step_index, s.attempt, s.state,
               -- Workers become pending, because their batch may already run its maximum.
               CASE WHEN p_paused OR s.batch IS NOT NULL THEN 'pending' ELSE 'enqueued' END AS after
        FROM tasker.steps s WHERE s.task_id = p_task AND s.step_index = ANY (p_steps)
    ), reset AS (
        UPDATE tasker.steps s SET
            remaining_dependencies = 0,
            (state, attempt, execution, enqueued_at, wake_at, dispatched_at, started_at, finished_at, next_retry_at,
             progress) = (
                SELECT e.* FROM tasker_f.enqueued(s.execution, 1, tasker_f.now()) AS e WHERE b.after = 'enqueued'
                UNION ALL
                SELECT b.after, 0, s.execution, NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE b.after <> 'enqueued')
        FROM before b
        WHERE s.task_id = p_task AND s.step_index = b.step_index
    )
    SELECT coalesce(array_agg((b.step_index, b.attempt, b.state, b.after)::tasker_f.change ORDER BY b.step_index), '{}')
    FROM before b
$$;

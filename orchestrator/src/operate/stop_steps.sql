-- Moves unsettled steps to p_state, and stores p_failure if given. Returns the changes. The caller must revoke the
-- executions.
CREATE FUNCTION tasker_f.stop_steps(p_task uuid, p_steps integer[], p_state text, p_failure json)
RETURNS tasker_f.change[] LANGUAGE sql AS $$
    WITH open AS (
        SELECT s.step_index, s.attempt, s.state FROM tasker.steps s
        WHERE s.task_id = p_task AND s.step_index = ANY (p_steps)
    ), stopped AS (
        UPDATE tasker.steps s SET state = p_state, wake_at = NULL, next_retry_at = NULL, finished_at = tasker_f.now(),
            isolated = false, last_failure = coalesce(p_failure, s.last_failure)
        WHERE s.task_id = p_task AND s.step_index = ANY (p_steps)
    )
    SELECT coalesce(array_agg((o.step_index, o.attempt, o.state, p_state)::tasker_f.change ORDER BY o.step_index), '{}')
    FROM open o
$$;

-- Returns a revocation for each of these steps that a host may run.
CREATE FUNCTION tasker_f.revocations(p_task uuid, p_steps integer[]) RETURNS SETOF tasker_f.effect LANGUAGE sql STABLE AS $$
    SELECT v.* FROM tasker.steps s
    CROSS JOIN LATERAL tasker_f.revoked(p_task, s.step_index, s.execution) AS v
    WHERE s.task_id = p_task AND s.step_index = ANY (p_steps) AND s.state IN ('enqueued', 'in_progress')
$$;

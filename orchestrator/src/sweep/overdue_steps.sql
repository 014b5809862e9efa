-- Returns steps whose wake_at has passed, at most p_limit. Only reads: the functions that act on them check the
-- execution again.
CREATE FUNCTION tasker_f.overdue_steps(p_limit integer)
RETURNS TABLE (task_id uuid, step_index integer, execution integer, state text, host text) LANGUAGE plpgsql STABLE
SET enable_seqscan = off AS $$
DECLARE
    v_now timestamptz := tasker_f.now();
BEGIN
    RETURN QUERY
    SELECT s.task_id, s.step_index, s.execution, s.state, s.host
    FROM tasker.steps s
    WHERE s.wake_at <= v_now
    ORDER BY s.wake_at
    LIMIT p_limit;
END
$$;

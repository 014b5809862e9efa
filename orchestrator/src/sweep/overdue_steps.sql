-- Returns steps whose wake_at has passed, at most p_limit, and whether their message has been out for so long that its report
-- may be lost. Leaves out the steps of silent hosts unless p_judge_hosts, so that they never stand before others. Only reads:
-- the functions that act on them check the execution again.
CREATE FUNCTION tasker_f.overdue_steps(p_limit integer, p_judge_hosts boolean)
RETURNS TABLE (task_id uuid, step_index integer, execution integer, state text, host text, is_long_out boolean)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off AS $$
DECLARE
    v_now timestamptz := tasker_f.now();
BEGIN
    RETURN QUERY
    SELECT s.task_id, s.step_index, s.execution, s.state, s.host,
           s.enqueued_at <= v_now - tasker_f.report_lost_after()
    FROM tasker.steps s
    WHERE s.wake_at <= v_now AND (p_judge_hosts OR s.state <> 'in_progress')
    ORDER BY s.wake_at
    LIMIT p_limit;
END
$$;

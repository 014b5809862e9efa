-- Cancelling a task: it and every step that is not settled become cancelled. Reports that arrive later are stale.

CREATE FUNCTION tasker.cancel_task(
    p_task uuid, p_actor text, p_reason text,
    -- The state it was in; null when there is no such task. Only a task that was not terminal has been cancelled.
    OUT o_before text, OUT o_cancelled_steps integer
) LANGUAGE plpgsql AS $$
DECLARE
    v_now   timestamptz;
BEGIN
    SELECT state INTO o_before FROM tasker.tasks WHERE task_id = p_task FOR UPDATE;
    o_cancelled_steps := 0;
    IF o_before IS NULL OR o_before IN ('complete', 'error', 'cancelled', 'resolved_manually') THEN
        RETURN;
    END IF;
    v_now := tasker.now();

    WITH open AS (
        SELECT s.step_index, s.state, s.attempt FROM tasker.steps s
        WHERE s.task_id = p_task AND s.state NOT IN ('complete', 'cancelled', 'resolved_manually')
    ), cancelled AS (
        UPDATE tasker.steps s SET state = 'cancelled', wake_at = NULL, next_retry_at = NULL, finished_at = v_now
        FROM open o WHERE s.task_id = p_task AND s.step_index = o.step_index
    ), audited AS (
        INSERT INTO tasker.audit (task_id, at, event, actor, reason, step_index, attempt, step_states)
        SELECT p_task, v_now, 'cancelled', p_actor, p_reason, o.step_index, o.attempt, ARRAY[o.state, 'cancelled']
        FROM open o
    )
    SELECT count(*) INTO o_cancelled_steps FROM open;

    UPDATE tasker.tasks SET state = 'cancelled', completed_at = v_now, steps_running = 0, steps_retrying = 0,
        steps_failed = 0
    WHERE task_id = p_task;
    INSERT INTO tasker.audit (task_id, at, event, actor, reason, task_states)
    VALUES (p_task, v_now, 'cancelled', p_actor, p_reason, ARRAY[o_before, 'cancelled']);
END
$$;

-- Cancels a task and all its unsettled steps. Reports that arrive later are stale.
CREATE FUNCTION tasker_f.cancel_task(p_task uuid, p_actor text, p_reason text)
-- Returns a verdict with the number of cancelled steps in `count`; if the task had already ended, a verdict with only
-- its state.
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql AS $$
DECLARE
    r_task  tasker.tasks := tasker_f.lock_task(p_task);
    v_steps integer[];
BEGIN
    IF tasker_f.is_terminal(r_task.state) THEN
        RETURN QUERY SELECT (tasker_f.verdict(1, p_task, NULL, NULL, NULL, r_task.state, NULL, NULL)).*;
        RETURN;
    END IF;
    v_steps := ARRAY(SELECT s.step_index FROM tasker.steps s
                     WHERE s.task_id = p_task AND s.state NOT IN ('complete', 'cancelled', 'resolved_manually'));
    RETURN QUERY SELECT (tasker_f.verdict(1, p_task, NULL, NULL, NULL, NULL, NULL, cardinality(v_steps))).*;
    RETURN QUERY SELECT * FROM tasker_f.revocations(p_task, v_steps);
    RETURN QUERY SELECT * FROM tasker_f.settle(r_task.state, p_task, 'cancelled', p_actor, p_reason,
        tasker_f.stop_steps(p_task, v_steps, 'cancelled', NULL), 'cancelled');
END
$$;

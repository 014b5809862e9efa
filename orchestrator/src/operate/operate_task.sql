-- Applies an operator's action to a task: pause, resume, redrive, give_up, resolve_manually. Raises TK409 if the state
-- of the task does not allow it.
CREATE FUNCTION tasker_f.operate_task(p_task uuid, p_action text, p_actor text, p_reason text)
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql AS $$
DECLARE
    r_task  tasker.tasks := tasker_f.lock_task(p_task);
    v_steps integer[];
    v_ended boolean := tasker_f.is_terminal(r_task.state);
BEGIN
    CASE p_action
    WHEN 'pause' THEN
        IF v_ended OR r_task.paused_at IS NOT NULL THEN
            PERFORM tasker_f.refuse(format('the task is %s', CASE WHEN v_ended THEN r_task.state ELSE 'already paused' END));
        END IF;
        UPDATE tasker.tasks SET paused_at = tasker_f.now() WHERE task_id = p_task;
        UPDATE tasker.steps SET wake_at = NULL WHERE task_id = p_task AND state = 'waiting_for_retry';
        RETURN QUERY SELECT * FROM tasker_f.settle(r_task.state, p_task, 'paused', p_actor, p_reason, '{}', NULL);
    WHEN 'resume' THEN
        IF r_task.paused_at IS NULL THEN
            PERFORM tasker_f.refuse('the task is not paused');
        END IF;
        UPDATE tasker.tasks SET paused_at = NULL WHERE task_id = p_task;
        UPDATE tasker.steps SET wake_at = next_retry_at WHERE task_id = p_task AND state = 'waiting_for_retry';
        RETURN QUERY SELECT * FROM tasker_f.settle(r_task.state, p_task, 'resumed', p_actor, p_reason, '{}', NULL);
    WHEN 'redrive' THEN
        -- Failed steps, and the steps that a failed batch cancelled.
        v_steps := ARRAY(SELECT s.step_index FROM tasker.steps s WHERE s.task_id = p_task
                         AND (s.state = 'error' AND NOT s.isolated OR s.state = 'cancelled' AND s.batch IS NOT NULL));
        IF r_task.state NOT IN ('error', 'blocked_by_failures') OR v_steps = '{}' THEN
            PERFORM tasker_f.refuse(format('the task is %s; only a task with failed steps can be redriven', r_task.state));
        END IF;
        RETURN QUERY SELECT * FROM tasker_f.settle(r_task.state, p_task, 'redriven', p_actor, p_reason,
            tasker_f.reset_steps(p_task, v_steps, r_task.paused_at IS NOT NULL), NULL);
    WHEN 'give_up' THEN
        IF r_task.state <> 'blocked_by_failures' THEN
            PERFORM tasker_f.refuse(format('the task is %s; only a task that is blocked by failures can be given up; cancel it instead',
                                         r_task.state));
        END IF;
        RETURN QUERY SELECT * FROM tasker_f.fail_task(p_task, p_actor, p_reason);
    WHEN 'resolve_manually' THEN
        IF r_task.state <> 'blocked_by_failures' THEN
            PERFORM tasker_f.refuse(format('the task is %s; only a task that is blocked by failures can be resolved', r_task.state));
        END IF;
        RETURN QUERY SELECT * FROM tasker_f.settle(r_task.state, p_task, 'resolved_manually', p_actor, p_reason, '{}',
            'resolved_manually');
    END CASE;
END
$$;

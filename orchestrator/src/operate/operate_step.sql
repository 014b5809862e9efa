-- Applies an operator's action to a step: reset_for_retry, resolve_manually, complete_manually. Raises TK409 if the
-- states of the step and the task do not allow it.
CREATE FUNCTION tasker_f.operate_step(
    p_task uuid, p_step integer, p_action text, p_actor text, p_reason text,
    -- For complete_manually.
    p_result text, p_result_blob text,
    -- For complete_manually of a decision and of a batchable step: JSON arrays, as in a report.
    p_branch text, p_cursors text
) RETURNS SETOF tasker_f.effect LANGUAGE plpgsql AS $$
DECLARE
    r_task   tasker.tasks := tasker_f.lock_task(p_task);
    r_step   tasker.steps;
    r_fixed  tasker.release_steps;
    v_after  text := CASE p_action WHEN 'resolve_manually' THEN 'resolved_manually'
                                   WHEN 'complete_manually' THEN 'complete' END;
    v_name   text;
BEGIN
    SELECT * INTO r_step FROM tasker.steps WHERE task_id = p_task AND step_index = p_step;
    IF NOT FOUND THEN
        PERFORM tasker_f.refuse(format('task %s has no step %s', p_task, p_step));
    END IF;
    SELECT * INTO r_fixed FROM tasker.release_steps
    WHERE release_id = r_task.release_id AND step_index = r_step.template_step;
    v_name := tasker_f.step_name(r_fixed.name, r_step.worker_number);
    IF r_task.state IN ('complete', 'cancelled', 'resolved_manually') THEN
        PERFORM tasker_f.refuse(format('the task is %s; its steps cannot be changed (rerun runs them again)', r_task.state));
    ELSIF r_step.isolated THEN
        PERFORM tasker_f.refuse(format('step %s failed and its batch continued without it (failure_strategy isolate)', v_name));
    END IF;

    IF p_action = 'reset_for_retry' THEN
        IF r_step.state NOT IN ('error', 'cancelled') THEN
            PERFORM tasker_f.refuse(format('step %s is %s; only a step in error, or cancelled with its batch, can be reset for retry',
                                         v_name, r_step.state));
        END IF;
        RETURN QUERY SELECT * FROM tasker_f.settle(r_task.state, p_task, p_action, p_actor, p_reason,
            tasker_f.reset_steps(p_task, ARRAY[p_step], r_task.paused_at IS NOT NULL), NULL);
        RETURN;
    END IF;

    IF r_step.state IN ('complete', 'cancelled') OR r_step.state = v_after THEN
        PERFORM tasker_f.refuse(format('step %s is already %s', v_name, r_step.state));
    END IF;
    RETURN QUERY SELECT * FROM tasker_f.revocations(p_task, ARRAY[p_step]);
    IF r_fixed.step_type = 'decision' AND r_step.state <> 'resolved_manually' THEN
        PERFORM tasker_f.expand_decision(p_task, ARRAY(SELECT json_array_elements_text(p_branch::json)::integer), ARRAY[p_step]);
    ELSIF p_cursors IS NOT NULL AND r_step.state <> 'resolved_manually' THEN
        PERFORM tasker_f.expand_batch(p_task, p_step, p_cursors::json);
    END IF;
    UPDATE tasker.steps SET state = v_after, wake_at = NULL, next_retry_at = NULL, finished_at = tasker_f.now(),
        result = p_result::json, result_blob = p_result_blob::json, checkpoint = NULL, checkpoint_blob = NULL
    WHERE task_id = p_task AND step_index = p_step;
    RETURN QUERY SELECT * FROM tasker_f.settle(r_task.state, p_task, p_action, p_actor, p_reason,
        ARRAY[(p_step, r_step.attempt, r_step.state, v_after)::tasker_f.change], NULL);
END
$$;

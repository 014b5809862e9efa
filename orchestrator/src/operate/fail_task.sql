-- Fails a task and all its enqueued, running and retrying steps.
CREATE FUNCTION tasker_f.fail_task(p_task uuid, p_actor text, p_reason text)
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql AS $$
DECLARE
    r_task  tasker.tasks := tasker_f.lock_task(p_task);
    v_steps integer[] := ARRAY(
        SELECT s.step_index FROM tasker.steps s
        WHERE s.task_id = p_task AND s.state IN ('enqueued', 'in_progress', 'waiting_for_retry'));
BEGIN
    RETURN QUERY SELECT * FROM tasker_f.revocations(p_task, v_steps);
    RETURN QUERY SELECT * FROM tasker_f.settle(r_task.state, p_task, 'given_up', p_actor, p_reason,
        tasker_f.stop_steps(p_task, v_steps, 'error', json_build_object('error_type', 'TaskGivenUp', 'message',
            coalesce(p_reason, 'the task was given up'), 'retryable', false, 'origin', 'host')), 'error');
END
$$;

-- Runs a task again from one of its steps: resets that step and all steps after it. Deletes the steps that decisions
-- and batches among them created, so that these are created again. Raises TK409 if the step has not run or the task is
-- cancelled.
CREATE FUNCTION tasker_f.rerun_task(p_task uuid, p_step integer, p_actor text, p_reason text)
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql AS $$
DECLARE
    r_task     tasker.tasks := tasker_f.lock_task(p_task);
    r_step     tasker.steps;
    v_after    integer[];
    v_deciders integer[];
    v_batches  integer[];
    v_gone     integer[];
    v_reset    integer[];
    v_changes  tasker_f.change[];
BEGIN
    SELECT * INTO r_step FROM tasker.steps WHERE task_id = p_task AND step_index = p_step;
    IF NOT FOUND OR r_step.state = 'pending' THEN
        PERFORM tasker_f.refuse(format('step %s has not run yet', p_step));
    ELSIF r_task.state = 'cancelled' THEN
        PERFORM tasker_f.refuse('the task is cancelled');
    END IF;
    -- All definitions after the step, and the step's own unless the step is one of several workers.
    WITH RECURSIVE following AS (
        SELECT r_step.template_step AS step_index
        UNION
        SELECT child FROM following f
        JOIN tasker.release_steps d ON d.release_id = r_task.release_id AND d.step_index = f.step_index
        CROSS JOIN LATERAL unnest(d.children) AS child
    )
    SELECT array_agg(f.step_index) INTO v_after FROM following f
    WHERE r_step.batch IS NULL OR f.step_index <> r_step.template_step;
    v_after := coalesce(v_after, '{}');
    SELECT coalesce(array_agg(d.step_index) FILTER (WHERE d.step_type = 'decision'), '{}'),
           coalesce(array_agg(d.step_index) FILTER (WHERE d.step_type = 'batchable'), '{}')
    INTO v_deciders, v_batches
    FROM tasker.release_steps d WHERE d.release_id = r_task.release_id AND d.step_index = ANY (v_after);
    SELECT coalesce(array_agg(s.step_index) FILTER (WHERE d.deciders && v_deciders OR s.batch = ANY (v_batches)), '{}'),
           coalesce(array_agg(s.step_index) FILTER (WHERE NOT coalesce(d.deciders && v_deciders OR s.batch = ANY (v_batches), false)
                    AND (s.step_index = p_step OR s.batch IS NULL AND s.template_step = ANY (v_after))
                    AND (s.state <> 'pending')), '{}')
    INTO v_gone, v_reset
    FROM tasker.steps s
    JOIN tasker.release_steps d ON d.release_id = r_task.release_id AND d.step_index = s.template_step
    WHERE s.task_id = p_task;

    RETURN QUERY SELECT * FROM tasker_f.revocations(p_task, v_gone || v_reset);
    UPDATE tasker.tasks SET first_execution = greatest(first_execution, (
        SELECT max(s.execution) FROM tasker.steps s WHERE s.task_id = p_task AND s.step_index = ANY (v_gone)))
    WHERE task_id = p_task;
    DELETE FROM tasker.steps WHERE task_id = p_task AND step_index = ANY (v_gone);
    DELETE FROM tasker.batches WHERE task_id = p_task AND step_index = ANY (v_batches);
    v_changes := ARRAY(SELECT (s.step_index, s.attempt, s.state, 'pending')::tasker_f.change FROM tasker.steps s
                       WHERE s.task_id = p_task AND s.step_index = ANY (v_reset) ORDER BY s.step_index);
    UPDATE tasker.steps SET state = 'pending', attempt = 0, remaining_dependencies = 0, wake_at = NULL, enqueued_at = NULL,
        dispatched_at = NULL, started_at = NULL, finished_at = NULL, next_retry_at = NULL, host = NULL, progress = NULL,
        result = NULL, result_blob = NULL, last_failure = NULL, checkpoint = NULL, checkpoint_blob = NULL, checkpoints = 0,
        checkpoint_history = NULL, isolated = false
    WHERE task_id = p_task AND step_index = ANY (v_reset);
    RETURN QUERY SELECT * FROM tasker_f.settle(r_task.state, p_task, 'rerun', p_actor, p_reason, v_changes, NULL);
END
$$;

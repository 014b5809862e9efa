-- Cancels the unsettled workers of a batch whose failure_strategy is fail_fast.
CREATE FUNCTION tasker_f.cancel_batch(p_task uuid, p_batch integer)
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql AS $$
DECLARE
    r_task  tasker.tasks := tasker_f.lock_task(p_task);
    v_steps integer[] := ARRAY(
        SELECT s.step_index FROM tasker.steps s
        WHERE s.task_id = p_task AND s.batch = p_batch
          AND s.state NOT IN ('complete', 'error', 'cancelled', 'resolved_manually'));
BEGIN
    IF v_steps = '{}' THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT * FROM tasker_f.revocations(p_task, v_steps);
    RETURN QUERY SELECT * FROM tasker_f.settle(r_task.state, p_task, 'batch_failed', 'orchestrator',
        'another worker of the batch failed for good, and its failure_strategy is fail_fast',
        tasker_f.stop_steps(p_task, v_steps, 'cancelled', NULL), NULL);
END
$$;

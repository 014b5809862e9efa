-- Returns whether the report of an execution may still come, or that of one before it in the same visit of a host. A step that
-- is still pending waits for the only step that it needs.
CREATE FUNCTION tasker_f.is_open(p_task uuid, p_step integer, p_execution integer) RETURNS boolean LANGUAGE sql STABLE AS $$
    WITH RECURSIVE visit AS (
        SELECT p_step AS step_index
        UNION
        SELECT d.context_steps[1]
        FROM visit v
        JOIN tasker.steps s ON s.task_id = p_task AND s.step_index = v.step_index AND s.state = 'pending'
        JOIN tasker.tasks t ON t.task_id = p_task
        JOIN tasker.release_steps d ON d.release_id = t.release_id AND d.step_index = s.template_step
        WHERE cardinality(d.context_steps) = 1
    )
    SELECT EXISTS (
        SELECT FROM visit v
        JOIN tasker.steps s ON s.task_id = p_task AND s.step_index = v.step_index AND s.execution = p_execution
            AND s.state IN ('enqueued', 'in_progress'))
$$;

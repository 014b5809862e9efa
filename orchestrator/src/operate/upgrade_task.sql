-- Moves a task without running steps to another release of its template. The caller has checked that the DAGs are
-- equal. Raises TK409 if the task has moved, has ended, or has running steps.
CREATE FUNCTION tasker_f.upgrade_task(p_task uuid, p_from uuid, p_to uuid, p_actor text, p_reason text)
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql AS $$
DECLARE
    r_task tasker.tasks := tasker_f.lock_task(p_task);
BEGIN
    IF r_task.release_id <> p_from THEN
        PERFORM tasker_f.refuse('the task has been moved to another release in the meantime');
    ELSIF tasker_f.is_terminal(r_task.state) THEN
        PERFORM tasker_f.refuse(format('the task is %s', r_task.state));
    ELSIF r_task.steps_running > 0 THEN
        PERFORM tasker_f.refuse(format('%s of its steps are running; pause the task and '
                                     'try again when they have ended', r_task.steps_running));
    END IF;
    UPDATE tasker.tasks SET release_id = p_to, version = (
        SELECT t.version FROM tasker.releases r JOIN tasker.templates t ON t.template_id = r.template_id
        WHERE r.release_id = p_to)
    WHERE task_id = p_task;
    RETURN QUERY SELECT * FROM tasker_f.settle(r_task.state, p_task, 'upgraded', p_actor, p_reason, '{}', NULL);
END
$$;

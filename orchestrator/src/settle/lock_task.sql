-- Locks a task and returns its row. Raises TK404 if it does not exist.
CREATE FUNCTION tasker_f.lock_task(p_task uuid) RETURNS tasker.tasks LANGUAGE plpgsql AS $$
DECLARE
    r_task tasker.tasks;
BEGIN
    SELECT * INTO r_task FROM tasker.tasks WHERE task_id = p_task FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no task %', p_task USING ERRCODE = 'TK404';
    END IF;
    RETURN r_task;
END
$$;

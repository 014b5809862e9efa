-- Sets the priority of a task, whatever its state. Steps that are on a queue already keep their place there.
CREATE FUNCTION tasker_f.set_priority(p_task uuid, p_priority smallint, p_actor text, p_reason text)
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql AS $$
DECLARE
    r_task tasker.tasks := tasker_f.lock_task(p_task);
BEGIN
    UPDATE tasker.tasks SET priority = p_priority WHERE task_id = p_task;
    UPDATE tasker.dlq SET priority = p_priority WHERE task_id = p_task AND resolution_status = 'pending';
    INSERT INTO tasker.audit (task_id, at, event, actor, reason)
    VALUES (p_task, tasker_f.now(), 'prioritized', p_actor, p_reason);
    RETURN QUERY SELECT (tasker_f.task_moved(p_task, r_task.state)).*;
END
$$;

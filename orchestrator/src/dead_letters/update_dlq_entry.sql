-- Updates the resolution of a DLQ entry. With p_requeue it also redrives the task: failed steps start again with their
-- attempts reset, and enqueued steps are sent again. Raises TK404 if the entry does not exist, and TK409 if it is
-- already resolved or the task has ended.
CREATE FUNCTION tasker_f.update_dlq_entry(p_entry uuid, p_status text, p_requeue boolean, p_actor text, p_notes text)
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql AS $$
DECLARE
    v_task  uuid;
    r_task  tasker.tasks;
    r_entry tasker.dlq;
BEGIN
    SELECT task_id INTO v_task FROM tasker.dlq WHERE dlq_entry_id = p_entry;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no DLQ entry %', p_entry USING ERRCODE = 'TK404';
    END IF;
    r_task := tasker_f.lock_task(v_task);
    SELECT * INTO r_entry FROM tasker.dlq WHERE dlq_entry_id = p_entry FOR UPDATE;
    IF r_entry.resolution_status <> 'pending' THEN
        PERFORM tasker_f.refuse(format('the entry is already %s', r_entry.resolution_status));
    END IF;
    UPDATE tasker.dlq SET resolution_status = p_status, resolution_notes = p_notes,
        resolved_at = CASE WHEN p_status <> 'pending' THEN tasker_f.now() END,
        resolved_by = CASE WHEN p_status <> 'pending' THEN p_actor END
    WHERE dlq_entry_id = p_entry;
    IF NOT p_requeue THEN
        RETURN;
    END IF;
    IF r_task.state IN ('error', 'blocked_by_failures') THEN
        RETURN QUERY SELECT * FROM tasker_f.operate_task(v_task, 'redrive', p_actor, p_notes);
    ELSIF r_task.state IN ('complete', 'cancelled', 'resolved_manually') THEN
        PERFORM tasker_f.refuse(format('the task is %s; there is nothing to retry', r_task.state));
    ELSE
        UPDATE tasker.steps SET wake_at = tasker_f.now() WHERE task_id = v_task AND state = 'enqueued';
        UPDATE tasker.tasks SET last_event_at = tasker_f.now() WHERE task_id = v_task;
    END IF;
END
$$;

-- Replaces the tags of a task, whatever its state. p_labels are the labels of the tags.
CREATE FUNCTION tasker_f.set_tags(p_task uuid, p_tags text[], p_labels text[], p_actor text, p_reason text)
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql AS $$
DECLARE
    r_task tasker.tasks := tasker_f.lock_task(p_task);
BEGIN
    UPDATE tasker.tasks SET
        tags = p_tags,
        labels = p_labels || ARRAY(SELECT label FROM unnest(r_task.labels) AS label WHERE label NOT LIKE 't:%')
    WHERE task_id = p_task;
    INSERT INTO tasker.audit (task_id, at, event, actor, reason)
    VALUES (p_task, tasker_f.now(), 'tagged', p_actor, p_reason);
    RETURN QUERY SELECT (tasker_f.task_moved(p_task, r_task.state)).*;
END
$$;

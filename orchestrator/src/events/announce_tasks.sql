-- Writes an event for each of these tasks that has a subscriber: `tasker.task.completed`, `.failed`, `.cancelled`,
-- `.resolved`, `.blocked`. Must be called in the transaction that moves the tasks.
-- Without a subscriber it only reads the subscriptions.
CREATE FUNCTION tasker_f.announce_tasks(p_tasks uuid[]) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_now timestamptz := tasker_f.now();
BEGIN
    IF p_tasks IS NULL OR NOT EXISTS (
        SELECT FROM tasker.subscriptions s WHERE starts_with(s.event, 'tasker.'))
    THEN
        RETURN;
    END IF;
    INSERT INTO tasker.events (name, at, task_id, release_id, correlation_id, payload)
    SELECT n.name, v_now, t.task_id, t.release_id, t.correlation_id, json_build_object(
               'status', t.state, 'tags', t.tags, 'created_at', t.created_at, 'completed_at', t.completed_at,
               'steps', json_build_object('total', t.steps_total, 'satisfied', t.steps_satisfied,
                                          'failed', t.steps_failed, 'isolated', t.steps_isolated))
    FROM unnest(p_tasks) WITH ORDINALITY AS k (task_id, position)
    CROSS JOIN LATERAL (SELECT * FROM tasker.tasks WHERE task_id = k.task_id OFFSET 0) t
    CROSS JOIN LATERAL (
        SELECT 'tasker.task.' || CASE t.state WHEN 'complete' THEN 'completed' WHEN 'error' THEN 'failed'
            WHEN 'cancelled' THEN 'cancelled' WHEN 'resolved_manually' THEN 'resolved' ELSE 'blocked' END AS name) n
    WHERE EXISTS (SELECT FROM tasker.subscriptions s WHERE tasker_f.is_subscribed(s.event, n.name))
    ORDER BY k.position;
    IF FOUND THEN
        PERFORM pg_notify('tasker_outbox', '');
    END IF;
END
$$;

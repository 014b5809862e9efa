-- Does what follows when reports have moved tasks: buries those that are blocked, settles the dead letters of those that are
-- complete, and announces those at rest. All three are rare, and null then.
CREATE FUNCTION tasker_f.follow_tasks(p_blocked uuid[], p_settled uuid[], p_at_rest uuid[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_blocked IS NOT NULL THEN
        PERFORM tasker_f.bury(task_id, NULL, NULL, 'orchestrator', NULL) FROM unnest(p_blocked) AS b (task_id);
    END IF;
    IF p_settled IS NOT NULL THEN
        PERFORM tasker_f.resolve_dlq_entries(task_id, 'manually_resolved', 'orchestrator', 'the task has completed')
        FROM unnest(p_settled) AS d (task_id);
    END IF;
    IF p_at_rest IS NOT NULL THEN
        PERFORM tasker_f.announce_tasks(p_at_rest);
    END IF;
END
$$;

-- Returns the recorded results of those of these events that were received before. Returns at least one row, for the
-- version of the triggers.
CREATE FUNCTION tasker_f.recall_events(p_id uuid[])
RETURNS TABLE (triggers_version bigint, received_id uuid, state text, tasks text, reason text)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
BEGIN
    RETURN QUERY
    SELECT c.triggers_version, e.received_id, e.state, e.tasks::text, e.reason
    FROM tasker.catalog c
    LEFT JOIN tasker.received_events e ON e.received_id = ANY (p_id);
END
$$;

-- Records the results of events, and returns what is then recorded for each. If another copy of an event was recorded
-- first, the tasks of both are kept, and the state and reason change only if this result ranks higher (unmatched,
-- failed, started). With p_replay they always change.
CREATE FUNCTION tasker_f.record_events(p_receptions tasker_f.reception[], p_replay boolean)
 RETURNS TABLE (received_id uuid, is_new boolean, state text, tasks text, reason text)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_now timestamptz := tasker_f.now();
    v_ids uuid[] := ARRAY(SELECT r.received_id FROM unnest(p_receptions) AS r);
    v_new uuid[];
BEGIN
    IF NOT p_replay THEN
        WITH inserted AS (
            INSERT INTO tasker.received_events (received_id, source, id, type, event, event_blob, state, tasks, reason, received_at)
            SELECT r.received_id, r.source, r.id, r.type, r.event::json, r.event_blob::json, r.state, r.tasks::jsonb, r.reason, v_now
            FROM unnest(p_receptions) AS r
            -- One order in all calls, so that two batches with the same events cannot deadlock.
            ORDER BY r.received_id
            ON CONFLICT ON CONSTRAINT received_events_pkey DO NOTHING
            RETURNING received_events.received_id
        ) SELECT coalesce(array_agg(i.received_id), '{}') INTO v_new FROM inserted i;
    ELSE
        v_new := '{}';
    END IF;
    IF cardinality(v_new) < cardinality(v_ids) THEN
        -- Locked first, in the same order.
        PERFORM FROM tasker.received_events e WHERE e.received_id = ANY (v_ids) ORDER BY e.received_id FOR UPDATE;
        UPDATE tasker.received_events e SET
            state = CASE WHEN n.stands THEN r.state ELSE e.state END,
            reason = CASE WHEN n.stands THEN r.reason ELSE e.reason END,
            tasks = n.tasks,
            replayed_at = CASE WHEN p_replay THEN v_now ELSE e.replayed_at END
        FROM unnest(p_receptions) AS r
        CROSS JOIN LATERAL (
            SELECT o.tasks AS old, (
                SELECT coalesce(jsonb_agg(u.task ORDER BY u.task), '[]') FROM (
                    SELECT DISTINCT ON (a.task->>'task_id') a.task
                    FROM jsonb_array_elements(o.tasks || r.tasks::jsonb) AS a (task)) u) AS tasks,
                p_replay OR array_position(ARRAY['unmatched', 'failed', 'started'], r.state)
                          > array_position(ARRAY['unmatched', 'failed', 'started'], o.state) AS stands
            FROM tasker.received_events o WHERE o.received_id = r.received_id) n
        WHERE e.received_id = r.received_id AND NOT e.received_id = ANY (v_new)
          AND (n.stands OR jsonb_array_length(n.tasks) > jsonb_array_length(n.old));
    END IF;
    RETURN QUERY
    SELECT e.received_id, e.received_id = ANY (v_new), e.state, e.tasks::text, e.reason
    FROM tasker.received_events e WHERE e.received_id = ANY (v_ids);
END
$$;

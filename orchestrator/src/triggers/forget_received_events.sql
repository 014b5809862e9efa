-- Deletes up to p_limit expired events of each state: events that started tasks after a week, dead letters after a
-- month.
CREATE FUNCTION tasker_f.forget_received_events(p_limit integer) RETURNS void LANGUAGE sql AS $$
    DELETE FROM tasker.received_events WHERE received_id IN (
        SELECT old.received_id
        FROM (VALUES ('started', interval '7 days'), ('unmatched', interval '30 days'), ('failed', interval '30 days'))
            AS kept (state, for_time)
        CROSS JOIN LATERAL (
            SELECT e.received_id FROM tasker.received_events e
            WHERE e.state = kept.state AND e.received_at < tasker_f.now() - kept.for_time
            ORDER BY e.received_at LIMIT p_limit) AS old)
$$;

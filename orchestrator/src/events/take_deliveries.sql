-- Takes due deliveries for one minute: at most p_limit, at most p_each per subscription, none of the subscriptions in
-- p_busy. Returns them with their targets.
CREATE FUNCTION tasker_f.take_deliveries(p_limit integer, p_each integer, p_busy uuid[])
RETURNS TABLE (event_id bigint, subscription_id uuid, attempts integer, envelope text, name text, kind text, target jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := tasker_f.now();
BEGIN
    RETURN QUERY
    WITH due AS (
        SELECT l.event_id, l.subscription_id
        FROM tasker.subscriptions s
        CROSS JOIN LATERAL (
            SELECT d.event_id, d.subscription_id FROM tasker.deliveries d
            WHERE d.subscription_id = s.subscription_id AND d.next_attempt_at <= v_now
            ORDER BY d.next_attempt_at, d.event_id LIMIT p_each FOR UPDATE SKIP LOCKED) l
        WHERE s.subscription_id <> ALL (p_busy)
        LIMIT p_limit
    )
    UPDATE tasker.deliveries d SET attempts = d.attempts + 1, next_attempt_at = v_now + interval '1 minute'
    FROM due, tasker.subscriptions s, tasker.events e
    WHERE d.event_id = due.event_id AND d.subscription_id = due.subscription_id AND s.subscription_id = d.subscription_id
      AND e.event_id = due.event_id
    RETURNING d.event_id, d.subscription_id, d.attempts, d.envelope::text, e.name, s.kind, s.target;
END
$$;

-- Takes due deliveries for p_lease seconds, and returns them with their targets: at most p_limit. A subscription has about
-- p_each places. A delivery that is under way takes one, and so does one that waits for a retry: a target that does not
-- respond is soon tried by one delivery at a time, and its waiting ones take nothing from the others. None is taken of the
-- subscriptions in p_paused.
CREATE FUNCTION tasker_f.take_deliveries(p_limit integer, p_each integer, p_lease double precision, p_paused uuid[])
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
            -- One that is under way has no error yet.
            SELECT count(*) AS tried, count(*) FILTER (WHERE d.last_error IS NULL) AS under_way FROM tasker.deliveries d
            WHERE d.subscription_id = s.subscription_id AND d.next_attempt_at > v_now) b
        CROSS JOIN LATERAL (
            SELECT d.event_id, d.subscription_id FROM tasker.deliveries d
            WHERE d.subscription_id = s.subscription_id AND d.next_attempt_at <= v_now
            ORDER BY d.next_attempt_at, d.event_id
            LIMIT greatest(p_each - b.tried, CASE WHEN b.under_way = 0 THEN 1 ELSE 0 END) FOR UPDATE SKIP LOCKED) l
        WHERE s.subscription_id <> ALL (p_paused)
        LIMIT p_limit
    )
    UPDATE tasker.deliveries d SET attempts = d.attempts + 1, last_error = NULL,
        next_attempt_at = v_now + p_lease * interval '1 second'
    FROM due, tasker.subscriptions s, tasker.events e
    WHERE d.event_id = due.event_id AND d.subscription_id = due.subscription_id AND s.subscription_id = d.subscription_id
      AND e.event_id = due.event_id
    RETURNING d.event_id, d.subscription_id, d.attempts, d.envelope::text, e.name, s.kind, s.target;
END
$$;

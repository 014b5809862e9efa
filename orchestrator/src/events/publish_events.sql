-- Marks events as published and creates their deliveries; stores the error of those with one. Notifies listeners.
CREATE FUNCTION tasker_f.publish_events(p_event bigint[], p_body text[], p_error text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := tasker_f.now();
BEGIN
    INSERT INTO tasker.deliveries (event_id, subscription_id, envelope, next_attempt_at)
    SELECT e.event_id, s.subscription_id, p.body::json, v_now
    FROM unnest(p_event, p_body, p_error) AS p (event_id, body, error)
    JOIN tasker.events e ON e.event_id = p.event_id
    JOIN tasker.subscriptions s ON tasker_f.is_subscribed(s.event, e.name)
    WHERE p.error IS NULL
    -- A subscription that is deleted at this moment must not fail the event for the others.
    FOR KEY SHARE OF s
    ON CONFLICT DO NOTHING;
    UPDATE tasker.events e SET published_at = v_now, error = p.error
    FROM unnest(p_event, p_error) AS p (event_id, error)
    WHERE e.event_id = p.event_id;
    PERFORM tasker_f.tell_listeners('outbox', array_agg(p.event_id ORDER BY p.event_id))
    FROM unnest(p_event, p_error) AS p (event_id, error)
    WHERE p.error IS NULL;
END
$$;

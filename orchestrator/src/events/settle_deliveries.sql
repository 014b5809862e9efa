-- Stores the results of delivery attempts. Deletes successful deliveries. Retries failed ones after 1, 2, 4 ... seconds, or
-- later if the target asked for that in p_wait (seconds), at most an hour. After 24 attempts (about half a day) a delivery
-- is kept for inspection and not retried. One that was held (p_held) was not tried: it keeps its number of attempts, and is due
-- again after p_wait. A failure counts only for the attempt that it names: a later one may be under way.
CREATE FUNCTION tasker_f.settle_deliveries(
    p_event bigint[], p_subscription uuid[], p_attempt integer[], p_error text[], p_wait double precision[],
    p_held boolean[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := tasker_f.now();
BEGIN
    DELETE FROM tasker.deliveries d
    USING unnest(p_event, p_subscription, p_error) AS p (event_id, subscription_id, error)
    WHERE d.event_id = p.event_id AND d.subscription_id = p.subscription_id AND p.error IS NULL;
    UPDATE tasker.deliveries d SET last_error = p.error, attempts = d.attempts - p.held::integer,
        next_attempt_at = CASE WHEN p.held THEN v_now + interval '1 second' * coalesce(p.wait, 0)
            WHEN d.attempts < 24 THEN v_now + interval '1 second'
            * least(3600, greatest(power(2, d.attempts - 1), coalesce(p.wait, 0))) END
    FROM unnest(p_event, p_subscription, p_attempt, p_error, p_wait, p_held) AS p (event_id, subscription_id, attempt, error, wait, held)
    WHERE d.event_id = p.event_id AND d.subscription_id = p.subscription_id AND d.attempts = p.attempt
      AND p.error IS NOT NULL;
END
$$;

-- Makes the sweep check every step that was in flight. For a queue in memory, which is empty after a restart. Returns
-- the number of steps.
CREATE FUNCTION tasker_f.expect_nothing_in_flight() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_now     timestamptz := tasker_f.now();
    v_counted bigint;
BEGIN
    UPDATE tasker.steps SET wake_at = v_now
    WHERE wake_at > v_now AND state IN ('enqueued', 'in_progress');
    GET DIAGNOSTICS v_counted = ROW_COUNT;
    RETURN v_counted;
END
$$;

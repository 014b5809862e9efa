-- Forgets what was counted from the beginning of a day on, so that it is counted again, and returns that time.
CREATE FUNCTION tasker_f.rebuild_analytics(p_from timestamptz)
RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    v_from    timestamptz := tasker_f.bucket(1440, p_from);
    v_last    bigint;
    v_low     bigint;
    v_high    bigint;
    v_middle  bigint;
    v_at      timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(tasker_f.folding());
    SELECT settled INTO v_last FROM tasker.analytics_progress;
    -- Records are nearly in the order of their times: one that is an hour older is before all that count.
    SELECT coalesce(min(audit_id), 0) - 1 INTO v_low FROM tasker.audit;
    v_high := greatest(v_last, v_low);
    WHILE v_high - v_low > 1 LOOP
        v_middle := v_low + (v_high - v_low) / 2;
        SELECT at INTO v_at FROM tasker.audit WHERE audit_id >= v_middle ORDER BY audit_id LIMIT 1;
        IF v_at < v_from - interval '1 hour' THEN
            v_low := v_middle;
        ELSE
            v_high := v_middle;
        END IF;
    END LOOP;
    DELETE FROM tasker.analytics_tasks WHERE minutes IN (1, 60, 1440) AND bucket >= v_from;
    DELETE FROM tasker.analytics_steps WHERE minutes IN (1, 60, 1440) AND bucket >= v_from;
    DELETE FROM tasker.analytics_histogram WHERE minutes IN (1, 60, 1440) AND bucket >= v_from;
    DELETE FROM tasker.analytics_errors WHERE minutes IN (1, 60, 1440) AND bucket >= v_from;
    UPDATE tasker.analytics_progress p SET settled = greatest(v_low, 0), counts_from = v_from,
        -- What was settled stays so.
        mark_record = greatest(p.mark_record, v_last);
    RETURN v_from;
END
$$;

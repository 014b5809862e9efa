-- Deletes buckets of a minute after two days, of an hour after 90 days, and of a day after three years.
CREATE FUNCTION tasker_f.forget_analytics() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_minutes smallint;
    v_before  timestamptz;
BEGIN
    FOR v_minutes, v_before IN
        SELECT k.minutes, tasker_f.bucket(k.minutes, tasker_f.now() - k.kept)
        FROM (VALUES (1::smallint, interval '48 hours'), (60, interval '90 days'), (1440, interval '3 years'))
            AS k (minutes, kept)
    LOOP
        DELETE FROM tasker.analytics_tasks WHERE minutes = v_minutes AND bucket < v_before;
        DELETE FROM tasker.analytics_steps WHERE minutes = v_minutes AND bucket < v_before;
        DELETE FROM tasker.analytics_histogram WHERE minutes = v_minutes AND bucket < v_before;
        DELETE FROM tasker.analytics_errors WHERE minutes = v_minutes AND bucket < v_before;
    END LOOP;
END
$$;

-- Deletes buckets that are no longer kept.
CREATE FUNCTION tasker_f.forget_analytics() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_minutes integer;
    v_before  timestamptz;
BEGIN
    FOR v_minutes, v_before IN SELECT g.minutes, g.kept_from FROM tasker_f.grains() AS g LOOP
        DELETE FROM tasker.analytics_tasks WHERE minutes = v_minutes AND bucket < v_before;
        DELETE FROM tasker.analytics_steps WHERE minutes = v_minutes AND bucket < v_before;
        DELETE FROM tasker.analytics_histogram WHERE minutes = v_minutes AND bucket < v_before;
        DELETE FROM tasker.analytics_errors WHERE minutes = v_minutes AND bucket < v_before;
    END LOOP;
END
$$;

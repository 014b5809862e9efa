-- Records that this set is in use, and drops the sets that no process has used for a week. Returns the names of the
-- dropped sets.
--
-- Runs with the rights of its owner, because the role of the functions may not drop schemas. It therefore fixes the
-- search path and ignores the session's frozen time.
CREATE FUNCTION tasker_f.retire_function_sets() RETURNS text[] LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_now     timestamptz := clock_timestamp();
    v_retired text[] := '{}';
    v_name    text;
BEGIN
    UPDATE tasker.function_sets SET last_used_at = v_now WHERE name = 'tasker_f';
    FOR v_name IN
        DELETE FROM tasker.function_sets
        WHERE name <> 'tasker_f' AND last_used_at < v_now - interval '7 days'
        RETURNING name
    LOOP
        EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', v_name);
        v_retired := v_retired || v_name;
    END LOOP;
    RETURN v_retired;
END
$$;

-- Records that this set is in use, and drops the sets that no process has used for a week. Returns the names of the
-- dropped sets. Skips the drop while a set is being installed, and a set that its owner cannot drop.
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
    -- The lock of the installation, see functions.rs: a set must not be dropped while it is installed again.
    IF NOT pg_try_advisory_xact_lock(x'7461736b5f66'::bigint) THEN
        RETURN v_retired;
    END IF;
    FOR v_name IN
        SELECT name FROM tasker.function_sets
        WHERE name <> 'tasker_f' AND last_used_at < v_now - interval '7 days'
    LOOP
        BEGIN
            EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', v_name);
            DELETE FROM tasker.function_sets WHERE name = v_name;
            v_retired := v_retired || v_name;
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE WARNING 'function set % belongs to another role and was not dropped', v_name;
        END;
    END LOOP;
    RETURN v_retired;
END
$$;

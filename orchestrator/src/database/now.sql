-- Returns the current time; the only clock of these functions. Tests freeze it for their session: `SET tasker.now =
-- '...'`. In PL/pgSQL, which plans it once per session: PostgreSQL inlines no function in SQL that is stable and calls one that
-- is not, and would parse it in every statement.
CREATE FUNCTION tasker_f.now() RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce(nullif(current_setting('tasker.now', true), '')::timestamptz, clock_timestamp());
END
$$;

-- Returns the current time; the only clock of these functions. Tests freeze it for their session: `SET tasker.now =
-- '...'`.
CREATE FUNCTION tasker_f.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('tasker.now', true), '')::timestamptz, clock_timestamp())
$$;

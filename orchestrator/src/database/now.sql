-- The only source of time in these functions. A test freezes it for its own session: `SET tasker.now = '...'`.
CREATE FUNCTION tasker_f.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('tasker.now', true), '')::timestamptz, clock_timestamp())
$$;

-- Returns the states that a step passes through when its execution ends, from `before` to `after`, for the audit. A step
-- whose start was not reported before was `enqueued` until now.
CREATE FUNCTION tasker_f.step_path(before text, started boolean, failed boolean, after text)
RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN before = 'enqueued' AND started THEN ARRAY['enqueued'] ELSE '{}' END
        || CASE WHEN before = 'enqueued' AND NOT started THEN 'enqueued' ELSE 'in_progress' END
        || CASE WHEN failed THEN 'enqueued_as_error_for_orchestration' ELSE 'enqueued_for_orchestration' END
        || after
$$;

-- Returns when the step entered each of these states. `begun_at` is the start that was reported before, `started_at` the one
-- that the report names.
CREATE FUNCTION tasker_f.step_times(
    before text, enqueued_at timestamptz, begun_at timestamptz, started_at timestamptz, finished_at timestamptz,
    now timestamptz
) RETURNS timestamptz[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN before = 'enqueued' AND started_at IS NOT NULL THEN ARRAY[enqueued_at]
                ELSE '{}'::timestamptz[] END
        || coalesce(started_at, begun_at, enqueued_at) || coalesce(finished_at, now) || now
$$;

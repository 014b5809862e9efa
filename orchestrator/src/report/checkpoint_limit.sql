-- How often one attempt may be continued from a checkpoint, and how long its runs may take together. Both bound a handler that
-- saves a checkpoint for ever.
CREATE FUNCTION tasker_f.max_checkpoints() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 10000 $$;
CREATE FUNCTION tasker_f.max_attempt_ms() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 24 * 3600 * 1000::bigint $$;

-- Returns the failure of an attempt that may not be continued after this many checkpoints and this time. Null if it may.
CREATE FUNCTION tasker_f.checkpoint_refused(p_checkpoints integer, p_ms bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_checkpoints >= tasker_f.max_checkpoints() OR p_ms >= tasker_f.max_attempt_ms() THEN
        json_build_object('error_type', 'CheckpointLimit', 'message', format(
            'the attempt has saved %s checkpoints and run for %s seconds; it may save %s and run for %s hours; cut the work '
            'into more steps or batch workers', p_checkpoints, p_ms / 1000, tasker_f.max_checkpoints(),
            tasker_f.max_attempt_ms() / 3600000), 'retryable', false, 'origin', 'limit')::text END
$$;

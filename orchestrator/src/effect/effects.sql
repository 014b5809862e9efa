-- The constructors of all effects except dispatches.

CREATE FUNCTION tasker_f.verdict(
    p_position bigint, p_task uuid, p_step integer, p_execution integer, p_step_state text, p_task_state text,
    p_retry_in_ms bigint, p_count bigint
) RETURNS tasker_f.effect LANGUAGE sql IMMUTABLE AS $$
    SELECT ('verdict', p_position, p_step_state, p_task_state, p_retry_in_ms, p_count, p_task, p_step, p_execution,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::tasker_f.effect
$$;

CREATE FUNCTION tasker_f.task_moved(p_task uuid, p_state text) RETURNS tasker_f.effect LANGUAGE sql IMMUTABLE AS $$
    SELECT ('task', NULL, NULL, p_state, NULL, NULL, p_task, NULL, NULL,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::tasker_f.effect
$$;

CREATE FUNCTION tasker_f.revoked(p_task uuid, p_step integer, p_execution integer)
RETURNS tasker_f.effect LANGUAGE sql IMMUTABLE AS $$
    SELECT ('revoked', NULL, NULL, NULL, NULL, NULL, p_task, p_step, p_execution,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::tasker_f.effect
$$;

CREATE FUNCTION tasker_f.dispatch_later(p_task uuid, p_step integer) RETURNS tasker_f.effect LANGUAGE sql IMMUTABLE AS $$
    SELECT ('later', NULL, NULL, NULL, NULL, NULL, p_task, p_step, NULL,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::tasker_f.effect
$$;

CREATE FUNCTION tasker_f.events_wait() RETURNS tasker_f.effect LANGUAGE sql IMMUTABLE AS $$
    SELECT ('events', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::tasker_f.effect
$$;

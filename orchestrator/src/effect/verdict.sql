-- A verdict, of whichever kind.
CREATE FUNCTION tasker_f.verdict(
    p_position bigint, p_step_state text, p_task_state text, p_retry_in_ms bigint, p_task uuid, p_step integer,
    p_execution integer
) RETURNS tasker_f.effect LANGUAGE sql IMMUTABLE AS $$
    SELECT (p_position, p_step_state, p_task_state, p_retry_in_ms, p_task, p_step, p_execution, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::tasker_f.effect
$$;

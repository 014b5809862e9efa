-- Returns the states that a task passes through when an event is evaluated, from `before` to `after`, for the audit.
CREATE FUNCTION tasker_f.task_path(before text, after text, enqueued boolean)
RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN after = 'waiting_for_retry' AND before = 'steps_in_process' THEN ARRAY[before, after]
        WHEN enqueued AND before = 'waiting_for_retry' THEN ARRAY[before, 'enqueuing_steps', after]
        WHEN enqueued THEN ARRAY[before, 'evaluating_results', 'enqueuing_steps', after]
        ELSE ARRAY[before, 'evaluating_results', after]
    END
$$;

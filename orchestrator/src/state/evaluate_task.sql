-- The rule that gives a task its state.

-- Returns the state of a task from the counts of its steps.
CREATE FUNCTION tasker_f.evaluate_task(
    total integer, satisfied integer, isolated integer, running integer, retrying integer, failed integer
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN satisfied + isolated = total THEN 'complete'
        WHEN running > 0 THEN 'steps_in_process'
        WHEN retrying > 0 THEN 'waiting_for_retry'
        WHEN failed > 0 THEN 'blocked_by_failures'
        ELSE 'waiting_for_dependencies'
    END
$$;

-- Returns whether only an operator can change a task in this state. `state/mod.rs` contains the same rule; a test
-- compares them.
CREATE FUNCTION tasker_f.is_terminal(p_task_state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_task_state IN ('complete', 'error', 'cancelled', 'resolved_manually')
$$;

-- Returns whether steps that depend on a step in this state may run.
CREATE FUNCTION tasker_f.satisfies(p_step_state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_step_state IN ('complete', 'resolved_manually')
$$;

-- Returns whether a host could go on to an execution from one that ended then: that end counted, on the same host. Another end of
-- it may have another result. Call it only for executions that a host went on with, because a call costs more than the rest.
CREATE FUNCTION tasker_f.follows(p_task uuid, p_actor text, p_after_step integer, p_after_end timestamptz)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM tasker.steps
        WHERE task_id = p_task AND step_index = p_after_step AND state = 'complete' AND host = p_actor
          AND finished_at = p_after_end)
$$;

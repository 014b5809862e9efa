-- Of executions that a host went on with, whose reports did not count, returns those that are not over, by their position:
-- 'early':   the report of the execution before is still to come;
-- 'due':     it has come in the meantime;
-- 'refused': another end of the execution before counted. The step is in this execution, and nobody else runs it.
CREATE FUNCTION tasker_f.standing(
    p_task uuid[], p_step integer[], p_execution integer[], p_actor text[], p_after_step integer[], p_after_end timestamptz[]
) RETURNS TABLE (ordinal bigint, standing text) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
BEGIN
    RETURN QUERY
    SELECT r.ordinality,
           CASE WHEN s.execution <> r.execution THEN 'early'
                WHEN tasker_f.follows(r.task_id, r.actor, r.after_step, r.after_end) THEN 'due'
                ELSE 'refused' END
    FROM unnest(p_task, p_step, p_execution, p_actor, p_after_step, p_after_end) WITH ORDINALITY
        AS r (task_id, step_index, execution, actor, after_step, after_end)
    JOIN tasker.steps s ON s.task_id = r.task_id AND s.step_index = r.step_index
    WHERE s.state IN ('enqueued', 'in_progress') AND s.execution = r.execution
       OR s.state = 'pending' AND s.execution < r.execution
          AND tasker_f.is_open(r.task_id, r.after_step, r.execution);
END
$$;

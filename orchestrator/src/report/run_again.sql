-- Enqueues steps for another execution, because a host has ended this one and its report cannot count or never came: the lease
-- of this one is settled, so no host would run it. Returns the dispatches, and the ended executions as revoked, for a host that
-- still runs one.
CREATE FUNCTION tasker_f.run_again(p_task uuid[], p_step integer[], p_execution integer[], p_event text, p_reason text)
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_now  timestamptz;
    v_task uuid[];
    v_step integer[];
    v_over integer[];
BEGIN
    -- A separate statement, because the next one must see what the transactions that held these locks have changed.
    PERFORM 1 FROM tasker.tasks WHERE task_id = ANY (p_task) ORDER BY task_id FOR UPDATE;
    v_now := tasker_f.now();

    WITH ended AS (
        SELECT l.task_id, l.step_index, l.execution
        FROM unnest(p_task, p_step, p_execution) AS k (task_id, step_index, execution)
        JOIN tasker.steps l ON l.task_id = k.task_id AND l.step_index = k.step_index AND l.execution = k.execution
        WHERE l.state = 'enqueued'
        ORDER BY l.task_id, l.step_index
        FOR UPDATE OF l
    ), again AS (
        UPDATE tasker.steps s SET
            (state, attempt, execution, enqueued_at, wake_at, dispatched_at, started_at, finished_at, next_retry_at,
             progress) = (SELECT e.* FROM tasker_f.enqueued(s.execution, s.attempt, v_now) AS e)
        FROM ended o
        WHERE s.task_id = o.task_id AND s.step_index = o.step_index
        RETURNING s.task_id, s.step_index, s.attempt, o.execution AS over
    ), audited AS (
        INSERT INTO tasker.audit (task_id, at, event, actor, reason, step_index, attempt, step_states)
        SELECT a.task_id, v_now, p_event, 'orchestrator', p_reason, a.step_index, a.attempt,
               ARRAY['enqueued', 'in_progress', 'enqueued_for_orchestration', 'enqueued']
        FROM again a
    )
    SELECT array_agg(a.task_id), array_agg(a.step_index), array_agg(a.over) INTO v_task, v_step, v_over FROM again a;
    RETURN QUERY SELECT (tasker_f.revoked(r.task_id, r.step_index, r.execution)).*
    FROM unnest(v_task, v_step, v_over) AS r (task_id, step_index, execution);
    RETURN QUERY SELECT * FROM tasker_f.dispatches(v_task, v_step);
END
$$;

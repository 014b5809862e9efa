-- Returns how long a step is enqueued before its report may count as lost, if a host has ended it.
CREATE FUNCTION tasker_f.report_lost_after() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '5 minutes' $$;

-- Returns the dispatches of enqueued steps whose wake_at has passed, and restarts their grace time. Skips steps that
-- have changed. A host has ended the executions in p_ended: hosts drop their messages, so these steps get a new execution.
CREATE FUNCTION tasker_f.resend_overdue(p_task uuid[], p_step integer[], p_execution integer[], p_ended boolean[])
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_now  timestamptz := tasker_f.now();
    v_task uuid[];
    v_step integer[];
BEGIN
    WITH overdue AS (
        SELECT l.task_id, l.step_index, k.ended
        FROM unnest(p_task, p_step, p_execution, p_ended) AS k (task_id, step_index, execution, ended)
        JOIN tasker.steps l ON l.task_id = k.task_id AND l.step_index = k.step_index AND l.execution = k.execution
        WHERE l.state = 'enqueued' AND l.wake_at <= v_now
        ORDER BY l.task_id, l.step_index
        FOR UPDATE OF l SKIP LOCKED
    ), renewed AS (
        UPDATE tasker.steps s SET dispatched_at = NULL, wake_at = v_now + tasker_f.unsent_grace()
        FROM overdue o
        WHERE NOT o.ended AND s.task_id = o.task_id AND s.step_index = o.step_index
        RETURNING s.task_id, s.step_index
    ), again AS (
        UPDATE tasker.steps s SET
            (state, attempt, execution, enqueued_at, wake_at, dispatched_at, started_at, finished_at, next_retry_at,
             progress) = (SELECT e.* FROM tasker_f.enqueued(s.execution, s.attempt, v_now) AS e)
        FROM overdue o
        WHERE o.ended AND s.task_id = o.task_id AND s.step_index = o.step_index
        RETURNING s.task_id, s.step_index, s.attempt
    ), audited AS (
        INSERT INTO tasker.audit (task_id, at, event, actor, reason, step_index, attempt, step_states)
        SELECT a.task_id, v_now, 'report_lost', 'orchestrator',
               'a host ended the execution, and its report never arrived; the attempt runs again',
               a.step_index, a.attempt, ARRAY['enqueued', 'in_progress', 'enqueued_for_orchestration', 'enqueued']
        FROM again a
    )
    SELECT array_agg(r.task_id), array_agg(r.step_index) INTO v_task, v_step
    FROM (SELECT task_id, step_index FROM renewed UNION ALL SELECT task_id, step_index FROM again) AS r;
    RETURN QUERY SELECT * FROM tasker_f.dispatches(v_task, v_step);
END
$$;

-- Re-evaluates a task from its steps, after the caller changed some of them (p_changes): counts open dependencies,
-- enqueues ready steps, counts the steps, moves the task (to p_state, if given), and writes the audit. Returns the
-- task's new state and the dispatches of enqueued steps.
--
-- Used by operators' actions and cancellations. These are rare, so this recomputes everything; reports use the
-- incremental apply_reports. The caller must hold the lock of the task, and passes its state before the event as
-- p_before.
CREATE FUNCTION tasker_f.settle(
    p_before text, p_task uuid, p_event text, p_actor text, p_reason text, p_changes tasker_f.change[], p_state text
) RETURNS SETOF tasker_f.effect LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_now      timestamptz := tasker_f.now();
    v_enqueued integer[] := '{}';
    v_path     text[];
    r_task     tasker.tasks;
BEGIN
    SELECT * INTO r_task FROM tasker.tasks WHERE task_id = p_task;
    IF p_state IS NULL THEN
        UPDATE tasker.steps s
        SET remaining_dependencies = tasker_f.open_dependencies(p_task, r_task.release_id, s.template_step, '{}')
        WHERE s.task_id = p_task AND s.state = 'pending' AND s.batch IS NULL;
    END IF;
    IF p_state IS NULL AND r_task.paused_at IS NULL THEN
        WITH ready AS (
            SELECT s.step_index FROM tasker.steps s
            WHERE s.task_id = p_task AND s.state = 'pending' AND s.batch IS NULL AND s.remaining_dependencies = 0
            UNION ALL
            SELECT w.step_index
            FROM tasker.batches b
            JOIN tasker.release_steps d ON d.release_id = r_task.release_id AND d.step_index = b.step_index
            CROSS JOIN LATERAL (
                SELECT count(*) AS workers_out FROM tasker.steps s
                WHERE s.task_id = p_task AND s.batch = b.step_index
                  AND s.state IN ('enqueued', 'in_progress', 'waiting_for_retry')) o
            CROSS JOIN LATERAL (
                SELECT s.step_index FROM tasker.steps s
                WHERE s.task_id = p_task AND s.step_index >= b.first_index
                  AND s.step_index < b.first_index + b.workers AND s.state = 'pending'
                ORDER BY s.step_index LIMIT greatest(0, d.parallelism - o.workers_out)) w
            WHERE b.task_id = p_task
        ), enqueued AS (
            UPDATE tasker.steps s SET
                (state, attempt, execution, enqueued_at, wake_at, dispatched_at, started_at, finished_at, next_retry_at,
                 progress) = (
                    -- A host may have gone on to this step with the number of an execution of its dependency.
                    SELECT e.* FROM tasker_f.enqueued(greatest(s.execution, (
                        SELECT max(before.execution)
                        FROM tasker.release_steps d
                        JOIN tasker.steps before
                            ON before.task_id = p_task AND before.step_index = ANY (d.context_steps)
                        WHERE d.release_id = r_task.release_id AND d.step_index = s.template_step)), 1, v_now) AS e)
            FROM ready r
            WHERE s.task_id = p_task AND s.step_index = r.step_index
            RETURNING s.step_index
        )
        SELECT coalesce(array_agg(e.step_index ORDER BY e.step_index), '{}') INTO v_enqueued FROM enqueued e;
        UPDATE tasker.batches b SET next_index = coalesce(
            (SELECT min(s.step_index) FROM tasker.steps s
             WHERE s.task_id = p_task AND s.step_index >= b.first_index AND s.step_index < b.first_index + b.workers
               AND s.state = 'pending'), b.first_index + b.workers)
        WHERE b.task_id = p_task;
    END IF;

    UPDATE tasker.tasks t SET
        steps_total = c.total, steps_satisfied = c.satisfied, steps_running = c.running, steps_retrying = c.retrying,
        steps_failed = c.failed, steps_isolated = c.isolated, state = c.state, last_event_at = v_now,
        completed_at = CASE WHEN tasker_f.is_terminal(c.state) THEN v_now END,
        wake_at = CASE WHEN NOT tasker_f.is_terminal(c.state) THEN v_now END,
        -- A task that has ended is not paused.
        paused_at = CASE WHEN NOT tasker_f.is_terminal(c.state) THEN t.paused_at END
    FROM (SELECT n.*, coalesce(p_state, tasker_f.evaluate_task(
                     n.total, n.satisfied, n.isolated, n.running, n.retrying, n.failed)) AS state
          FROM (SELECT count(*)::integer AS total,
                       count(*) FILTER (WHERE tasker_f.satisfies(s.state))::integer AS satisfied,
                       count(*) FILTER (WHERE s.state IN ('enqueued', 'in_progress'))::integer AS running,
                       count(*) FILTER (WHERE s.state = 'waiting_for_retry')::integer AS retrying,
                       -- Steps that a failed batch cancelled need an operator, as failed steps do.
                       count(*) FILTER (WHERE s.state = 'error' AND NOT s.isolated
                           OR s.state = 'cancelled' AND p_state IS DISTINCT FROM 'cancelled')::integer AS failed,
                       count(*) FILTER (WHERE s.isolated)::integer AS isolated
                FROM tasker.steps s WHERE s.task_id = p_task) AS n) AS c
    WHERE t.task_id = p_task
    RETURNING t.* INTO r_task;

    v_path := CASE
        WHEN p_state IS NOT NULL THEN ARRAY[p_before, p_state]
        WHEN p_before = r_task.state AND p_changes = '{}' AND v_enqueued = '{}' THEN NULL
        ELSE tasker_f.task_path(p_before, r_task.state, v_enqueued <> '{}' OR EXISTS (
            SELECT 1 FROM unnest(p_changes) AS c WHERE c.state_after = 'enqueued')) END;
    INSERT INTO tasker.audit (task_id, at, event, actor, reason, step_index, attempt, step_states)
    SELECT p_task, v_now, p_event, p_actor, p_reason, c.step_index, c.attempt, ARRAY[c.state_before, c.state_after]
    FROM unnest(p_changes) WITH ORDINALITY
        AS c (step_index, attempt, state_before, state_after, position)
    ORDER BY c.position;
    INSERT INTO tasker.audit (task_id, at, event, actor, reason, task_states, enqueued_steps)
    VALUES (p_task, v_now, p_event, p_actor, p_reason, v_path, nullif(v_enqueued, '{}'));

    IF r_task.state IN ('blocked_by_failures', 'error') THEN
        PERFORM tasker_f.bury(p_task, NULL, NULL, p_actor, p_reason);
    ELSIF r_task.has_dlq_entry AND tasker_f.satisfies(r_task.state) THEN
        PERFORM tasker_f.resolve_dlq_entries(p_task, 'manually_resolved', p_actor, coalesce(p_reason, 'the task has ended'));
    ELSIF r_task.has_dlq_entry AND r_task.state = 'cancelled' THEN
        PERFORM tasker_f.resolve_dlq_entries(p_task, 'cancelled', p_actor, coalesce(p_reason, 'the task was cancelled'));
    END IF;

    IF r_task.state IS DISTINCT FROM p_before
        AND r_task.state IN ('complete', 'error', 'cancelled', 'resolved_manually', 'blocked_by_failures')
    THEN
        PERFORM tasker_f.announce_tasks(ARRAY[p_task]);
    END IF;

    RETURN QUERY SELECT (tasker_f.task_moved(p_task, r_task.state)).*;
    v_enqueued := v_enqueued || ARRAY(SELECT c.step_index FROM unnest(p_changes) AS c WHERE c.state_after = 'enqueued');
    RETURN QUERY SELECT * FROM tasker_f.dispatches(array_fill(p_task, ARRAY[cardinality(v_enqueued)]), v_enqueued);
END
$$;

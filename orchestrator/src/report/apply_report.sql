-- Applies one report in one transaction: the hot path of a system with little to do, where a step waits for it.
--
-- As `apply_reports`, in two thirds of its time for an ordinary completion, because nothing is unnested, grouped or sorted. A
-- test compares the rows that both leave behind.
CREATE FUNCTION tasker_f.apply_report(p tasker_f.report)
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_now      timestamptz;
    -- The step before this report.
    v_before   text;
    v_attempt  integer;
    v_enqueued timestamptz;
    v_begun    timestamptz;
    v_children integer[];
    -- The steps that became ready, and those of them that need a message: no host goes on with them.
    v_ready    integer[];
    v_send     integer[];
    v_state    text;
    v_has_dlq  boolean;
BEGIN
    -- A separate statement, because the next ones must see what the transaction that held this lock has changed.
    PERFORM 1 FROM tasker.tasks WHERE task_id = p.task_id FOR UPDATE;
    v_now := tasker_f.now();

    IF tasker_f.straight_line() > 0 AND p.failure IS NULL AND NOT p.is_checkpoint AND p.branch IS NULL AND p.cursors IS NULL
       AND p.event <> 'lease_lost'
    THEN
        SELECT s.state, s.attempt, s.enqueued_at, s.started_at, d.children
        INTO v_before, v_attempt, v_enqueued, v_begun, v_children
        FROM tasker.steps s
        CROSS JOIN LATERAL (
            SELECT release_id FROM tasker.tasks
            WHERE task_id = s.task_id AND (p.release_id IS NULL OR release_id = p.release_id) AND paused_at IS NULL
            OFFSET 0) t
        CROSS JOIN LATERAL (
            SELECT children FROM tasker.release_steps
            WHERE release_id = t.release_id AND step_index = s.template_step AND events IS NULL OFFSET 0) d
        WHERE s.task_id = p.task_id AND s.step_index = p.step_index AND s.execution = p.execution
          AND (p.template_step IS NULL OR s.template_step = p.template_step)
          AND s.state IN ('enqueued', 'in_progress') AND s.batch IS NULL
          AND (p.after_step IS NULL OR tasker_f.follows(p.task_id, p.actor, p.after_step, p.after_end));
    END IF;
    IF v_before IS NULL THEN
        RETURN QUERY SELECT * FROM tasker_f.apply_any(ARRAY[p]);
        RETURN;
    END IF;

    UPDATE tasker.steps SET
        state = 'complete', wake_at = NULL, started_at = coalesce(p.started_at, started_at),
        finished_at = coalesce(p.finished_at, v_now), next_retry_at = NULL, isolated = false, host = p.actor,
        result = p.result::json, result_blob = p.result_blob::json, checkpoint = NULL, checkpoint_blob = NULL,
        attempt_checkpoints = 0, attempt_ms = 0
    WHERE task_id = p.task_id AND step_index = p.step_index;

    IF v_children <> '{}' THEN
        WITH child AS (
            UPDATE tasker.steps s SET
                remaining_dependencies = s.remaining_dependencies - 1,
                (state, attempt, execution, enqueued_at, wake_at, dispatched_at, started_at, finished_at, next_retry_at,
                 progress) = (
                    SELECT e.* FROM tasker_f.enqueued(greatest(s.execution, p.execution - 1), 1, v_now) AS e
                    WHERE s.remaining_dependencies = 1
                    UNION ALL
                    SELECT s.state, s.attempt, s.execution, s.enqueued_at, s.wake_at, s.dispatched_at, s.started_at,
                           s.finished_at, s.next_retry_at, s.progress
                    WHERE s.remaining_dependencies <> 1)
            WHERE s.task_id = p.task_id AND s.step_index = ANY (v_children) AND s.state = 'pending'
            RETURNING s.step_index, s.state = 'enqueued' AS ready, p.continues AND s.execution = p.execution AS in_hand
        )
        SELECT array_agg(step_index ORDER BY step_index), array_agg(step_index) FILTER (WHERE NOT in_hand)
        INTO v_ready, v_send
        FROM child WHERE ready;
    END IF;

    UPDATE tasker.tasks t SET
        steps_satisfied = t.steps_satisfied + 1, steps_running = t.steps_running - 1 + coalesce(cardinality(v_ready), 0),
        state = tasker_f.evaluate_task(t.steps_total, t.steps_satisfied + 1, t.steps_isolated,
                                     t.steps_running - 1 + coalesce(cardinality(v_ready), 0), t.steps_retrying, t.steps_failed),
        last_event_at = v_now,
        completed_at = CASE WHEN t.steps_satisfied + 1 + t.steps_isolated = t.steps_total THEN v_now END,
        wake_at = CASE WHEN t.steps_satisfied + 1 + t.steps_isolated < t.steps_total THEN t.wake_at END
    WHERE t.task_id = p.task_id
    RETURNING t.state, t.has_dlq_entry INTO v_state, v_has_dlq;

    INSERT INTO tasker.audit (task_id, at, event, actor, reason, task_states, step_index, attempt, step_states,
        step_times, enqueued_steps, detail)
    VALUES (p.task_id, v_now, p.event, p.actor, p.reason,
            tasker_f.task_path('steps_in_process', v_state, v_ready IS NOT NULL), p.step_index, v_attempt,
            tasker_f.step_path(v_before, p.started_at IS NOT NULL, false, 'complete'),
            tasker_f.step_times(v_before, v_enqueued, v_begun, p.started_at, p.finished_at, v_now),
            v_ready, p.detail::json);

    IF v_state IN ('complete', 'blocked_by_failures') THEN
        PERFORM tasker_f.follow_tasks(
            CASE WHEN v_state = 'blocked_by_failures' THEN ARRAY[p.task_id] END,
            CASE WHEN v_state = 'complete' AND v_has_dlq THEN ARRAY[p.task_id] END,
            ARRAY[p.task_id]);
    END IF;

    RETURN NEXT tasker_f.verdict(1, p.task_id, p.step_index, p.execution, 'complete', NULL, NULL, NULL);
    RETURN NEXT tasker_f.task_moved(p.task_id, v_state);
    -- A query, because an earlier process may have left unpublished events.
    IF EXISTS (SELECT FROM tasker.events WHERE published_at IS NULL) THEN
        RETURN NEXT tasker_f.events_wait();
    END IF;
    IF v_send IS NOT NULL THEN
        RETURN QUERY SELECT * FROM tasker_f.dispatches(array_fill(p.task_id, ARRAY[cardinality(v_send)]), v_send);
    END IF;
END
$$;

-- Returns how many ordinary completions are applied by short statements; the general statement is as fast for more. Tests set
-- it for their session.
CREATE FUNCTION tasker_f.straight_line() RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('tasker.straight_line', true), '')::integer, 16)
$$;

-- Applies a batch of reports in one call and one transaction: the hot path of a busy system.
--
-- A few ordinary completions are a straight line of short statements, in half the time of the general one, which starts
-- thirty parts for nothing. Ordinary: no expansion, no place in a batch, no domain events, and the task is not paused. A test
-- compares the rows that both leave behind.
CREATE FUNCTION tasker_f.apply_reports(p_reports tasker_f.report[])
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_now        timestamptz;
    v_all        bigint := 1000000000;
    -- By position of the report.
    v_release    uuid[];
    v_template   integer[];
    v_before     text[];
    v_attempt    integer[];
    v_enqueued   timestamptz[];
    v_begun      timestamptz[];
    -- The steps that became ready, and the position of the last report that each waited for.
    v_ready_task uuid[];
    v_ready_step integer[];
    v_ready_by   bigint[];
    -- Those of them that need a message: no host goes on with them.
    v_send_task  uuid[];
    v_send_step  integer[];
    -- The tasks, and the position of the last report of each.
    v_task       uuid[];
    v_state      text[];
    v_task_by    bigint[];
    v_settled    uuid[];
    v_at_rest    uuid[];
    v_blocked    uuid[];
BEGIN
    -- A separate statement, because the next ones must see what the transactions that held these locks have changed.
    PERFORM 1 FROM tasker.tasks WHERE task_id IN (SELECT task_id FROM unnest(p_reports)) ORDER BY task_id FOR UPDATE;
    v_now := tasker_f.now();

    IF cardinality(p_reports) <= tasker_f.straight_line() THEN
        SELECT array_agg(t.release_id ORDER BY r.ordinality), array_agg(s.template_step ORDER BY r.ordinality),
               array_agg(s.state ORDER BY r.ordinality), array_agg(s.attempt ORDER BY r.ordinality),
               array_agg(s.enqueued_at ORDER BY r.ordinality), array_agg(s.started_at ORDER BY r.ordinality)
        INTO v_release, v_template, v_before, v_attempt, v_enqueued, v_begun
        FROM unnest(p_reports) WITH ORDINALITY AS r
        CROSS JOIN LATERAL (
            SELECT state, attempt, template_step, enqueued_at, started_at FROM tasker.steps
            WHERE task_id = r.task_id AND step_index = r.step_index AND execution = r.execution
              AND (r.template_step IS NULL OR template_step = r.template_step)
              AND state IN ('enqueued', 'in_progress') AND batch IS NULL
              AND (r.after_step IS NULL OR tasker_f.follows(r.task_id, r.actor, r.after_step, r.after_end)) OFFSET 0) s
        CROSS JOIN LATERAL (
            SELECT release_id FROM tasker.tasks
            WHERE task_id = r.task_id AND (r.release_id IS NULL OR release_id = r.release_id) AND paused_at IS NULL
            OFFSET 0) t
        CROSS JOIN LATERAL (
            SELECT FROM tasker.release_steps
            WHERE release_id = t.release_id AND step_index = s.template_step AND events IS NULL OFFSET 0) d
        WHERE r.failure IS NULL AND NOT r.is_checkpoint AND r.branch IS NULL AND r.cursors IS NULL
          AND r.event <> 'lease_lost';
    END IF;
    -- All of them, and each step once.
    IF v_template IS NULL OR cardinality(v_template) < cardinality(p_reports)
       OR (SELECT count(DISTINCT (task_id, step_index)) FROM unnest(p_reports)) < cardinality(p_reports)
    THEN
        RETURN QUERY SELECT * FROM tasker_f.apply_any(p_reports);
        RETURN;
    END IF;

    UPDATE tasker.steps s SET
        state = 'complete', wake_at = NULL, started_at = coalesce(r.started_at, s.started_at),
        finished_at = coalesce(r.finished_at, v_now), next_retry_at = NULL, isolated = false, host = r.actor,
        result = r.result::json, result_blob = r.result_blob::json, checkpoint = NULL, checkpoint_blob = NULL,
        attempt_checkpoints = 0, attempt_ms = 0
    FROM (SELECT * FROM unnest(p_reports) LIMIT v_all) AS r
    WHERE s.task_id = r.task_id AND s.step_index = r.step_index;

    WITH child AS (
        UPDATE tasker.steps s SET
            remaining_dependencies = s.remaining_dependencies - c.dependencies,
            (state, attempt, execution, enqueued_at, wake_at, dispatched_at, started_at, finished_at, next_retry_at,
             progress) = (
                SELECT e.* FROM tasker_f.enqueued(greatest(s.execution, c.execution - 1), 1, v_now) AS e
                WHERE s.remaining_dependencies = c.dependencies
                UNION ALL
                SELECT s.state, s.attempt, s.execution, s.enqueued_at, s.wake_at, s.dispatched_at, s.started_at,
                       s.finished_at, s.next_retry_at, s.progress
                WHERE s.remaining_dependencies <> c.dependencies)
        FROM (SELECT r.task_id, child.step_index, count(*)::integer AS dependencies, max(r.position) AS position,
                     max(r.execution) AS execution, bool_or(r.continues) AS continues
              FROM ROWS FROM (unnest(p_reports), unnest(v_release), unnest(v_template)) WITH ORDINALITY
                  AS r (task_id, step_index, execution, release_id, template_step, result, result_blob, is_checkpoint,
                        branch, cursors, failure, retryable, retry_after_ms, event, actor, reason, detail, started_at,
                        finished_at, dice, continues, after_step, after_end, release, template,
                        position)
              CROSS JOIN LATERAL (
                  SELECT children FROM tasker.release_steps
                  WHERE release_id = r.release AND step_index = r.template OFFSET 0) d
              CROSS JOIN LATERAL unnest(d.children) AS child (step_index)
              GROUP BY r.task_id, child.step_index
              LIMIT v_all) AS c
        WHERE s.task_id = c.task_id AND s.step_index = c.step_index AND s.state = 'pending'
        RETURNING s.task_id, s.step_index, s.state = 'enqueued' AS ready, c.position,
                  c.continues AND s.execution = c.execution AS in_hand
    )
    SELECT array_agg(task_id), array_agg(step_index), array_agg(position),
           array_agg(task_id) FILTER (WHERE NOT in_hand), array_agg(step_index) FILTER (WHERE NOT in_hand)
    INTO v_ready_task, v_ready_step, v_ready_by, v_send_task, v_send_step
    FROM child WHERE ready;

    WITH task AS (
        UPDATE tasker.tasks t SET
            steps_satisfied = t.steps_satisfied + y.ended, steps_running = t.steps_running - y.ended + y.ready,
            state = tasker_f.evaluate_task(t.steps_total, t.steps_satisfied + y.ended, t.steps_isolated,
                                         t.steps_running - y.ended + y.ready, t.steps_retrying, t.steps_failed),
            last_event_at = v_now,
            completed_at = CASE WHEN t.steps_satisfied + y.ended + t.steps_isolated = t.steps_total THEN v_now END,
            wake_at = CASE WHEN t.steps_satisfied + y.ended + t.steps_isolated < t.steps_total THEN t.wake_at END
        FROM (SELECT r.task_id, count(*)::integer AS ended, max(r.ordinality) AS position,
                     (SELECT count(*) FROM unnest(v_ready_task) AS w (task_id) WHERE w.task_id = r.task_id)::integer AS ready
              FROM unnest(p_reports) WITH ORDINALITY AS r
              GROUP BY r.task_id
              LIMIT v_all) AS y
        WHERE t.task_id = y.task_id
        RETURNING t.task_id, t.state, y.position, t.has_dlq_entry
    )
    SELECT array_agg(task_id), array_agg(state), array_agg(position),
           array_agg(task_id) FILTER (WHERE state = 'complete' AND has_dlq_entry),
           array_agg(task_id ORDER BY position) FILTER (WHERE state IN ('complete', 'blocked_by_failures')),
           array_agg(task_id) FILTER (WHERE state = 'blocked_by_failures')
    INTO v_task, v_state, v_task_by, v_settled, v_at_rest, v_blocked
    FROM task;

    INSERT INTO tasker.audit (task_id, at, event, actor, reason, task_states, step_index, attempt, step_states,
        step_times, enqueued_steps, detail)
    SELECT r.task_id, v_now, r.event, r.actor, r.reason,
           -- The task moves once per batch, with its last report.
           (SELECT tasker_f.task_path('steps_in_process', m.state, m.task_id = ANY (v_ready_task))
            FROM unnest(v_task, v_state, v_task_by) AS m (task_id, state, position) WHERE m.position = r.position),
           r.step_index, r.attempt,
           tasker_f.step_path(r.before, r.started_at IS NOT NULL, false, 'complete'),
           tasker_f.step_times(r.before, r.enqueued_at, r.begun_at, r.started_at, r.finished_at, v_now),
           (SELECT array_agg(w.step_index ORDER BY w.step_index)
            FROM unnest(v_ready_step, v_ready_by) AS w (step_index, position) WHERE w.position = r.position),
           r.detail::json
    FROM ROWS FROM (unnest(p_reports), unnest(v_before), unnest(v_attempt), unnest(v_enqueued), unnest(v_begun))
        WITH ORDINALITY
        AS r (task_id, step_index, execution, release_id, template_step, result, result_blob, is_checkpoint, branch,
              cursors, failure, retryable, retry_after_ms, event, actor, reason, detail, started_at, finished_at, dice,
              continues, after_step, after_end, before, attempt, enqueued_at, begun_at, position)
    ORDER BY r.position;

    PERFORM tasker_f.follow_tasks(v_blocked, v_settled, v_at_rest);

    RETURN QUERY
    SELECT (tasker_f.verdict(r.ordinality, r.task_id, r.step_index, r.execution, 'complete', NULL, NULL, NULL)).*
    FROM unnest(p_reports) WITH ORDINALITY AS r
    UNION ALL
    SELECT (tasker_f.task_moved(m.task_id, m.state)).* FROM unnest(v_task, v_state) AS m (task_id, state);
    -- A query, because an earlier process may have left unpublished events.
    IF EXISTS (SELECT FROM tasker.events WHERE published_at IS NULL) THEN
        RETURN NEXT tasker_f.events_wait();
    END IF;
    IF v_send_task IS NOT NULL THEN
        RETURN QUERY SELECT * FROM tasker_f.dispatches(v_send_task, v_send_step);
    END IF;
END
$$;

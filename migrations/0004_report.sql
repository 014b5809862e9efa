-- Applying what hosts report: the hot path. One call and one transaction for a batch of reports.
--
-- A report counts if the step is still at the attempt it names and that attempt has not ended. Of several in one
-- batch the first counts. All others are stale: counted, dropped.

CREATE FUNCTION tasker.apply_reports(
    p_task uuid[], p_step integer[], p_attempt integer[],
    -- Null where the attempt failed.
    p_result text[], p_result_blob text[],
    -- Null where it completed.
    p_failure text[], p_retryable boolean[], p_retry_after_ms bigint[],
    p_event text[], p_actor text[], p_reason text[], p_detail text[],
    p_started timestamptz[], p_finished timestamptz[],
    -- In [0, 1), from the caller, so that a test can repeat a run.
    p_dice double precision[]
)
-- A verdict for each report that counted, and one for each task that moved.
RETURNS SETOF tasker.effect LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_now        timestamptz;
    v_verdicts   tasker.effect[];
    v_ready_task uuid[];
    v_ready_step integer[];
BEGIN
    -- A statement of its own: what follows must see what the transactions that held these locks have done.
    PERFORM 1 FROM tasker.tasks WHERE task_id = ANY (p_task) ORDER BY task_id FOR UPDATE;
    v_now := tasker.now();

    WITH report AS (
        SELECT DISTINCT ON (r.task_id, r.step_index, r.attempt) r.*
        FROM unnest(p_task, p_step, p_attempt, p_result, p_result_blob, p_failure, p_retryable, p_retry_after_ms,
                    p_event, p_actor, p_reason, p_detail, p_started, p_finished, p_dice) WITH ORDINALITY
            AS r (task_id, step_index, attempt, result, result_blob, failure, retryable, retry_after_ms, event,
                  actor, reason, detail, started_at, finished_at, dice, position)
        ORDER BY r.task_id, r.step_index, r.attempt, r.position
    ), accepted AS (
        SELECT r.*, s.state AS before, s.enqueued_at, s.started_at AS begun_at, t.release_id, d.children,
               CASE WHEN r.failure IS NULL THEN 'complete'
                    -- 0 attempts still allows the first.
                    WHEN r.retryable AND d.retryable AND r.attempt < d.max_attempts THEN 'waiting_for_retry'
                    ELSE 'error' END AS after,
               CASE WHEN r.failure IS NOT NULL THEN tasker.backoff_ms(
                    d.backoff, d.backoff_base_ms, d.max_backoff_ms, d.jitter, r.attempt, r.retry_after_ms, r.dice)
                    END AS retry_in_ms
        FROM report r
        -- OFFSET 0 keeps the look-ups look-ups, whatever the planner believes about the length of the arrays.
        CROSS JOIN LATERAL (
            SELECT state, enqueued_at, started_at FROM tasker.steps
            WHERE task_id = r.task_id AND step_index = r.step_index AND attempt = r.attempt
              AND state IN ('enqueued', 'in_progress') OFFSET 0) s
        CROSS JOIN LATERAL (SELECT release_id FROM tasker.tasks WHERE task_id = r.task_id OFFSET 0) t
        CROSS JOIN LATERAL (
            SELECT * FROM tasker.release_steps
            WHERE release_id = t.release_id AND step_index = r.step_index OFFSET 0) d
    ), reported AS (
        UPDATE tasker.steps s SET
            state = a.after,
            started_at = coalesce(a.started_at, s.started_at),
            finished_at = coalesce(a.finished_at, v_now),
            next_retry_at = CASE WHEN a.after = 'waiting_for_retry'
                                 THEN v_now + interval '1 millisecond' * a.retry_in_ms END,
            wake_at = CASE WHEN a.after = 'waiting_for_retry'
                           THEN v_now + interval '1 millisecond' * a.retry_in_ms END,
            host = a.actor,
            result = a.result::json,
            result_blob = a.result_blob::json,
            last_failure = coalesce(a.failure::json, s.last_failure)
        FROM accepted a
        WHERE s.task_id = a.task_id AND s.step_index = a.step_index
    ), satisfied AS (
        SELECT a.task_id, child.step_index, count(*)::integer AS dependencies, max(a.position) AS position
        FROM accepted a
        CROSS JOIN LATERAL unnest(a.children) AS child (step_index)
        WHERE a.after = 'complete'
        GROUP BY a.task_id, child.step_index
    ), child AS (
        UPDATE tasker.steps s SET
            remaining_dependencies = s.remaining_dependencies - c.dependencies,
            state = CASE WHEN s.remaining_dependencies = c.dependencies THEN 'enqueued' ELSE s.state END,
            attempt = CASE WHEN s.remaining_dependencies = c.dependencies THEN 1 ELSE s.attempt END,
            enqueued_at = CASE WHEN s.remaining_dependencies = c.dependencies THEN v_now END,
            wake_at = CASE WHEN s.remaining_dependencies = c.dependencies
                           THEN v_now + tasker.unsent_grace() END
        FROM satisfied c
        WHERE s.task_id = c.task_id AND s.step_index = c.step_index AND s.state = 'pending'
        RETURNING s.task_id, s.step_index, s.state = 'enqueued' AS ready, c.position
    ), tally AS (
        SELECT c.task_id, max(c.position) AS position,
               count(*) FILTER (WHERE c.after = 'complete') AS satisfied,
               count(*) FILTER (WHERE c.after = 'waiting_for_retry') AS retrying,
               count(*) FILTER (WHERE c.after = 'error') AS failed,
               count(*) FILTER (WHERE c.after <> 'enqueued') AS ended,
               count(*) FILTER (WHERE c.after = 'enqueued') AS enqueued
        FROM (SELECT task_id, position, after FROM accepted
              UNION ALL SELECT task_id, NULL, 'enqueued' FROM child WHERE ready) c
        GROUP BY c.task_id
    ), task AS (
        UPDATE tasker.tasks t SET
            steps_satisfied = t.steps_satisfied + y.satisfied,
            steps_running = t.steps_running - y.ended + y.enqueued,
            steps_retrying = t.steps_retrying + y.retrying,
            steps_failed = t.steps_failed + y.failed,
            state = tasker.evaluate_task(t.steps_total, t.steps_satisfied + y.satisfied::integer,
                (t.steps_running - y.ended + y.enqueued)::integer, t.steps_retrying + y.retrying::integer,
                t.steps_failed + y.failed::integer),
            completed_at = CASE WHEN t.steps_satisfied + y.satisfied = t.steps_total THEN v_now END
        FROM tally y
        WHERE t.task_id = y.task_id
        RETURNING t.task_id, t.state AS after, y.position, y.enqueued > 0 AS enqueued
    ), paths AS (
        -- By position, as one value each, and so the next one: looking up is cheaper than joining, which without
        -- hash joins compares every row with every other.
        SELECT jsonb_object_agg(position, tasker.task_path('steps_in_process', after, enqueued)::text) AS by_position
        FROM task
    ), ready AS (
        SELECT jsonb_object_agg(position, step_indexes::text) AS by_position
        FROM (SELECT position, array_agg(step_index ORDER BY step_index) AS step_indexes
              FROM child WHERE ready GROUP BY position) AS c
    ), audited AS (
        INSERT INTO tasker.audit (task_id, at, event, actor, reason, task_states, step_index, attempt, step_states,
            step_times, enqueued_steps, detail)
        SELECT a.task_id, v_now, a.event, a.actor, a.reason,
               -- The task moves once for the whole batch: with its last report.
               (k.by_position ->> a.position::text)::text[],
               a.step_index, a.attempt,
               CASE WHEN a.before = 'enqueued' AND a.started_at IS NOT NULL THEN ARRAY['enqueued'] ELSE '{}' END
                   || CASE WHEN a.before = 'enqueued' AND a.started_at IS NULL THEN 'enqueued' ELSE 'in_progress' END
                   || CASE WHEN a.failure IS NULL THEN 'enqueued_for_orchestration'
                           ELSE 'enqueued_as_error_for_orchestration' END
                   || a.after,
               CASE WHEN a.before = 'enqueued' AND a.started_at IS NOT NULL THEN ARRAY[a.enqueued_at]
                    ELSE '{}'::timestamptz[] END
                   || coalesce(a.started_at, a.begun_at, a.enqueued_at) || coalesce(a.finished_at, v_now) || v_now,
               (y.by_position ->> a.position::text)::integer[], a.detail::json
        FROM accepted a
        CROSS JOIN paths k
        CROSS JOIN ready y
        ORDER BY a.position
    )
    SELECT (SELECT array_agg((a.position, a.after, NULL, CASE WHEN a.after = 'waiting_for_retry' THEN a.retry_in_ms END,
                              a.task_id, a.step_index, a.attempt, a.release_id, NULL, NULL, NULL, NULL, NULL, NULL)
                             ::tasker.effect) FROM accepted a)
           || (SELECT array_agg((0, NULL, k.after, NULL, k.task_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                                 NULL)::tasker.effect) FROM task k),
           (SELECT array_agg(task_id) FROM child WHERE ready),
           (SELECT array_agg(step_index) FROM child WHERE ready)
    INTO v_verdicts, v_ready_task, v_ready_step;

    RETURN QUERY SELECT * FROM unnest(v_verdicts);
    RETURN QUERY SELECT * FROM tasker.dispatches(v_ready_task, v_ready_step);
END
$$;

-- Signs of life: the attempt is in progress, and its lease runs anew.
CREATE FUNCTION tasker.apply_heartbeats(
    p_task uuid[], p_step integer[], p_attempt integer[], p_started timestamptz[], p_lease_ms bigint[],
    p_actor text[], p_progress text[]
) RETURNS bigint LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_now     timestamptz;
    v_counted bigint;
BEGIN
    PERFORM 1 FROM tasker.tasks WHERE task_id = ANY (p_task) ORDER BY task_id FOR UPDATE;
    v_now := tasker.now();

    WITH heartbeat AS (
        -- The latest of a batch tells most.
        SELECT DISTINCT ON (h.task_id, h.step_index, h.attempt) h.*, s.state AS before, s.enqueued_at
        FROM unnest(p_task, p_step, p_attempt, p_started, p_lease_ms, p_actor, p_progress) WITH ORDINALITY
            AS h (task_id, step_index, attempt, started_at, lease_ms, actor, progress, position)
        JOIN tasker.steps s ON s.task_id = h.task_id AND s.step_index = h.step_index AND s.attempt = h.attempt
        WHERE s.state IN ('enqueued', 'in_progress')
        ORDER BY h.task_id, h.step_index, h.attempt, h.position DESC
    ), changed AS (
        UPDATE tasker.steps s SET
            state = 'in_progress',
            started_at = h.started_at,
            dispatched_at = coalesce(s.dispatched_at, h.started_at),
            wake_at = v_now + interval '1 millisecond' * h.lease_ms,
            host = h.actor,
            progress = coalesce(h.progress, s.progress)
        FROM heartbeat h
        WHERE s.task_id = h.task_id AND s.step_index = h.step_index
    ), audited AS (
        INSERT INTO tasker.audit (task_id, at, event, actor, step_index, attempt, step_states, step_times)
        SELECT h.task_id, v_now, 'started', h.actor, h.step_index, h.attempt, ARRAY['enqueued', 'in_progress'],
               ARRAY[h.enqueued_at, h.started_at]
        FROM heartbeat h WHERE h.before = 'enqueued'
    )
    SELECT count(*) INTO v_counted FROM heartbeat;
    RETURN v_counted;
END
$$;

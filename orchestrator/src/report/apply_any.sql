-- Applies a batch of reports of every kind, in one transaction, with the tasks locked by the caller.
--
-- A report counts if its step is still in the execution that it names and the execution has not ended. If a batch
-- contains several reports of one execution, the first counts. All others are stale and are dropped.
CREATE FUNCTION tasker_f.apply_any(p_reports tasker_f.report[])
-- Returns a verdict for each report that counted, the new state of each task that moved, and the dispatches that
-- follow.
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql AS $$
DECLARE
    v_now           timestamptz := tasker_f.now();
    v_all           bigint := 1000000000;
    v_verdicts      tasker_f.effect[];
    v_ready_task    uuid[];
    v_ready_step    integer[];
    -- Pending steps that an expansion created or recounted, and the positions of the reports that caused it.
    v_touched_task  uuid[] := '{}';
    v_touched_step  integer[] := '{}';
    v_touched_by    bigint[] := '{}';
    v_at_rest       uuid[];
    v_blocked       uuid[];
    v_settled       uuid[];
    v_isolated      json;
    v_failed_fast   json;
    v_told          text[];
    v_fast_events   bigint[];
    v_outbox        boolean;
    -- The id of fast events, which have no row.
    v_fast          text := gen_random_uuid()::text;
BEGIN
    IF EXISTS (SELECT FROM unnest(p_reports) AS r WHERE r.branch IS NOT NULL OR r.cursors IS NOT NULL) THEN
        SELECT coalesce(array_agg(x.task_id), '{}'), coalesce(array_agg(x.step_index), '{}'),
               coalesce(array_agg(x.position), '{}')
        INTO v_touched_task, v_touched_step, v_touched_by
        FROM tasker_f.expand_reports(p_reports) AS x;
    END IF;

    WITH report AS (
        SELECT DISTINCT ON (r.task_id, r.step_index, r.execution) r.*, r.ordinality AS position
        FROM unnest(p_reports) WITH ORDINALITY AS r
        WHERE r.after_step IS NULL OR tasker_f.follows(r.task_id, r.actor, r.after_step, r.after_end)
        ORDER BY r.task_id, r.step_index, r.execution, r.ordinality
    ), accepted AS (
        SELECT r.task_id, r.step_index, r.execution, f.result, f.result_blob, f.failure, f.event, r.actor, r.reason,
               r.detail, r.started_at, r.finished_at, r.position, r.continues,
               s.state AS before, s.attempt, s.template_step, s.batch, s.worker_number, s.enqueued_at, s.started_at AS begun_at,
               t.release_id, t.paused_at, t.correlation_id, d.children, d.events, d.failure_strategy,
               CASE WHEN f.failure IS NULL AND r.is_checkpoint THEN 'enqueued'
                    WHEN f.failure IS NULL THEN 'complete'
                    WHEN f.retryable AND d.retryable AND s.attempt < d.max_attempts THEN 'waiting_for_retry'
                    ELSE 'error' END AS after,
               f.failure IS NOT NULL AND s.batch IS NOT NULL AND d.failure_strategy = 'isolate'
                   AND NOT (f.retryable AND d.retryable AND s.attempt < d.max_attempts) AS isolated,
               CASE WHEN f.failure IS NOT NULL THEN tasker_f.backoff_ms(
                    d.backoff, d.backoff_base_ms, d.max_backoff_ms, d.jitter, s.attempt, r.retry_after_ms, r.dice)
                    END AS retry_in_ms,
               s.attempt_ms + f.ran_ms AS attempt_ms
        FROM report r
        -- OFFSET 0 forces index look-ups, whatever the planner estimates for the length of the arrays.
        CROSS JOIN LATERAL (
            SELECT state, attempt, template_step, batch, worker_number, enqueued_at, started_at, attempt_checkpoints,
                   attempt_ms
            FROM tasker.steps
            WHERE task_id = r.task_id AND step_index = r.step_index AND execution = r.execution
              AND (r.template_step IS NULL OR template_step = r.template_step)
              -- A host whose heartbeat arrived in the meantime is not lost.
              AND (r.event <> 'lease_lost' OR wake_at <= v_now)
              AND state IN ('enqueued', 'in_progress') OFFSET 0) s
        CROSS JOIN LATERAL (
            SELECT release_id, paused_at, correlation_id FROM tasker.tasks
            WHERE task_id = r.task_id AND (r.release_id IS NULL OR release_id = r.release_id) OFFSET 0) t
        CROSS JOIN LATERAL (
            SELECT * FROM tasker.release_steps
            WHERE release_id = t.release_id AND step_index = s.template_step OFFSET 0) d
        CROSS JOIN LATERAL (
            SELECT coalesce(extract(epoch FROM r.finished_at - r.started_at) * 1000, 0)::bigint AS ran_ms) AS run
        CROSS JOIN LATERAL (
            SELECT run.ran_ms, coalesce(r.failure, refused.failure) AS failure,
                   r.retryable AND refused.failure IS NULL AS retryable,
                   CASE WHEN refused.failure IS NULL THEN r.result END AS result,
                   CASE WHEN refused.failure IS NULL THEN r.result_blob END AS result_blob,
                   CASE WHEN refused.failure IS NULL THEN r.event ELSE 'reported' END AS event
            FROM (SELECT CASE WHEN r.is_checkpoint THEN tasker_f.checkpoint_refused(
                      s.attempt_checkpoints, s.attempt_ms + run.ran_ms) END AS failure) AS refused) AS f
    ), reported AS (
        UPDATE tasker.steps s SET
            (state, attempt, execution, enqueued_at, wake_at, dispatched_at, started_at, finished_at, next_retry_at,
             progress) = (
                SELECT e.state, e.attempt, e.execution, e.enqueued_at, e.wake_at, e.dispatched_at, e.started_at,
                       e.finished_at, e.next_retry_at, s.progress
                FROM tasker_f.enqueued(s.execution, s.attempt, v_now) AS e WHERE a.after = 'enqueued'
                UNION ALL
                SELECT a.after, s.attempt, s.execution, s.enqueued_at, a.retry_at, s.dispatched_at,
                       coalesce(a.started_at, s.started_at), coalesce(a.finished_at, v_now), a.retry_at, s.progress
                WHERE a.after <> 'enqueued'),
            isolated = a.isolated,
            host = a.actor,
            result = CASE WHEN a.after = 'complete' THEN a.result::json END,
            result_blob = CASE WHEN a.after = 'complete' THEN a.result_blob::json END,
            last_failure = coalesce(a.failure::json, s.last_failure),
            checkpoint = CASE a.after WHEN 'enqueued' THEN a.result::json WHEN 'complete' THEN NULL
                                      ELSE s.checkpoint END,
            checkpoint_blob = CASE a.after WHEN 'enqueued' THEN a.result_blob::json WHEN 'complete' THEN NULL
                                           ELSE s.checkpoint_blob END,
            checkpoints = s.checkpoints + CASE WHEN a.after = 'enqueued' THEN 1 ELSE 0 END,
            attempt_checkpoints = CASE WHEN a.after = 'enqueued' THEN s.attempt_checkpoints + 1 ELSE 0 END,
            attempt_ms = CASE WHEN a.after = 'enqueued' THEN a.attempt_ms ELSE 0 END,
            checkpoint_history = CASE WHEN a.after = 'enqueued' THEN tasker_f.remember_checkpoint(
                s.checkpoint_history, s.checkpoints + 1, s.attempt, v_now, a.actor) ELSE s.checkpoint_history END
        FROM (SELECT *, CASE WHEN after = 'waiting_for_retry'
                             THEN v_now + interval '1 millisecond' * retry_in_ms END AS retry_at FROM accepted) AS a
        WHERE s.task_id = a.task_id AND s.step_index = a.step_index
    ), freed AS (
        -- The places of ended workers, for the next workers of their batch.
        SELECT a.task_id, a.batch, count(*) AS places, max(a.position) AS position
        FROM accepted a
        WHERE a.batch IS NOT NULL AND a.after IN ('complete', 'error') AND a.paused_at IS NULL
        GROUP BY a.task_id, a.batch
    ), next_worker AS (
        SELECT f.task_id, f.batch, f.position, w.step_index
        FROM freed f
        CROSS JOIN LATERAL (
            SELECT first_index, workers, next_index FROM tasker.batches
            WHERE task_id = f.task_id AND step_index = f.batch OFFSET 0) b
        CROSS JOIN LATERAL (
            SELECT s.step_index FROM tasker.steps s
            WHERE s.task_id = f.task_id AND s.step_index >= b.next_index AND s.step_index < b.first_index + b.workers
              AND s.state = 'pending'
            ORDER BY s.step_index LIMIT f.places) w
    ), advanced AS (
        UPDATE tasker.batches b SET next_index = n.last + 1
        FROM (SELECT task_id, batch, max(step_index) AS last FROM next_worker GROUP BY task_id, batch) n
        WHERE b.task_id = n.task_id AND b.step_index = n.batch
    ), satisfied AS (
        SELECT c.task_id, c.step_index, sum(c.dependencies)::integer AS dependencies, max(c.position) AS position,
               bool_or(c.paused) AS paused, max(c.execution) AS execution, bool_or(c.continues) AS continues
        FROM (SELECT a.task_id, child.step_index, 1 AS dependencies, a.position, a.paused_at IS NOT NULL AS paused,
                     a.execution, a.continues
              FROM accepted a
              CROSS JOIN LATERAL unnest(a.children) AS child (step_index)
              WHERE a.after = 'complete' OR a.isolated
              UNION ALL SELECT n.task_id, n.step_index, 0, n.position, false, 0, false FROM next_worker n
              UNION ALL SELECT x.task_id, x.step_index, 0, x.position, a.paused_at IS NOT NULL, 0, false
              FROM unnest(v_touched_task, v_touched_step, v_touched_by) AS x (task_id, step_index, position)
              JOIN accepted a ON a.position = x.position) AS c
        GROUP BY c.task_id, c.step_index
        -- Limits nothing. The planner expects a tenth of the rows from a limit that it does not know, so it looks up these
        -- steps by their key. It would else read the whole of a small table, once per row.
        LIMIT v_all
    ), child AS (
        UPDATE tasker.steps s SET
            remaining_dependencies = s.remaining_dependencies - c.dependencies,
            (state, attempt, execution, enqueued_at, wake_at, dispatched_at, started_at, finished_at, next_retry_at,
             progress) = (
                SELECT e.* FROM tasker_f.enqueued(greatest(s.execution, c.execution - 1), 1, v_now) AS e
                -- A step that a host goes on with is in flight, so a pause lets it come to its end.
                WHERE s.remaining_dependencies = c.dependencies
                  AND (NOT c.paused OR c.continues AND s.execution < c.execution)
                UNION ALL
                SELECT s.state, s.attempt, s.execution, s.enqueued_at, s.wake_at, s.dispatched_at, s.started_at,
                       s.finished_at, s.next_retry_at, s.progress
                WHERE s.remaining_dependencies <> c.dependencies
                   OR c.paused AND NOT (c.continues AND s.execution < c.execution))
        FROM satisfied c
        WHERE s.task_id = c.task_id AND s.step_index = c.step_index AND s.state = 'pending'
        RETURNING s.task_id, s.step_index, s.state = 'enqueued' AS ready, c.position,
                  c.continues AND s.execution = c.execution AS in_hand
    ), tally AS (
        SELECT c.task_id, max(c.position) AS position,
               count(*) FILTER (WHERE c.after = 'complete')::integer AS satisfied,
               count(*) FILTER (WHERE c.after = 'waiting_for_retry')::integer AS retrying,
               count(*) FILTER (WHERE c.after = 'error' AND NOT c.isolated)::integer AS failed,
               count(*) FILTER (WHERE c.isolated)::integer AS isolated,
               count(*) FILTER (WHERE c.after NOT IN ('enqueued', 'ready'))::integer AS ended,
               count(*) FILTER (WHERE c.after = 'ready')::integer AS enqueued
        FROM (SELECT task_id, position, after, isolated FROM accepted
              UNION ALL SELECT task_id, NULL, 'ready', false FROM child WHERE ready) c
        GROUP BY c.task_id
    ), moved AS (
        SELECT t.task_id, y.position, y.enqueued > 0 AS enqueued,
               t.steps_satisfied + y.satisfied AS satisfied,
               t.steps_running - y.ended + y.enqueued AS running,
               t.steps_retrying + y.retrying AS retrying,
               t.steps_failed + y.failed AS failed,
               t.steps_isolated + y.isolated AS isolated,
               t.steps_total AS total
        FROM tally y
        CROSS JOIN LATERAL (SELECT * FROM tasker.tasks WHERE task_id = y.task_id OFFSET 0) t
    ), task AS (
        UPDATE tasker.tasks t SET
            steps_satisfied = m.satisfied, steps_running = m.running, steps_retrying = m.retrying,
            steps_failed = m.failed, steps_isolated = m.isolated,
            state = tasker_f.evaluate_task(m.total, m.satisfied, m.isolated, m.running, m.retrying, m.failed),
            last_event_at = v_now,
            completed_at = CASE WHEN m.satisfied + m.isolated = m.total THEN v_now END,
            wake_at = CASE WHEN m.satisfied + m.isolated < m.total THEN t.wake_at END,
            paused_at = CASE WHEN m.satisfied + m.isolated < m.total THEN t.paused_at END
        FROM moved m
        WHERE t.task_id = m.task_id
        RETURNING t.task_id, t.state AS after, m.position, m.enqueued, t.has_dlq_entry
    ), paths AS (
        -- One object keyed by position, here and below: with hash joins off, a join would compare every row with every
        -- other.
        SELECT jsonb_object_agg(position, tasker_f.task_path('steps_in_process', after, enqueued)::text) AS by_position
        FROM task
    ), ready AS (
        SELECT jsonb_object_agg(position, step_indexes::text) AS by_position
        FROM (SELECT position, array_agg(step_index ORDER BY step_index) AS step_indexes
              FROM child WHERE ready GROUP BY position) AS c
    ), published AS (
        SELECT e.value ->> 'name' AS name, e.value ->> 'delivery_mode' AS delivery_mode, a.*
        FROM accepted a
        CROSS JOIN LATERAL jsonb_array_elements(a.events) AS e
        WHERE CASE e.value ->> 'condition'
                  WHEN 'success' THEN a.after = 'complete'
                  WHEN 'failure' THEN a.after IN ('waiting_for_retry', 'error')
                  WHEN 'retryable_failure' THEN a.after = 'waiting_for_retry'
                  WHEN 'permanent_failure' THEN a.after = 'error'
                  ELSE a.after <> 'enqueued' END
    ), outbox AS (
        INSERT INTO tasker.events (name, at, task_id, release_id, step_index, template_step, worker_number, attempt,
            step_state, correlation_id, payload, payload_blob)
        SELECT p.name, v_now, p.task_id, p.release_id, p.step_index, p.template_step, p.worker_number, p.attempt, p.after,
               p.correlation_id, coalesce(p.failure, p.result)::json, p.result_blob::json
        FROM published p
        WHERE p.delivery_mode <> 'fast'
        ORDER BY p.position
        RETURNING event_id
    ), audited AS (
        INSERT INTO tasker.audit (task_id, at, event, actor, reason, task_states, step_index, attempt, step_states,
            step_times, enqueued_steps, detail)
        SELECT a.task_id, v_now, a.event, a.actor, a.reason,
               -- The task moves once per batch, with its last report.
               (k.by_position ->> a.position::text)::text[],
               a.step_index, a.attempt,
               tasker_f.step_path(a.before, a.started_at IS NOT NULL, a.failure IS NOT NULL, a.after),
               tasker_f.step_times(a.before, a.enqueued_at, a.begun_at, a.started_at, a.finished_at, v_now),
               (y.by_position ->> a.position::text)::integer[], a.detail::json
        FROM accepted a
        CROSS JOIN paths k
        CROSS JOIN ready y
        ORDER BY a.position
    )
    SELECT (SELECT array_agg(tasker_f.verdict(a.position, a.task_id, a.step_index, a.execution, a.after, NULL,
                                              CASE WHEN a.after = 'waiting_for_retry' THEN a.retry_in_ms END, NULL))
            FROM accepted a)
           || (SELECT array_agg(tasker_f.task_moved(k.task_id, k.after)) FROM task k),
           (SELECT array_agg(task_id) FROM child WHERE ready AND NOT in_hand)
           || (SELECT array_agg(task_id) FROM accepted WHERE after = 'enqueued'),
           (SELECT array_agg(step_index) FROM child WHERE ready AND NOT in_hand)
           || (SELECT array_agg(step_index) FROM accepted WHERE after = 'enqueued'),
           (SELECT array_agg(task_id ORDER BY position) FROM task WHERE after IN ('complete', 'blocked_by_failures')),
           (SELECT array_agg(task_id) FROM task WHERE after = 'blocked_by_failures'),
           (SELECT array_agg(task_id) FROM task WHERE after = 'complete' AND has_dlq_entry),
           (SELECT json_agg(json_build_array(task_id, step_index)) FROM accepted WHERE isolated),
           (SELECT json_agg(json_build_array(task_id, batch)) FROM accepted
            WHERE batch IS NOT NULL AND after = 'error' AND failure_strategy = 'fail_fast'),
           (SELECT array_agg(tasker_f.cloud_event(v_fast, name, v_now, task_id, release_id, template_step, worker_number,
                                                attempt, after, correlation_id, coalesce(failure, result)::json)::text
                             ORDER BY position)
            FROM published WHERE delivery_mode = 'fast'),
           EXISTS (SELECT 1 FROM outbox)
    INTO v_verdicts, v_ready_task, v_ready_step, v_at_rest, v_blocked, v_settled, v_isolated, v_failed_fast, v_told,
         v_outbox;

    IF v_isolated IS NOT NULL THEN
        PERFORM tasker_f.bury((i.value ->> 0)::uuid, (i.value ->> 1)::integer, NULL, 'orchestrator', NULL)
        FROM json_array_elements(v_isolated) AS i;
    END IF;
    IF v_told IS NOT NULL THEN
        WITH written AS (
            INSERT INTO tasker.fast_events (at, event) SELECT v_now, t.event::json FROM unnest(v_told) AS t (event)
            RETURNING event_id
        )
        SELECT array_agg(event_id ORDER BY event_id) INTO v_fast_events FROM written;
        PERFORM tasker_f.tell_listeners('fast', v_fast_events);
    END IF;
    PERFORM tasker_f.follow_tasks(v_blocked, v_settled, v_at_rest);
    IF v_outbox THEN
        PERFORM pg_notify('tasker_outbox', '');
    END IF;

    RETURN QUERY SELECT * FROM unnest(v_verdicts);
    IF v_failed_fast IS NOT NULL THEN
        RETURN QUERY
        SELECT e.* FROM (SELECT DISTINCT (f.value ->> 0)::uuid AS task_id, (f.value ->> 1)::integer AS batch
                         FROM json_array_elements(v_failed_fast) AS f ORDER BY 1, 2) AS b
        CROSS JOIN LATERAL tasker_f.cancel_batch(b.task_id, b.batch) AS e;
    END IF;
    -- A query, because an earlier process may have left unpublished events.
    IF EXISTS (SELECT FROM tasker.events WHERE published_at IS NULL) THEN
        RETURN QUERY SELECT (tasker_f.events_wait()).*;
    END IF;
    RETURN QUERY SELECT * FROM tasker_f.dispatches(v_ready_task, v_ready_step);
END
$$;

-- What operators do to a task or a step, and cancelling. Rare, so written for plainness: each locks its task, changes
-- steps, and lets `settle` work out what follows. A refusal is an exception of SQLSTATE TK409, its text for people.

CREATE TYPE tasker.change AS (step_index integer, attempt integer, state_before text, state_after text);

CREATE FUNCTION tasker.refuse(p_message text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', p_message USING ERRCODE = 'TK409';
END
$$;

-- Locks a task and answers it as it is.
CREATE FUNCTION tasker.lock_task(p_task uuid) RETURNS tasker.tasks LANGUAGE plpgsql AS $$
DECLARE
    r_task tasker.tasks;
BEGIN
    SELECT * INTO r_task FROM tasker.tasks WHERE task_id = p_task FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no task %', p_task USING ERRCODE = 'TK404';
    END IF;
    RETURN r_task;
END
$$;

-- Works a task out anew from its steps, after p_changes were made to them: counts open dependencies, enqueues what is
-- ready, counts the steps, moves the task (to p_state, if given), and writes the audit.
CREATE FUNCTION tasker.settle(
    p_before text, p_task uuid, p_event text, p_actor text, p_reason text, p_changes tasker.change[], p_state text
) RETURNS SETOF tasker.effect LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_now      timestamptz := tasker.now();
    v_enqueued integer[] := '{}';
    v_path     text[];
    r_task     tasker.tasks;
BEGIN
    SELECT * INTO r_task FROM tasker.tasks WHERE task_id = p_task;
    IF p_state IS NULL THEN
        UPDATE tasker.steps s
        SET remaining_dependencies = tasker.open_dependencies(p_task, r_task.release_id, s.definition, '{}')
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
            UPDATE tasker.steps s SET state = 'enqueued', attempt = 1, execution = s.execution + 1, enqueued_at = v_now,
                dispatched_at = NULL, wake_at = v_now + tasker.unsent_grace()
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
        steps_failed = c.failed, steps_isolated = c.isolated, state = c.state, state_since = v_now,
        completed_at = CASE WHEN c.state IN ('complete', 'error', 'cancelled', 'resolved_manually') THEN v_now END,
        wake_at = CASE WHEN c.state NOT IN ('complete', 'error', 'cancelled', 'resolved_manually') THEN v_now END,
        -- What has ended is held by nobody.
        paused_at = CASE WHEN c.state NOT IN ('complete', 'error', 'cancelled', 'resolved_manually') THEN t.paused_at END
    FROM (SELECT n.*, coalesce(p_state, tasker.evaluate_task(
                     n.total, n.satisfied, n.isolated, n.running, n.retrying, n.failed)) AS state
          FROM (SELECT count(*)::integer AS total,
                       count(*) FILTER (WHERE s.state IN ('complete', 'resolved_manually'))::integer AS satisfied,
                       count(*) FILTER (WHERE s.state IN ('enqueued', 'in_progress'))::integer AS running,
                       count(*) FILTER (WHERE s.state = 'waiting_for_retry')::integer AS retrying,
                       -- What a failed batch has cancelled needs an operator like what has failed.
                       count(*) FILTER (WHERE s.state = 'error' AND NOT s.isolated
                           OR s.state = 'cancelled' AND p_state IS DISTINCT FROM 'cancelled')::integer AS failed,
                       count(*) FILTER (WHERE s.isolated)::integer AS isolated
                FROM tasker.steps s WHERE s.task_id = p_task) AS n) AS c
    WHERE t.task_id = p_task
    RETURNING t.* INTO r_task;

    v_path := CASE
        WHEN p_state IS NOT NULL THEN ARRAY[p_before, p_state]
        WHEN p_before = r_task.state AND p_changes = '{}' AND v_enqueued = '{}' THEN NULL
        ELSE tasker.task_path(p_before, r_task.state, v_enqueued <> '{}' OR EXISTS (
            SELECT 1 FROM unnest(p_changes) AS c WHERE c.state_after = 'enqueued')) END;
    INSERT INTO tasker.audit (task_id, at, event, actor, reason, step_index, attempt, step_states)
    SELECT p_task, v_now, p_event, p_actor, p_reason, c.step_index, c.attempt, ARRAY[c.state_before, c.state_after]
    FROM unnest(p_changes) WITH ORDINALITY
        AS c (step_index, attempt, state_before, state_after, position)
    ORDER BY c.position;
    INSERT INTO tasker.audit (task_id, at, event, actor, reason, task_states, enqueued_steps)
    VALUES (p_task, v_now, p_event, p_actor, p_reason, v_path, nullif(v_enqueued, '{}'));

    IF r_task.state IN ('blocked_by_failures', 'error') THEN
        PERFORM tasker.bury(p_task, NULL, NULL, p_actor, p_reason);
    ELSIF r_task.has_dlq_entry AND r_task.state IN ('complete', 'resolved_manually') THEN
        PERFORM tasker.resolve_dlq_entries(p_task, 'manually_resolved', p_actor, coalesce(p_reason, 'the task has ended'));
    ELSIF r_task.has_dlq_entry AND r_task.state = 'cancelled' THEN
        PERFORM tasker.resolve_dlq_entries(p_task, 'cancelled', p_actor, coalesce(p_reason, 'the task was cancelled'));
    END IF;

    RETURN QUERY SELECT v.* FROM tasker.verdict(0, NULL, r_task.state, NULL, p_task, NULL, NULL) AS v;
    v_enqueued := v_enqueued || ARRAY(SELECT c.step_index FROM unnest(p_changes) AS c WHERE c.state_after = 'enqueued');
    RETURN QUERY SELECT * FROM tasker.dispatches(array_fill(p_task, ARRAY[cardinality(v_enqueued)]), v_enqueued);
END
$$;

-- Gives steps that are not settled the state p_state. Answers what changed; who runs one of them is to be told.
CREATE FUNCTION tasker.stop_steps(p_task uuid, p_steps integer[], p_state text, p_failure json)
RETURNS tasker.change[] LANGUAGE sql AS $$
    WITH open AS (
        SELECT s.step_index, s.attempt, s.state FROM tasker.steps s
        WHERE s.task_id = p_task AND s.step_index = ANY (p_steps)
    ), stopped AS (
        UPDATE tasker.steps s SET state = p_state, wake_at = NULL, next_retry_at = NULL, finished_at = tasker.now(),
            isolated = false, last_failure = coalesce(p_failure, s.last_failure)
        WHERE s.task_id = p_task AND s.step_index = ANY (p_steps)
    )
    SELECT coalesce(array_agg((o.step_index, o.attempt, o.state, p_state)::tasker.change ORDER BY o.step_index), '{}')
    FROM open o
$$;

-- The executions of a task that hosts may be at.
CREATE FUNCTION tasker.revocations(p_task uuid, p_steps integer[]) RETURNS SETOF tasker.effect LANGUAGE sql STABLE AS $$
    SELECT v.* FROM tasker.steps s
    CROSS JOIN LATERAL tasker.verdict(-1, NULL, NULL, NULL, p_task, s.step_index, s.execution) AS v
    WHERE s.task_id = p_task AND s.step_index = ANY (p_steps) AND s.state IN ('enqueued', 'in_progress')
$$;

-- Cancels a task and every step that is not settled. Reports that arrive later are stale.
CREATE FUNCTION tasker.cancel_task(p_task uuid, p_actor text, p_reason text)
-- A verdict whose `retry_in_ms` is the number of steps cancelled; with the task's state, if it had already ended so.
RETURNS SETOF tasker.effect LANGUAGE plpgsql AS $$
DECLARE
    r_task  tasker.tasks := tasker.lock_task(p_task);
    v_steps integer[];
BEGIN
    IF r_task.state IN ('complete', 'error', 'cancelled', 'resolved_manually') THEN
        RETURN QUERY SELECT v.* FROM tasker.verdict(1, NULL, r_task.state, NULL, p_task, NULL, NULL) AS v;
        RETURN;
    END IF;
    v_steps := ARRAY(SELECT s.step_index FROM tasker.steps s
                     WHERE s.task_id = p_task AND s.state NOT IN ('complete', 'cancelled', 'resolved_manually'));
    RETURN QUERY SELECT v.* FROM tasker.verdict(1, NULL, NULL, cardinality(v_steps), p_task, NULL, NULL) AS v;
    RETURN QUERY SELECT * FROM tasker.revocations(p_task, v_steps);
    RETURN QUERY SELECT * FROM tasker.settle(r_task.state, p_task, 'cancelled', p_actor, p_reason,
        tasker.stop_steps(p_task, v_steps, 'cancelled', NULL), 'cancelled');
END
$$;

-- Cancels the other workers of a batch whose failure strategy is to fail fast.
CREATE FUNCTION tasker.cancel_batch(p_task uuid, p_batch integer)
RETURNS SETOF tasker.effect LANGUAGE plpgsql AS $$
DECLARE
    r_task  tasker.tasks := tasker.lock_task(p_task);
    v_steps integer[] := ARRAY(
        SELECT s.step_index FROM tasker.steps s
        WHERE s.task_id = p_task AND s.batch = p_batch
          AND s.state NOT IN ('complete', 'error', 'cancelled', 'resolved_manually'));
BEGIN
    IF v_steps = '{}' THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT * FROM tasker.revocations(p_task, v_steps);
    RETURN QUERY SELECT * FROM tasker.settle(r_task.state, p_task, 'batch_failed', 'orchestrator',
        'another worker of the batch failed for good, and its failure_strategy is fail_fast',
        tasker.stop_steps(p_task, v_steps, 'cancelled', NULL), NULL);
END
$$;

-- Gives a task up: whatever was still to run has failed.
CREATE FUNCTION tasker.fail_task(p_task uuid, p_actor text, p_reason text)
RETURNS SETOF tasker.effect LANGUAGE plpgsql AS $$
DECLARE
    r_task  tasker.tasks := tasker.lock_task(p_task);
    v_steps integer[] := ARRAY(
        SELECT s.step_index FROM tasker.steps s
        WHERE s.task_id = p_task AND s.state IN ('enqueued', 'in_progress', 'waiting_for_retry'));
BEGIN
    RETURN QUERY SELECT * FROM tasker.revocations(p_task, v_steps);
    RETURN QUERY SELECT * FROM tasker.settle(r_task.state, p_task, 'given_up', p_actor, p_reason,
        tasker.stop_steps(p_task, v_steps, 'error', json_build_object('error_type', 'TaskGivenUp', 'message',
            coalesce(p_reason, 'the task was given up'), 'retryable', false, 'origin', 'host')), 'error');
END
$$;

-- Makes failed steps run again, their attempts counted anew.
CREATE FUNCTION tasker.reset_steps(p_task uuid, p_steps integer[], p_paused boolean)
RETURNS tasker.change[] LANGUAGE sql AS $$
    WITH before AS (
        SELECT s.step_index, s.attempt, s.state,
               -- Workers go back in line; their batch may have all its places taken.
               CASE WHEN p_paused OR s.batch IS NOT NULL THEN 'pending' ELSE 'enqueued' END AS after
        FROM tasker.steps s WHERE s.task_id = p_task AND s.step_index = ANY (p_steps)
    ), reset AS (
        UPDATE tasker.steps s SET
            state = b.after,
            attempt = CASE WHEN b.after = 'enqueued' THEN 1 ELSE 0 END,
            execution = s.execution + CASE WHEN b.after = 'enqueued' THEN 1 ELSE 0 END,
            remaining_dependencies = 0,
            enqueued_at = CASE WHEN b.after = 'enqueued' THEN tasker.now() END,
            wake_at = CASE WHEN b.after = 'enqueued' THEN tasker.now() + tasker.unsent_grace() END,
            dispatched_at = NULL, started_at = NULL, finished_at = NULL, next_retry_at = NULL, progress = NULL
        FROM before b
        WHERE s.task_id = p_task AND s.step_index = b.step_index
    )
    SELECT coalesce(array_agg((b.step_index, b.attempt, b.state, b.after)::tasker.change ORDER BY b.step_index), '{}')
    FROM before b
$$;

-- An operator's action on a step.
CREATE FUNCTION tasker.operate_step(
    p_task uuid, p_step integer, p_action text, p_actor text, p_reason text,
    -- Of complete_manually.
    p_result text, p_result_blob text,
    -- Of complete_manually on a decision and on a batchable step: JSON arrays, as in a report.
    p_branch text, p_cursors text
) RETURNS SETOF tasker.effect LANGUAGE plpgsql AS $$
DECLARE
    r_task   tasker.tasks := tasker.lock_task(p_task);
    r_step   tasker.steps;
    r_fixed  tasker.release_steps;
    v_after  text := CASE p_action WHEN 'resolve_manually' THEN 'resolved_manually'
                                   WHEN 'complete_manually' THEN 'complete' END;
    v_name   text;
BEGIN
    SELECT * INTO r_step FROM tasker.steps WHERE task_id = p_task AND step_index = p_step;
    IF NOT FOUND THEN
        PERFORM tasker.refuse(format('task %s has no step %s', p_task, p_step));
    END IF;
    SELECT * INTO r_fixed FROM tasker.release_steps
    WHERE release_id = r_task.release_id AND step_index = r_step.definition;
    v_name := tasker.step_name(r_fixed.name, r_step.worker_number);
    IF r_task.state IN ('complete', 'cancelled', 'resolved_manually') THEN
        PERFORM tasker.refuse(format('the task is %s; nothing can be done to its steps (re-run them with rerun)', r_task.state));
    ELSIF r_step.isolated THEN
        PERFORM tasker.refuse(format('step %s failed and its batch went on without it (failure_strategy isolate)', v_name));
    END IF;

    IF p_action = 'reset_for_retry' THEN
        IF r_step.state NOT IN ('error', 'cancelled') THEN
            PERFORM tasker.refuse(format('step %s is %s; only a step in error, or cancelled with its batch, can be reset for retry',
                                         v_name, r_step.state));
        END IF;
        RETURN QUERY SELECT * FROM tasker.settle(r_task.state, p_task, p_action, p_actor, p_reason,
            tasker.reset_steps(p_task, ARRAY[p_step], r_task.paused_at IS NOT NULL), NULL);
        RETURN;
    END IF;

    IF r_step.state IN ('complete', 'cancelled') OR r_step.state = v_after THEN
        PERFORM tasker.refuse(format('step %s is %s already', v_name, r_step.state));
    END IF;
    RETURN QUERY SELECT * FROM tasker.revocations(p_task, ARRAY[p_step]);
    IF r_fixed.step_type = 'decision' AND r_step.state <> 'resolved_manually' THEN
        PERFORM tasker.expand_decision(p_task, ARRAY(SELECT json_array_elements_text(p_branch::json)::integer), ARRAY[p_step]);
    ELSIF p_cursors IS NOT NULL AND r_step.state <> 'resolved_manually' THEN
        PERFORM tasker.expand_batch(p_task, p_step, p_cursors::json);
    END IF;
    UPDATE tasker.steps SET state = v_after, wake_at = NULL, next_retry_at = NULL, finished_at = tasker.now(),
        result = p_result::json, result_blob = p_result_blob::json, checkpoint = NULL, checkpoint_blob = NULL
    WHERE task_id = p_task AND step_index = p_step;
    RETURN QUERY SELECT * FROM tasker.settle(r_task.state, p_task, p_action, p_actor, p_reason,
        ARRAY[(p_step, r_step.attempt, r_step.state, v_after)::tasker.change], NULL);
END
$$;

-- An operator's action on a task: pause, resume, redrive, give_up, resolve_manually.
CREATE FUNCTION tasker.operate_task(p_task uuid, p_action text, p_actor text, p_reason text)
RETURNS SETOF tasker.effect LANGUAGE plpgsql AS $$
DECLARE
    r_task  tasker.tasks := tasker.lock_task(p_task);
    v_steps integer[];
    v_ended boolean := r_task.state IN ('complete', 'error', 'cancelled', 'resolved_manually');
BEGIN
    CASE p_action
    WHEN 'pause' THEN
        IF v_ended OR r_task.paused_at IS NOT NULL THEN
            PERFORM tasker.refuse(format('the task is %s', CASE WHEN v_ended THEN r_task.state ELSE 'paused already' END));
        END IF;
        UPDATE tasker.tasks SET paused_at = tasker.now() WHERE task_id = p_task;
        UPDATE tasker.steps SET wake_at = NULL WHERE task_id = p_task AND state = 'waiting_for_retry';
        RETURN QUERY SELECT * FROM tasker.settle(r_task.state, p_task, 'paused', p_actor, p_reason, '{}', NULL);
    WHEN 'resume' THEN
        IF r_task.paused_at IS NULL THEN
            PERFORM tasker.refuse('the task is not paused');
        END IF;
        UPDATE tasker.tasks SET paused_at = NULL WHERE task_id = p_task;
        UPDATE tasker.steps SET wake_at = next_retry_at WHERE task_id = p_task AND state = 'waiting_for_retry';
        RETURN QUERY SELECT * FROM tasker.settle(r_task.state, p_task, 'resumed', p_actor, p_reason, '{}', NULL);
    WHEN 'redrive' THEN
        -- What failed, and what a failed batch has cancelled.
        v_steps := ARRAY(SELECT s.step_index FROM tasker.steps s WHERE s.task_id = p_task
                         AND (s.state = 'error' AND NOT s.isolated OR s.state = 'cancelled' AND s.batch IS NOT NULL));
        IF r_task.state NOT IN ('error', 'blocked_by_failures') OR v_steps = '{}' THEN
            PERFORM tasker.refuse(format('the task is %s; only one with failed steps can be driven again', r_task.state));
        END IF;
        RETURN QUERY SELECT * FROM tasker.settle(r_task.state, p_task, 'redriven', p_actor, p_reason,
            tasker.reset_steps(p_task, v_steps, r_task.paused_at IS NOT NULL), NULL);
    WHEN 'give_up' THEN
        IF r_task.state <> 'blocked_by_failures' THEN
            PERFORM tasker.refuse(format('the task is %s; only one that is blocked by failures can be given up; cancel it instead',
                                         r_task.state));
        END IF;
        RETURN QUERY SELECT * FROM tasker.fail_task(p_task, p_actor, p_reason);
    WHEN 'resolve_manually' THEN
        IF r_task.state <> 'blocked_by_failures' THEN
            PERFORM tasker.refuse(format('the task is %s; only one that is blocked by failures can be resolved', r_task.state));
        END IF;
        RETURN QUERY SELECT * FROM tasker.settle(r_task.state, p_task, 'resolved_manually', p_actor, p_reason, '{}',
            'resolved_manually');
    END CASE;
END
$$;

-- Runs a task again from one of its steps: that step and all that comes after it, as if they had never run. What a
-- decision among them has created goes, and so do the workers of a batch; they are created anew.
CREATE FUNCTION tasker.rerun_task(p_task uuid, p_step integer, p_actor text, p_reason text)
RETURNS SETOF tasker.effect LANGUAGE plpgsql AS $$
DECLARE
    r_task     tasker.tasks := tasker.lock_task(p_task);
    r_step     tasker.steps;
    v_after    integer[];
    v_deciders integer[];
    v_batches  integer[];
    v_gone     integer[];
    v_reset    integer[];
    v_changes  tasker.change[];
BEGIN
    SELECT * INTO r_step FROM tasker.steps WHERE task_id = p_task AND step_index = p_step;
    IF NOT FOUND OR r_step.state = 'pending' THEN
        PERFORM tasker.refuse(format('step %s has not run yet', p_step));
    ELSIF r_task.state = 'cancelled' THEN
        PERFORM tasker.refuse('the task is cancelled');
    END IF;
    -- All definitions that come after the step, and the step itself unless it is one of many workers.
    WITH RECURSIVE following AS (
        SELECT r_step.definition AS step_index
        UNION
        SELECT child FROM following f
        JOIN tasker.release_steps d ON d.release_id = r_task.release_id AND d.step_index = f.step_index
        CROSS JOIN LATERAL unnest(d.children) AS child
    )
    SELECT array_agg(f.step_index) INTO v_after FROM following f
    WHERE r_step.batch IS NULL OR f.step_index <> r_step.definition;
    v_after := coalesce(v_after, '{}');
    SELECT coalesce(array_agg(d.step_index) FILTER (WHERE d.step_type = 'decision'), '{}'),
           coalesce(array_agg(d.step_index) FILTER (WHERE d.step_type = 'batchable'), '{}')
    INTO v_deciders, v_batches
    FROM tasker.release_steps d WHERE d.release_id = r_task.release_id AND d.step_index = ANY (v_after);
    SELECT coalesce(array_agg(s.step_index) FILTER (WHERE d.deciders && v_deciders OR s.batch = ANY (v_batches)), '{}'),
           coalesce(array_agg(s.step_index) FILTER (WHERE NOT coalesce(d.deciders && v_deciders OR s.batch = ANY (v_batches), false)
                    AND (s.step_index = p_step OR s.batch IS NULL AND s.definition = ANY (v_after))
                    AND (s.state <> 'pending')), '{}')
    INTO v_gone, v_reset
    FROM tasker.steps s
    JOIN tasker.release_steps d ON d.release_id = r_task.release_id AND d.step_index = s.definition
    WHERE s.task_id = p_task;

    RETURN QUERY SELECT * FROM tasker.revocations(p_task, v_gone || v_reset);
    UPDATE tasker.tasks SET first_execution = greatest(first_execution, (
        SELECT max(s.execution) FROM tasker.steps s WHERE s.task_id = p_task AND s.step_index = ANY (v_gone)))
    WHERE task_id = p_task;
    DELETE FROM tasker.steps WHERE task_id = p_task AND step_index = ANY (v_gone);
    DELETE FROM tasker.batches WHERE task_id = p_task AND step_index = ANY (v_batches);
    v_changes := ARRAY(SELECT (s.step_index, s.attempt, s.state, 'pending')::tasker.change FROM tasker.steps s
                       WHERE s.task_id = p_task AND s.step_index = ANY (v_reset) ORDER BY s.step_index);
    UPDATE tasker.steps SET state = 'pending', attempt = 0, remaining_dependencies = 0, wake_at = NULL, enqueued_at = NULL,
        dispatched_at = NULL, started_at = NULL, finished_at = NULL, next_retry_at = NULL, host = NULL, progress = NULL,
        result = NULL, result_blob = NULL, last_failure = NULL, checkpoint = NULL, checkpoint_blob = NULL, checkpoints = 0,
        checkpoint_history = NULL, isolated = false
    WHERE task_id = p_task AND step_index = ANY (v_reset);
    RETURN QUERY SELECT * FROM tasker.settle(r_task.state, p_task, 'rerun', p_actor, p_reason, v_changes, NULL);
END
$$;

-- Moves a task that has nothing running to another release of its template. The caller has seen that its DAG is the same.
CREATE FUNCTION tasker.upgrade_task(p_task uuid, p_from uuid, p_to uuid, p_actor text, p_reason text)
RETURNS SETOF tasker.effect LANGUAGE plpgsql AS $$
DECLARE
    r_task tasker.tasks := tasker.lock_task(p_task);
BEGIN
    IF r_task.release_id <> p_from THEN
        PERFORM tasker.refuse('the task was moved to another release meanwhile');
    ELSIF r_task.state IN ('complete', 'error', 'cancelled', 'resolved_manually') THEN
        PERFORM tasker.refuse(format('the task is %s', r_task.state));
    ELSIF r_task.steps_running > 0 THEN
        PERFORM tasker.refuse(format('%s of its steps are running, and finish with what they started with; pause the task and '
                                     'try again when they have ended', r_task.steps_running));
    END IF;
    UPDATE tasker.tasks SET release_id = p_to, version = (
        SELECT t.version FROM tasker.releases r JOIN tasker.templates t ON t.template_id = r.template_id
        WHERE r.release_id = p_to)
    WHERE task_id = p_task;
    RETURN QUERY SELECT * FROM tasker.settle(r_task.state, p_task, 'upgraded', p_actor, p_reason, '{}', NULL);
END
$$;

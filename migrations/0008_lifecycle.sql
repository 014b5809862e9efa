-- Dead letters, and holding tasks against their lifecycle.

-- The kind of a failure. What a handler says may hold what text cannot (\u0000); then there is no telling.
CREATE FUNCTION tasker.error_type(p_failure json) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN p_failure ->> 'error_type';
EXCEPTION WHEN untranslatable_character OR invalid_text_representation THEN
    RETURN NULL;
END
$$;

-- Makes a pending entry about a task, or about one step of it, unless there is one. p_reason null: the failures say.
CREATE FUNCTION tasker.bury(p_task uuid, p_step integer, p_reason text, p_actor text, p_note text)
RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_now timestamptz := tasker.now();
BEGIN
    INSERT INTO tasker.dlq (task_id, step_index, namespace, name, priority, dlq_reason, actor, note, task_state, snapshot,
        created_at)
    SELECT t.task_id, p_step, t.namespace, t.name, t.priority,
           coalesce(p_reason, CASE WHEN EXISTS (
               -- Nobody ran them to an end.
               SELECT 1 FROM tasker.steps s WHERE s.task_id = p_task AND s.state = 'error'
                 AND tasker.error_type(s.last_failure) IN ('LeaseLost', 'PoisonMessage'))
               THEN 'worker_unavailable' ELSE 'max_retries_exceeded' END),
           p_actor, p_note, t.state,
           json_build_object('task', json_build_object(
               'task_id', t.task_id, 'namespace', t.namespace, 'name', t.name, 'version', t.version, 'state', t.state,
               'state_since', t.state_since, 'priority', t.priority, 'correlation_id', t.correlation_id,
               'initiator', t.initiator, 'source_system', t.source_system, 'reason', t.reason, 'tags', t.tags,
               'created_at', t.created_at, 'context', t.input, 'context_blob', t.input_blob,
               'steps', json_build_object('total', t.steps_total, 'satisfied', t.steps_satisfied,
                   'running', t.steps_running, 'retrying', t.steps_retrying, 'failed', t.steps_failed,
                   'isolated', t.steps_isolated)),
               'steps', (
                   SELECT json_agg(json_build_object(
                       'step_index', s.step_index, 'name', tasker.step_name(d.name, s.worker_number), 'state', s.state,
                       'attempt', s.attempt, 'started_at', s.started_at, 'finished_at', s.finished_at,
                       'next_retry_at', s.next_retry_at, 'host', s.host, 'checkpoints', s.checkpoints,
                       'cursor', s.cursor, 'last_failure', s.last_failure) ORDER BY s.step_index)
                   FROM (SELECT * FROM tasker.steps x
                         WHERE x.task_id = p_task AND (p_step IS NULL OR x.step_index = p_step)
                         -- Of a very wide task, what has gone wrong or is still open.
                         ORDER BY x.state = 'error' DESC, x.state = 'complete', x.step_index LIMIT 1000) AS s
                   JOIN tasker.release_steps d ON d.release_id = t.release_id AND d.step_index = s.definition)),
           v_now
    FROM tasker.tasks t WHERE t.task_id = p_task
    ON CONFLICT (task_id, coalesce(step_index, -1)) WHERE resolution_status = 'pending' DO NOTHING;
    UPDATE tasker.tasks SET has_dlq_entry = true WHERE task_id = p_task AND NOT has_dlq_entry;
END
$$;

-- Closes the pending entry about a task. Those about isolated slices stay.
CREATE FUNCTION tasker.resolve_dlq_entries(p_task uuid, p_status text, p_actor text, p_notes text)
RETURNS void LANGUAGE sql AS $$
    UPDATE tasker.dlq SET resolution_status = p_status, resolved_at = tasker.now(), resolved_by = p_actor,
        resolution_notes = p_notes
    WHERE task_id = p_task AND resolution_status = 'pending' AND (step_index IS NULL OR p_status = 'cancelled')
$$;

-- How long a task may stand in its state, by its release; null: for ever.
CREATE FUNCTION tasker.state_limit(p_state text, r tasker.releases) RETURNS interval LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_state WHEN 'waiting_for_dependencies' THEN r.max_waiting_for_dependencies
                        WHEN 'waiting_for_retry' THEN r.max_waiting_for_retry
                        WHEN 'steps_in_process' THEN r.max_steps_in_process END
$$;

-- Does to tasks that have passed a limit of their lifecycle what the template says, and sets the time of the next look
-- at those that have not.
CREATE FUNCTION tasker.enforce_lifecycle(p_limit integer)
RETURNS SETOF tasker.effect LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_now      timestamptz := tasker.now();
    v_limit    interval;
    v_is_overdue boolean;
    v_is_stale boolean;
    v_fails    boolean;
    v_note     text;
    r_task     record;
BEGIN
    FOR r_task IN
        SELECT t.*, l AS release FROM tasker.tasks t
        JOIN tasker.releases l ON l.release_id = t.release_id
        WHERE t.task_id IN (SELECT w.task_id FROM tasker.tasks w WHERE w.wake_at <= v_now ORDER BY w.wake_at LIMIT p_limit)
        ORDER BY t.task_id FOR UPDATE OF t SKIP LOCKED
    LOOP
        v_limit := tasker.state_limit(r_task.state, r_task.release);
        v_is_overdue := NOT r_task.is_overdue AND r_task.created_at + (r_task.release).max_duration <= v_now;
        -- An operator who holds a task knows that it stands.
        v_is_stale := r_task.paused_at IS NULL AND r_task.state_since + v_limit <= v_now
            AND (r_task.release).staleness_action <> 'none';
        UPDATE tasker.tasks SET
            is_overdue = r_task.is_overdue OR v_is_overdue,
            -- In a state without a limit, soon enough for any that it may come to.
            wake_at = least(
                CASE WHEN NOT r_task.is_overdue AND NOT v_is_overdue
                     THEN r_task.created_at + (r_task.release).max_duration END,
                CASE WHEN r_task.state_since + v_limit > v_now THEN r_task.state_since + v_limit
                     ELSE v_now + coalesce(v_limit, least(
                         (r_task.release).max_waiting_for_dependencies, (r_task.release).max_waiting_for_retry,
                         (r_task.release).max_steps_in_process)) END)
        WHERE task_id = r_task.task_id;
        IF NOT v_is_overdue AND NOT v_is_stale THEN
            CONTINUE;
        END IF;
        v_note := CASE WHEN v_is_overdue
            THEN format('the task has existed for longer than its max_duration_minutes allow (%s)',
                        (r_task.release).max_duration)
            ELSE format('nothing has happened to the task in %s for %s', r_task.state, v_limit) END;
        v_fails := (r_task.release).fails_on_timeout
            OR v_is_stale AND (r_task.release).staleness_action = 'error';
        IF v_fails OR v_is_stale OR (r_task.release).buries_on_timeout THEN
            PERFORM tasker.bury(r_task.task_id, NULL, 'staleness_timeout', 'lifecycle', v_note);
        END IF;
        IF v_fails THEN
            RETURN QUERY SELECT * FROM tasker.fail_task(r_task.task_id, 'lifecycle', v_note);
        END IF;
    END LOOP;
END
$$;

-- An investigator's word on an entry. To requeue it drives the task again: what failed starts anew, and what hangs is
-- sent again.
CREATE FUNCTION tasker.update_dlq_entry(p_entry uuid, p_status text, p_requeue boolean, p_actor text, p_notes text)
RETURNS SETOF tasker.effect LANGUAGE plpgsql AS $$
DECLARE
    v_task  uuid;
    r_task  tasker.tasks;
    r_entry tasker.dlq;
BEGIN
    SELECT task_id INTO v_task FROM tasker.dlq WHERE dlq_entry_id = p_entry;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no DLQ entry %', p_entry USING ERRCODE = 'TK404';
    END IF;
    r_task := tasker.lock_task(v_task);
    SELECT * INTO r_entry FROM tasker.dlq WHERE dlq_entry_id = p_entry FOR UPDATE;
    IF r_entry.resolution_status <> 'pending' THEN
        PERFORM tasker.refuse(format('the entry is %s already', r_entry.resolution_status));
    END IF;
    UPDATE tasker.dlq SET resolution_status = p_status, resolution_notes = p_notes,
        resolved_at = CASE WHEN p_status <> 'pending' THEN tasker.now() END,
        resolved_by = CASE WHEN p_status <> 'pending' THEN p_actor END
    WHERE dlq_entry_id = p_entry;
    IF NOT p_requeue THEN
        RETURN;
    END IF;
    IF r_task.state IN ('error', 'blocked_by_failures') THEN
        RETURN QUERY SELECT * FROM tasker.operate_task(v_task, 'redrive', p_actor, p_notes);
    ELSIF r_task.state IN ('complete', 'cancelled', 'resolved_manually') THEN
        PERFORM tasker.refuse(format('the task is %s; there is nothing to run again', r_task.state));
    ELSE
        UPDATE tasker.steps SET wake_at = tasker.now() WHERE task_id = v_task AND state = 'enqueued';
        UPDATE tasker.tasks SET state_since = tasker.now() WHERE task_id = v_task;
    END IF;
END
$$;

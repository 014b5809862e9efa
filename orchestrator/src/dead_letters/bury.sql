-- The DLQ entries of tasks and isolated steps.

-- Returns the type of a failure. Returns null if the failure contains a character that text cannot store (\u0000).
CREATE FUNCTION tasker_f.error_type(p_failure json) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN p_failure ->> 'error_type';
EXCEPTION WHEN untranslatable_character OR invalid_text_representation THEN
    RETURN NULL;
END
$$;

-- Creates a pending DLQ entry for a task, or for one of its steps if p_step is given, unless one exists. If p_reason is
-- null, derives the reason from the failures.
CREATE FUNCTION tasker_f.bury(p_task uuid, p_step integer, p_reason text, p_actor text, p_note text)
RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_now timestamptz := tasker_f.now();
BEGIN
    INSERT INTO tasker.dlq (task_id, step_index, namespace, name, priority, dlq_reason, actor, note, task_state, snapshot,
        created_at)
    SELECT t.task_id, p_step, t.namespace, t.name, t.priority,
           coalesce(p_reason, CASE WHEN EXISTS (
               -- No host ran these steps to an end.
               SELECT 1 FROM tasker.steps s WHERE s.task_id = p_task AND s.state = 'error'
                 AND tasker_f.error_type(s.last_failure) IN ('LeaseLost', 'PoisonMessage'))
               THEN 'worker_unavailable' ELSE 'max_retries_exceeded' END),
           p_actor, p_note, t.state,
           json_build_object('task', json_build_object(
               'task_id', t.task_id, 'namespace', t.namespace, 'name', t.name, 'version', t.version, 'state', t.state,
               'state_since', t.last_event_at, 'priority', t.priority, 'correlation_id', t.correlation_id,
               'initiator', t.initiator, 'source_system', t.source_system, 'reason', t.reason, 'tags', t.tags,
               'created_at', t.created_at, 'context', t.input, 'context_blob', t.input_blob,
               'steps', json_build_object('total', t.steps_total, 'satisfied', t.steps_satisfied,
                   'running', t.steps_running, 'retrying', t.steps_retrying, 'failed', t.steps_failed,
                   'isolated', t.steps_isolated)),
               'steps', (
                   SELECT json_agg(json_build_object(
                       'step_index', s.step_index, 'name', tasker_f.step_name(d.name, s.worker_number), 'state', s.state,
                       'attempt', s.attempt, 'started_at', s.started_at, 'finished_at', s.finished_at,
                       'next_retry_at', s.next_retry_at, 'host', s.host, 'checkpoints', s.checkpoints,
                       'cursor', s.cursor, 'last_failure', s.last_failure) ORDER BY s.step_index)
                   FROM (SELECT * FROM tasker.steps x
                         WHERE x.task_id = p_task AND (p_step IS NULL OR x.step_index = p_step)
                         -- At most 1000 steps, those in error and the open ones first.
                         ORDER BY x.state = 'error' DESC, x.state = 'complete', x.step_index LIMIT 1000) AS s
                   JOIN tasker.release_steps d ON d.release_id = t.release_id AND d.step_index = s.template_step)),
           v_now
    FROM tasker.tasks t WHERE t.task_id = p_task
    ON CONFLICT (task_id, coalesce(step_index, -1)) WHERE resolution_status = 'pending' DO NOTHING;
    UPDATE tasker.tasks SET has_dlq_entry = true WHERE task_id = p_task AND NOT has_dlq_entry;
END
$$;

-- Applies heartbeats: moves the steps to in_progress and renews their leases. Returns the executions among them that have
-- ended, or that will never count: their hosts do not know it yet, like one that went on with a step of a task that was
-- cancelled.
CREATE FUNCTION tasker_f.apply_heartbeats(p_heartbeats tasker_f.heartbeat[])
RETURNS TABLE (task_id uuid, step_index integer, execution integer) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz;
BEGIN
    PERFORM 1 FROM tasker.tasks WHERE task_id IN (SELECT task_id FROM unnest(p_heartbeats)) ORDER BY task_id FOR UPDATE;
    v_now := tasker_f.now();

    WITH heartbeat AS (
        -- The last heartbeat of a batch is the most recent.
        SELECT DISTINCT ON (h.task_id, h.step_index, h.execution) h.*, s.state AS before, s.attempt, s.enqueued_at
        FROM unnest(p_heartbeats) WITH ORDINALITY AS h
        JOIN tasker.steps s ON s.task_id = h.task_id AND s.step_index = h.step_index
            AND s.execution = h.execution
        WHERE s.state IN ('enqueued', 'in_progress')
          AND (h.after_step IS NULL OR tasker_f.follows(h.task_id, h.actor, h.after_step, h.after_end))
        ORDER BY h.task_id, h.step_index, h.execution, h.ordinality DESC
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
    )
    INSERT INTO tasker.audit (task_id, at, event, actor, step_index, attempt, step_states, step_times)
    SELECT h.task_id, v_now, 'started', h.actor, h.step_index, h.attempt, ARRAY['enqueued', 'in_progress'],
           ARRAY[h.enqueued_at, h.started_at]
    FROM heartbeat h WHERE h.before = 'enqueued';

    RETURN QUERY
    SELECT DISTINCT h.task_id, h.step_index, h.execution
    FROM unnest(p_heartbeats) AS h
    JOIN tasker.steps s ON s.task_id = h.task_id AND s.step_index = h.step_index
    JOIN tasker.tasks t ON t.task_id = h.task_id
    WHERE s.execution > h.execution OR s.execution = h.execution AND s.state NOT IN ('enqueued', 'in_progress')
       OR tasker_f.is_terminal(t.state) OR tasker_f.satisfies(s.state)
       OR h.after_step IS NOT NULL AND NOT tasker_f.follows(h.task_id, h.actor, h.after_step, h.after_end)
          AND NOT tasker_f.is_open(h.task_id, h.after_step, h.execution);
END
$$;

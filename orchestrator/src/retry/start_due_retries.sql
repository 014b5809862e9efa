-- Enqueues the next attempt of steps whose retry is due. Steps of a paused task wait until it is resumed.
CREATE FUNCTION tasker_f.start_due_retries(
    p_task uuid[], p_step integer[], p_execution integer[]
)
-- Returns a verdict with the remaining wait for each step whose retry is not yet due, and the dispatches of the others.
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_now        timestamptz;
    v_early      tasker_f.effect[];
    v_ready_task uuid[];
    v_ready_step integer[];
BEGIN
    PERFORM 1 FROM tasker.tasks WHERE task_id = ANY (p_task) ORDER BY task_id FOR UPDATE;
    v_now := tasker_f.now();

    WITH waiting AS (
        SELECT DISTINCT ON (k.task_id, k.step_index) k.position, s.task_id, s.step_index, s.execution, s.attempt,
               s.next_retry_at, s.finished_at, t.paused_at
        FROM unnest(p_task, p_step, p_execution) WITH ORDINALITY AS k (task_id, step_index, execution, position)
        JOIN tasker.steps s ON s.task_id = k.task_id AND s.step_index = k.step_index AND s.execution = k.execution
        JOIN tasker.tasks t ON t.task_id = k.task_id
        WHERE s.state = 'waiting_for_retry'
        ORDER BY k.task_id, k.step_index, k.position
    ), due AS (
        SELECT * FROM waiting WHERE next_retry_at <= v_now AND paused_at IS NULL
    ), put_off AS (
        UPDATE tasker.steps s SET wake_at = NULL
        FROM waiting w
        WHERE w.paused_at IS NOT NULL AND s.task_id = w.task_id AND s.step_index = w.step_index
    ), enqueued AS (
        UPDATE tasker.steps s SET
            (state, attempt, execution, enqueued_at, wake_at, dispatched_at, started_at, finished_at, next_retry_at,
             progress) = (SELECT e.* FROM tasker_f.enqueued(s.execution, s.attempt + 1, v_now) AS e)
        FROM due d
        WHERE s.task_id = d.task_id AND s.step_index = d.step_index
        RETURNING s.task_id, s.step_index
    ), tally AS (
        SELECT task_id, count(*) AS enqueued, min(step_index) AS first_step FROM enqueued GROUP BY task_id
    ), before AS (
        SELECT t.task_id, t.state FROM tasker.tasks t JOIN tally y ON y.task_id = t.task_id
    ), task AS (
        UPDATE tasker.tasks t SET
            state = 'steps_in_process',
            last_event_at = v_now,
            steps_running = t.steps_running + y.enqueued,
            steps_retrying = t.steps_retrying - y.enqueued
        FROM tally y
        WHERE t.task_id = y.task_id
    ), audited AS (
        INSERT INTO tasker.audit (task_id, at, event, actor, task_states, step_index, attempt, step_states, step_times)
        SELECT d.task_id, v_now, 'retry_due', 'orchestrator',
               CASE WHEN y.first_step = d.step_index AND b.state = 'waiting_for_retry'
                    THEN tasker_f.task_path(b.state, 'steps_in_process', true) END,
               d.step_index, d.attempt + 1, ARRAY['waiting_for_retry', 'enqueued'], ARRAY[d.finished_at, v_now]
        FROM due d
        JOIN tally y ON y.task_id = d.task_id
        JOIN before b ON b.task_id = d.task_id
    )
    SELECT array_agg(w.task_id) FILTER (WHERE w.next_retry_at <= v_now),
           array_agg(w.step_index) FILTER (WHERE w.next_retry_at <= v_now),
           array_agg(tasker_f.verdict(w.position, w.task_id, w.step_index, w.execution, 'waiting_for_retry', NULL,
                                      ceil(extract(epoch FROM w.next_retry_at - v_now) * 1000)::bigint, NULL))
               FILTER (WHERE w.next_retry_at > v_now)
    INTO v_ready_task, v_ready_step, v_early
    FROM waiting w
    WHERE w.paused_at IS NULL;

    RETURN QUERY SELECT * FROM unnest(v_early);
    RETURN QUERY SELECT * FROM tasker_f.dispatches(v_ready_task, v_ready_step);
END
$$;

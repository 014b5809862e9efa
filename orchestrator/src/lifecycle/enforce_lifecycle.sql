-- Returns how long a task of this release may stay in a state. Null means no limit.
CREATE FUNCTION tasker_f.state_limit(p_state text, r tasker.releases) RETURNS interval LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_state WHEN 'waiting_for_dependencies' THEN r.max_waiting_for_dependencies
                        WHEN 'waiting_for_retry' THEN r.max_waiting_for_retry
                        WHEN 'steps_in_process' THEN r.max_steps_in_process END
$$;

-- Applies the lifecycle of up to p_limit tasks whose check is due: marks overdue tasks, creates DLQ entries and fails
-- tasks as their releases state, and schedules the next check. Returns the effects of the failed tasks.
CREATE FUNCTION tasker_f.enforce_lifecycle(p_limit integer)
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_now      timestamptz := tasker_f.now();
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
        v_limit := tasker_f.state_limit(r_task.state, r_task.release);
        v_is_overdue := NOT r_task.is_overdue AND r_task.created_at + (r_task.release).max_duration <= v_now;
        -- The staleness limit does not apply to a paused task.
        v_is_stale := r_task.paused_at IS NULL AND r_task.last_event_at + v_limit <= v_now
            AND (r_task.release).staleness_action <> 'none';
        UPDATE tasker.tasks SET
            is_overdue = r_task.is_overdue OR v_is_overdue,
            -- In a state without a limit, check again before the shortest limit of any later state.
            wake_at = least(
                CASE WHEN NOT r_task.is_overdue AND NOT v_is_overdue
                     THEN r_task.created_at + (r_task.release).max_duration END,
                CASE WHEN r_task.last_event_at + v_limit > v_now THEN r_task.last_event_at + v_limit
                     ELSE v_now + coalesce(v_limit, least(
                         (r_task.release).max_waiting_for_dependencies, (r_task.release).max_waiting_for_retry,
                         (r_task.release).max_steps_in_process)) END)
        WHERE task_id = r_task.task_id;
        IF NOT v_is_overdue AND NOT v_is_stale THEN
            CONTINUE;
        END IF;
        v_note := CASE WHEN v_is_overdue
            THEN format('the task has existed for longer than its max_duration_minutes (%s)',
                        (r_task.release).max_duration)
            ELSE format('the task has been in %s without progress for %s', r_task.state, v_limit) END;
        v_fails := (r_task.release).fails_on_timeout
            OR v_is_stale AND (r_task.release).staleness_action = 'error';
        IF v_fails OR v_is_stale OR (r_task.release).buries_on_timeout THEN
            PERFORM tasker_f.bury(r_task.task_id, NULL, 'staleness_timeout', 'lifecycle', v_note);
        END IF;
        IF v_fails THEN
            RETURN QUERY SELECT * FROM tasker_f.fail_task(r_task.task_id, 'lifecycle', v_note);
        END IF;
    END LOOP;
END
$$;

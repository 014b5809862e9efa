-- Creates the tasks of a batch of requests, with their first steps enqueued.
--
-- A request whose identity is taken creates no task and gets the existing task, also under concurrent calls.
CREATE FUNCTION tasker_f.create_tasks(p_catalog_version bigint, p_requests tasker_f.new_task[])
-- Returns a verdict for each request, with its task, and the dispatches of the enqueued steps. Returns no row if the
-- catalog has changed since p_catalog_version was read; then it creates nothing.
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_now        timestamptz := tasker_f.now();
    v_created    uuid[];
    v_at_rest    uuid[];
    v_ready_task uuid[];
    v_ready_step integer[];
BEGIN
    IF (SELECT version FROM tasker.catalog) <> p_catalog_version THEN
        RETURN;
    END IF;

    WITH request AS (
        SELECT * FROM unnest(p_requests)
    ), release AS (
        -- OFFSET 0 forces an index look-up per release. Without it the planner, which does not know the length of the
        -- array, may read whole tables.
        SELECT q.release_id, e.namespace, e.name, e.version, e.first_look, d.total, d.ready
        FROM (SELECT DISTINCT release_id FROM request) q
        CROSS JOIN LATERAL (
            SELECT t.namespace, t.name, t.version, least(l.max_duration, l.max_waiting_for_dependencies,
                       l.max_waiting_for_retry, l.max_steps_in_process) AS first_look
            FROM tasker.releases l
            JOIN tasker.templates t ON t.template_id = l.template_id
            WHERE l.release_id = q.release_id OFFSET 0) e
        CROSS JOIN LATERAL (
            SELECT count(*) AS total, count(*) FILTER (WHERE s.parents = '{}') AS ready
            FROM tasker.release_steps s WHERE s.release_id = q.release_id AND s.created_with_task OFFSET 0) d
    ), created AS (
        INSERT INTO tasker.tasks (task_id, release_id, namespace, name, version, state, priority, input, input_blob,
            identity, initiator, source_system, reason, tags, correlation_id, parent_correlation_id, traceparent,
            created_at, completed_at, last_event_at, wake_at, steps_total, steps_running, labels)
        SELECT r.task_id, r.release_id, e.namespace, e.name, e.version,
               CASE WHEN e.total = 0 THEN 'complete' WHEN e.ready = 0 THEN 'waiting_for_dependencies'
                    ELSE 'steps_in_process' END,
               r.priority, r.input::json, r.input_blob::json, r.identity, r.initiator, r.source_system, r.reason,
               r.tags, r.correlation_id, r.parent_correlation_id, r.traceparent,
               v_now, CASE WHEN e.total = 0 THEN v_now END, v_now, CASE WHEN e.total > 0 THEN v_now + e.first_look END,
               e.total, e.ready, r.labels
        FROM request r
        JOIN release e ON e.release_id = r.release_id
        -- One order in all calls, so that two batches with the same identities cannot deadlock.
        ORDER BY r.identity, r.task_id
        ON CONFLICT (identity) WHERE identity IS NOT NULL DO NOTHING
        RETURNING task_id, release_id, state, initiator, reason
    ), steps AS (
        INSERT INTO tasker.steps (task_id, step_index, template_step, state, attempt, execution, remaining_dependencies,
            enqueued_at, wake_at)
        SELECT c.task_id, d.step_index, d.step_index, e.state, e.attempt, e.execution, cardinality(d.parents),
               e.enqueued_at, e.wake_at
        FROM created c
        CROSS JOIN LATERAL (
            SELECT s.step_index, s.parents FROM tasker.release_steps s
            WHERE s.release_id = c.release_id AND s.created_with_task ORDER BY s.step_index OFFSET 0) d
        CROSS JOIN LATERAL (
            SELECT q.state, q.attempt, q.execution, q.enqueued_at, q.wake_at FROM tasker_f.enqueued(0, 1, v_now) AS q
            WHERE d.parents = '{}'
            UNION ALL
            SELECT 'pending', 0, 0, NULL, NULL WHERE d.parents <> '{}') e
        RETURNING task_id, step_index, state
    ), ready AS (
        SELECT task_id, array_agg(step_index) AS step_indexes
        FROM steps WHERE state = 'enqueued' GROUP BY task_id
    ), audited AS (
        INSERT INTO tasker.audit (task_id, at, event, actor, reason, task_states, enqueued_steps)
        SELECT c.task_id, v_now, 'created', coalesce(c.initiator, 'api'), c.reason,
               CASE WHEN c.state = 'steps_in_process'
                    THEN ARRAY['pending', 'initializing', 'enqueuing_steps', 'steps_in_process']
                    ELSE ARRAY['pending', 'initializing', c.state] END,
               y.step_indexes
        FROM created c
        LEFT JOIN ready y ON y.task_id = c.task_id
    )
    SELECT (SELECT array_agg(task_id) FROM created),
           (SELECT array_agg(task_id) FROM created WHERE state = 'complete'),
           array_agg(task_id), array_agg(step_index)
    INTO v_created, v_at_rest, v_ready_task, v_ready_step
    FROM steps WHERE state = 'enqueued';
    IF v_at_rest IS NOT NULL THEN
        PERFORM tasker_f.announce_tasks(v_at_rest);
    END IF;

    -- A separate statement, because it must see the tasks of the transactions that the INSERT waited for.
    RETURN QUERY
    SELECT v.* FROM unnest(p_requests) WITH ORDINALITY AS r
    CROSS JOIN LATERAL (
        SELECT c.task_id, c.state FROM tasker.tasks c
        WHERE c.task_id = CASE WHEN r.task_id = ANY (v_created) THEN r.task_id
            ELSE (SELECT e.task_id FROM tasker.tasks e WHERE e.identity = r.identity) END OFFSET 0) t
    CROSS JOIN LATERAL tasker_f.verdict(r.ordinality, t.task_id, NULL, NULL, NULL, t.state, NULL, NULL) AS v
    ORDER BY r.ordinality;

    RETURN QUERY SELECT * FROM tasker_f.dispatches(v_ready_task, v_ready_step);
END
$$;

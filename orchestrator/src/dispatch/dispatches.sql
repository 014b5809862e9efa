-- Returns the dispatches of those of these steps that are enqueued, by descending priority. Returns the first thousand only,
-- and the keys of the others, so that payloads never fill the memory of the orchestrator.
CREATE FUNCTION tasker_f.dispatches(p_tasks uuid[], p_steps integer[])
RETURNS SETOF tasker_f.effect LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_page integer := 1000;
BEGIN
    IF p_tasks IS NULL THEN
        RETURN;
    END IF;
    IF cardinality(p_tasks) > v_page THEN
        SELECT array_agg(k.task_id ORDER BY t.priority DESC, k.task_id, k.step_index),
               array_agg(k.step_index ORDER BY t.priority DESC, k.task_id, k.step_index)
        INTO p_tasks, p_steps
        FROM unnest(p_tasks, p_steps) AS k (task_id, step_index)
        CROSS JOIN LATERAL (SELECT priority FROM tasker.tasks WHERE task_id = k.task_id OFFSET 0) t;
        RETURN QUERY SELECT (tasker_f.dispatch_later(k.task_id, k.step_index)).*
        FROM unnest(p_tasks[v_page + 1:], p_steps[v_page + 1:]) AS k (task_id, step_index);
        p_tasks := p_tasks[:v_page];
        p_steps := p_steps[:v_page];
    END IF;
    RETURN QUERY
    SELECT 'dispatch', NULL::bigint, s.state, NULL::text, NULL::bigint, NULL::bigint, s.task_id, s.step_index,
           s.execution, s.attempt, t.release_id, s.template_step, t.priority, t.input::text, t.input_blob::text, t.correlation_id, t.traceparent,
           CASE WHEN d.context_steps = '{}' THEN NULL ELSE (
               SELECT json_agg(json_build_object('step', r.name, 'result', CASE WHEN r.result_blob IS NULL
                                   THEN json_build_object('inline', coalesce(r.result, 'null'))
                                   ELSE json_build_object('blob', r.result_blob) END)
                               ORDER BY c.position, r.worker_number)::text
               FROM unnest(d.context_steps) WITH ORDINALITY AS c (step_index, position)
               CROSS JOIN LATERAL (
                   SELECT pd.name, pd.step_type FROM tasker.release_steps pd
                   WHERE pd.release_id = t.release_id AND pd.step_index = c.step_index OFFSET 0) AS pd
               CROSS JOIN LATERAL (
                   SELECT pd.name, p.worker_number, p.result, p.result_blob
                   FROM tasker.steps p
                   WHERE pd.step_type <> 'batch_worker' AND p.task_id = s.task_id AND p.step_index = c.step_index
                     AND tasker_f.satisfies(p.state)
                   UNION ALL
                   SELECT tasker_f.step_name(pd.name, w.worker_number), w.worker_number, w.result, w.result_blob
                   FROM tasker.batches b
                   CROSS JOIN LATERAL (
                       SELECT * FROM tasker.steps
                       WHERE task_id = s.task_id AND step_index >= b.first_index
                         AND step_index < b.first_index + b.workers
                         AND tasker_f.satisfies(state) OFFSET 0) AS w
                   WHERE pd.step_type = 'batch_worker' AND b.task_id = s.task_id AND b.worker = c.step_index) AS r) END,
           s.checkpoint::text, s.checkpoint_blob::text, s.batch, s.worker_number,
           CASE WHEN s.batch IS NOT NULL THEN (
               SELECT b.workers FROM tasker.batches b WHERE b.task_id = s.task_id AND b.step_index = s.batch) END,
           s.cursor::text
    FROM unnest(p_tasks, p_steps) AS k (task_id, step_index)
    -- OFFSET 0 forces index look-ups, whatever the planner estimates for the length of the arrays.
    CROSS JOIN LATERAL (
        SELECT * FROM tasker.steps
        WHERE task_id = k.task_id AND step_index = k.step_index AND state = 'enqueued' OFFSET 0) s
    CROSS JOIN LATERAL (SELECT * FROM tasker.tasks WHERE task_id = k.task_id OFFSET 0) t
    CROSS JOIN LATERAL (
        SELECT context_steps FROM tasker.release_steps
        WHERE release_id = t.release_id AND step_index = s.template_step OFFSET 0) d
    ORDER BY t.priority DESC, s.task_id, s.step_index;
END
$$;

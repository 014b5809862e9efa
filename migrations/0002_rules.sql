-- Rules shared by the event functions, each stated once.

-- Where a task stands, from the counts of its steps.
CREATE FUNCTION tasker.evaluate_task(
    total integer, satisfied integer, isolated integer, running integer, retrying integer, failed integer
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN satisfied + isolated = total THEN 'complete'
        WHEN running > 0 THEN 'steps_in_process'
        WHEN retrying > 0 THEN 'waiting_for_retry'
        WHEN failed > 0 THEN 'blocked_by_failures'
        ELSE 'waiting_for_dependencies'
    END
$$;

-- The states a task passes through when an event is evaluated: from where it was, to where it came.
CREATE FUNCTION tasker.task_path(before text, after text, enqueued boolean)
RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN after = 'waiting_for_retry' AND before = 'steps_in_process' THEN ARRAY[before, after]
        WHEN enqueued AND before = 'waiting_for_retry' THEN ARRAY[before, 'enqueuing_steps', after]
        WHEN enqueued THEN ARRAY[before, 'evaluating_results', 'enqueuing_steps', after]
        ELSE ARRAY[before, 'evaluating_results', after]
    END
$$;

-- Milliseconds to wait before the attempt after `attempt`. `dice` in [0, 1) spreads the waits (full jitter).
-- A wait that the handler asks for replaces the formula, up to ten times the cap.
CREATE FUNCTION tasker.backoff_ms(
    backoff text, base_ms bigint, max_ms bigint, jitter boolean, attempt integer, retry_after_ms bigint,
    dice double precision
) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN retry_after_ms IS NOT NULL THEN greatest(0, least(retry_after_ms, max_ms * 10))
        WHEN backoff = 'none' THEN 0
        ELSE (CASE WHEN jitter THEN dice ELSE 1 END * least(max_ms::double precision,
            base_ms * CASE backoff
                WHEN 'linear' THEN attempt
                WHEN 'exponential' THEN power(2, least(attempt - 1, 40))
                -- Binet's formula: exact in double precision far beyond any cap.
                ELSE round(power((1 + sqrt(5)) / 2, least(attempt, 60)) / sqrt(5))
            END))::bigint
    END
$$;

-- How long a step may stay enqueued without its message being marked as sent, before the sweep sends it.
CREATE FUNCTION tasker.unsent_grace() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '10 seconds' $$;

-- When to send a message again that left and was never heard of. The wait doubles with the age of the step, so
-- that a long backlog is not multiplied.
CREATE FUNCTION tasker.resend_at(at timestamptz, enqueued_at timestamptz)
RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT at + greatest(interval '5 minutes', at - enqueued_at)
$$;

-- The name of a step. Batch workers are numbered: `process_rows_007`.
CREATE FUNCTION tasker.step_name(definition text, worker_number integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN worker_number IS NULL THEN definition
                ELSE definition || '_' || lpad(worker_number::text, greatest(3, length(worker_number::text)), '0') END
$$;

-- What an event function answers: rows of four kinds.
CREATE TYPE tasker.effect AS (
    -- Of a verdict on what was asked for, its position (from 1); 0 in a verdict on a task; -1 in an execution that no
    -- longer counts, though a host may be at it; -2 where events wait to be published; null in a step to dispatch.
    position           bigint,
    step_state         text,
    task_state         text,
    -- Milliseconds until the step's retry is due; of a cancellation, how many steps it ended.
    retry_in_ms        bigint,
    task_id            uuid,
    step_index         integer,
    execution          integer,
    attempt            integer,
    -- Of a step to dispatch: what the orchestrator does not know from the release.
    release_id         uuid,
    definition         integer,
    priority           smallint,
    input              text,
    input_blob         text,
    correlation_id     text,
    traceparent        text,
    -- JSON array of {step, result: {inline} | {blob}}, in the template's order.
    dependency_results text,
    checkpoint         text,
    checkpoint_blob    text,
    batch              integer,
    worker_number      integer,
    workers            integer,
    cursor             text
);

-- A verdict, of whichever kind.
CREATE FUNCTION tasker.verdict(
    p_position bigint, p_step_state text, p_task_state text, p_retry_in_ms bigint, p_task uuid, p_step integer,
    p_execution integer
) RETURNS tasker.effect LANGUAGE sql IMMUTABLE AS $$
    SELECT (p_position, p_step_state, p_task_state, p_retry_in_ms, p_task, p_step, p_execution, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::tasker.effect
$$;

-- The dispatches of steps that are enqueued.
CREATE FUNCTION tasker.dispatches(p_tasks uuid[], p_steps integer[])
RETURNS SETOF tasker.effect LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
BEGIN
    IF p_tasks IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT NULL::bigint, s.state, NULL::text, NULL::bigint, s.task_id, s.step_index, s.execution, s.attempt,
           t.release_id, s.definition, t.priority, t.input::text, t.input_blob::text, t.correlation_id, t.traceparent,
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
                     AND p.state IN ('complete', 'resolved_manually')
                   UNION ALL
                   SELECT tasker.step_name(pd.name, w.worker_number), w.worker_number, w.result, w.result_blob
                   FROM tasker.batches b
                   CROSS JOIN LATERAL (
                       SELECT * FROM tasker.steps
                       WHERE task_id = s.task_id AND step_index >= b.first_index
                         AND step_index < b.first_index + b.workers
                         AND state IN ('complete', 'resolved_manually') OFFSET 0) AS w
                   WHERE pd.step_type = 'batch_worker' AND b.task_id = s.task_id AND b.worker = c.step_index) AS r) END,
           s.checkpoint::text, s.checkpoint_blob::text, s.batch, s.worker_number,
           CASE WHEN s.batch IS NOT NULL THEN (
               SELECT b.workers FROM tasker.batches b WHERE b.task_id = s.task_id AND b.step_index = s.batch) END,
           s.cursor::text
    FROM unnest(p_tasks, p_steps) AS k (task_id, step_index)
    -- OFFSET 0 keeps the look-ups look-ups, whatever the planner believes about the length of the arrays.
    CROSS JOIN LATERAL (
        SELECT * FROM tasker.steps
        WHERE task_id = k.task_id AND step_index = k.step_index AND state = 'enqueued' OFFSET 0) s
    CROSS JOIN LATERAL (SELECT * FROM tasker.tasks WHERE task_id = k.task_id OFFSET 0) t
    CROSS JOIN LATERAL (
        SELECT context_steps FROM tasker.release_steps
        WHERE release_id = t.release_id AND step_index = s.definition OFFSET 0) d
    ORDER BY t.priority DESC, s.task_id, s.step_index;
END
$$;

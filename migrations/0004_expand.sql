-- Expansion: what a decision or a batchable step adds to its task when it completes.
--
-- Called inside the transaction that records the completion, with the task locked and the step not yet complete. The
-- new steps are pending rows like any other: what follows from the completion itself is worked out with them in place.

-- How many of a step's dependencies are not yet satisfied. One that is not there counts while a decision may still
-- create it, other than those in p_decided, which are just being recorded.
CREATE FUNCTION tasker.open_dependencies(p_task uuid, p_release uuid, p_definition integer, p_decided integer[])
RETURNS integer LANGUAGE plpgsql STABLE
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_open    integer := 0;
    v_state   text;
    v_workers bigint;
    r_parent  record;
BEGIN
    FOR r_parent IN
        SELECT p.step_index, p.step_type, p.deciders, b.step_index AS batchable
        FROM tasker.release_steps d
        CROSS JOIN LATERAL unnest(d.parents) AS parent (step_index)
        JOIN tasker.release_steps p ON p.release_id = p_release AND p.step_index = parent.step_index
        LEFT JOIN tasker.release_steps b ON b.release_id = p_release AND b.worker = p.step_index
        WHERE d.release_id = p_release AND d.step_index = p_definition
    LOOP
        IF r_parent.step_type = 'batch_worker' THEN
            SELECT count(*) FILTER (WHERE NOT (w.state IN ('complete', 'resolved_manually') OR w.isolated))
            INTO v_workers
            FROM tasker.batches b
            JOIN tasker.steps w ON w.task_id = p_task AND w.step_index >= b.first_index
                               AND w.step_index < b.first_index + b.workers
            WHERE b.task_id = p_task AND b.worker = r_parent.step_index
            HAVING count(*) > 0;
            IF FOUND THEN
                v_open := v_open + v_workers;
                CONTINUE;
            END IF;
        END IF;
        -- Workers that are not there yet come with their batchable step.
        SELECT s.state INTO v_state FROM tasker.steps s
        WHERE s.task_id = p_task AND s.step_index = coalesce(r_parent.batchable, r_parent.step_index);
        IF FOUND THEN
            v_open := v_open + CASE WHEN v_state IN ('complete', 'resolved_manually') THEN 0 ELSE 1 END;
        ELSIF EXISTS (
            SELECT 1 FROM tasker.steps e
            WHERE e.task_id = p_task AND e.step_index = ANY (r_parent.deciders)
              AND NOT e.step_index = ANY (p_decided)
              AND e.state NOT IN ('complete', 'resolved_manually', 'cancelled'))
        THEN
            v_open := v_open + 1;
        END IF;
    END LOOP;
    RETURN v_open;
END
$$;

-- Creates the steps that a decision named, every step that has all its dependencies with them, and the deferred
-- convergences that they reach. Answers the pending steps whose dependencies it has counted (anew).
-- p_decided holds the decisions of the task that are being recorded, this one included.
CREATE FUNCTION tasker.expand_decision(p_task uuid, p_named integer[], p_decided integer[])
RETURNS SETOF integer LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_release   uuid;
    v_execution integer;
    v_present   integer[];
    v_new       integer[] := '{}';
    r_step      record;
BEGIN
    SELECT t.release_id, t.first_execution INTO v_release, v_execution FROM tasker.tasks t WHERE t.task_id = p_task;
    -- A batch worker is there with its batchable step: its rows follow.
    SELECT array_agg(s.definition) || coalesce(array_agg(d.worker) FILTER (WHERE d.worker IS NOT NULL), '{}')
    INTO v_present
    FROM tasker.steps s
    JOIN tasker.release_steps d ON d.release_id = v_release AND d.step_index = s.definition
    WHERE s.task_id = p_task AND s.batch IS NULL;

    FOR r_step IN
        SELECT d.step_index, d.step_type, d.parents, d.worker,
               bool_or(p.step_type = 'decision') AS is_chosen,
               bool_or(p.step_type <> 'decision' AND p.deciders <> '{}' AND p.step_index = ANY (v_present)) AS is_reached
        FROM tasker.release_steps d
        CROSS JOIN LATERAL unnest(d.parents) AS parent (step_index)
        JOIN tasker.release_steps p ON p.release_id = v_release AND p.step_index = parent.step_index
        WHERE d.release_id = v_release AND d.deciders && p_decided AND d.step_type <> 'batch_worker'
          AND NOT d.step_index = ANY (v_present)
        GROUP BY d.step_index, d.step_type, d.parents, d.worker, d.creation_order
        ORDER BY d.creation_order
    LOOP
        IF (r_step.step_index = ANY (p_named)
            OR CASE WHEN r_step.step_type = 'deferred_convergence'
                    -- Also by what this call has created.
                    THEN r_step.is_reached OR EXISTS (
                        SELECT 1 FROM tasker.release_steps p
                        WHERE p.release_id = v_release AND p.step_index = ANY (r_step.parents)
                          AND p.step_index = ANY (v_new) AND p.step_type <> 'decision')
                    ELSE NOT r_step.is_chosen AND r_step.parents <@ v_present END)
        THEN
            v_new := array_remove(v_new || ARRAY[r_step.step_index, r_step.worker], NULL);
            v_present := v_present || v_new;
        END IF;
    END LOOP;

    INSERT INTO tasker.steps (task_id, step_index, definition, state, execution, remaining_dependencies)
    SELECT p_task, d.step_index, d.step_index, 'pending', v_execution, 0
    FROM tasker.release_steps d
    WHERE d.release_id = v_release AND d.step_index = ANY (v_new) AND d.step_type <> 'batch_worker'
    ORDER BY d.step_index;
    UPDATE tasker.tasks SET steps_total = (SELECT count(*) FROM tasker.steps s WHERE s.task_id = p_task)
    WHERE task_id = p_task AND v_new <> '{}';

    RETURN QUERY
    UPDATE tasker.steps s
    SET remaining_dependencies = tasker.open_dependencies(p_task, v_release, s.definition, p_decided)
    FROM tasker.release_steps d
    WHERE s.task_id = p_task AND s.state = 'pending' AND d.release_id = v_release AND d.step_index = s.definition
      AND (s.step_index = ANY (v_new) OR d.step_type = 'deferred_convergence' AND d.deciders && p_decided)
    RETURNING s.step_index;
END
$$;

-- Creates a worker for each cursor, or a placeholder where there is none, so that what converges on them runs. Answers
-- the workers that may start.
CREATE FUNCTION tasker.expand_batch(p_task uuid, p_step integer, p_cursors json)
RETURNS SETOF integer LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_release     uuid;
    v_execution   integer;
    v_worker      integer;
    v_parallelism integer;
    v_first       integer;
    -- Measured once: the array is parsed each time.
    v_cursors     integer := json_array_length(p_cursors);
    v_workers     integer := greatest(1, v_cursors);
BEGIN
    SELECT t.release_id, t.first_execution INTO v_release, v_execution FROM tasker.tasks t WHERE t.task_id = p_task;
    SELECT d.worker, d.parallelism INTO v_worker, v_parallelism FROM tasker.release_steps d
    WHERE d.release_id = v_release AND d.step_index = p_step;
    -- Behind the steps of the release, and those of earlier batches.
    SELECT greatest((SELECT max(d.step_index) FROM tasker.release_steps d WHERE d.release_id = v_release),
                    (SELECT max(s.step_index) FROM tasker.steps s WHERE s.task_id = p_task)) + 1
    INTO v_first;

    INSERT INTO tasker.batches (task_id, step_index, worker, first_index, workers, next_index)
    VALUES (p_task, p_step, v_worker, v_first, v_workers, v_first + least(v_workers, v_parallelism));
    INSERT INTO tasker.steps (task_id, step_index, definition, state, execution, remaining_dependencies, batch,
        worker_number, cursor)
    SELECT p_task, v_first + c.number - 1, v_worker, 'pending', v_execution, 0, p_step, c.number,
           CASE WHEN v_cursors > 0 THEN c.cursor END
    FROM json_array_elements(CASE WHEN v_cursors > 0 THEN p_cursors ELSE '[null]' END)
        WITH ORDINALITY AS c (cursor, number);
    -- The worker that was declared has counted as one dependency.
    UPDATE tasker.steps s SET remaining_dependencies = s.remaining_dependencies + v_workers - 1
    FROM tasker.release_steps d
    WHERE d.release_id = v_release AND d.step_index = v_worker
      AND s.task_id = p_task AND s.step_index = ANY (d.children) AND s.state = 'pending';
    UPDATE tasker.tasks SET steps_total = steps_total + v_workers WHERE task_id = p_task;

    RETURN QUERY SELECT generate_series(v_first, v_first + least(v_workers, v_parallelism) - 1);
END
$$;

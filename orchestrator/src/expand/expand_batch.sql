-- Creates a worker for each cursor of a batch. Without cursors it creates one placeholder worker, so that the steps
-- after the batch can run. Returns the workers that may start.
CREATE FUNCTION tasker_f.expand_batch(p_task uuid, p_step integer, p_cursors json)
RETURNS SETOF integer LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_release     uuid;
    v_execution   integer;
    v_worker      integer;
    v_parallelism integer;
    v_first       integer;
    -- Computed once, because each call parses the array.
    v_cursors     integer := json_array_length(p_cursors);
    v_workers     integer := greatest(1, v_cursors);
BEGIN
    SELECT t.release_id, t.first_execution INTO v_release, v_execution FROM tasker.tasks t WHERE t.task_id = p_task;
    SELECT d.worker, d.parallelism INTO v_worker, v_parallelism FROM tasker.release_steps d
    WHERE d.release_id = v_release AND d.step_index = p_step;
    -- After the steps of the release and of earlier batches.
    SELECT greatest((SELECT max(d.step_index) FROM tasker.release_steps d WHERE d.release_id = v_release),
                    (SELECT max(s.step_index) FROM tasker.steps s WHERE s.task_id = p_task)) + 1
    INTO v_first;

    INSERT INTO tasker.batches (task_id, step_index, worker, first_index, workers, next_index)
    VALUES (p_task, p_step, v_worker, v_first, v_workers, v_first + least(v_workers, v_parallelism));
    INSERT INTO tasker.steps (task_id, step_index, template_step, state, execution, remaining_dependencies, batch,
        worker_number, cursor)
    SELECT p_task, v_first + c.number - 1, v_worker, 'pending', v_execution, 0, p_step, c.number,
           CASE WHEN v_cursors > 0 THEN c.cursor END
    FROM json_array_elements(CASE WHEN v_cursors > 0 THEN p_cursors ELSE '[null]' END)
        WITH ORDINALITY AS c (cursor, number);
    -- The declared worker is already counted as one dependency.
    UPDATE tasker.steps s SET remaining_dependencies = s.remaining_dependencies + v_workers - 1
    FROM tasker.release_steps d
    WHERE d.release_id = v_release AND d.step_index = v_worker
      AND s.task_id = p_task AND s.step_index = ANY (d.children) AND s.state = 'pending';
    UPDATE tasker.tasks SET steps_total = steps_total + v_workers WHERE task_id = p_task;

    RETURN QUERY SELECT generate_series(v_first, v_first + least(v_workers, v_parallelism) - 1);
END
$$;

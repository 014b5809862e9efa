-- Creates the steps that a decision named, all steps whose dependencies then exist, and the deferred convergences after
-- them. p_decided contains the decisions of the task that are being recorded, including this one. Returns the pending
-- steps whose dependencies it counted.
CREATE FUNCTION tasker_f.expand_decision(p_task uuid, p_named integer[], p_decided integer[])
RETURNS SETOF integer LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_release   uuid;
    v_execution integer;
    v_present   integer[];
    v_new       integer[] := '{}';
    r_step      record;
BEGIN
    SELECT t.release_id, t.first_execution INTO v_release, v_execution FROM tasker.tasks t WHERE t.task_id = p_task;
    -- A batch worker counts as present if its batchable step is, because the batchable step creates its rows.
    SELECT array_agg(s.template_step) || coalesce(array_agg(d.worker) FILTER (WHERE d.worker IS NOT NULL), '{}')
    INTO v_present
    FROM tasker.steps s
    JOIN tasker.release_steps d ON d.release_id = v_release AND d.step_index = s.template_step
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
                    -- Includes steps that this call creates.
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

    INSERT INTO tasker.steps (task_id, step_index, template_step, state, execution, remaining_dependencies)
    SELECT p_task, d.step_index, d.step_index, 'pending', v_execution, 0
    FROM tasker.release_steps d
    WHERE d.release_id = v_release AND d.step_index = ANY (v_new) AND d.step_type <> 'batch_worker'
    ORDER BY d.step_index;
    UPDATE tasker.tasks SET steps_total = (SELECT count(*) FROM tasker.steps s WHERE s.task_id = p_task)
    WHERE task_id = p_task AND v_new <> '{}';

    RETURN QUERY
    UPDATE tasker.steps s
    SET remaining_dependencies = tasker_f.open_dependencies(p_task, v_release, s.template_step, p_decided)
    FROM tasker.release_steps d
    WHERE s.task_id = p_task AND s.state = 'pending' AND d.release_id = v_release AND d.step_index = s.template_step
      AND (s.step_index = ANY (v_new) OR d.step_type = 'deferred_convergence' AND d.deciders && p_decided)
    RETURNING s.step_index;
END
$$;

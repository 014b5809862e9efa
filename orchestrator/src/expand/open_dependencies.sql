-- Expansion: the steps that a decision or a batchable step adds to its task when it completes.
--
-- Runs in the transaction that records the completion, with the task locked and the step not yet complete. The new
-- steps are ordinary pending rows, which the same transaction then evaluates.

-- Returns the number of unsatisfied dependencies of a step. A dependency without a row counts if a decision may still
-- create it, except the decisions in p_decided, which are being recorded.
CREATE FUNCTION tasker_f.open_dependencies(p_task uuid, p_release uuid, p_template_step integer, p_decided integer[])
RETURNS integer LANGUAGE plpgsql STABLE
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
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
        WHERE d.release_id = p_release AND d.step_index = p_template_step
    LOOP
        IF r_parent.step_type = 'batch_worker' THEN
            SELECT count(*) FILTER (WHERE NOT (tasker_f.satisfies(w.state) OR w.isolated))
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
        -- Workers without rows depend on their batchable step.
        SELECT s.state INTO v_state FROM tasker.steps s
        WHERE s.task_id = p_task AND s.step_index = coalesce(r_parent.batchable, r_parent.step_index);
        IF FOUND THEN
            v_open := v_open + CASE WHEN tasker_f.satisfies(v_state) THEN 0 ELSE 1 END;
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

-- Applies the expansions of those reports that will count, in sequence, because each must see the steps of the previous
-- one. Returns the pending steps that were created or recounted, with the positions of their reports.
CREATE FUNCTION tasker_f.expand_reports(p_reports tasker_f.report[])
RETURNS TABLE (task_id uuid, step_index integer, "position" bigint) LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off AS $$
DECLARE
    v_decided integer[] := '{}';
    v_before  uuid;
    r_report  record;
BEGIN
    FOR r_report IN
        SELECT r.*
        FROM (SELECT DISTINCT ON (u.task_id, u.step_index, u.execution) u.*, u.ordinality AS position
              FROM unnest(p_reports) WITH ORDINALITY AS u
              WHERE u.after_step IS NULL OR tasker_f.follows(u.task_id, u.actor, u.after_step, u.after_end)
              ORDER BY u.task_id, u.step_index, u.execution, u.ordinality) AS r
        JOIN tasker.steps s ON s.task_id = r.task_id AND s.step_index = r.step_index AND s.execution = r.execution
        JOIN tasker.tasks t ON t.task_id = r.task_id AND t.release_id = r.release_id
        WHERE s.state IN ('enqueued', 'in_progress') AND s.template_step = r.template_step
        ORDER BY r.task_id, r.step_index, r.position
    LOOP
        IF v_before IS DISTINCT FROM r_report.task_id THEN
            v_decided := '{}';
            v_before := r_report.task_id;
        END IF;
        IF r_report.branch IS NOT NULL THEN
            v_decided := v_decided || r_report.step_index;
            RETURN QUERY
            SELECT r_report.task_id, x, r_report.position
            FROM tasker_f.expand_decision(
                r_report.task_id, ARRAY(SELECT json_array_elements_text(r_report.branch::json)::integer), v_decided) AS x;
        ELSIF r_report.cursors IS NOT NULL THEN
            RETURN QUERY
            SELECT r_report.task_id, x, r_report.position
            FROM tasker_f.expand_batch(r_report.task_id, r_report.step_index, r_report.cursors::json) AS x;
        END IF;
    END LOOP;
END
$$;

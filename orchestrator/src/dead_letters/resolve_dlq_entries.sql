-- Resolves the pending entry of a task. Entries of isolated steps stay pending, unless the task was cancelled.
CREATE FUNCTION tasker_f.resolve_dlq_entries(p_task uuid, p_status text, p_actor text, p_notes text)
RETURNS void LANGUAGE sql AS $$
    UPDATE tasker.dlq SET resolution_status = p_status, resolved_at = tasker_f.now(), resolved_by = p_actor,
        resolution_notes = p_notes
    WHERE task_id = p_task AND resolution_status = 'pending' AND (step_index IS NULL OR p_status = 'cancelled')
$$;

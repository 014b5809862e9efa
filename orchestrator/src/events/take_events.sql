-- Returns unpublished events in order, and whether they are so young that a missing payload may still appear, locked by this transaction. Skips events that another transaction has locked.
CREATE FUNCTION tasker_f.take_events(p_limit integer)
RETURNS TABLE (event_id bigint, name text, release_id uuid, template_step integer, payload text, payload_blob text, event text,
    is_young boolean)
LANGUAGE sql AS $$
    SELECT e.event_id, e.name, e.release_id, e.template_step, e.payload::text, e.payload_blob::text,
           tasker_f.cloud_event(e.event_id::text, e.name, e.at, e.task_id, e.release_id, e.template_step, e.worker_number,
                              e.attempt, e.step_state, e.correlation_id, e.payload)::text,
           e.at > tasker_f.now() - interval '2 minutes'
    FROM tasker.events e
    WHERE e.published_at IS NULL
    ORDER BY e.event_id LIMIT p_limit
    FOR UPDATE SKIP LOCKED
$$;

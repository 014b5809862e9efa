-- Notifies the current listeners of `tasker_event_ids` of events in `outbox` or `fast` when this transaction commits. A
-- notification holds an id only, because any role of the database may listen, and because it is limited to 8,000 bytes.
CREATE FUNCTION tasker_f.tell_listeners(p_kind text, p_events bigint[]) RETURNS void LANGUAGE sql AS $$
    SELECT pg_notify('tasker_event_ids', p_kind || ' ' || e.event_id) FROM unnest(p_events) AS e (event_id)
$$;

-- Returns the events that listeners were notified of, as CloudEvents. One whose payload is a blob has no data and is marked
-- with `dataomitted`; that is edited as text, because json may contain what jsonb cannot store (\u0000).
CREATE FUNCTION tasker_f.told_events(p_outbox bigint[], p_fast bigint[]) RETURNS SETOF text LANGUAGE sql AS $$
    (SELECT CASE WHEN e.payload_blob IS NULL THEN c.event ELSE replace(c.event, '"data" : null}', '"dataomitted" : true}') END
     FROM tasker.events e
     CROSS JOIN LATERAL (
         SELECT tasker_f.cloud_event(e.event_id::text, e.name, e.at, e.task_id, e.release_id, e.template_step,
                                     e.worker_number, e.attempt, e.step_state, e.correlation_id, e.payload)::text AS event) c
     WHERE e.event_id = ANY (p_outbox) AND e.published_at IS NOT NULL AND e.error IS NULL
     ORDER BY e.event_id)
    UNION ALL
    (SELECT f.event::text FROM tasker.fast_events f WHERE f.event_id = ANY (p_fast) ORDER BY f.event_id)
$$;

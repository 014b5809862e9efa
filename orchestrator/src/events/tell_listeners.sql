-- Notifies the current listeners of `tasker_events` when this transaction commits. A notification is limited to 8,000
-- bytes; a longer event is sent without data, marked with `dataomitted`. p_short is the event with null data. Both are
-- edited as text, because json may contain what jsonb cannot store (\u0000).
CREATE FUNCTION tasker_f.tell_listeners(p_event text, p_short json) RETURNS void LANGUAGE sql AS $$
    SELECT pg_notify('tasker_events', CASE WHEN octet_length(p_event) < 7900 THEN p_event
        ELSE replace(p_short::text, '"data" : null}', '"dataomitted" : true}') END)
$$;

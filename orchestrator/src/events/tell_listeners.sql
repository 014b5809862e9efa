-- Tells whoever listens now, when this transaction commits: `LISTEN tasker_events`. A notification holds 8,000 bytes;
-- of a larger event it says that its data is left out.
-- p_short is the same event without data. Neither is taken apart: json holds what text and jsonb cannot (\u0000).
CREATE FUNCTION tasker_f.tell_listeners(p_event text, p_short json) RETURNS void LANGUAGE sql AS $$
    SELECT pg_notify('tasker_events', CASE WHEN octet_length(p_event) < 7900 THEN p_event
        ELSE replace(p_short::text, '"data" : null}', '"dataomitted" : true}') END)
$$;

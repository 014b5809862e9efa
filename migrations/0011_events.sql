-- Domain events: from the outbox to whoever wants to hear of them.

-- An event as a CloudEvent 1.0, https://cloudevents.io: of a step, or of a task where there is no step.
CREATE FUNCTION tasker.cloud_event(
    p_id text, p_name text, p_at timestamptz, p_task uuid, p_release uuid, p_definition integer, p_worker_number integer,
    p_attempt integer, p_state text, p_correlation text, p_data json
) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN d.name IS NULL THEN
        json_build_object('specversion', '1.0', 'id', p_id, 'type', p_name,
            'source', format('/tasker/%s/%s', t.namespace, t.name), 'subject', p_task,
            'time', p_at, 'datacontenttype', 'application/json',
            'taskid', p_task, 'taskname', t.name, 'taskversion', t.version, 'tasknamespace', t.namespace,
            'correlationid', p_correlation, 'data', p_data)
    ELSE
        json_build_object('specversion', '1.0', 'id', p_id, 'type', p_name,
            'source', format('/tasker/%s/%s', t.namespace, t.name),
            'subject', format('%s/%s', p_task, tasker.step_name(d.name, p_worker_number)),
            'time', p_at, 'datacontenttype', 'application/json',
            'taskid', p_task, 'taskname', t.name, 'taskversion', t.version, 'tasknamespace', t.namespace,
            'stepname', tasker.step_name(d.name, p_worker_number), 'stepstate', p_state, 'attempt', p_attempt,
            'correlationid', p_correlation, 'data', p_data)
    END
    FROM tasker.releases r
    JOIN tasker.templates t ON t.template_id = r.template_id
    LEFT JOIN tasker.release_steps d ON d.release_id = r.release_id AND d.step_index = p_definition
    WHERE r.release_id = p_release
$$;

-- Tells whoever listens now, when this transaction commits: `LISTEN tasker_events`. A notification holds 8,000 bytes;
-- of a larger event it says that its data is left out.
-- p_short is the same event without data. Neither is taken apart: json holds what text and jsonb cannot (\u0000).
CREATE FUNCTION tasker.tell_listeners(p_event text, p_short json) RETURNS void LANGUAGE sql AS $$
    SELECT pg_notify('tasker_events', CASE WHEN octet_length(p_event) < 7900 THEN p_event
        ELSE replace(p_short::text, '"data" : null}', '"dataomitted" : true}') END)
$$;

-- Events that are not yet published, locked for the caller.
CREATE FUNCTION tasker.take_events(p_limit integer)
RETURNS TABLE (event_id bigint, name text, release_id uuid, definition integer, payload text, payload_blob text, event text)
LANGUAGE sql AS $$
    SELECT e.event_id, e.name, e.release_id, e.definition, e.payload::text, e.payload_blob::text,
           tasker.cloud_event(e.event_id::text, e.name, e.at, e.task_id, e.release_id, e.definition, e.worker_number,
                              e.attempt, e.step_state, e.correlation_id, e.payload)::text
    FROM tasker.events e
    WHERE e.published_at IS NULL
    ORDER BY e.event_id LIMIT p_limit
    FOR UPDATE SKIP LOCKED
$$;

-- Whether a subscription is for events of this name. Those of tasks are only for who asks for them by that name: `*` means
-- all that steps say.
CREATE FUNCTION tasker.is_subscribed(p_subscribed text, p_name text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_subscribed = p_name
        OR right(p_subscribed, 1) = '*' AND starts_with(p_name, left(p_subscribed, -1))
           AND (starts_with(p_subscribed, 'tasker.') OR NOT starts_with(p_name, 'tasker.task.'))
$$;

-- Hands events to their subscribers, or says what is wrong with them.
CREATE FUNCTION tasker.publish_events(p_event bigint[], p_body text[], p_error text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := tasker.now();
BEGIN
    INSERT INTO tasker.deliveries (event_id, subscription_id, envelope, next_attempt_at)
    SELECT e.event_id, s.subscription_id, p.body::json, v_now
    FROM unnest(p_event, p_body, p_error) AS p (event_id, body, error)
    JOIN tasker.events e ON e.event_id = p.event_id
    JOIN tasker.subscriptions s ON tasker.is_subscribed(s.event, e.name)
    WHERE p.error IS NULL
    ON CONFLICT DO NOTHING;
    UPDATE tasker.events e SET published_at = v_now, error = p.error
    FROM unnest(p_event, p_error) AS p (event_id, error)
    WHERE e.event_id = p.event_id;
    PERFORM tasker.tell_listeners(p.body, tasker.cloud_event(e.event_id::text, e.name, e.at, e.task_id, e.release_id,
        e.definition, e.worker_number, e.attempt, e.step_state, e.correlation_id, NULL))
    FROM unnest(p_event, p_body, p_error) AS p (event_id, body, error)
    JOIN tasker.events e ON e.event_id = p.event_id
    WHERE p.error IS NULL
    ORDER BY p.event_id;
END
$$;

-- Deliveries that are due, each out for a minute.
CREATE FUNCTION tasker.take_deliveries(p_limit integer, p_each integer, p_busy uuid[])
RETURNS TABLE (event_id bigint, subscription_id uuid, attempts integer, envelope text, name text, kind text, target jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := tasker.now();
BEGIN
    RETURN QUERY
    WITH due AS (
        SELECT l.event_id, l.subscription_id
        FROM tasker.subscriptions s
        CROSS JOIN LATERAL (
            SELECT d.event_id, d.subscription_id FROM tasker.deliveries d
            WHERE d.subscription_id = s.subscription_id AND d.next_attempt_at <= v_now
            ORDER BY d.next_attempt_at, d.event_id LIMIT p_each FOR UPDATE SKIP LOCKED) l
        WHERE s.subscription_id <> ALL (p_busy)
        LIMIT p_limit
    )
    UPDATE tasker.deliveries d SET attempts = d.attempts + 1, next_attempt_at = v_now + interval '1 minute'
    FROM due, tasker.subscriptions s, tasker.events e
    WHERE d.event_id = due.event_id AND d.subscription_id = due.subscription_id AND s.subscription_id = d.subscription_id
      AND e.event_id = due.event_id
    RETURNING d.event_id, d.subscription_id, d.attempts, d.envelope::text, e.name, s.kind, s.target;
END
$$;

-- What became of deliveries. One that failed is tried again after 1, 2, 4 ... seconds, at most an hour, and given up after
-- 24 tries, about half a day: then it stays, for people.
CREATE FUNCTION tasker.settle_deliveries(p_event bigint[], p_subscription uuid[], p_error text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := tasker.now();
BEGIN
    DELETE FROM tasker.deliveries d
    USING unnest(p_event, p_subscription, p_error) AS p (event_id, subscription_id, error)
    WHERE d.event_id = p.event_id AND d.subscription_id = p.subscription_id AND p.error IS NULL;
    UPDATE tasker.deliveries d SET last_error = p.error,
        next_attempt_at = CASE WHEN d.attempts < 24
                               THEN v_now + least(interval '1 hour', interval '1 second' * power(2, d.attempts - 1)) END
    FROM unnest(p_event, p_subscription, p_error) AS p (event_id, subscription_id, error)
    WHERE d.event_id = p.event_id AND d.subscription_id = p.subscription_id AND p.error IS NOT NULL;
END
$$;

-- A task that comes to rest is an event too, for whoever has subscribed to it: `tasker.task.completed`, `.failed`,
-- `.cancelled`, `.resolved`, `.blocked`. Where nobody has, it costs one look into the few subscriptions.
CREATE FUNCTION tasker.tell_of_task() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_name text := 'tasker.task.' || CASE NEW.state WHEN 'complete' THEN 'completed' WHEN 'error' THEN 'failed'
        WHEN 'cancelled' THEN 'cancelled' WHEN 'resolved_manually' THEN 'resolved' ELSE 'blocked' END;
BEGIN
    IF EXISTS (SELECT FROM tasker.subscriptions s WHERE tasker.is_subscribed(s.event, v_name)) THEN
        INSERT INTO tasker.events (name, at, task_id, release_id, correlation_id, payload)
        VALUES (v_name, tasker.now(), NEW.task_id, NEW.release_id, NEW.correlation_id, json_build_object(
            'status', NEW.state, 'tags', NEW.tags, 'created_at', NEW.created_at, 'completed_at', NEW.completed_at,
            'steps', json_build_object('total', NEW.steps_total, 'satisfied', NEW.steps_satisfied,
                                       'failed', NEW.steps_failed, 'isolated', NEW.steps_isolated)));
        PERFORM pg_notify('tasker_outbox', '');
    END IF;
    RETURN NULL;
END
$$;

-- Wherever a task's state is written: it is told of in the same transaction. The conditions are held against each row
-- before any function is called.
CREATE TRIGGER tell_of_task AFTER UPDATE OF state ON tasker.tasks FOR EACH ROW
    WHEN (NEW.state IN ('complete', 'error', 'cancelled', 'resolved_manually', 'blocked_by_failures')
          AND OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION tasker.tell_of_task();
-- A task without steps is at rest from the beginning.
CREATE TRIGGER tell_of_new_task AFTER INSERT ON tasker.tasks FOR EACH ROW
    WHEN (NEW.state = 'complete')
    EXECUTE FUNCTION tasker.tell_of_task();

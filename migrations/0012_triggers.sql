-- Triggers, and the events from outside that they turn into tasks.
--
-- An event is known by its source and id. What came of it is recorded once, after its tasks have been created: a crash in
-- between loses the record and not the tasks, and the event's next copy finds them by their identities.

-- Counts the changes of triggers, so that an orchestrator knows whether those in its memory are still right.
ALTER TABLE tasker.catalog ADD COLUMN triggers_version bigint NOT NULL DEFAULT 0;

CREATE TABLE tasker.triggers (
    namespace    text NOT NULL,
    name         text NOT NULL,
    -- Counts the contents that it has had.
    version      integer NOT NULL,
    definition   jsonb NOT NULL,
    -- By an operator; beside what the definition says.
    disabled_at  timestamptz,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (namespace, name)
);

CREATE TABLE tasker.received_events (
    -- Made of its source and id.
    received_id uuid PRIMARY KEY,
    source      text NOT NULL,
    id          text NOT NULL,
    type        text NOT NULL,
    event       json,
    event_blob  json,
    -- `unmatched` and `failed` are dead letters.
    state       text NOT NULL CHECK (state IN ('started', 'unmatched', 'failed')),
    -- Array of {trigger, version, task_id}. Of a failed event, what its other triggers started.
    tasks       jsonb NOT NULL,
    reason      text,
    received_at timestamptz NOT NULL,
    replayed_at timestamptz,
    CHECK ((event IS NULL) <> (event_blob IS NULL))
);
CREATE INDEX received_events_by_state ON tasker.received_events (state, received_at);

-- What came of those of these events that have come before. One row at least, for the version of the triggers.
CREATE FUNCTION tasker.recall_events(p_id uuid[])
RETURNS TABLE (triggers_version bigint, received_id uuid, state text, tasks text, reason text)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN QUERY
    SELECT c.triggers_version, e.received_id, e.state, e.tasks::text, e.reason
    FROM tasker.catalog c
    LEFT JOIN tasker.received_events e ON e.received_id = ANY (p_id);
END
$$;

-- Records what came of events, and answers what is recorded of each now. Where another copy was quicker, its word stands
-- unless this one has more to say: a task is never left out, and an event that started something was not in vain.
-- A replay's word stands in any case.
CREATE FUNCTION tasker.record_events(
    p_id uuid[], p_source text[], p_event_id text[], p_type text[], p_event text[], p_event_blob text[],
    p_state text[], p_tasks text[], p_reason text[], p_replay boolean
) RETURNS TABLE (received_id uuid, is_new boolean, state text, tasks text, reason text)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_now timestamptz := tasker.now();
    v_new uuid[];
BEGIN
    IF NOT p_replay THEN
        WITH inserted AS (
            INSERT INTO tasker.received_events (received_id, source, id, type, event, event_blob, state, tasks, reason, received_at)
            SELECT r.received_id, r.source, r.id, r.type, r.event::json, r.event_blob::json, r.state, r.tasks::jsonb, r.reason, v_now
            FROM unnest(p_id, p_source, p_event_id, p_type, p_event, p_event_blob, p_state, p_tasks, p_reason)
                AS r (received_id, source, id, type, event, event_blob, state, tasks, reason)
            -- In one order everywhere, so that two batches with the same events cannot wait for each other.
            ORDER BY r.received_id
            ON CONFLICT ON CONSTRAINT received_events_pkey DO NOTHING
            RETURNING received_events.received_id
        ) SELECT coalesce(array_agg(i.received_id), '{}') INTO v_new FROM inserted i;
    ELSE
        v_new := '{}';
    END IF;
    IF cardinality(v_new) < cardinality(p_id) THEN
        -- Locked first, in that order too.
        PERFORM FROM tasker.received_events e WHERE e.received_id = ANY (p_id) ORDER BY e.received_id FOR UPDATE;
        UPDATE tasker.received_events e SET
            state = CASE WHEN n.stands THEN r.state ELSE e.state END,
            reason = CASE WHEN n.stands THEN r.reason ELSE e.reason END,
            tasks = n.tasks,
            replayed_at = CASE WHEN p_replay THEN v_now ELSE e.replayed_at END
        FROM unnest(p_id, p_state, p_tasks, p_reason) AS r (received_id, state, tasks, reason)
        CROSS JOIN LATERAL (
            SELECT o.tasks AS old, (
                SELECT coalesce(jsonb_agg(u.task ORDER BY u.task), '[]') FROM (
                    SELECT DISTINCT ON (a.task->>'task_id') a.task
                    FROM jsonb_array_elements(o.tasks || r.tasks::jsonb) AS a (task)) u) AS tasks,
                p_replay OR array_position(ARRAY['unmatched', 'failed', 'started'], r.state)
                          > array_position(ARRAY['unmatched', 'failed', 'started'], o.state) AS stands
            FROM tasker.received_events o WHERE o.received_id = r.received_id) n
        WHERE e.received_id = r.received_id AND NOT e.received_id = ANY (v_new)
          AND (n.stands OR jsonb_array_length(n.tasks) > jsonb_array_length(n.old));
    END IF;
    RETURN QUERY
    SELECT e.received_id, e.received_id = ANY (v_new), e.state, e.tasks::text, e.reason
    FROM tasker.received_events e WHERE e.received_id = ANY (p_id);
END
$$;

-- Deletes events that are past their time: those that started tasks after a week, dead letters after a month.
CREATE FUNCTION tasker.forget_received_events(p_limit integer) RETURNS void LANGUAGE sql AS $$
    DELETE FROM tasker.received_events WHERE received_id IN (
        SELECT old.received_id
        FROM (VALUES ('started', interval '7 days'), ('unmatched', interval '30 days'), ('failed', interval '30 days'))
            AS kept (state, for_time)
        CROSS JOIN LATERAL (
            SELECT e.received_id FROM tasker.received_events e
            WHERE e.state = kept.state AND e.received_at < tasker.now() - kept.for_time
            ORDER BY e.received_at LIMIT p_limit) AS old)
$$;

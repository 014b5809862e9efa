-- Names that say what a column holds: `template_step` is the step of the template that a step copies (it was `definition`,
-- like the JSON of a template), `last_event_at` is the time of the task's last event (it was `state_since`).
--
-- Expand: the columns of 0.1.0 stay, and triggers keep both names equal, so that its functions run beside the new ones.
-- Contract, once no process of 0.1.0 runs: a later migration drops the old columns and these triggers.
--
-- It rewrites every row of three tables while nobody else uses them: on large databases, plan for the time that takes.

-- In the order in which every event takes them, so that no event and this migration wait for each other.
LOCK TABLE tasker.tasks, tasker.steps, tasker.events, tasker.dlq IN ACCESS EXCLUSIVE MODE;

ALTER TABLE tasker.steps ADD COLUMN template_step integer;
UPDATE tasker.steps SET template_step = definition;
ALTER TABLE tasker.steps ALTER COLUMN template_step SET NOT NULL;

ALTER TABLE tasker.events ADD COLUMN template_step integer;
UPDATE tasker.events SET template_step = definition;

CREATE FUNCTION tasker.keep_both_names_of_template_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.template_step := coalesce(NEW.template_step, NEW.definition);
    NEW.definition := NEW.template_step;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_both_names BEFORE INSERT ON tasker.steps FOR EACH ROW
    WHEN (NEW.template_step IS DISTINCT FROM NEW.definition)
    EXECUTE FUNCTION tasker.keep_both_names_of_template_step();
CREATE TRIGGER keep_both_names BEFORE INSERT ON tasker.events FOR EACH ROW
    WHEN (NEW.template_step IS DISTINCT FROM NEW.definition)
    EXECUTE FUNCTION tasker.keep_both_names_of_template_step();

ALTER TABLE tasker.tasks ADD COLUMN last_event_at timestamptz;
UPDATE tasker.tasks SET last_event_at = state_since;
ALTER TABLE tasker.tasks ALTER COLUMN last_event_at SET NOT NULL;

CREATE FUNCTION tasker.keep_both_names_of_last_event_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.last_event_at := coalesce(NEW.last_event_at, NEW.state_since);
    ELSIF NEW.state_since IS DISTINCT FROM OLD.state_since THEN
        NEW.last_event_at := NEW.state_since;
    END IF;
    NEW.state_since := NEW.last_event_at;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_both_names BEFORE INSERT OR UPDATE ON tasker.tasks FOR EACH ROW
    WHEN (NEW.last_event_at IS DISTINCT FROM NEW.state_since)
    EXECUTE FUNCTION tasker.keep_both_names_of_last_event_at();

-- Only the states that are ever stored. The others are passed through within one transaction, and stand in the audit.
ALTER TABLE tasker.tasks DROP CONSTRAINT tasks_state_check;
ALTER TABLE tasker.tasks ADD CONSTRAINT tasks_state_check CHECK (state IN
    ('steps_in_process', 'waiting_for_dependencies', 'waiting_for_retry', 'blocked_by_failures',
     'complete', 'error', 'cancelled', 'resolved_manually'));
ALTER TABLE tasker.steps DROP CONSTRAINT steps_state_check;
ALTER TABLE tasker.steps ADD CONSTRAINT steps_state_check CHECK (state IN
    ('pending', 'enqueued', 'in_progress', 'waiting_for_retry', 'complete', 'error', 'cancelled', 'resolved_manually'));

-- A template with a cycle is never published, so no task is buried for one.
ALTER TABLE tasker.dlq DROP CONSTRAINT dlq_dlq_reason_check;
ALTER TABLE tasker.dlq ADD CONSTRAINT dlq_dlq_reason_check CHECK (dlq_reason IN
    ('staleness_timeout', 'max_retries_exceeded', 'worker_unavailable', 'manual_dlq'));

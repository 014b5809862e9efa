-- A received event and its result.
CREATE TYPE tasker_f.reception AS (
    received_id uuid,
    source      text,
    id          text,
    type        text,
    -- JSON, inline or as a blob reference.
    event       text,
    event_blob  text,
    state       text,
    -- JSON array of {trigger, version, task_id}.
    tasks       text,
    reason      text
);

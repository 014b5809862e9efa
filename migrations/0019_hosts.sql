-- The processes that run steps, from what they say of themselves.
CREATE TABLE tasker.hosts (
    instance     uuid PRIMARY KEY,
    name         text NOT NULL,
    release      text NOT NULL,
    platform     text NOT NULL,
    started_at   timestamptz NOT NULL,
    seen_at      timestamptz NOT NULL,
    has_left     boolean NOT NULL,
    capacity     integer NOT NULL,
    running      integer NOT NULL,
    components   integer NOT NULL,
    compiles     boolean NOT NULL,
    cpu_ms       bigint,
    memory_bytes bigint
);

-- Two trails: the audit of a task, read from a record on; and who did what through the API.

-- It builds an index of the whole audit while nobody else writes it: on a large database, plan for the time that takes.

-- Those who follow a task, and pages of its audit, read from a record on.
CREATE INDEX audit_by_task_and_record ON tasker.audit (task_id, audit_id);
DROP INDEX tasker.audit_by_task;

-- Requests that changed something, or were refused. Creations of tasks and received events are not repeated here.
CREATE TABLE tasker.access_audit (
    access_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at             timestamptz NOT NULL,
    request_id     uuid,
    principal_kind text NOT NULL,
    principal      text NOT NULL,
    -- What identifies it: of an API key its id, of a user the `sub` of the token.
    principal_id   text,
    -- Whom the principal acted for, as the request says.
    on_behalf_of   text,
    -- The permission of the route.
    permission     text NOT NULL,
    method         text NOT NULL,
    path           text NOT NULL,
    outcome        text NOT NULL CHECK (outcome IN ('ok', 'denied', 'failed')),
    status         smallint NOT NULL,
    reason         text,
    address        inet,
    user_agent     text
);
CREATE INDEX access_audit_by_principal ON tasker.access_audit (principal, access_id);
CREATE INDEX access_audit_by_time ON tasker.access_audit (at);

-- Requests with an idempotency key, and their responses, for a day.

CREATE TABLE tasker.repeatable_requests (
    -- Who sent it, and its key.
    principal    text NOT NULL,
    key          text NOT NULL,
    -- SHA-256 of method, path, query and body.
    request_hash bytea NOT NULL,
    at           timestamptz NOT NULL,
    -- NULL while it is being worked on.
    status       smallint,
    body         text,
    PRIMARY KEY (principal, key)
);
CREATE INDEX repeatable_requests_by_time ON tasker.repeatable_requests (at);

-- Sessions of browsers and of `tasker login`, and what all servers of a database keep secret together.

CREATE TABLE tasker.sessions (
    session_id     uuid NOT NULL PRIMARY KEY,
    -- SHA-256 of the text that the client sends.
    digest         bytea NOT NULL UNIQUE,
    principal_kind text NOT NULL,
    principal      text NOT NULL,
    principal_id   text,
    -- What it allows: `tasks:read`, `tasks:read@shop`.
    permissions    text[] NOT NULL,
    -- The API key that it was made from, with which it ends. NULL: a login at the identity provider.
    key_id         text COLLATE "C",
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    -- To the minute. It ends an hour after.
    last_used_at   timestamptz NOT NULL,
    address        inet,
    user_agent     text,
    -- SHA-256 of a code that fetches it once, and of what its fetcher must know. NULL once it is fetched.
    code_digest    bytea UNIQUE,
    code_challenge bytea
);
CREATE INDEX sessions_by_principal ON tasker.sessions (principal_kind, principal, created_at);
CREATE INDEX sessions_by_time ON tasker.sessions (created_at, session_id);
CREATE INDEX sessions_by_end ON tasker.sessions (expires_at);

-- What is random, made once, and the same for all servers.
CREATE TABLE tasker.server_secrets (
    name   text NOT NULL PRIMARY KEY,
    secret bytea NOT NULL
);

-- API keys. Only a hash of each is stored.

CREATE TABLE tasker.api_keys (
    key_id       text COLLATE "C" NOT NULL PRIMARY KEY,
    -- SHA-256 of the whole key.
    digest       bytea NOT NULL,
    name         text NOT NULL,
    roles        text[] NOT NULL,
    permissions  text[] NOT NULL,
    -- NULL: all.
    namespaces   text[],
    created_by   text NOT NULL,
    created_at   timestamptz NOT NULL,
    -- NULL: never.
    expires_at   timestamptz,
    -- How long a successor is valid. NULL: for ever.
    life         interval,
    last_used_at timestamptz,
    revoked_at   timestamptz
);

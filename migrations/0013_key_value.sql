-- What handlers keep from one execution to the next, where PostgreSQL keeps it for them. Hosts read and write it; they
-- let a handler reach only the buckets of its namespace that its step is granted.

CREATE SCHEMA tasker_key_value;

CREATE TABLE tasker_key_value.entries (
    -- The namespace, `/`, and the bucket's name.
    bucket  text COLLATE "C" NOT NULL,
    key     text COLLATE "C" NOT NULL,
    value   bytea NOT NULL,
    -- Another one with every write, so that a swap sees a value that has come back.
    version uuid NOT NULL DEFAULT gen_random_uuid(),
    PRIMARY KEY (bucket, key)
);

GRANT USAGE ON SCHEMA tasker_key_value TO tasker_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON tasker_key_value.entries TO tasker_worker;

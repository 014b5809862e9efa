-- How much each key-value bucket holds, so that a host can refuse what exceeds a quota without reading the bucket.

CREATE TABLE tasker_key_value.usage (
    bucket text COLLATE "C" NOT NULL,
    -- A bucket has several rows, so that its writers do not wait for each other.
    part   integer NOT NULL,
    bytes  bigint NOT NULL,
    PRIMARY KEY (bucket, part)
);

-- What an entry counts, in bytes: a fixed part stands for its row and its index entry.
CREATE FUNCTION tasker_key_value.size_of(p_key text, p_value bytea) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN octet_length(p_key)::bigint + octet_length(p_value) + 100;

-- Whether a bucket may hold these values: a write that shrinks it is always allowed.
CREATE FUNCTION tasker_key_value.fits(p_bucket text, p_keys text[], p_values bytea[], p_quota bigint) RETURNS boolean
LANGUAGE sql STABLE
RETURN (
    SELECT growth <= 0 OR growth + coalesce((SELECT sum(u.bytes) FROM tasker_key_value.usage u
                                             WHERE u.bucket = p_bucket), 0) <= p_quota
    FROM (SELECT sum(tasker_key_value.size_of(given.key, given.value))
                 - coalesce(sum(tasker_key_value.size_of(e.key, e.value)), 0) AS growth
          FROM unnest(p_keys, p_values) AS given (key, value)
          LEFT JOIN tasker_key_value.entries e ON e.bucket = p_bucket AND e.key = given.key) AS written);

-- With the rights of its owner, because a host may not change what is counted. Only on the table of entries: a host could
-- otherwise make a table of its own, whose types run its own code with these rights.
CREATE FUNCTION tasker_key_value.count_usage() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_RELID <> 'tasker_key_value.entries'::regclass THEN
        RAISE EXCEPTION 'only the entries of buckets are counted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM tasker_key_value.usage;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO tasker_key_value.usage AS u (bucket, part, bytes)
        SELECT bucket, pg_backend_pid() % 16, sum(tasker_key_value.size_of(key, value)) FROM written GROUP BY bucket
        ON CONFLICT (bucket, part) DO UPDATE SET bytes = u.bytes + excluded.bytes;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO tasker_key_value.usage AS u (bucket, part, bytes)
        SELECT bucket, pg_backend_pid() % 16, -sum(tasker_key_value.size_of(key, value)) FROM replaced GROUP BY bucket
        ON CONFLICT (bucket, part) DO UPDATE SET bytes = u.bytes + excluded.bytes;
    ELSE
        INSERT INTO tasker_key_value.usage AS u (bucket, part, bytes)
        SELECT bucket, pg_backend_pid() % 16, sum(size)
        FROM (SELECT bucket, tasker_key_value.size_of(key, value) AS size FROM written
              UNION ALL SELECT bucket, -tasker_key_value.size_of(key, value) FROM replaced) AS changed
        GROUP BY bucket HAVING sum(size) <> 0
        ON CONFLICT (bucket, part) DO UPDATE SET bytes = u.bytes + excluded.bytes;
    END IF;
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION tasker_key_value.count_usage() FROM PUBLIC;

CREATE TRIGGER count_inserted AFTER INSERT ON tasker_key_value.entries
    REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION tasker_key_value.count_usage();
CREATE TRIGGER count_updated AFTER UPDATE ON tasker_key_value.entries
    REFERENCING NEW TABLE AS written OLD TABLE AS replaced
    FOR EACH STATEMENT EXECUTE FUNCTION tasker_key_value.count_usage();
CREATE TRIGGER count_deleted AFTER DELETE ON tasker_key_value.entries
    REFERENCING OLD TABLE AS replaced
    FOR EACH STATEMENT EXECUTE FUNCTION tasker_key_value.count_usage();
CREATE TRIGGER count_truncated AFTER TRUNCATE ON tasker_key_value.entries
    FOR EACH STATEMENT EXECUTE FUNCTION tasker_key_value.count_usage();

INSERT INTO tasker_key_value.usage (bucket, part, bytes)
SELECT bucket, 0, sum(tasker_key_value.size_of(key, value)) FROM tasker_key_value.entries GROUP BY bucket;

GRANT SELECT ON tasker_key_value.usage TO tasker_worker;

-- Returns the beginning of the bucket of this length that contains a time.
CREATE FUNCTION tasker_f.bucket(minutes integer, at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT date_bin(minutes * interval '1 minute', at, 'epoch')
$$;

-- Returns the time between two moments, in microseconds: 0 if clocks disagree, at most 31 years. Null if one is not known.
CREATE FUNCTION tasker_f.between(earlier timestamptz, later timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN later IS NULL OR earlier IS NULL THEN NULL
        ELSE least(greatest(date_part('epoch', later - earlier) * 1e6::float8, 0), 1e15::float8)::bigint END
$$;

-- Returns a number of a host, which may write what it likes, in bounds that can be added up.
CREATE FUNCTION tasker_f.bounded(number text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT least(greatest(number::float8, 0), 1e11::float8)::bigint
$$;

-- Returns the cell of the histogram for a time in microseconds. The first holds all that is shorter.
CREATE FUNCTION tasker_f.cell(us bigint) RETURNS smallint LANGUAGE sql IMMUTABLE AS $$
    SELECT floor(ln(greatest(us, 10)::float8 / 10) / ln(1.1::float8))::smallint
$$;

-- Returns how an execution ended.
CREATE FUNCTION tasker_f.outcome(after text, error_type text, origin text, retryable boolean)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        -- A step that ended in error without a failure of its host saved too many checkpoints.
        WHEN origin IS NULL THEN CASE after WHEN 'enqueued' THEN 'checkpoint' WHEN 'error' THEN 'limit' ELSE 'success' END
        WHEN origin = 'host' AND error_type = 'LeaseLost' THEN 'lost'
        WHEN origin = 'limit' THEN CASE WHEN error_type = 'WallTimeExceeded' THEN 'timeout' ELSE 'limit' END
        WHEN retryable THEN 'retryable'
        ELSE 'permanent'
    END
$$;

-- Returns the milliseconds to wait after attempt `attempt` failed. `dice` in [0, 1) is the full jitter. A wait
-- requested by the handler replaces the formula, up to ten times the maximum.
CREATE FUNCTION tasker_f.backoff_ms(
    backoff text, base_ms bigint, max_ms bigint, jitter boolean, attempt integer, retry_after_ms bigint,
    dice double precision
) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN retry_after_ms IS NOT NULL THEN greatest(0, least(retry_after_ms, max_ms * 10))
        WHEN backoff = 'none' THEN 0
        ELSE (CASE WHEN jitter THEN dice ELSE 1 END * least(max_ms::double precision,
            base_ms * CASE backoff
                WHEN 'linear' THEN attempt
                WHEN 'exponential' THEN power(2, least(attempt - 1, 40))
                -- Binet's formula, exact in double precision far beyond any maximum.
                ELSE round(power((1 + sqrt(5)) / 2, least(attempt, 60)) / sqrt(5))
            END))::bigint
    END
$$;

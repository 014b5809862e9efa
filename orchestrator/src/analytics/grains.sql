-- Returns the lengths of buckets, and from when on they are kept: a minute for two days, an hour for 90 days, a day for three
-- years.
CREATE FUNCTION tasker_f.grains() RETURNS TABLE (minutes integer, kept_from timestamptz) LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY SELECT k.minutes, tasker_f.bucket(k.minutes, tasker_f.now() - k.kept)
    FROM (VALUES (1, interval '48 hours'), (60, interval '90 days'), (1440, interval '3 years')) AS k (minutes, kept);
END
$$;

-- Records a sweep. Returns whether hosts may be judged by their silence: not while p_wait has not passed since a pause of the
-- sweep that was longer than p_longest_pause, because the reports of that time may still wait.
CREATE FUNCTION tasker_f.may_judge_hosts(p_longest_pause interval, p_wait interval) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_now  timestamptz := tasker_f.now();
    v_from timestamptz;
BEGIN
    UPDATE tasker.sweeps SET
        judges_from = CASE WHEN swept_at < v_now - p_longest_pause THEN v_now + p_wait ELSE judges_from END,
        swept_at = v_now
    RETURNING judges_from INTO v_from;
    RETURN v_from <= v_now;
END
$$;

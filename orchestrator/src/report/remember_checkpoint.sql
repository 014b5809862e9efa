-- Returns the history of a step's checkpoints with one more, limited to the last ten.
CREATE FUNCTION tasker_f.remember_checkpoint(p_history jsonb, p_number integer, p_attempt integer, p_at timestamptz, p_host text)
RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN jsonb_array_length(p_history) >= 10 THEN p_history - 0 ELSE coalesce(p_history, '[]') END
           || jsonb_build_object('number', p_number, 'attempt', p_attempt, 'at', p_at, 'host', p_host)
$$;

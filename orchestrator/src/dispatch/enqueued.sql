-- The enqueue transition: returns the columns of a step that becomes enqueued. p_execution is the number of its last
-- execution, p_attempt the number of the attempt that starts. Every statement that enqueues a step must use this
-- function.
CREATE FUNCTION tasker_f.enqueued(p_execution integer, p_attempt integer, p_now timestamptz)
RETURNS TABLE (
    state text, attempt integer, execution integer, enqueued_at timestamptz, wake_at timestamptz,
    dispatched_at timestamptz, started_at timestamptz, finished_at timestamptz, next_retry_at timestamptz, progress text
) LANGUAGE sql IMMUTABLE AS $$
    SELECT 'enqueued', p_attempt, p_execution + 1, p_now, p_now + tasker_f.unsent_grace(),
           NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, NULL::text
$$;

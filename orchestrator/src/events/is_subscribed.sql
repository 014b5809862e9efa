-- Returns whether a subscription matches an event name. Events of tasks match only a subscription that starts with
-- `tasker.`; `*` matches all events of steps.
CREATE FUNCTION tasker_f.is_subscribed(p_subscribed text, p_name text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_subscribed = p_name
        OR right(p_subscribed, 1) = '*' AND starts_with(p_name, left(p_subscribed, -1))
           AND (starts_with(p_subscribed, 'tasker.') OR NOT starts_with(p_name, 'tasker.task.'))
$$;

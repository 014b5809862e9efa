-- Returns how long a step may be enqueued without its message being marked as sent, before the sweep sends it.
CREATE FUNCTION tasker_f.unsent_grace() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '10 seconds' $$;

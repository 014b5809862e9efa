-- Raises SQLSTATE TK409 with a message for people: the current state does not allow the operation.
CREATE FUNCTION tasker_f.refuse(p_message text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', p_message USING ERRCODE = 'TK409';
END
$$;

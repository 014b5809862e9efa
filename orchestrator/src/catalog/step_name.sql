-- Returns the name of a step. Batch workers are numbered with at least three digits: `process_rows_007`.
CREATE FUNCTION tasker_f.step_name(definition text, worker_number integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN worker_number IS NULL THEN definition
                ELSE definition || '_' || lpad(worker_number::text, greatest(3, length(worker_number::text)), '0') END
$$;

-- no-transaction
-- The labels of the tasks that were created before there were labels, in batches. It can be interrupted and run again.
DO $$
DECLARE
    v_last uuid := '00000000-0000-0000-0000-000000000000';
    v_next uuid;
BEGIN
    LOOP
        v_next := (SELECT task_id FROM (
            SELECT task_id FROM tasker.tasks WHERE task_id > v_last ORDER BY task_id LIMIT 10000) AS batch
            ORDER BY task_id DESC LIMIT 1);
        EXIT WHEN v_next IS NULL;
        -- The trigger sets them.
        UPDATE tasker.tasks SET labels = labels
        WHERE task_id > v_last AND task_id <= v_next AND labels = '{}'
            AND (tags <> '{}' OR correlation_id <> task_id::text OR parent_correlation_id IS NOT NULL
                OR initiator IS NOT NULL OR source_system IS NOT NULL);
        COMMIT;
        v_last := v_next;
    END LOOP;
END
$$;

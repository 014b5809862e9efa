-- Copies all rows of the finished task MODEL, from every table, COUNT times, with older keys.
DO $$
DECLARE
    v_table record;
BEGIN
    CREATE TEMPORARY TABLE past ON COMMIT DROP AS
        SELECT (lpad(to_hex(1600000000000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
                || substr(md5(n::text), 4, 15))::uuid AS task_id
        FROM generate_series(1, COUNT) AS n;
    FOR v_table IN
        SELECT c.table_name, string_agg(quote_ident(c.column_name), ', ') AS columns
        FROM information_schema.columns c
        JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
        WHERE c.table_schema = 'tasker' AND t.table_type = 'BASE TABLE' AND c.is_identity = 'NO'
          AND c.is_generated = 'NEVER' AND c.column_name <> 'task_id'
          AND EXISTS (SELECT 1 FROM information_schema.columns k WHERE k.table_schema = 'tasker'
                      AND k.table_name = c.table_name AND k.column_name = 'task_id')
        GROUP BY c.table_name
    LOOP
        EXECUTE format('INSERT INTO tasker.%I (task_id, %s) SELECT past.task_id, %s FROM tasker.%I model, past
                        WHERE model.task_id = %L ORDER BY past.task_id',
                       v_table.table_name, v_table.columns, v_table.columns, v_table.table_name, 'MODEL');
    END LOOP;
END
$$

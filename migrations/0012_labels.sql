-- Labels: what tasks are found by.

-- What a caller gave, with what it is: `t:` a tag, `c:` and `p:` correlation ids, `i:` the initiator, `s:` the source system,
-- `a:name=value` a search attribute of the template.
ALTER TABLE tasker.tasks ADD COLUMN labels text[] NOT NULL DEFAULT '{}';

-- The labels of a task from its columns, for tasks that processes of the release before create, and those that are there. Of a
-- long value a label has the hash.
CREATE FUNCTION tasker.label_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.labels := (
        SELECT coalesce(array_agg(kind || CASE WHEN octet_length(value) <= 200 THEN value
            ELSE '#' || encode(sha256(convert_to(value, 'UTF8')), 'hex') END), '{}')
        FROM (
            SELECT 't:', tag FROM unnest(NEW.tags) AS tag
            UNION ALL SELECT 'c:', nullif(NEW.correlation_id, NEW.task_id::text)
            UNION ALL SELECT 'p:', NEW.parent_correlation_id
            UNION ALL SELECT 'i:', NEW.initiator
            UNION ALL SELECT 's:', NEW.source_system) AS given (kind, value)
        WHERE value IS NOT NULL);
    RETURN NEW;
END
$$;
-- No other update sets labels.
CREATE TRIGGER label_task BEFORE INSERT OR UPDATE OF labels ON tasker.tasks FOR EACH ROW
    WHEN (NEW.labels = '{}' AND (NEW.tags <> '{}' OR NEW.initiator IS NOT NULL OR NEW.source_system IS NOT NULL
        OR NEW.parent_correlation_id IS NOT NULL OR NEW.correlation_id <> NEW.task_id::text))
    EXECUTE FUNCTION tasker.label_task();

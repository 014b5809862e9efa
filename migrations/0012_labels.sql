-- Labels: what tasks are found by.

-- What a caller gave, with what it is: `t:` a tag, `c:` and `p:` correlation ids, `i:` the initiator, `s:` the source system,
-- `a:name=value` a search attribute of the template.
ALTER TABLE tasker.tasks ADD COLUMN labels text[] NOT NULL DEFAULT '{}';

-- The labels of a task from its columns. Of a long value a label has the hash.
CREATE FUNCTION tasker.labels_of(p_tags text[], p_correlation_id text, p_parent_correlation_id text, p_initiator text,
    p_source_system text)
RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(kind || CASE WHEN octet_length(value) <= 200 THEN value
        ELSE '#' || encode(sha256(convert_to(value, 'UTF8')), 'hex') END), '{}')
    FROM (
        SELECT 't:', tag FROM unnest(p_tags) AS tag
        UNION ALL SELECT 'c:', p_correlation_id
        UNION ALL SELECT 'p:', p_parent_correlation_id
        UNION ALL SELECT 'i:', p_initiator
        UNION ALL SELECT 's:', p_source_system) AS given (kind, value)
    WHERE value IS NOT NULL
$$;

-- Tasks that processes of the release before create, which know no labels.
CREATE FUNCTION tasker.label_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.labels := tasker.labels_of(NEW.tags, nullif(NEW.correlation_id, NEW.task_id::text), NEW.parent_correlation_id,
        NEW.initiator, NEW.source_system);
    RETURN NEW;
END
$$;
CREATE TRIGGER label_task BEFORE INSERT ON tasker.tasks FOR EACH ROW
    WHEN (NEW.labels = '{}' AND (NEW.tags <> '{}' OR NEW.initiator IS NOT NULL OR NEW.source_system IS NOT NULL
        OR NEW.parent_correlation_id IS NOT NULL))
    EXECUTE FUNCTION tasker.label_task();

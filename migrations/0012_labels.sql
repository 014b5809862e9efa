-- Labels: what tasks are found by, in one index.

-- What a caller gave, with what it is: `t:` a tag, `c:` and `p:` correlation ids, `i:` the initiator, `s:` the source system,
-- `a:name=value` a search attribute of the template.
ALTER TABLE tasker.tasks ADD COLUMN labels text[] NOT NULL DEFAULT '{}';

-- Reads and rewrites the tasks that were created before.
UPDATE tasker.tasks SET labels =
    (SELECT coalesce(array_agg('t:' || tag), '{}') FROM unnest(tags) AS tag)
    || CASE WHEN correlation_id <> task_id::text THEN ARRAY['c:' || correlation_id] ELSE '{}' END
    || CASE WHEN parent_correlation_id IS NOT NULL THEN ARRAY['p:' || parent_correlation_id] ELSE '{}' END
    || CASE WHEN initiator IS NOT NULL THEN ARRAY['i:' || initiator] ELSE '{}' END
    || CASE WHEN source_system IS NOT NULL THEN ARRAY['s:' || source_system] ELSE '{}' END
WHERE tags <> '{}' OR correlation_id <> task_id::text OR parent_correlation_id IS NOT NULL OR initiator IS NOT NULL
    OR source_system IS NOT NULL;

-- Tasks without labels are not in it. A task's labels never change.
CREATE INDEX tasks_by_label ON tasker.tasks USING gin (labels) WHERE labels <> '{}';

-- no-transaction
-- Tasks without labels are not in it. Its list of pending entries is short, because each search reads it.
CREATE INDEX CONCURRENTLY IF NOT EXISTS tasks_by_label ON tasker.tasks USING gin (labels)
    WITH (gin_pending_list_limit = 256) WHERE labels <> '{}';

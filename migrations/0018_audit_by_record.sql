-- no-transaction
-- What has changed since: lists that follow the audit as it grows read from a record on.
CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_by_record ON tasker.audit (audit_id);

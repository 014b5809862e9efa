-- How common labels are decides how tasks are searched for.
ANALYZE tasker.tasks (labels);

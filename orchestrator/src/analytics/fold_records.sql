-- Adds the records of the audit after one up to another, from a time on, to the buckets of a minute, an hour and a day.
CREATE FUNCTION tasker_f.fold_records(p_after bigint, p_upto bigint, p_from timestamptz)
RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 1.1
SET jit = off SET work_mem = '64MB' AS $$
BEGIN
    -- Where a step ends, or starts, or its retry is due, and where a task moves.
    WITH record AS MATERIALIZED (
        SELECT date_bin('1 minute', a.at, 'epoch') AS minute, a.at, a.task_id, t.release_id, t.created_at, a.event,
               -- The state that the task moved to, and null if it stayed.
               nullif(a.task_states[cardinality(a.task_states)], a.task_states[1]) AS moved_to,
               CASE WHEN a.step_index IS NULL THEN NULL ELSE coalesce(
                   d.step_index,
                   -- Only workers of batches have another.
                   (SELECT s.template_step FROM tasker.steps s
                    WHERE s.task_id = a.task_id AND s.step_index = a.step_index),
                   -1) END AS template_step,
               a.attempt, a.step_states[cardinality(a.step_states)] AS after,
               CASE WHEN a.step_states[1] = 'enqueued' AND a.step_states[2] = 'in_progress'
                    THEN tasker_f.between(a.step_times[1], a.step_times[2]) END AS wait_us,
               CASE WHEN a.event = 'retry_due' THEN tasker_f.between(a.step_times[1], a.step_times[2]) END AS backoff_us,
               a.detail -> 'usage' AS usage,
               CASE WHEN a.detail IS NOT NULL AND a.step_states[cardinality(a.step_states)] <> 'complete'
                    THEN a.detail -> 'failure' END AS failure
        FROM tasker.audit a
        CROSS JOIN LATERAL (SELECT release_id, created_at FROM tasker.tasks WHERE task_id = a.task_id OFFSET 0) t
        LEFT JOIN tasker.release_steps d ON d.release_id = t.release_id AND d.step_index = a.step_index
        WHERE a.audit_id > p_after AND a.audit_id <= p_upto AND a.at >= p_from
    ), run AS MATERIALIZED (
        SELECT r.minute, r.release_id, r.template_step, r.at, r.task_id, r.attempt, r.after, r.wait_us, r.backoff_us,
               CASE WHEN r.usage IS NOT NULL THEN
                   tasker_f.outcome(r.after, r.failure ->> 'error_type', r.failure ->> 'origin',
                                    (r.failure ->> 'retryable')::boolean) END AS outcome,
               -- No host reported an execution that took no time.
               nullif(tasker_f.bounded(r.usage ->> 'wall_us'), 0) AS run_us,
               tasker_f.bounded(r.usage ->> 'cpu_us') AS cpu_us,
               tasker_f.bounded(r.usage ->> 'peak_memory_bytes') AS peak_memory,
               coalesce(nullif(left(r.failure ->> 'error_type', 128), ''), 'other') AS error_type
        FROM record r
        WHERE r.template_step IS NOT NULL
          AND (r.usage IS NOT NULL OR r.wait_us IS NOT NULL OR r.backoff_us IS NOT NULL)
    ), grain AS MATERIALIZED (
        SELECT minutes, kept_from FROM tasker_f.grains()
    ), tasks_by_minute AS (
        SELECT minute, release_id,
               count(*) FILTER (WHERE event = 'created') AS created,
               count(*) FILTER (WHERE moved_to = 'complete') AS completed,
               count(*) FILTER (WHERE moved_to = 'error') AS failed,
               count(*) FILTER (WHERE moved_to = 'cancelled') AS cancelled,
               count(*) FILTER (WHERE moved_to = 'resolved_manually') AS resolved,
               count(*) FILTER (WHERE moved_to = 'blocked_by_failures') AS blocked,
               coalesce(sum(tasker_f.between(created_at, at)) FILTER (WHERE moved_to = 'complete'), 0) AS duration_us,
               coalesce(max(tasker_f.between(created_at, at)) FILTER (WHERE moved_to = 'complete'), 0) AS longest_us
        FROM record
        WHERE event = 'created' OR tasker_f.is_terminal(moved_to) OR moved_to = 'blocked_by_failures'
        GROUP BY minute, release_id
    ), tasks AS (
        INSERT INTO tasker.analytics_tasks AS t (minutes, bucket, release_id, created, completed, failed, cancelled, resolved,
            blocked, duration_us, longest_us)
        SELECT g.minutes, tasker_f.bucket(g.minutes, m.minute) AS bucket, m.release_id, sum(m.created), sum(m.completed),
               sum(m.failed), sum(m.cancelled), sum(m.resolved), sum(m.blocked), sum(m.duration_us), max(m.longest_us)
        FROM tasks_by_minute m JOIN grain g ON m.minute >= g.kept_from
        GROUP BY g.minutes, bucket, m.release_id
        ON CONFLICT (minutes, bucket, release_id) DO UPDATE SET
            created = t.created + excluded.created, completed = t.completed + excluded.completed,
            failed = t.failed + excluded.failed, cancelled = t.cancelled + excluded.cancelled,
            resolved = t.resolved + excluded.resolved, blocked = t.blocked + excluded.blocked,
            duration_us = t.duration_us + excluded.duration_us, longest_us = greatest(t.longest_us, excluded.longest_us)
    ), steps_by_minute AS (
        SELECT minute, release_id, template_step,
               count(*) FILTER (WHERE outcome = 'success') AS succeeded,
               count(*) FILTER (WHERE outcome = 'checkpoint') AS checkpoints,
               count(*) FILTER (WHERE outcome = 'retryable') AS retryable,
               count(*) FILTER (WHERE outcome = 'permanent') AS permanent,
               count(*) FILTER (WHERE outcome = 'timeout') AS timeout,
               count(*) FILTER (WHERE outcome = 'lost') AS lost,
               count(*) FILTER (WHERE outcome = 'limit') AS over_limit,
               count(*) FILTER (WHERE outcome IS NOT NULL AND after = 'error') AS given_up,
               count(*) FILTER (WHERE outcome = 'success' AND attempt = 2) AS succeeded_second,
               count(*) FILTER (WHERE outcome = 'success' AND attempt > 2) AS succeeded_later,
               count(backoff_us) AS retries, coalesce(sum(backoff_us), 0) AS backoff_us,
               count(wait_us) AS starts, coalesce(sum(wait_us), 0) AS wait_us,
               count(run_us) AS runs, coalesce(sum(run_us), 0) AS run_us, coalesce(max(run_us), 0) AS longest_us,
               coalesce(sum(cpu_us), 0) AS cpu_us, coalesce(max(peak_memory), 0) AS peak_memory,
               coalesce(sum((least(peak_memory, 17179869184) >> 10) * run_us), 0) AS kib_us, max(at) AS last_at
        FROM run
        GROUP BY minute, release_id, template_step
    ), steps AS (
        INSERT INTO tasker.analytics_steps AS t (minutes, bucket, release_id, template_step, succeeded, checkpoints, retryable,
            permanent, timeout, lost, over_limit, given_up, succeeded_second, succeeded_later, retries, backoff_us, starts,
            wait_us, runs, run_us, longest_us, cpu_us, peak_memory, kib_us, last_at)
        SELECT g.minutes, tasker_f.bucket(g.minutes, m.minute) AS bucket, m.release_id, m.template_step, sum(m.succeeded),
               sum(m.checkpoints), sum(m.retryable), sum(m.permanent), sum(m.timeout), sum(m.lost), sum(m.over_limit),
               sum(m.given_up), sum(m.succeeded_second), sum(m.succeeded_later), sum(m.retries), sum(m.backoff_us),
               sum(m.starts), sum(m.wait_us), sum(m.runs), sum(m.run_us), max(m.longest_us), sum(m.cpu_us),
               max(m.peak_memory), sum(m.kib_us), max(m.last_at)
        FROM steps_by_minute m JOIN grain g ON m.minute >= g.kept_from
        GROUP BY g.minutes, bucket, m.release_id, m.template_step
        ON CONFLICT (minutes, bucket, release_id, template_step) DO UPDATE SET
            succeeded = t.succeeded + excluded.succeeded, checkpoints = t.checkpoints + excluded.checkpoints,
            retryable = t.retryable + excluded.retryable, permanent = t.permanent + excluded.permanent,
            timeout = t.timeout + excluded.timeout, lost = t.lost + excluded.lost,
            over_limit = t.over_limit + excluded.over_limit, given_up = t.given_up + excluded.given_up,
            succeeded_second = t.succeeded_second + excluded.succeeded_second,
            succeeded_later = t.succeeded_later + excluded.succeeded_later, retries = t.retries + excluded.retries,
            backoff_us = t.backoff_us + excluded.backoff_us, starts = t.starts + excluded.starts,
            wait_us = t.wait_us + excluded.wait_us, runs = t.runs + excluded.runs, run_us = t.run_us + excluded.run_us,
            longest_us = greatest(t.longest_us, excluded.longest_us), cpu_us = t.cpu_us + excluded.cpu_us,
            peak_memory = greatest(t.peak_memory, excluded.peak_memory), kib_us = t.kib_us + excluded.kib_us,
            last_at = greatest(t.last_at, excluded.last_at)
    ), cells AS (
        SELECT minute, release_id, template_step, kind, tasker_f.cell(us) AS cell, count(*) AS count
        FROM (SELECT minute, release_id, template_step, 'wait' AS kind, wait_us AS us FROM run WHERE wait_us IS NOT NULL
              UNION ALL
              SELECT minute, release_id, template_step, 'run', run_us FROM run WHERE run_us IS NOT NULL
              UNION ALL
              SELECT minute, release_id, -1, 'task', tasker_f.between(created_at, at) FROM record
              WHERE moved_to = 'complete') AS time
        GROUP BY 1, 2, 3, 4, 5
    ), histogram AS (
        INSERT INTO tasker.analytics_histogram AS t (minutes, bucket, release_id, template_step, kind, cells, counts)
        SELECT c.minutes, c.bucket, c.release_id, c.template_step, c.kind, array_agg(c.cell ORDER BY c.cell),
               array_agg(c.count ORDER BY c.cell)
        FROM (SELECT g.minutes, tasker_f.bucket(g.minutes, m.minute) AS bucket, m.release_id, m.template_step, m.kind, m.cell,
                     sum(m.count)::bigint AS count
              FROM cells m JOIN grain g ON m.minute >= g.kept_from
              GROUP BY g.minutes, 2, m.release_id, m.template_step, m.kind, m.cell) AS c
        GROUP BY c.minutes, c.bucket, c.release_id, c.template_step, c.kind
        ON CONFLICT (minutes, bucket, release_id, template_step, kind) DO UPDATE SET (cells, counts) = (
            SELECT array_agg(c.cell ORDER BY c.cell), array_agg(c.count ORDER BY c.cell)
            FROM (SELECT u.cell, sum(u.count)::bigint AS count
                  FROM (SELECT * FROM unnest(t.cells, t.counts) AS a (cell, count)
                        UNION ALL
                        SELECT * FROM unnest(excluded.cells, excluded.counts) AS b (cell, count)) AS u
                  GROUP BY u.cell) AS c)
    ), failures AS (
        SELECT minute, release_id, template_step, error_type, count(*) AS count, max(at) AS last_at,
               (array_agg(task_id ORDER BY at DESC, task_id DESC))[1] AS last_task
        FROM run
        WHERE outcome NOT IN ('success', 'checkpoint')
        GROUP BY minute, release_id, template_step, error_type
    ), typed AS (
        SELECT g.minutes, tasker_f.bucket(g.minutes, m.minute) AS bucket, m.release_id, m.template_step, m.error_type,
               sum(m.count) AS count, max(m.last_at) AS last_at,
               (array_agg(m.last_task ORDER BY m.last_at DESC, m.last_task DESC))[1] AS last_task
        FROM failures m JOIN grain g ON m.minute >= g.kept_from
        GROUP BY g.minutes, bucket, m.release_id, m.template_step, m.error_type
    ), placed AS (
        SELECT y.*, k.is_known,
               row_number() OVER (PARTITION BY y.minutes, y.bucket, y.release_id, y.template_step, k.is_known
                                  ORDER BY y.count DESC, y.error_type) AS place
        FROM typed y
        CROSS JOIN LATERAL (
            SELECT y.error_type = 'other' OR EXISTS (
                SELECT FROM tasker.analytics_errors e
                WHERE e.minutes = y.minutes AND e.bucket = y.bucket AND e.release_id = y.release_id
                  AND e.template_step = y.template_step AND e.error_type = y.error_type) AS is_known) AS k
    ), named AS (
        SELECT p.minutes, p.bucket, p.release_id, p.template_step, p.count, p.last_at, p.last_task,
               CASE WHEN p.is_known OR p.place <= 50 - (
                        SELECT count(*) FROM tasker.analytics_errors e
                        WHERE e.minutes = p.minutes AND e.bucket = p.bucket AND e.release_id = p.release_id
                          AND e.template_step = p.template_step AND e.error_type <> 'other')
                    THEN p.error_type ELSE 'other' END AS error_type
        FROM placed p
    )
    INSERT INTO tasker.analytics_errors AS t (minutes, bucket, release_id, template_step, error_type, count, last_task, last_at)
    SELECT n.minutes, n.bucket, n.release_id, n.template_step, n.error_type, sum(n.count),
           (array_agg(n.last_task ORDER BY n.last_at DESC, n.last_task DESC))[1], max(n.last_at)
    FROM named n
    GROUP BY n.minutes, n.bucket, n.release_id, n.template_step, n.error_type
    ON CONFLICT (minutes, bucket, release_id, template_step, error_type) DO UPDATE SET
        count = t.count + excluded.count,
        last_task = CASE WHEN excluded.last_at >= t.last_at THEN excluded.last_task ELSE t.last_task END,
        last_at = greatest(t.last_at, excluded.last_at);
END
$$;

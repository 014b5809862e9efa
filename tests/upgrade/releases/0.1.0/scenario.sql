-- What processes of 0.1.0 do with their functions: every event, each with what must come of it. `tasker_f` stands for
-- the schema of that release's set. It may run any number of times on one database.

CREATE SCHEMA IF NOT EXISTS scenario;

CREATE OR REPLACE FUNCTION scenario.create_task(p_template text) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    v_task    uuid := gen_random_uuid();
    v_release uuid;
    v_effects integer;
BEGIN
    SELECT r.release_id INTO STRICT v_release
    FROM tasker.releases r JOIN tasker.templates t ON t.template_id = r.template_id
    WHERE t.name = p_template ORDER BY r.created_at LIMIT 1;
    SELECT count(*) INTO v_effects FROM tasker_f.create_tasks(
        (SELECT version FROM tasker.catalog), ARRAY[v_task], ARRAY[v_release], ARRAY[5::smallint], ARRAY['{"order": 17}'],
        ARRAY[NULL]::text[], ARRAY[NULL]::bytea[], ARRAY['scenario'], ARRAY[NULL]::text[], ARRAY['why'],
        ARRAY['["tag"]'], ARRAY[v_task::text], ARRAY[NULL]::text[], ARRAY[NULL]::text[]);
    ASSERT v_effects = 2, format('a verdict and a dispatch, not %s effects', v_effects);
    RETURN v_task;
END
$$;

-- Reports the step that is enqueued or in progress. Returns how many reports counted.
CREATE OR REPLACE FUNCTION scenario.report(
    p_task uuid, p_step integer, p_result text, p_failure text DEFAULT NULL, p_retryable boolean DEFAULT NULL,
    p_branch text DEFAULT NULL, p_cursors text DEFAULT NULL, p_checkpoint boolean DEFAULT false,
    p_execution integer DEFAULT NULL
) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FILTER (WHERE e.position > 0)
    FROM tasker.steps s
    JOIN tasker.tasks t ON t.task_id = s.task_id
    CROSS JOIN LATERAL tasker_f.apply_reports(
        ARRAY[p_task], ARRAY[p_step], ARRAY[coalesce(p_execution, s.execution)], ARRAY[t.release_id], ARRAY[s.definition],
        ARRAY[p_result], ARRAY[NULL]::text[], ARRAY[p_checkpoint], ARRAY[p_branch], ARRAY[p_cursors], ARRAY[p_failure],
        ARRAY[p_retryable], ARRAY[NULL]::bigint[], ARRAY['reported'], ARRAY['host'], ARRAY[NULL]::text[],
        ARRAY['{"usage":{}}'], ARRAY[clock_timestamp()], ARRAY[clock_timestamp()],
        ARRAY[0.5]::double precision[]) AS e
    WHERE s.task_id = p_task AND s.step_index = p_step
$$;

CREATE OR REPLACE FUNCTION scenario.step(p_task uuid, p_step integer) RETURNS text LANGUAGE sql AS $$
    SELECT state FROM tasker.steps WHERE task_id = p_task AND step_index = p_step
$$;

CREATE OR REPLACE FUNCTION scenario.task(p_task uuid) RETURNS text LANGUAGE sql AS $$
    SELECT state FROM tasker.tasks WHERE task_id = p_task
$$;

CREATE OR REPLACE FUNCTION scenario.expect(p_what text, p_found anyelement, p_wanted anyelement) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    ASSERT p_found IS NOT DISTINCT FROM p_wanted, format('%s is %s, not %s', p_what, p_found, p_wanted);
END
$$;

-- A task whose first step is complete, for another release to finish.
CREATE OR REPLACE FUNCTION scenario.begin() RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    v_task uuid := scenario.create_task('linear');
BEGIN
    PERFORM scenario.report(v_task, 0, '{"by":"a"}');
    PERFORM scenario.expect('step b', scenario.step(v_task, 1), 'enqueued');
    RETURN v_task;
END
$$;

-- Finishes a task of two steps that another release has created. Returns its state.
CREATE OR REPLACE FUNCTION scenario.finish(p_task uuid) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM scenario.expect('reports of a that count', scenario.report(p_task, 0, '{"by":"a"}'), 1::bigint);
    PERFORM scenario.expect('reports of b that count', scenario.report(p_task, 1, '{"by":"b"}'), 1::bigint);
    RETURN scenario.task(p_task);
END
$$;

DO $$
DECLARE
    v_task  uuid;
    v_count bigint;
    v_run   integer;
    v_first integer;
    v_event uuid := gen_random_uuid();
BEGIN
    -- Steps run in order; a heartbeat, the mark of a sent message, a duplicate.
    v_task := scenario.create_task('linear');
    PERFORM tasker_f.mark_dispatched(ARRAY[v_task], ARRAY[0], ARRAY[1]);
    SELECT count(*) INTO v_count FROM tasker.steps WHERE task_id = v_task AND dispatched_at IS NOT NULL;
    PERFORM scenario.expect('marked steps', v_count, 1::bigint);
    SELECT tasker_f.apply_heartbeats(ARRAY[v_task], ARRAY[0], ARRAY[1], ARRAY[clock_timestamp()], ARRAY[30000::bigint],
        ARRAY['host'], ARRAY['half']) INTO v_count;
    PERFORM scenario.expect('heartbeats', v_count, 1::bigint);
    PERFORM scenario.expect('step a', scenario.step(v_task, 0), 'in_progress');
    PERFORM scenario.expect('reports that count', scenario.report(v_task, 0, '{"by":"a"}'), 1::bigint);
    PERFORM scenario.expect('duplicates that count', scenario.report(v_task, 0, '{"by":"a"}'), 0::bigint);
    PERFORM scenario.expect('task', scenario.task(v_task), 'steps_in_process');
    PERFORM scenario.expect('reports that count', scenario.report(v_task, 1, '{"by":"b"}'), 1::bigint);
    PERFORM scenario.expect('task', scenario.task(v_task), 'complete');
    SELECT count(*) INTO v_count FROM tasker.events WHERE task_id = v_task;
    PERFORM scenario.expect('events: of the step, and of the task', v_count, 2::bigint);
    PERFORM tasker_f.publish_events(array_agg(e.event_id), array_agg(e.event), array_agg(NULL::text))
    FROM tasker_f.take_events(100) AS e;
    SELECT count(*) INTO v_count FROM tasker.events WHERE published_at IS NULL;
    PERFORM scenario.expect('events that wait', v_count, 0::bigint);
    PERFORM tasker_f.settle_deliveries(array_agg(d.event_id), array_agg(d.subscription_id), array_agg(NULL::text))
    FROM tasker_f.take_deliveries(100, 100, '{}') AS d;

    -- A permanent failure blocks; an operator resets the step, and completes it by hand.
    v_task := scenario.create_task('failing');
    PERFORM scenario.report(v_task, 0, NULL, '{"error_type":"Lost","message":"m","retryable":false}', false);
    PERFORM scenario.expect('task', scenario.task(v_task), 'blocked_by_failures');
    SELECT count(*) INTO v_count FROM tasker.dlq WHERE task_id = v_task AND resolution_status = 'pending';
    PERFORM scenario.expect('dead letters', v_count, 1::bigint);
    PERFORM tasker_f.operate_step(v_task, 0, 'reset_for_retry', 'op', 'again', NULL, NULL, NULL, NULL);
    PERFORM scenario.expect('step a', scenario.step(v_task, 0), 'enqueued');
    PERFORM tasker_f.operate_step(v_task, 0, 'complete_manually', 'op', 'by hand', '{"by":"hand"}', NULL, NULL, NULL);
    PERFORM scenario.report(v_task, 1, '{"by":"b"}');
    PERFORM scenario.expect('task', scenario.task(v_task), 'complete');
    PERFORM tasker_f.rerun_task(v_task, 0, 'op', 'once more');
    PERFORM scenario.expect('step a', scenario.step(v_task, 0), 'enqueued');
    PERFORM scenario.report(v_task, 0, '{"by":"a"}');
    PERFORM scenario.report(v_task, 1, '{"by":"b"}');
    PERFORM scenario.expect('task', scenario.task(v_task), 'complete');

    -- A retry waits and comes due.
    v_task := scenario.create_task('retrying');
    PERFORM scenario.report(v_task, 0, NULL, '{"error_type":"Busy","message":"m","retryable":true}', true);
    PERFORM scenario.expect('task', scenario.task(v_task), 'waiting_for_retry');
    UPDATE tasker.steps SET next_retry_at = clock_timestamp(), wake_at = clock_timestamp() WHERE task_id = v_task;
    SELECT count(*) INTO v_count FROM tasker_f.overdue_steps(100000) AS o WHERE o.task_id = v_task;
    PERFORM scenario.expect('overdue steps', v_count, 1::bigint);
    PERFORM tasker_f.start_due_retries(ARRAY[v_task], ARRAY[0], ARRAY[1]);
    PERFORM scenario.expect('step a', scenario.step(v_task, 0), 'enqueued');
    UPDATE tasker.steps SET wake_at = clock_timestamp() WHERE task_id = v_task;
    SELECT count(*) INTO v_count FROM tasker_f.resend_overdue(ARRAY[v_task], ARRAY[0], ARRAY[2]);
    PERFORM scenario.expect('messages sent again', v_count, 1::bigint);
    PERFORM scenario.report(v_task, 0, '{"by":"a"}');
    PERFORM scenario.expect('task', scenario.task(v_task), 'complete');

    -- A decision creates its branch, and the convergence that it reaches.
    v_task := scenario.create_task('deciding');
    PERFORM scenario.report(v_task, 0, '{}', p_branch => '[1]');
    PERFORM scenario.expect('step left', scenario.step(v_task, 1), 'enqueued');
    PERFORM scenario.expect('step right', scenario.step(v_task, 2), NULL);
    PERFORM scenario.report(v_task, 1, '{}');
    PERFORM scenario.report(v_task, 3, '{}');
    PERFORM scenario.expect('task', scenario.task(v_task), 'complete');

    -- A batch of three: two places, a checkpoint, an isolated failure.
    v_task := scenario.create_task('cutting');
    PERFORM scenario.report(v_task, 0, '{}', p_cursors => '[{"from":0},{"from":1},{"from":2}]');
    SELECT first_index INTO STRICT v_first FROM tasker.batches WHERE task_id = v_task;
    PERFORM scenario.expect('first worker', scenario.step(v_task, v_first), 'enqueued');
    PERFORM scenario.expect('third worker', scenario.step(v_task, v_first + 2), 'pending');
    PERFORM scenario.report(v_task, v_first, '{"at":1}', p_checkpoint => true);
    PERFORM scenario.expect('first worker', scenario.step(v_task, v_first), 'enqueued');
    PERFORM scenario.report(v_task, v_first, '{}');
    PERFORM scenario.report(v_task, v_first + 1, NULL, '{"error_type":"Bad","message":"m","retryable":false}', false);
    PERFORM scenario.report(v_task, v_first + 2, '{}');
    PERFORM scenario.expect('step sum', scenario.step(v_task, 2), 'enqueued');
    PERFORM scenario.report(v_task, 2, '{}');
    PERFORM scenario.expect('task', scenario.task(v_task), 'complete');

    -- Operators: pause, resume, cancel. A lost lease ends an attempt.
    v_task := scenario.create_task('linear');
    PERFORM tasker_f.operate_task(v_task, 'pause', 'op', NULL);
    PERFORM scenario.report(v_task, 0, '{}');
    PERFORM scenario.expect('step b of a paused task', scenario.step(v_task, 1), 'pending');
    PERFORM tasker_f.operate_task(v_task, 'resume', 'op', NULL);
    PERFORM scenario.expect('step b', scenario.step(v_task, 1), 'enqueued');
    PERFORM tasker_f.cancel_task(v_task, 'op', 'enough');
    PERFORM scenario.expect('task', scenario.task(v_task), 'cancelled');
    PERFORM scenario.expect('late reports that count', scenario.report(v_task, 1, '{}'), 0::bigint);

    -- Lifecycle: a limit that has passed buries the task.
    v_task := scenario.create_task('linear');
    UPDATE tasker.tasks SET created_at = created_at - interval '2 days', wake_at = clock_timestamp() WHERE task_id = v_task;
    PERFORM tasker_f.enforce_lifecycle(100000);
    SELECT count(*) INTO v_count FROM tasker.dlq WHERE task_id = v_task AND dlq_reason = 'staleness_timeout';
    PERFORM scenario.expect('dead letters', v_count, 1::bigint);
    PERFORM tasker_f.cancel_task(v_task, 'op', NULL);

    -- Events from outside are recorded once.
    FOR v_run IN 1..2 LOOP
        SELECT count(*) INTO v_count FROM tasker_f.record_events(
            ARRAY[v_event], ARRAY['/s'], ARRAY['1'], ARRAY['t'], ARRAY['{}'], ARRAY[NULL]::text[], ARRAY['unmatched'],
            ARRAY['[]'], ARRAY['nothing matches'], false) AS r WHERE r.is_new;
        PERFORM scenario.expect('new events', v_count, (2 - v_run)::bigint);
    END LOOP;
    SELECT count(*) INTO v_count FROM tasker_f.recall_events(ARRAY[v_event]) AS r WHERE r.state = 'unmatched';
    PERFORM scenario.expect('recalled events', v_count, 1::bigint);
    PERFORM tasker_f.forget_received_events(100);
END
$$;

-- Domain events as CloudEvents.

-- Returns an event as a CloudEvent 1.0 (https://cloudevents.io): of a step, or of a task if p_template_step is null.
CREATE FUNCTION tasker_f.cloud_event(
    p_id text, p_name text, p_at timestamptz, p_task uuid, p_release uuid, p_template_step integer, p_worker_number integer,
    p_attempt integer, p_state text, p_correlation text, p_data json
) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN d.name IS NULL THEN
        json_build_object('specversion', '1.0', 'id', p_id, 'type', p_name,
            'source', format('/tasker/%s/%s', t.namespace, t.name), 'subject', p_task,
            'time', p_at, 'datacontenttype', 'application/json',
            'taskid', p_task, 'taskname', t.name, 'taskversion', t.version, 'tasknamespace', t.namespace,
            'correlationid', p_correlation, 'data', p_data)
    ELSE
        json_build_object('specversion', '1.0', 'id', p_id, 'type', p_name,
            'source', format('/tasker/%s/%s', t.namespace, t.name),
            'subject', format('%s/%s', p_task, tasker_f.step_name(d.name, p_worker_number)),
            'time', p_at, 'datacontenttype', 'application/json',
            'taskid', p_task, 'taskname', t.name, 'taskversion', t.version, 'tasknamespace', t.namespace,
            'stepname', tasker_f.step_name(d.name, p_worker_number), 'stepstate', p_state, 'attempt', p_attempt,
            'correlationid', p_correlation, 'data', p_data)
    END
    FROM tasker.releases r
    JOIN tasker.templates t ON t.template_id = r.template_id
    LEFT JOIN tasker.release_steps d ON d.release_id = r.release_id AND d.step_index = p_template_step
    WHERE r.release_id = p_release
$$;

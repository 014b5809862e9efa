--
-- PostgreSQL database dump
--



SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: pgmq; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA pgmq;


--
-- Name: tasker; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA tasker;


--
-- Name: tasker_f_5074d4dd508442ee; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA tasker_f_5074d4dd508442ee;


--
-- Name: tasker_key_value; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA tasker_key_value;


--
-- Name: tasker_lease; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA tasker_lease;


--
-- Name: message_record; Type: TYPE; Schema: pgmq; Owner: -
--

CREATE TYPE pgmq.message_record AS (
	msg_id bigint,
	read_ct integer,
	enqueued_at timestamp with time zone,
	last_read_at timestamp with time zone,
	vt timestamp with time zone,
	message jsonb,
	headers jsonb
);


--
-- Name: metrics_result; Type: TYPE; Schema: pgmq; Owner: -
--

CREATE TYPE pgmq.metrics_result AS (
	queue_name text,
	queue_length bigint,
	newest_msg_age_sec integer,
	oldest_msg_age_sec integer,
	total_messages bigint,
	scrape_time timestamp with time zone,
	queue_visible_length bigint
);


--
-- Name: queue_record; Type: TYPE; Schema: pgmq; Owner: -
--

CREATE TYPE pgmq.queue_record AS (
	queue_name character varying,
	is_partitioned boolean,
	is_unlogged boolean,
	created_at timestamp with time zone
);


--
-- Name: change; Type: TYPE; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE TYPE tasker_f_5074d4dd508442ee.change AS (
	step_index integer,
	attempt integer,
	state_before text,
	state_after text
);


--
-- Name: effect; Type: TYPE; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE TYPE tasker_f_5074d4dd508442ee.effect AS (
	"position" bigint,
	step_state text,
	task_state text,
	retry_in_ms bigint,
	task_id uuid,
	step_index integer,
	execution integer,
	attempt integer,
	release_id uuid,
	definition integer,
	priority smallint,
	input text,
	input_blob text,
	correlation_id text,
	traceparent text,
	dependency_results text,
	checkpoint text,
	checkpoint_blob text,
	batch integer,
	worker_number integer,
	workers integer,
	cursor text
);


--
-- Name: _belongs_to_pgmq(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq._belongs_to_pgmq(table_name text) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    sql TEXT;
    result BOOLEAN;
BEGIN
  SELECT EXISTS (
    SELECT 1
    FROM pg_depend
    WHERE refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pgmq')
    AND objid = (
        SELECT oid
        FROM pg_class
        WHERE relname = table_name
    )
  ) INTO result;
  RETURN result;
END;
$$;


--
-- Name: _create_fifo_index_if_not_exists(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq._create_fifo_index_if_not_exists(queue_name text) RETURNS void
    LANGUAGE plpgsql
    AS $_$
DECLARE
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
    index_name TEXT := qtable || '_fifo_idx';
BEGIN
    -- Create GIN index on headers for efficient FIFO key lookups
    EXECUTE FORMAT(
        $QUERY$
        CREATE INDEX IF NOT EXISTS %I ON pgmq.%I USING GIN (headers);
        $QUERY$,
        index_name, qtable
    );
END;
$_$;


--
-- Name: _ensure_pg_partman_installed(); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq._ensure_pg_partman_installed() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF NOT pgmq._extension_exists('pg_partman') THEN
    RAISE EXCEPTION 'pg_partman is required for partitioned queues';
  END IF;
END;
$$;


--
-- Name: _extension_exists(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq._extension_exists(extension_name text) RETURNS boolean
    LANGUAGE sql
    AS $$
SELECT EXISTS (
    SELECT 1
    FROM pg_extension
    WHERE extname = extension_name
)
$$;


--
-- Name: _get_partition_col(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq._get_partition_col(partition_interval text) RETURNS text
    LANGUAGE plpgsql
    AS $$
DECLARE
  num INTEGER;
BEGIN
    BEGIN
        num := partition_interval::INTEGER;
        RETURN 'msg_id';
    EXCEPTION
        WHEN others THEN
            RETURN 'enqueued_at';
    END;
END;
$$;


--
-- Name: _get_pg_partman_major_version(); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq._get_pg_partman_major_version() RETURNS integer
    LANGUAGE sql
    AS $$
  SELECT split_part(extversion, '.', 1)::INT
  FROM pg_extension
  WHERE extname = 'pg_partman'
$$;


--
-- Name: _get_pg_partman_schema(); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq._get_pg_partman_schema() RETURNS text
    LANGUAGE sql
    AS $$
  SELECT
    extnamespace::regnamespace::text
  FROM
    pg_extension
  WHERE
    extname = 'pg_partman';
$$;


--
-- Name: _send_batch(text, jsonb[], jsonb[], timestamp with time zone); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq._send_batch(queue_name text, msgs jsonb[], headers jsonb[], delay timestamp with time zone) RETURNS SETOF bigint
    LANGUAGE plpgsql
    AS $_$
DECLARE
    sql TEXT;
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
BEGIN
    sql := FORMAT(
            $QUERY$
        INSERT INTO pgmq.%I (vt, message, headers)
        SELECT $2, unnest($1), unnest(coalesce($3, ARRAY[]::jsonb[]))
        RETURNING msg_id;
        $QUERY$,
            qtable
           );
    RETURN QUERY EXECUTE sql USING msgs, delay, headers;
END;
$_$;


--
-- Name: _validate_batch_params(jsonb[], jsonb[]); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq._validate_batch_params(msgs jsonb[], headers jsonb[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    -- Validate that msgs is not NULL or empty
    IF msgs IS NULL OR array_length(msgs, 1) IS NULL THEN
        RAISE EXCEPTION 'msgs cannot be NULL or empty';
    END IF;

    -- Validate that headers array length matches msgs array length if headers is provided
    -- Note: array_length returns NULL for empty arrays, so we use COALESCE to treat empty arrays as length 0
    IF headers IS NOT NULL AND COALESCE(array_length(headers, 1), 0) != COALESCE(array_length(msgs, 1), 0) THEN
        RAISE EXCEPTION 'headers array length (%) must match msgs array length (%)',
            COALESCE(array_length(headers, 1), 0), COALESCE(array_length(msgs, 1), 0);
    END IF;
END;
$$;


--
-- Name: acquire_queue_lock(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.acquire_queue_lock(queue_name text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('pgmq.queue_' || queue_name));
END;
$$;


--
-- Name: archive(text, bigint[]); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.archive(queue_name text, msg_ids bigint[]) RETURNS SETOF bigint
    LANGUAGE plpgsql
    AS $_$
DECLARE
    sql TEXT;
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
    atable TEXT := pgmq.format_table_name(queue_name, 'a');
BEGIN
    sql := FORMAT(
        $QUERY$
        WITH archived AS (
            DELETE FROM pgmq.%I
            WHERE msg_id = ANY($1)
            RETURNING msg_id, vt, read_ct, enqueued_at, last_read_at, message, headers
        )
        INSERT INTO pgmq.%I (msg_id, vt, read_ct, enqueued_at, last_read_at, message, headers)
        SELECT msg_id, vt, read_ct, enqueued_at, last_read_at, message, headers
        FROM archived
        RETURNING msg_id;
        $QUERY$,
        qtable, atable
    );
    RETURN QUERY EXECUTE sql USING msg_ids;
END;
$_$;


--
-- Name: archive(text, bigint); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.archive(queue_name text, msg_id bigint) RETURNS boolean
    LANGUAGE plpgsql
    AS $_$
DECLARE
    sql TEXT;
    result BIGINT;
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
    atable TEXT := pgmq.format_table_name(queue_name, 'a');
BEGIN
    sql := FORMAT(
        $QUERY$
        WITH archived AS (
            DELETE FROM pgmq.%I
            WHERE msg_id = $1
            RETURNING msg_id, vt, read_ct, enqueued_at, last_read_at, message, headers
        )
        INSERT INTO pgmq.%I (msg_id, vt, read_ct, enqueued_at, last_read_at, message, headers)
        SELECT msg_id, vt, read_ct, enqueued_at, last_read_at, message, headers
        FROM archived
        RETURNING msg_id;
        $QUERY$,
        qtable, atable
    );
    EXECUTE sql USING msg_id INTO result;
    RETURN NOT (result IS NULL);
END;
$_$;


--
-- Name: bind_topic(text, text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.bind_topic(pattern text, queue_name text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pgmq.validate_topic_pattern(pattern);
    IF queue_name IS NULL OR queue_name = '' THEN
        RAISE EXCEPTION 'queue_name cannot be NULL or empty';
    END IF;

    IF NOT EXISTS (SELECT 1 FROM pgmq.meta WHERE meta.queue_name = bind_topic.queue_name) THEN
        RAISE EXCEPTION 'Queue "%" does not exist. Create the queue first using pgmq.create()', queue_name;
    END IF;

    INSERT INTO pgmq.topic_bindings (pattern, queue_name)
    VALUES (pattern, queue_name)
    ON CONFLICT ON CONSTRAINT topic_bindings_unique_pattern_queue DO NOTHING;
END;
$$;


--
-- Name: convert_archive_partitioned(text, text, text, integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.convert_archive_partitioned(table_name text, partition_interval text DEFAULT '10000'::text, retention_interval text DEFAULT '100000'::text, leading_partition integer DEFAULT 10) RETURNS void
    LANGUAGE plpgsql
    AS $_$
DECLARE
  a_table_name TEXT := pgmq.format_table_name(table_name, 'a');
  a_table_name_old TEXT := pgmq.format_table_name(table_name, 'a') || '_old';
  qualified_a_table_name TEXT := format('pgmq.%I', a_table_name);
  partition_col TEXT;
  a_partition_col TEXT;
BEGIN

  PERFORM c.relkind
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = a_table_name
    AND c.relkind = 'p';

  IF FOUND THEN
    RAISE NOTICE 'Table %s is already partitioned', a_table_name;
    RETURN;
  END IF;

  PERFORM c.relkind
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = a_table_name
    AND c.relkind = 'r';

  IF NOT FOUND THEN
    RAISE NOTICE 'Table %s does not exists', a_table_name;
    RETURN;
  END IF;

  SELECT pgmq._get_partition_col(partition_interval) INTO partition_col;

  -- For archive tables, use archived_at for time-based partitioning
  IF partition_col = 'enqueued_at' THEN
    a_partition_col := 'archived_at';
  ELSE
    a_partition_col := partition_col;
  END IF;

  EXECUTE 'ALTER TABLE ' || qualified_a_table_name || ' RENAME TO ' || a_table_name_old;

  -- When partitioning by time (archived_at), we need to exclude constraints and indexes
  -- because the existing PRIMARY KEY on msg_id alone is incompatible with partitioning by archived_at.
  -- When partitioning by msg_id, we can keep all constraints including PRIMARY KEY.
  IF a_partition_col = 'archived_at' THEN
    EXECUTE format( 'CREATE TABLE pgmq.%I (LIKE pgmq.%I including defaults including generated including storage including comments) PARTITION BY RANGE (%I)', a_table_name, a_table_name_old, a_partition_col );
  ELSE
    EXECUTE format( 'CREATE TABLE pgmq.%I (LIKE pgmq.%I including all) PARTITION BY RANGE (%I)', a_table_name, a_table_name_old, a_partition_col );
  END IF;

  EXECUTE 'ALTER INDEX pgmq.archived_at_idx_' || table_name || ' RENAME TO archived_at_idx_' || table_name || '_old';
  EXECUTE 'CREATE INDEX archived_at_idx_'|| table_name || ' ON ' || qualified_a_table_name ||'(archived_at)';

  -- https://github.com/pgpartman/pg_partman/blob/master/doc/pg_partman.md
  -- p_parent_table - the existing parent table. MUST be schema qualified, even if in public schema.
  EXECUTE FORMAT(
    $QUERY$
    SELECT %I.create_parent(
      p_parent_table := %L,
      p_control := %L,
      p_interval := %L,
      p_type := case
        when pgmq._get_pg_partman_major_version() = 5 then 'range'
        else 'native'
      end
    )
    $QUERY$,
    pgmq._get_pg_partman_schema(),
    qualified_a_table_name,
    a_partition_col,
    partition_interval
  );

  EXECUTE FORMAT(
    $QUERY$
    UPDATE %I.part_config
    SET
      retention = %L,
      retention_keep_table = false,
      retention_keep_index = false,
      infinite_time_partitions = true
    WHERE
      parent_table = %L;
    $QUERY$,
    pgmq._get_pg_partman_schema(),
    retention_interval,
    qualified_a_table_name
  );
END;
$_$;


--
-- Name: create(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq."create"(queue_name text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pgmq.create_non_partitioned(queue_name);
END;
$$;


--
-- Name: create_fifo_index(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.create_fifo_index(queue_name text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pgmq._create_fifo_index_if_not_exists(queue_name);
END;
$$;


--
-- Name: create_fifo_indexes_all(); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.create_fifo_indexes_all() RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    queue_record RECORD;
BEGIN
    FOR queue_record IN SELECT queue_name FROM pgmq.meta LOOP
        PERFORM pgmq.create_fifo_index(queue_record.queue_name);
    END LOOP;
END;
$$;


--
-- Name: create_non_partitioned(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.create_non_partitioned(queue_name text) RETURNS void
    LANGUAGE plpgsql
    AS $_$
DECLARE
  qtable TEXT := pgmq.format_table_name(queue_name, 'q');
  qtable_seq TEXT := qtable || '_msg_id_seq';
  atable TEXT := pgmq.format_table_name(queue_name, 'a');
BEGIN
  PERFORM pgmq.validate_queue_name(queue_name);
  PERFORM pgmq.acquire_queue_lock(queue_name);

  EXECUTE FORMAT(
    $QUERY$
    CREATE TABLE IF NOT EXISTS pgmq.%I (
        msg_id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
        read_ct INT DEFAULT 0 NOT NULL,
        enqueued_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        last_read_at TIMESTAMP WITH TIME ZONE,
        vt TIMESTAMP WITH TIME ZONE NOT NULL,
        message JSONB,
        headers JSONB
    )
    $QUERY$,
    qtable
  );

  EXECUTE FORMAT(
    $QUERY$
    CREATE TABLE IF NOT EXISTS pgmq.%I (
      msg_id BIGINT PRIMARY KEY,
      read_ct INT DEFAULT 0 NOT NULL,
      enqueued_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
      last_read_at TIMESTAMP WITH TIME ZONE,
      archived_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
      vt TIMESTAMP WITH TIME ZONE NOT NULL,
      message JSONB,
      headers JSONB
    );
    $QUERY$,
    atable
  );

  EXECUTE FORMAT(
    $QUERY$
    CREATE INDEX IF NOT EXISTS %I ON pgmq.%I (vt ASC);
    $QUERY$,
    qtable || '_vt_idx', qtable
  );

  EXECUTE FORMAT(
    $QUERY$
    CREATE INDEX IF NOT EXISTS %I ON pgmq.%I (archived_at);
    $QUERY$,
    'archived_at_idx_' || queue_name, atable
  );

  EXECUTE FORMAT(
    $QUERY$
    INSERT INTO pgmq.meta (queue_name, is_partitioned, is_unlogged)
    VALUES (%L, false, false)
    ON CONFLICT
    DO NOTHING;
    $QUERY$,
    queue_name
  );

END;
$_$;


--
-- Name: create_partitioned(text, text, text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.create_partitioned(queue_name text, partition_interval text DEFAULT '10000'::text, retention_interval text DEFAULT '100000'::text) RETURNS void
    LANGUAGE plpgsql
    AS $_$
DECLARE
  partition_col TEXT;
  a_partition_col TEXT;
  qtable TEXT := pgmq.format_table_name(queue_name, 'q');
  qtable_seq TEXT := qtable || '_msg_id_seq';
  atable TEXT := pgmq.format_table_name(queue_name, 'a');
  fq_qtable TEXT := 'pgmq.' || qtable;
  fq_atable TEXT := 'pgmq.' || atable;
BEGIN
  PERFORM pgmq.validate_queue_name(queue_name);
  PERFORM pgmq.acquire_queue_lock(queue_name);
  PERFORM pgmq._ensure_pg_partman_installed();
  SELECT pgmq._get_partition_col(partition_interval) INTO partition_col;

  EXECUTE FORMAT(
    $QUERY$
    CREATE TABLE IF NOT EXISTS pgmq.%I (
        msg_id BIGINT GENERATED ALWAYS AS IDENTITY,
        read_ct INT DEFAULT 0 NOT NULL,
        enqueued_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        last_read_at TIMESTAMP WITH TIME ZONE,
        vt TIMESTAMP WITH TIME ZONE NOT NULL,
        message JSONB,
        headers JSONB
    ) PARTITION BY RANGE (%I)
    $QUERY$,
    qtable, partition_col
  );

  -- https://github.com/pgpartman/pg_partman/blob/master/doc/pg_partman.md
  -- p_parent_table - the existing parent table. MUST be schema qualified, even if in public schema.
  EXECUTE FORMAT(
    $QUERY$
    SELECT %I.create_parent(
      p_parent_table := %L,
      p_control := %L,
      p_interval := %L,
      p_type := case
        when pgmq._get_pg_partman_major_version() = 5 then 'range'
        else 'native'
      end
    )
    $QUERY$,
    pgmq._get_pg_partman_schema(),
    fq_qtable,
    partition_col,
    partition_interval
  );

  EXECUTE FORMAT(
    $QUERY$
    CREATE INDEX IF NOT EXISTS %I ON pgmq.%I (%I);
    $QUERY$,
    qtable || '_part_idx', qtable, partition_col
  );

  EXECUTE FORMAT(
    $QUERY$
    UPDATE %I.part_config
    SET
        retention = %L,
        retention_keep_table = false,
        retention_keep_index = true,
        automatic_maintenance = 'on'
    WHERE parent_table = %L;
    $QUERY$,
    pgmq._get_pg_partman_schema(),
    retention_interval,
    'pgmq.' || qtable
  );

  EXECUTE FORMAT(
    $QUERY$
    INSERT INTO pgmq.meta (queue_name, is_partitioned, is_unlogged)
    VALUES (%L, true, false)
    ON CONFLICT
    DO NOTHING;
    $QUERY$,
    queue_name
  );

  IF partition_col = 'enqueued_at' THEN
    a_partition_col := 'archived_at';
  ELSE
    a_partition_col := partition_col;
  END IF;

  EXECUTE FORMAT(
    $QUERY$
    CREATE TABLE IF NOT EXISTS pgmq.%I (
      msg_id BIGINT NOT NULL,
      read_ct INT DEFAULT 0 NOT NULL,
      enqueued_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
      last_read_at TIMESTAMP WITH TIME ZONE,
      archived_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
      vt TIMESTAMP WITH TIME ZONE NOT NULL,
      message JSONB,
      headers JSONB
    ) PARTITION BY RANGE (%I);
    $QUERY$,
    atable, a_partition_col
  );

  -- https://github.com/pgpartman/pg_partman/blob/master/doc/pg_partman.md
  -- p_parent_table - the existing parent table. MUST be schema qualified, even if in public schema.
  EXECUTE FORMAT(
    $QUERY$
    SELECT %I.create_parent(
      p_parent_table := %L,
      p_control := %L,
      p_interval := %L,
      p_type := case
        when pgmq._get_pg_partman_major_version() = 5 then 'range'
        else 'native'
      end
    )
    $QUERY$,
    pgmq._get_pg_partman_schema(),
    fq_atable,
    a_partition_col,
    partition_interval
  );

  EXECUTE FORMAT(
    $QUERY$
    UPDATE %I.part_config
    SET
        retention = %L,
        retention_keep_table = false,
        retention_keep_index = true,
        automatic_maintenance = 'on'
    WHERE parent_table = %L;
    $QUERY$,
    pgmq._get_pg_partman_schema(),
    retention_interval,
    'pgmq.' || atable
  );

  EXECUTE FORMAT(
    $QUERY$
    CREATE INDEX IF NOT EXISTS %I ON pgmq.%I (archived_at);
    $QUERY$,
    'archived_at_idx_' || queue_name, atable
  );

END;
$_$;


--
-- Name: create_unlogged(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.create_unlogged(queue_name text) RETURNS void
    LANGUAGE plpgsql
    AS $_$
DECLARE
  qtable TEXT := pgmq.format_table_name(queue_name, 'q');
  qtable_seq TEXT := qtable || '_msg_id_seq';
  atable TEXT := pgmq.format_table_name(queue_name, 'a');
BEGIN
  PERFORM pgmq.validate_queue_name(queue_name);
  PERFORM pgmq.acquire_queue_lock(queue_name);

  EXECUTE FORMAT(
    $QUERY$
    CREATE UNLOGGED TABLE IF NOT EXISTS pgmq.%I (
        msg_id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
        read_ct INT DEFAULT 0 NOT NULL,
        enqueued_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        last_read_at TIMESTAMP WITH TIME ZONE,
        vt TIMESTAMP WITH TIME ZONE NOT NULL,
        message JSONB,
        headers JSONB
    )
    $QUERY$,
    qtable
  );

  EXECUTE FORMAT(
    $QUERY$
    CREATE TABLE IF NOT EXISTS pgmq.%I (
      msg_id BIGINT PRIMARY KEY,
      read_ct INT DEFAULT 0 NOT NULL,
      enqueued_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
      last_read_at TIMESTAMP WITH TIME ZONE,
      archived_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
      vt TIMESTAMP WITH TIME ZONE NOT NULL,
      message JSONB,
      headers JSONB
    );
    $QUERY$,
    atable
  );

  EXECUTE FORMAT(
    $QUERY$
    CREATE INDEX IF NOT EXISTS %I ON pgmq.%I (vt ASC);
    $QUERY$,
    qtable || '_vt_idx', qtable
  );

  EXECUTE FORMAT(
    $QUERY$
    CREATE INDEX IF NOT EXISTS %I ON pgmq.%I (archived_at);
    $QUERY$,
    'archived_at_idx_' || queue_name, atable
  );

  EXECUTE FORMAT(
    $QUERY$
    INSERT INTO pgmq.meta (queue_name, is_partitioned, is_unlogged)
    VALUES (%L, false, true)
    ON CONFLICT
    DO NOTHING;
    $QUERY$,
    queue_name
  );
END;
$_$;


--
-- Name: delete(text, bigint[]); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.delete(queue_name text, msg_ids bigint[]) RETURNS SETOF bigint
    LANGUAGE plpgsql
    AS $_$
DECLARE
    sql TEXT;
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
BEGIN
    sql := FORMAT(
        $QUERY$
        DELETE FROM pgmq.%I
        WHERE msg_id = ANY($1)
        RETURNING msg_id
        $QUERY$,
        qtable
    );
    RETURN QUERY EXECUTE sql USING msg_ids;
END;
$_$;


--
-- Name: delete(text, bigint); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.delete(queue_name text, msg_id bigint) RETURNS boolean
    LANGUAGE plpgsql
    AS $_$
DECLARE
    sql TEXT;
    result BIGINT;
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
BEGIN
    sql := FORMAT(
        $QUERY$
        DELETE FROM pgmq.%I
        WHERE msg_id = $1
        RETURNING msg_id
        $QUERY$,
        qtable
    );
    EXECUTE sql USING msg_id INTO result;
    RETURN NOT (result IS NULL);
END;
$_$;


--
-- Name: detach_archive(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.detach_archive(queue_name text) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
  atable TEXT := pgmq.format_table_name(queue_name, 'a');
BEGIN
  RAISE WARNING 'detach_archive(queue_name) is deprecated and is a no-op. It will be removed in PGMQ v2.0. Archive tables are no longer member objects.';
END
$$;


--
-- Name: disable_notify_insert(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.disable_notify_insert(queue_name text) RETURNS void
    LANGUAGE plpgsql
    AS $_$
DECLARE
  qtable TEXT := pgmq.format_table_name(queue_name, 'q');
  v_queue_name TEXT := queue_name;
BEGIN
  EXECUTE FORMAT(
    $QUERY$
    DROP TRIGGER IF EXISTS trigger_notify_queue_insert_listeners ON pgmq.%I;
    $QUERY$,
    qtable
  );

  DELETE FROM pgmq.notify_insert_throttle nit WHERE nit.queue_name = v_queue_name;
END;
$_$;


--
-- Name: drop_queue(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.drop_queue(queue_name text) RETURNS boolean
    LANGUAGE plpgsql
    AS $_$
DECLARE
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
    qtable_seq TEXT := qtable || '_msg_id_seq';
    fq_qtable TEXT := 'pgmq.' || qtable;
    atable TEXT := pgmq.format_table_name(queue_name, 'a');
    fq_atable TEXT := 'pgmq.' || atable;
    partitioned BOOLEAN;
BEGIN
    PERFORM pgmq.acquire_queue_lock(queue_name);
    EXECUTE FORMAT(
        $QUERY$
        SELECT is_partitioned FROM pgmq.meta WHERE queue_name = %L
        $QUERY$,
        queue_name
    ) INTO partitioned;

    -- check if the queue exists
    IF NOT EXISTS (
        SELECT 1
        FROM information_schema.tables
        WHERE table_name = qtable and table_schema = 'pgmq'
    ) THEN
        RAISE NOTICE 'pgmq queue `%` does not exist', queue_name;
        RETURN FALSE;
    END IF;

    EXECUTE FORMAT(
        $QUERY$
        DROP TABLE IF EXISTS pgmq.%I
        $QUERY$,
        qtable
    );

    EXECUTE FORMAT(
        $QUERY$
        DROP TABLE IF EXISTS pgmq.%I
        $QUERY$,
        atable
    );

     IF EXISTS (
          SELECT 1
          FROM information_schema.tables
          WHERE table_name = 'meta' and table_schema = 'pgmq'
     ) THEN
        EXECUTE FORMAT(
            $QUERY$
            DELETE FROM pgmq.meta WHERE queue_name = %L
            $QUERY$,
            queue_name
        );
     END IF;

     IF partitioned THEN
        EXECUTE FORMAT(
          $QUERY$
          DELETE FROM %I.part_config where parent_table in (%L, %L)
          $QUERY$,
          pgmq._get_pg_partman_schema(), fq_qtable, fq_atable
        );
     END IF;

    RETURN TRUE;
END;
$_$;


--
-- Name: drop_queue(text, boolean); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.drop_queue(queue_name text, partitioned boolean) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
    fq_qtable TEXT := 'pgmq.' || qtable;
    atable TEXT := pgmq.format_table_name(queue_name, 'a');
    fq_atable TEXT := 'pgmq.' || atable;
BEGIN
    RAISE WARNING 'drop_queue(queue_name, partitioned) is deprecated and will be removed in PGMQ v2.0. Use drop_queue(queue_name) instead';

    PERFORM pgmq.drop_queue(queue_name);

    RETURN TRUE;
END;
$$;


--
-- Name: enable_notify_insert(text, integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.enable_notify_insert(queue_name text, throttle_interval_ms integer DEFAULT 250) RETURNS void
    LANGUAGE plpgsql
    AS $_$
DECLARE
  qtable TEXT := pgmq.format_table_name(queue_name, 'q');
  v_queue_name TEXT := queue_name;
  v_throttle_interval_ms INTEGER := throttle_interval_ms;
BEGIN
  -- Validate that throttle_interval_ms is non-negative
  IF v_throttle_interval_ms < 0 THEN
    RAISE EXCEPTION 'throttle_interval_ms must be non-negative';
  END IF;

  -- Validate that the queue table exists
  IF NOT EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = 'pgmq' AND table_name = qtable) THEN
    RAISE EXCEPTION 'Queue "%" does not exist. Create it first using pgmq.create()', v_queue_name;
  END IF;

  PERFORM pgmq.disable_notify_insert(v_queue_name);

  INSERT INTO pgmq.notify_insert_throttle (queue_name, throttle_interval_ms)
  VALUES (v_queue_name, v_throttle_interval_ms)
  ON CONFLICT ON CONSTRAINT notify_insert_throttle_queue_name_key DO UPDATE
      SET throttle_interval_ms = EXCLUDED.throttle_interval_ms,
          last_notified_at = to_timestamp(0);

  EXECUTE FORMAT(
    $QUERY$
    CREATE CONSTRAINT TRIGGER trigger_notify_queue_insert_listeners
    AFTER INSERT ON pgmq.%I
    DEFERRABLE FOR EACH ROW
    EXECUTE PROCEDURE pgmq.notify_queue_listeners()
    $QUERY$,
    qtable
  );
END;
$_$;


--
-- Name: format_table_name(text, text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.format_table_name(queue_name text, prefix text) RETURNS text
    LANGUAGE plpgsql
    AS $_$
BEGIN
    IF queue_name ~ '\$|;|--|'''
    THEN
        RAISE EXCEPTION 'queue name contains invalid characters: $, ;, --, or \''';
    END IF;
    RETURN lower(prefix || '_' || queue_name);
END;
$_$;


--
-- Name: list_notify_insert_throttles(); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.list_notify_insert_throttles() RETURNS TABLE(queue_name text, throttle_interval_ms integer, last_notified_at timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
    SELECT queue_name, throttle_interval_ms, last_notified_at
    FROM pgmq.notify_insert_throttle
    ORDER BY queue_name;
$$;


--
-- Name: list_queues(); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.list_queues() RETURNS SETOF pgmq.queue_record
    LANGUAGE plpgsql
    AS $$
BEGIN
  RETURN QUERY SELECT * FROM pgmq.meta;
END
$$;


--
-- Name: list_topic_bindings(); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.list_topic_bindings() RETURNS TABLE(pattern text, queue_name text, bound_at timestamp with time zone, compiled_regex text)
    LANGUAGE sql STABLE
    AS $$
    SELECT pattern, queue_name, bound_at, compiled_regex
    FROM pgmq.topic_bindings
    ORDER BY bound_at DESC, pattern, queue_name;
$$;


--
-- Name: list_topic_bindings(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.list_topic_bindings(queue_name text) RETURNS TABLE(pattern text, queue_name text, bound_at timestamp with time zone, compiled_regex text)
    LANGUAGE sql STABLE
    AS $$
    SELECT pattern, tb.queue_name, bound_at, compiled_regex
    FROM pgmq.topic_bindings tb
    WHERE tb.queue_name = list_topic_bindings.queue_name
    ORDER BY bound_at DESC, pattern;
$$;


--
-- Name: metrics(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.metrics(queue_name text) RETURNS pgmq.metrics_result
    LANGUAGE plpgsql
    AS $_$
DECLARE
    result_row pgmq.metrics_result;
    query TEXT;
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
BEGIN
    query := FORMAT(
        $QUERY$
        WITH q_summary AS (
            SELECT
                count(*) as queue_length,
                count(CASE WHEN vt <= NOW() THEN 1 END) as queue_visible_length,
                EXTRACT(epoch FROM (NOW() - max(enqueued_at)))::int as newest_msg_age_sec,
                EXTRACT(epoch FROM (NOW() - min(enqueued_at)))::int as oldest_msg_age_sec,
                NOW() as scrape_time
            FROM pgmq.%I
        ),
        all_metrics AS (
            SELECT CASE
                WHEN is_called THEN last_value ELSE 0
                END as total_messages
            FROM pgmq.%I
        )
        SELECT
            %L as queue_name,
            q_summary.queue_length,
            q_summary.newest_msg_age_sec,
            q_summary.oldest_msg_age_sec,
            all_metrics.total_messages,
            q_summary.scrape_time,
            q_summary.queue_visible_length
        FROM q_summary, all_metrics
        $QUERY$,
        qtable, qtable || '_msg_id_seq', queue_name
    );
    EXECUTE query INTO result_row;
    RETURN result_row;
END;
$_$;


--
-- Name: metrics_all(); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.metrics_all() RETURNS SETOF pgmq.metrics_result
    LANGUAGE plpgsql
    AS $$
DECLARE
    row_name RECORD;
    result_row pgmq.metrics_result;
BEGIN
    FOR row_name IN SELECT queue_name FROM pgmq.meta LOOP
        result_row := pgmq.metrics(row_name.queue_name);
        RETURN NEXT result_row;
    END LOOP;
END;
$$;


--
-- Name: notify_queue_listeners(); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.notify_queue_listeners() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
  queue_name_extracted TEXT; -- Queue name extracted from trigger table name
  updated_count        INTEGER; -- Number of rows updated (0 or 1)
BEGIN
  queue_name_extracted := substring(TG_TABLE_NAME from 3);

  UPDATE pgmq.notify_insert_throttle
  SET last_notified_at = clock_timestamp()
  WHERE queue_name = queue_name_extracted
    AND (
      throttle_interval_ms = 0 -- No throttling configured
          OR clock_timestamp() - last_notified_at >=
             (throttle_interval_ms * INTERVAL '1 millisecond') -- Throttle interval has elapsed
    );

  -- Check how many rows were updated (will be 0 or 1)
  GET DIAGNOSTICS updated_count = ROW_COUNT;

  IF updated_count > 0 THEN
    PERFORM PG_NOTIFY('pgmq.' || TG_TABLE_NAME || '.' || TG_OP, NULL);
  END IF;

RETURN NEW;
END;
$$;


--
-- Name: pop(text, integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.pop(queue_name text, qty integer DEFAULT 1) RETURNS SETOF pgmq.message_record
    LANGUAGE plpgsql
    AS $_$
DECLARE
    sql TEXT;
    result pgmq.message_record;
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
BEGIN
    sql := FORMAT(
        $QUERY$
        WITH cte AS
            (
                SELECT msg_id
                FROM pgmq.%I
                WHERE vt <= clock_timestamp()
                ORDER BY msg_id ASC
                LIMIT $1
                FOR UPDATE SKIP LOCKED
            )
        DELETE from pgmq.%I
        WHERE msg_id IN (select msg_id from cte)
        RETURNING msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers;
        $QUERY$,
        qtable, qtable
    );
    RETURN QUERY EXECUTE sql USING qty;
END;
$_$;


--
-- Name: purge_queue(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.purge_queue(queue_name text) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
  deleted_count INTEGER;
  qtable TEXT := pgmq.format_table_name(queue_name, 'q');
BEGIN
  -- Get the row count before truncating
  EXECUTE format('SELECT count(*) FROM pgmq.%I', qtable) INTO deleted_count;

  -- Use TRUNCATE for better performance on large tables
  EXECUTE format('TRUNCATE TABLE pgmq.%I', qtable);

  -- Return the number of purged rows
  RETURN deleted_count;
END
$$;


--
-- Name: read(text, integer, integer, jsonb); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.read(queue_name text, vt integer, qty integer, conditional jsonb DEFAULT '{}'::jsonb) RETURNS SETOF pgmq.message_record
    LANGUAGE plpgsql
    AS $_$
DECLARE
    sql TEXT;
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
BEGIN
    sql := FORMAT(
        $QUERY$
        WITH cte AS
        (
            SELECT msg_id
            FROM pgmq.%I
            WHERE vt <= clock_timestamp() AND CASE
                WHEN %L != '{}'::jsonb THEN (message @> %2$L)::integer
                ELSE 1
            END = 1
            ORDER BY msg_id ASC
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        UPDATE pgmq.%I m
        SET
            last_read_at = clock_timestamp(),
            vt = clock_timestamp() + %L,
            read_ct = read_ct + 1
        FROM cte
        WHERE m.msg_id = cte.msg_id
        RETURNING m.msg_id, m.read_ct, m.enqueued_at, m.last_read_at, m.vt, m.message, m.headers;
        $QUERY$,
        qtable, conditional, qtable, make_interval(secs => vt)
    );
    RETURN QUERY EXECUTE sql USING qty;
END;
$_$;


--
-- Name: read_grouped(text, integer, integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.read_grouped(queue_name text, vt integer, qty integer) RETURNS SETOF pgmq.message_record
    LANGUAGE plpgsql
    AS $_$
DECLARE
    sql TEXT;
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
BEGIN
    sql := FORMAT(
        $QUERY$
        WITH fifo_groups AS (
            -- Find the minimum msg_id for each FIFO group that's ready to be processed
            SELECT
                COALESCE(headers->>'x-pgmq-group', '_default_fifo_group') as fifo_key,
                MIN(msg_id) as min_msg_id
            FROM pgmq.%I
            WHERE vt <= clock_timestamp()
            GROUP BY COALESCE(headers->>'x-pgmq-group', '_default_fifo_group')
        ),
        locked_groups AS (
            -- Lock the first available message in each FIFO group
            SELECT
                m.msg_id,
                fg.fifo_key
            FROM pgmq.%I m
            INNER JOIN fifo_groups fg ON
                COALESCE(m.headers->>'x-pgmq-group', '_default_fifo_group') = fg.fifo_key
                AND m.msg_id = fg.min_msg_id
            WHERE m.vt <= clock_timestamp()
            ORDER BY m.msg_id ASC
            FOR UPDATE SKIP LOCKED
        ),
        group_priorities AS (
            -- Assign priority to groups based on their oldest message
            SELECT
                fifo_key,
                msg_id as min_msg_id,
                ROW_NUMBER() OVER (ORDER BY msg_id) as group_priority
            FROM locked_groups
        ),
        filtered_groups as (
            SELECT * FROM group_priorities gp
            WHERE NOT EXISTS (
                -- Ensure no earlier message in this group is currently being processed
                SELECT 1
                FROM pgmq.%I m2
                WHERE COALESCE(m2.headers->>'x-pgmq-group', '_default_fifo_group') = gp.fifo_key
                AND m2.vt > clock_timestamp()
                AND m2.msg_id < gp.min_msg_id
            )
        ),
        available_messages as (
            SELECT gp.fifo_key, t.msg_id,gp.group_priority,
                ROW_NUMBER() OVER (PARTITION BY gp.fifo_key ORDER BY t.msg_id) as msg_rank_in_group
            FROM filtered_groups gp
            CROSS JOIN LATERAL (
                SELECT *
                FROM pgmq.%I t
                WHERE COALESCE(t.headers->>'x-pgmq-group', '_default_fifo_group') = gp.fifo_key
                AND t.vt <= clock_timestamp()
                ORDER BY msg_id
                LIMIT $1  -- tip to limit query impact, we know we need at most qty in each group
            ) t
            ORDER BY gp.group_priority
        ),
        batch_selection AS (
            -- Select messages to fill batch, prioritizing earliest group
            SELECT
                msg_id,
                ROW_NUMBER() OVER (ORDER BY group_priority, msg_rank_in_group) as overall_rank
            FROM available_messages
        ),
        selected_messages AS (
            -- Limit to requested quantity
            SELECT msg_id
            FROM batch_selection
            WHERE overall_rank <= $1
            ORDER BY msg_id
            FOR UPDATE SKIP LOCKED
        )
        UPDATE pgmq.%I m
        SET
            vt = clock_timestamp() + %L,
            read_ct = read_ct + 1,
            last_read_at = clock_timestamp()
        FROM selected_messages sm
        WHERE m.msg_id = sm.msg_id
        RETURNING m.msg_id, m.read_ct, m.enqueued_at, m.last_read_at, m.vt, m.message, m.headers;
        $QUERY$,
        qtable, qtable, qtable, qtable, qtable, make_interval(secs => vt)
    );
    RETURN QUERY EXECUTE sql USING qty;
END;
$_$;


--
-- Name: read_grouped_head(text, integer, integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.read_grouped_head(queue_name text, vt integer, qty integer) RETURNS SETOF pgmq.message_record
    LANGUAGE plpgsql
    AS $_$
DECLARE
    sql TEXT;
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
BEGIN
    sql := FORMAT(
        $QUERY$
        WITH fifo_groups AS (
            -- Determine the absolute head (oldest) message id per FIFO group, regardless of visibility
            SELECT 
                COALESCE(headers->>'x-pgmq-group', '_default_fifo_group') AS fifo_key,
                MIN(msg_id) AS head_msg_id
            FROM pgmq.%1$I
            GROUP BY COALESCE(headers->>'x-pgmq-group', '_default_fifo_group')
        ),
        selected_messages AS (
            -- Take at most 1 message per group
            SELECT g.head_msg_id msg_id
            FROM fifo_groups g
            JOIN pgmq.%1$I q ON q.msg_id = g.head_msg_id
	        WHERE q.vt <= clock_timestamp()
            ORDER BY q.msg_id
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        UPDATE pgmq.%1$I m
        SET
            vt = clock_timestamp() + %2$L,
            read_ct = read_ct + 1,
            last_read_at = clock_timestamp()
        FROM selected_messages sm
        WHERE m.msg_id = sm.msg_id
        RETURNING m.msg_id, m.read_ct, m.enqueued_at, m.last_read_at, m.vt, m.message, m.headers;
        $QUERY$,
        qtable, make_interval(secs => vt)
    );
    RETURN QUERY EXECUTE sql USING qty;
END;
$_$;


--
-- Name: read_grouped_rr(text, integer, integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.read_grouped_rr(queue_name text, vt integer, qty integer) RETURNS SETOF pgmq.message_record
    LANGUAGE plpgsql
    AS $_$
DECLARE
    sql TEXT;
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
BEGIN
    sql := FORMAT(
        $QUERY$
        WITH fifo_groups AS (
            -- Determine the absolute head (oldest) message id per FIFO group, regardless of visibility
            SELECT
                COALESCE(headers->>'x-pgmq-group', '_default_fifo_group') AS fifo_key,
                MIN(msg_id) AS head_msg_id
            FROM pgmq.%1$I
            GROUP BY COALESCE(headers->>'x-pgmq-group', '_default_fifo_group')
        ),
        eligible_groups AS (
            -- Only groups whose head message is currently visible
            -- Acquire a transaction-level advisory lock per group to prevent concurrent selection
            SELECT
                g.fifo_key,
                g.head_msg_id,
                ROW_NUMBER() OVER (ORDER BY g.head_msg_id) AS group_priority
            FROM fifo_groups g
            JOIN pgmq.%2$I h ON h.msg_id = g.head_msg_id
            WHERE h.vt <= clock_timestamp()
              AND pg_try_advisory_xact_lock(pg_catalog.hashtextextended(g.fifo_key, 0))
        ),
        available_messages AS (
            -- All currently visible messages starting at the head for each eligible group
            SELECT
                m.msg_id,
                eg.group_priority,
                ROW_NUMBER() OVER (
                    PARTITION BY eg.fifo_key
                    ORDER BY m.msg_id
                ) AS msg_rank_in_group
            FROM pgmq.%3$I m
            JOIN eligible_groups eg
              ON COALESCE(m.headers->>'x-pgmq-group', '_default_fifo_group') = eg.fifo_key
            WHERE m.vt <= clock_timestamp()
              AND m.msg_id >= eg.head_msg_id
        ),
        ordered_messages AS (
            -- Layered round-robin: take rank 1 of all groups by group_priority, then rank 2, etc.
            -- Assign selection order before locking
            SELECT msg_id, ROW_NUMBER() OVER (ORDER BY msg_rank_in_group, group_priority) as selection_order
            FROM available_messages
        ),
        selected_messages AS (
            -- Lock the messages in the correct order, preserving selection_order
            SELECT om.msg_id, om.selection_order
            FROM ordered_messages om
            JOIN pgmq.%4$I m ON m.msg_id = om.msg_id
            WHERE om.selection_order <= $1
            ORDER BY om.selection_order
            FOR UPDATE OF m SKIP LOCKED
        ),
        updated_messages AS (
            UPDATE pgmq.%5$I m
            SET
                vt = clock_timestamp() + %6$L,
                read_ct = read_ct + 1,
                last_read_at = clock_timestamp()
            FROM selected_messages sm
            WHERE m.msg_id = sm.msg_id
              AND m.vt <= clock_timestamp() -- final guard to avoid duplicate reads under races
            RETURNING m.msg_id, m.read_ct, m.enqueued_at, m.last_read_at, m.vt, m.message, m.headers, sm.selection_order
        )
        SELECT msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers
        FROM updated_messages
        ORDER BY selection_order;
        $QUERY$,
        qtable, qtable, qtable, qtable, qtable, make_interval(secs => vt)
    );
    RETURN QUERY EXECUTE sql USING qty;
END;
$_$;


--
-- Name: read_grouped_rr_with_poll(text, integer, integer, integer, integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.read_grouped_rr_with_poll(queue_name text, vt integer, qty integer, max_poll_seconds integer DEFAULT 5, poll_interval_ms integer DEFAULT 100) RETURNS SETOF pgmq.message_record
    LANGUAGE plpgsql
    AS $$
DECLARE
    r pgmq.message_record;
    stop_at TIMESTAMP;
BEGIN
    stop_at := clock_timestamp() + make_interval(secs => max_poll_seconds);
    LOOP
      IF (SELECT clock_timestamp() >= stop_at) THEN
        RETURN;
      END IF;

      FOR r IN
        SELECT * FROM pgmq.read_grouped_rr(queue_name, vt, qty)
      LOOP
        RETURN NEXT r;
      END LOOP;
      IF FOUND THEN
        RETURN;
      ELSE
        PERFORM pg_sleep(poll_interval_ms::numeric / 1000);
      END IF;
    END LOOP;
END;
$$;


--
-- Name: read_grouped_with_poll(text, integer, integer, integer, integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.read_grouped_with_poll(queue_name text, vt integer, qty integer, max_poll_seconds integer DEFAULT 5, poll_interval_ms integer DEFAULT 100) RETURNS SETOF pgmq.message_record
    LANGUAGE plpgsql
    AS $$
DECLARE
    r pgmq.message_record;
    stop_at TIMESTAMP;
BEGIN
    stop_at := clock_timestamp() + make_interval(secs => max_poll_seconds);
    LOOP
      IF (SELECT clock_timestamp() >= stop_at) THEN
        RETURN;
      END IF;

      FOR r IN
        SELECT * FROM pgmq.read_grouped(queue_name, vt, qty)
      LOOP
        RETURN NEXT r;
      END LOOP;
      IF FOUND THEN
        RETURN;
      ELSE
        PERFORM pg_sleep(poll_interval_ms::numeric / 1000);
      END IF;
    END LOOP;
END;
$$;


--
-- Name: read_with_poll(text, integer, integer, integer, integer, jsonb); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.read_with_poll(queue_name text, vt integer, qty integer, max_poll_seconds integer DEFAULT 5, poll_interval_ms integer DEFAULT 100, conditional jsonb DEFAULT '{}'::jsonb) RETURNS SETOF pgmq.message_record
    LANGUAGE plpgsql
    AS $_$
DECLARE
    r pgmq.message_record;
    stop_at TIMESTAMP;
    sql TEXT;
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
BEGIN
    stop_at := clock_timestamp() + make_interval(secs => max_poll_seconds);
    LOOP
      IF (SELECT clock_timestamp() >= stop_at) THEN
        RETURN;
      END IF;

      sql := FORMAT(
          $QUERY$
          WITH cte AS
          (
              SELECT msg_id
              FROM pgmq.%I
              WHERE vt <= clock_timestamp() AND CASE
                  WHEN %L != '{}'::jsonb THEN (message @> %2$L)::integer
                  ELSE 1
              END = 1
              ORDER BY msg_id ASC
              LIMIT $1
              FOR UPDATE SKIP LOCKED
          )
          UPDATE pgmq.%I m
          SET
              last_read_at = clock_timestamp(),
              vt = clock_timestamp() + %L,
              read_ct = read_ct + 1
          FROM cte
          WHERE m.msg_id = cte.msg_id
          RETURNING m.msg_id, m.read_ct, m.enqueued_at, m.last_read_at, m.vt, m.message, m.headers;
          $QUERY$,
          qtable, conditional, qtable, make_interval(secs => vt)
      );

      FOR r IN
        EXECUTE sql USING qty
      LOOP
        RETURN NEXT r;
      END LOOP;
      IF FOUND THEN
        RETURN;
      ELSE
        PERFORM pg_sleep(poll_interval_ms::numeric / 1000);
      END IF;
    END LOOP;
END;
$_$;


--
-- Name: send(text, jsonb); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send(queue_name text, msg jsonb) RETURNS SETOF bigint
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.send(queue_name, msg, NULL, clock_timestamp());
$$;


--
-- Name: send(text, jsonb, integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send(queue_name text, msg jsonb, delay integer) RETURNS SETOF bigint
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.send(queue_name, msg, NULL, clock_timestamp() + make_interval(secs => delay));
$$;


--
-- Name: send(text, jsonb, jsonb); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send(queue_name text, msg jsonb, headers jsonb) RETURNS SETOF bigint
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.send(queue_name, msg, headers, clock_timestamp());
$$;


--
-- Name: send(text, jsonb, timestamp with time zone); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send(queue_name text, msg jsonb, delay timestamp with time zone) RETURNS SETOF bigint
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.send(queue_name, msg, NULL, delay);
$$;


--
-- Name: send(text, jsonb, jsonb, integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send(queue_name text, msg jsonb, headers jsonb, delay integer) RETURNS SETOF bigint
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.send(queue_name, msg, headers, clock_timestamp() + make_interval(secs => delay));
$$;


--
-- Name: send(text, jsonb, jsonb, timestamp with time zone); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send(queue_name text, msg jsonb, headers jsonb, delay timestamp with time zone) RETURNS SETOF bigint
    LANGUAGE plpgsql
    AS $_$
DECLARE
    sql TEXT;
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
BEGIN
    sql := FORMAT(
            $QUERY$
        INSERT INTO pgmq.%I (vt, message, headers)
        VALUES ($2, $1, $3)
        RETURNING msg_id;
        $QUERY$,
            qtable
           );
    RETURN QUERY EXECUTE sql USING msg, delay, headers;
END;
$_$;


--
-- Name: send_batch(text, jsonb[]); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send_batch(queue_name text, msgs jsonb[]) RETURNS SETOF bigint
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.send_batch(queue_name, msgs, NULL, clock_timestamp());
$$;


--
-- Name: send_batch(text, jsonb[], jsonb[]); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send_batch(queue_name text, msgs jsonb[], headers jsonb[]) RETURNS SETOF bigint
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.send_batch(queue_name, msgs, headers, clock_timestamp());
$$;


--
-- Name: send_batch(text, jsonb[], integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send_batch(queue_name text, msgs jsonb[], delay integer) RETURNS SETOF bigint
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.send_batch(queue_name, msgs, NULL, clock_timestamp() + make_interval(secs => delay));
$$;


--
-- Name: send_batch(text, jsonb[], timestamp with time zone); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send_batch(queue_name text, msgs jsonb[], delay timestamp with time zone) RETURNS SETOF bigint
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.send_batch(queue_name, msgs, NULL, delay);
$$;


--
-- Name: send_batch(text, jsonb[], jsonb[], integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send_batch(queue_name text, msgs jsonb[], headers jsonb[], delay integer) RETURNS SETOF bigint
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.send_batch(queue_name, msgs, headers, clock_timestamp() + make_interval(secs => delay));
$$;


--
-- Name: send_batch(text, jsonb[], jsonb[], timestamp with time zone); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send_batch(queue_name text, msgs jsonb[], headers jsonb[], delay timestamp with time zone) RETURNS SETOF bigint
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pgmq._validate_batch_params(msgs, headers);
    RETURN QUERY SELECT * FROM pgmq._send_batch(queue_name, msgs, headers, delay);
END;
$$;


--
-- Name: send_batch_topic(text, jsonb[]); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send_batch_topic(routing_key text, msgs jsonb[]) RETURNS TABLE(queue_name text, msg_id bigint)
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.send_batch_topic(routing_key, msgs, NULL, clock_timestamp());
$$;


--
-- Name: send_batch_topic(text, jsonb[], jsonb[]); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send_batch_topic(routing_key text, msgs jsonb[], headers jsonb[]) RETURNS TABLE(queue_name text, msg_id bigint)
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.send_batch_topic(routing_key, msgs, headers, clock_timestamp());
$$;


--
-- Name: send_batch_topic(text, jsonb[], integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send_batch_topic(routing_key text, msgs jsonb[], delay integer) RETURNS TABLE(queue_name text, msg_id bigint)
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.send_batch_topic(routing_key, msgs, NULL, clock_timestamp() + make_interval(secs => delay));
$$;


--
-- Name: send_batch_topic(text, jsonb[], timestamp with time zone); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send_batch_topic(routing_key text, msgs jsonb[], delay timestamp with time zone) RETURNS TABLE(queue_name text, msg_id bigint)
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.send_batch_topic(routing_key, msgs, NULL, delay);
$$;


--
-- Name: send_batch_topic(text, jsonb[], jsonb[], integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send_batch_topic(routing_key text, msgs jsonb[], headers jsonb[], delay integer) RETURNS TABLE(queue_name text, msg_id bigint)
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.send_batch_topic(routing_key, msgs, headers, clock_timestamp() + make_interval(secs => delay));
$$;


--
-- Name: send_batch_topic(text, jsonb[], jsonb[], timestamp with time zone); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send_batch_topic(routing_key text, msgs jsonb[], headers jsonb[], delay timestamp with time zone) RETURNS TABLE(queue_name text, msg_id bigint)
    LANGUAGE plpgsql
    AS $$
DECLARE
    b RECORD;
BEGIN
    PERFORM pgmq.validate_routing_key(routing_key);

    -- Validate batch parameters once (not per queue)
    PERFORM pgmq._validate_batch_params(msgs, headers);

    -- Filter matching patterns in SQL for better performance (uses index)
    -- Any failure will rollback the entire transaction
    FOR b IN
        SELECT DISTINCT tb.queue_name
        FROM pgmq.topic_bindings tb
        WHERE routing_key ~ tb.compiled_regex
        ORDER BY tb.queue_name -- Deterministic ordering, deduplicated by queue_name
        LOOP
            -- Use private _send_batch to avoid redundant validation
            RETURN QUERY
            SELECT b.queue_name, batch_result.msg_id
            FROM pgmq._send_batch(b.queue_name, msgs, headers, delay) AS batch_result(msg_id);
        END LOOP;

    RETURN;
END;
$$;


--
-- Name: send_topic(text, jsonb); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send_topic(routing_key text, msg jsonb) RETURNS integer
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN pgmq.send_topic(routing_key, msg, NULL, 0);
END;
$$;


--
-- Name: send_topic(text, jsonb, integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send_topic(routing_key text, msg jsonb, delay integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN pgmq.send_topic(routing_key, msg, NULL, delay);
END;
$$;


--
-- Name: send_topic(text, jsonb, jsonb, integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.send_topic(routing_key text, msg jsonb, headers jsonb, delay integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    b             RECORD;
    matched_count integer := 0;
BEGIN
    PERFORM pgmq.validate_routing_key(routing_key);

    IF msg IS NULL THEN
        RAISE EXCEPTION 'msg cannot be NULL';
    END IF;

    IF delay < 0 THEN
        RAISE EXCEPTION 'delay cannot be negative, got: %', delay;
    END IF;

    -- Filter matching patterns in SQL for better performance (uses index)
    -- Any failure will rollback the entire transaction
    FOR b IN
        SELECT DISTINCT tb.queue_name
        FROM pgmq.topic_bindings tb
        WHERE routing_key ~ tb.compiled_regex
        ORDER BY tb.queue_name -- Deterministic ordering, deduplicated by queue_name
        LOOP
            PERFORM pgmq.send(b.queue_name, msg, headers, delay);
            matched_count := matched_count + 1;
        END LOOP;

    RETURN matched_count;
END;
$$;


--
-- Name: set_vt(text, bigint[], integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.set_vt(queue_name text, msg_ids bigint[], vt integer) RETURNS SETOF pgmq.message_record
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.set_vt(queue_name, msg_ids, clock_timestamp() + make_interval(secs => vt));
$$;


--
-- Name: set_vt(text, bigint[], timestamp with time zone); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.set_vt(queue_name text, msg_ids bigint[], vt timestamp with time zone) RETURNS SETOF pgmq.message_record
    LANGUAGE plpgsql
    AS $_$
DECLARE
    sql TEXT;
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
BEGIN
    sql := FORMAT(
        $QUERY$
        UPDATE pgmq.%I
        SET vt = $1
        WHERE msg_id = ANY($2)
        RETURNING msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers;
        $QUERY$,
        qtable
    );
    RETURN QUERY EXECUTE sql USING vt, msg_ids;
END;
$_$;


--
-- Name: set_vt(text, bigint, integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.set_vt(queue_name text, msg_id bigint, vt integer) RETURNS SETOF pgmq.message_record
    LANGUAGE sql
    AS $$
    SELECT * FROM pgmq.set_vt(queue_name, msg_id, clock_timestamp() + make_interval(secs => vt));
$$;


--
-- Name: set_vt(text, bigint, timestamp with time zone); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.set_vt(queue_name text, msg_id bigint, vt timestamp with time zone) RETURNS SETOF pgmq.message_record
    LANGUAGE plpgsql
    AS $_$
DECLARE
    sql TEXT;
    result pgmq.message_record;
    qtable TEXT := pgmq.format_table_name(queue_name, 'q');
BEGIN
    sql := FORMAT(
        $QUERY$
        UPDATE pgmq.%I
        SET vt = $1
        WHERE msg_id = $2
        RETURNING msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers;
        $QUERY$, 
        qtable
    );
    RETURN QUERY EXECUTE sql USING vt, msg_id;
END;
$_$;


--
-- Name: test_routing(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.test_routing(routing_key text) RETURNS TABLE(pattern text, queue_name text, compiled_regex text)
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    PERFORM pgmq.validate_routing_key(routing_key);
    RETURN QUERY
        SELECT b.pattern,
               b.queue_name,
               b.compiled_regex
        FROM pgmq.topic_bindings b
        WHERE routing_key ~ b.compiled_regex
        ORDER BY b.pattern;
END;
$$;


--
-- Name: unbind_topic(text, text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.unbind_topic(pattern text, queue_name text) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    rows_deleted integer;
BEGIN
    IF pattern IS NULL OR pattern = '' THEN
        RAISE EXCEPTION 'pattern cannot be NULL or empty';
    END IF;

    IF queue_name IS NULL OR queue_name = '' THEN
        RAISE EXCEPTION 'queue_name cannot be NULL or empty';
    END IF;

    DELETE
    FROM pgmq.topic_bindings
    WHERE topic_bindings.pattern = unbind_topic.pattern
      AND topic_bindings.queue_name = unbind_topic.queue_name;

    GET DIAGNOSTICS rows_deleted = ROW_COUNT;

    IF rows_deleted > 0 THEN
        RETURN true;
    ELSE
        RETURN false;
    END IF;
END;
$$;


--
-- Name: update_notify_insert(text, integer); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.update_notify_insert(queue_name text, throttle_interval_ms integer) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF throttle_interval_ms < 0 THEN
        RAISE EXCEPTION 'throttle_interval_ms must be non-negative, got: %', throttle_interval_ms;
    END IF;

    IF NOT EXISTS (SELECT 1 FROM pgmq.meta WHERE meta.queue_name = update_notify_insert.queue_name) THEN
        RAISE EXCEPTION 'Queue "%" does not exist. Create the queue first using pgmq.create()', queue_name;
    END IF;

    IF NOT EXISTS (SELECT 1 FROM pgmq.notify_insert_throttle WHERE notify_insert_throttle.queue_name = update_notify_insert.queue_name) THEN
        RAISE EXCEPTION 'Queue "%" does not have notify_insert enabled. Enable it first using pgmq.enable_notify_insert()', queue_name;
    END IF;

    UPDATE pgmq.notify_insert_throttle
    SET throttle_interval_ms = update_notify_insert.throttle_interval_ms,
        last_notified_at = to_timestamp(0)
    WHERE notify_insert_throttle.queue_name = update_notify_insert.queue_name;
END;
$$;


--
-- Name: validate_queue_name(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.validate_queue_name(queue_name text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF length(queue_name) > 47 THEN
    -- complete table identifier must be <= 63
    -- https://www.postgresql.org/docs/17/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
    -- e.g. template_pgmq_q_my_queue is an identifier for my_queue when partitioned
    -- template_pgmq_q_ (16) + <a max length queue name> (47) = 63 
    RAISE EXCEPTION 'queue name is too long, maximum length is 47 characters';
  END IF;
END;
$$;


--
-- Name: validate_routing_key(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.validate_routing_key(routing_key text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    AS $_$
BEGIN
    -- Valid routing key examples:
    --   "logs.error"
    --   "app.user-service.auth"
    --   "system_events.db.connection_failed"
    --
    -- Invalid routing key examples:
    --   ""                     - empty
    --   ".logs.error"          - starts with dot
    --   "logs.error."          - ends with dot
    --   "logs..error"          - consecutive dots
    --   "logs.error!"          - invalid character
    --   "logs error"           - space not allowed
    --   "logs.*"               - wildcards not allowed in routing keys

    IF routing_key IS NULL OR routing_key = '' THEN
        RAISE EXCEPTION 'routing_key cannot be NULL or empty';
    END IF;

    IF length(routing_key) > 255 THEN
        RAISE EXCEPTION 'routing_key length cannot exceed 255 characters, got % characters', length(routing_key);
    END IF;

    IF routing_key !~ '^[a-zA-Z0-9._-]+$' THEN
        RAISE EXCEPTION 'routing_key contains invalid characters. Only alphanumeric, dots, hyphens, and underscores are allowed. Got: %', routing_key;
    END IF;

    IF routing_key ~ '^\.' THEN
        RAISE EXCEPTION 'routing_key cannot start with a dot. Got: %', routing_key;
    END IF;

    IF routing_key ~ '\.$' THEN
        RAISE EXCEPTION 'routing_key cannot end with a dot. Got: %', routing_key;
    END IF;

    IF routing_key ~ '\.\.' THEN
        RAISE EXCEPTION 'routing_key cannot contain consecutive dots. Got: %', routing_key;
    END IF;

    RETURN true;
END;
$_$;


--
-- Name: validate_topic_pattern(text); Type: FUNCTION; Schema: pgmq; Owner: -
--

CREATE FUNCTION pgmq.validate_topic_pattern(pattern text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    AS $_$
BEGIN
    -- Valid pattern examples:
    --   "logs.*"           - matches one segment after logs. (e.g., logs.error, logs.info)
    --   "logs.#"           - matches one or more segments after logs. (e.g., logs.error, logs.api.error)
    --   "*.error"          - matches one segment before .error (e.g., app.error, db.error)
    --   "#.error"          - matches one or more segments before .error (e.g., app.error, x.y.error)
    --   "app.*.#"          - mixed wildcards (one segment then one or more)
    --   "#"                - catch-all pattern, matches any routing key
    --
    -- Invalid pattern examples:
    --   ".logs.*"          - starts with dot
    --   "logs.*."          - ends with dot
    --   "logs..error"      - consecutive dots
    --   "logs.**"          - consecutive stars
    --   "logs.##"          - consecutive hashes
    --   "logs.*#"          - adjacent wildcards
    --   "logs.error!"      - invalid character

    IF pattern IS NULL OR pattern = '' THEN
        RAISE EXCEPTION 'pattern cannot be NULL or empty';
    END IF;

    IF length(pattern) > 255 THEN
        RAISE EXCEPTION 'pattern length cannot exceed 255 characters, got % characters', length(pattern);
    END IF;

    IF pattern !~ '^[a-zA-Z0-9._\-*#]+$' THEN
        RAISE EXCEPTION 'pattern contains invalid characters. Only alphanumeric, dots, hyphens, underscores, *, and # are allowed. Got: %', pattern;
    END IF;

    IF pattern ~ '^\.' THEN
        RAISE EXCEPTION 'pattern cannot start with a dot. Got: %', pattern;
    END IF;

    IF pattern ~ '\.$' THEN
        RAISE EXCEPTION 'pattern cannot end with a dot. Got: %', pattern;
    END IF;

    IF pattern ~ '\.\.' THEN
        RAISE EXCEPTION 'pattern cannot contain consecutive dots. Got: %', pattern;
    END IF;

    IF pattern ~ '\*\*' THEN
        RAISE EXCEPTION 'pattern cannot contain consecutive stars (**). Use # for multi-segment matching. Got: %', pattern;
    END IF;

    IF pattern ~ '##' THEN
        RAISE EXCEPTION 'pattern cannot contain consecutive hashes (##). A single # already matches zero or more segments. Got: %', pattern;
    END IF;

    IF pattern ~ '\*#' OR pattern ~ '#\*' THEN
        RAISE EXCEPTION 'pattern cannot contain adjacent wildcards (*# or #*). Separate wildcards with dots. Got: %', pattern;
    END IF;

    RETURN true;
END;
$_$;


--
-- Name: announce_tasks(uuid[]); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.announce_tasks(p_tasks uuid[]) RETURNS boolean
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_now timestamptz := tasker_f_5074d4dd508442ee.now();
BEGIN
    IF p_tasks IS NULL OR NOT EXISTS (
        SELECT FROM tasker.subscriptions s WHERE starts_with(s.event, 'tasker.'))
    THEN
        RETURN false;
    END IF;
    INSERT INTO tasker.events (name, at, task_id, release_id, correlation_id, payload)
    SELECT n.name, v_now, t.task_id, t.release_id, t.correlation_id, json_build_object(
               'status', t.state, 'tags', t.tags, 'created_at', t.created_at, 'completed_at', t.completed_at,
               'steps', json_build_object('total', t.steps_total, 'satisfied', t.steps_satisfied,
                                          'failed', t.steps_failed, 'isolated', t.steps_isolated))
    FROM unnest(p_tasks) WITH ORDINALITY AS k (task_id, position)
    CROSS JOIN LATERAL (SELECT * FROM tasker.tasks WHERE task_id = k.task_id OFFSET 0) t
    CROSS JOIN LATERAL (
        SELECT 'tasker.task.' || CASE t.state WHEN 'complete' THEN 'completed' WHEN 'error' THEN 'failed'
            WHEN 'cancelled' THEN 'cancelled' WHEN 'resolved_manually' THEN 'resolved' ELSE 'blocked' END AS name) n
    WHERE EXISTS (SELECT FROM tasker.subscriptions s WHERE tasker_f_5074d4dd508442ee.is_subscribed(s.event, n.name))
    ORDER BY k.position;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM pg_notify('tasker_outbox', '');
    RETURN true;
END
$$;


--
-- Name: apply_heartbeats(uuid[], integer[], integer[], timestamp with time zone[], bigint[], text[], text[]); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.apply_heartbeats(p_task uuid[], p_step integer[], p_execution integer[], p_started timestamp with time zone[], p_lease_ms bigint[], p_actor text[], p_progress text[]) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_now     timestamptz;
    v_counted bigint;
BEGIN
    PERFORM 1 FROM tasker.tasks WHERE task_id = ANY (p_task) ORDER BY task_id FOR UPDATE;
    v_now := tasker_f_5074d4dd508442ee.now();

    WITH heartbeat AS (
        -- The latest of a batch tells most.
        SELECT DISTINCT ON (h.task_id, h.step_index, h.execution) h.*, s.state AS before, s.attempt, s.enqueued_at
        FROM unnest(p_task, p_step, p_execution, p_started, p_lease_ms, p_actor, p_progress) WITH ORDINALITY
            AS h (task_id, step_index, execution, started_at, lease_ms, actor, progress, position)
        JOIN tasker.steps s ON s.task_id = h.task_id AND s.step_index = h.step_index
            AND s.execution = h.execution
        WHERE s.state IN ('enqueued', 'in_progress')
        ORDER BY h.task_id, h.step_index, h.execution, h.position DESC
    ), changed AS (
        UPDATE tasker.steps s SET
            state = 'in_progress',
            started_at = h.started_at,
            dispatched_at = coalesce(s.dispatched_at, h.started_at),
            wake_at = v_now + interval '1 millisecond' * h.lease_ms,
            host = h.actor,
            progress = coalesce(h.progress, s.progress)
        FROM heartbeat h
        WHERE s.task_id = h.task_id AND s.step_index = h.step_index
    ), audited AS (
        INSERT INTO tasker.audit (task_id, at, event, actor, step_index, attempt, step_states, step_times)
        SELECT h.task_id, v_now, 'started', h.actor, h.step_index, h.attempt, ARRAY['enqueued', 'in_progress'],
               ARRAY[h.enqueued_at, h.started_at]
        FROM heartbeat h WHERE h.before = 'enqueued'
    )
    SELECT count(*) INTO v_counted FROM heartbeat;
    RETURN v_counted;
END
$$;


--
-- Name: apply_reports(uuid[], integer[], integer[], uuid[], integer[], text[], text[], boolean[], text[], text[], text[], boolean[], bigint[], text[], text[], text[], text[], timestamp with time zone[], timestamp with time zone[], double precision[]); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.apply_reports(p_task uuid[], p_step integer[], p_execution integer[], p_release uuid[], p_definition integer[], p_result text[], p_result_blob text[], p_checkpoint boolean[], p_branch text[], p_cursors text[], p_failure text[], p_retryable boolean[], p_retry_after_ms bigint[], p_event text[], p_actor text[], p_reason text[], p_detail text[], p_started timestamp with time zone[], p_finished timestamp with time zone[], p_dice double precision[]) RETURNS SETOF tasker_f_5074d4dd508442ee.effect
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_now           timestamptz;
    v_verdicts      tasker_f_5074d4dd508442ee.effect[];
    v_ready_task    uuid[];
    v_ready_step    integer[];
    -- Pending steps that an expansion has made or counted anew, and the reports that did it.
    v_touched_task  uuid[] := '{}';
    v_touched_step  integer[] := '{}';
    v_touched_by    bigint[] := '{}';
    v_at_rest       uuid[];
    v_blocked       uuid[];
    v_settled       uuid[];
    v_isolated      json;
    v_failed_fast   json;
    v_told          text[];
    v_told_short    json[];
    v_outbox        boolean;
    -- What fast events are called, which have no row.
    v_fast          text := gen_random_uuid()::text;
BEGIN
    -- A statement of its own: what follows must see what the transactions that held these locks have done.
    PERFORM 1 FROM tasker.tasks WHERE task_id = ANY (p_task) ORDER BY task_id FOR UPDATE;
    v_now := tasker_f_5074d4dd508442ee.now();

    IF array_remove(p_branch, NULL) <> '{}' OR array_remove(p_cursors, NULL) <> '{}' THEN
        SELECT coalesce(array_agg(x.task_id), '{}'), coalesce(array_agg(x.step_index), '{}'),
               coalesce(array_agg(x.position), '{}')
        INTO v_touched_task, v_touched_step, v_touched_by
        FROM tasker_f_5074d4dd508442ee.expand_reports(p_task, p_step, p_execution, p_release, p_definition, p_branch, p_cursors) AS x;
    END IF;

    WITH report AS (
        SELECT DISTINCT ON (r.task_id, r.step_index, r.execution) r.*
        FROM unnest(p_task, p_step, p_execution, p_release, p_definition, p_result, p_result_blob, p_checkpoint, p_failure,
                    p_retryable, p_retry_after_ms, p_event, p_actor, p_reason, p_detail, p_started, p_finished, p_dice)
            WITH ORDINALITY
            AS r (task_id, step_index, execution, release_id, definition, result, result_blob, is_checkpoint, failure,
                  retryable, retry_after_ms, event, actor, reason, detail, started_at, finished_at, dice, position)
        ORDER BY r.task_id, r.step_index, r.execution, r.position
    ), accepted AS (
        SELECT r.task_id, r.step_index, r.execution, r.result, r.result_blob, r.failure, r.event, r.actor, r.reason,
               r.detail, r.started_at, r.finished_at, r.position,
               s.state AS before, s.attempt, s.definition, s.batch, s.worker_number, s.enqueued_at, s.started_at AS begun_at,
               t.release_id, t.paused_at, t.correlation_id, d.children, d.events, d.failure_strategy,
               CASE WHEN r.failure IS NULL AND r.is_checkpoint THEN 'enqueued'
                    WHEN r.failure IS NULL THEN 'complete'
                    -- 0 attempts still allows the first.
                    WHEN r.retryable AND d.retryable AND s.attempt < d.max_attempts THEN 'waiting_for_retry'
                    ELSE 'error' END AS after,
               r.failure IS NOT NULL AND s.batch IS NOT NULL AND d.failure_strategy = 'isolate'
                   AND NOT (r.retryable AND d.retryable AND s.attempt < d.max_attempts) AS isolated,
               CASE WHEN r.failure IS NOT NULL THEN tasker_f_5074d4dd508442ee.backoff_ms(
                    d.backoff, d.backoff_base_ms, d.max_backoff_ms, d.jitter, s.attempt, r.retry_after_ms, r.dice)
                    END AS retry_in_ms
        FROM report r
        -- OFFSET 0 keeps the look-ups look-ups, whatever the planner believes about the length of the arrays.
        CROSS JOIN LATERAL (
            SELECT state, attempt, definition, batch, worker_number, enqueued_at, started_at FROM tasker.steps
            WHERE task_id = r.task_id AND step_index = r.step_index AND execution = r.execution
              AND (r.definition IS NULL OR definition = r.definition)
              -- A host that was heard of in between is not silent.
              AND (r.event <> 'lease_lost' OR wake_at <= v_now)
              AND state IN ('enqueued', 'in_progress') OFFSET 0) s
        CROSS JOIN LATERAL (
            SELECT release_id, paused_at, correlation_id FROM tasker.tasks
            WHERE task_id = r.task_id AND (r.release_id IS NULL OR release_id = r.release_id) OFFSET 0) t
        CROSS JOIN LATERAL (
            SELECT * FROM tasker.release_steps
            WHERE release_id = t.release_id AND step_index = s.definition OFFSET 0) d
    ), reported AS (
        UPDATE tasker.steps s SET
            state = a.after,
            isolated = a.isolated,
            execution = s.execution + CASE WHEN a.after = 'enqueued' THEN 1 ELSE 0 END,
            enqueued_at = CASE WHEN a.after = 'enqueued' THEN v_now ELSE s.enqueued_at END,
            dispatched_at = CASE WHEN a.after = 'enqueued' THEN NULL ELSE s.dispatched_at END,
            started_at = CASE WHEN a.after = 'enqueued' THEN NULL ELSE coalesce(a.started_at, s.started_at) END,
            finished_at = CASE WHEN a.after = 'enqueued' THEN NULL ELSE coalesce(a.finished_at, v_now) END,
            next_retry_at = CASE WHEN a.after = 'waiting_for_retry'
                                 THEN v_now + interval '1 millisecond' * a.retry_in_ms END,
            wake_at = CASE a.after WHEN 'waiting_for_retry' THEN v_now + interval '1 millisecond' * a.retry_in_ms
                                   WHEN 'enqueued' THEN v_now + tasker_f_5074d4dd508442ee.unsent_grace() END,
            host = a.actor,
            result = CASE WHEN a.after = 'complete' THEN a.result::json END,
            result_blob = CASE WHEN a.after = 'complete' THEN a.result_blob::json END,
            last_failure = coalesce(a.failure::json, s.last_failure),
            checkpoint = CASE a.after WHEN 'enqueued' THEN a.result::json WHEN 'complete' THEN NULL
                                      ELSE s.checkpoint END,
            checkpoint_blob = CASE a.after WHEN 'enqueued' THEN a.result_blob::json WHEN 'complete' THEN NULL
                                           ELSE s.checkpoint_blob END,
            checkpoints = s.checkpoints + CASE WHEN a.after = 'enqueued' THEN 1 ELSE 0 END,
            checkpoint_history = CASE WHEN a.after = 'enqueued' THEN tasker_f_5074d4dd508442ee.remember_checkpoint(
                s.checkpoint_history, s.checkpoints + 1, s.attempt, v_now, a.actor) ELSE s.checkpoint_history END
        FROM accepted a
        WHERE s.task_id = a.task_id AND s.step_index = a.step_index
    ), freed AS (
        -- Places of workers that have ended, for the next ones of their batch.
        SELECT a.task_id, a.batch, count(*) AS places, max(a.position) AS position
        FROM accepted a
        WHERE a.batch IS NOT NULL AND a.after IN ('complete', 'error') AND a.paused_at IS NULL
        GROUP BY a.task_id, a.batch
    ), next_worker AS (
        SELECT f.task_id, f.batch, f.position, w.step_index
        FROM freed f
        CROSS JOIN LATERAL (
            SELECT first_index, workers, next_index FROM tasker.batches
            WHERE task_id = f.task_id AND step_index = f.batch OFFSET 0) b
        CROSS JOIN LATERAL (
            SELECT s.step_index FROM tasker.steps s
            WHERE s.task_id = f.task_id AND s.step_index >= b.next_index AND s.step_index < b.first_index + b.workers
              AND s.state = 'pending'
            ORDER BY s.step_index LIMIT f.places) w
    ), advanced AS (
        UPDATE tasker.batches b SET next_index = n.last + 1
        FROM (SELECT task_id, batch, max(step_index) AS last FROM next_worker GROUP BY task_id, batch) n
        WHERE b.task_id = n.task_id AND b.step_index = n.batch
    ), satisfied AS (
        SELECT c.task_id, c.step_index, sum(c.dependencies)::integer AS dependencies, max(c.position) AS position,
               bool_or(c.paused) AS paused
        FROM (SELECT a.task_id, child.step_index, 1 AS dependencies, a.position, a.paused_at IS NOT NULL AS paused
              FROM accepted a
              CROSS JOIN LATERAL unnest(a.children) AS child (step_index)
              WHERE a.after = 'complete' OR a.isolated
              UNION ALL SELECT n.task_id, n.step_index, 0, n.position, false FROM next_worker n
              UNION ALL SELECT x.task_id, x.step_index, 0, x.position, a.paused_at IS NOT NULL
              FROM unnest(v_touched_task, v_touched_step, v_touched_by) AS x (task_id, step_index, position)
              JOIN accepted a ON a.position = x.position) AS c
        GROUP BY c.task_id, c.step_index
    ), child AS (
        UPDATE tasker.steps s SET
            remaining_dependencies = s.remaining_dependencies - c.dependencies,
            state = CASE WHEN s.remaining_dependencies = c.dependencies AND NOT c.paused THEN 'enqueued' ELSE s.state END,
            attempt = CASE WHEN s.remaining_dependencies = c.dependencies AND NOT c.paused THEN 1 ELSE s.attempt END,
            execution = CASE WHEN s.remaining_dependencies = c.dependencies AND NOT c.paused THEN s.execution + 1
                             ELSE s.execution END,
            enqueued_at = CASE WHEN s.remaining_dependencies = c.dependencies AND NOT c.paused THEN v_now END,
            wake_at = CASE WHEN s.remaining_dependencies = c.dependencies AND NOT c.paused
                           THEN v_now + tasker_f_5074d4dd508442ee.unsent_grace() END
        FROM satisfied c
        WHERE s.task_id = c.task_id AND s.step_index = c.step_index AND s.state = 'pending'
        RETURNING s.task_id, s.step_index, s.state = 'enqueued' AS ready, c.position
    ), tally AS (
        SELECT c.task_id, max(c.position) AS position,
               count(*) FILTER (WHERE c.after = 'complete')::integer AS satisfied,
               count(*) FILTER (WHERE c.after = 'waiting_for_retry')::integer AS retrying,
               count(*) FILTER (WHERE c.after = 'error' AND NOT c.isolated)::integer AS failed,
               count(*) FILTER (WHERE c.isolated)::integer AS isolated,
               count(*) FILTER (WHERE c.after NOT IN ('enqueued', 'ready'))::integer AS ended,
               count(*) FILTER (WHERE c.after = 'ready')::integer AS enqueued
        FROM (SELECT task_id, position, after, isolated FROM accepted
              UNION ALL SELECT task_id, NULL, 'ready', false FROM child WHERE ready) c
        GROUP BY c.task_id
    ), moved AS (
        SELECT t.task_id, y.position, y.enqueued > 0 AS enqueued,
               t.steps_satisfied + y.satisfied AS satisfied,
               t.steps_running - y.ended + y.enqueued AS running,
               t.steps_retrying + y.retrying AS retrying,
               t.steps_failed + y.failed AS failed,
               t.steps_isolated + y.isolated AS isolated,
               t.steps_total AS total
        FROM tally y
        CROSS JOIN LATERAL (SELECT * FROM tasker.tasks WHERE task_id = y.task_id OFFSET 0) t
    ), task AS (
        UPDATE tasker.tasks t SET
            steps_satisfied = m.satisfied, steps_running = m.running, steps_retrying = m.retrying,
            steps_failed = m.failed, steps_isolated = m.isolated,
            state = tasker_f_5074d4dd508442ee.evaluate_task(m.total, m.satisfied, m.isolated, m.running, m.retrying, m.failed),
            state_since = v_now,
            completed_at = CASE WHEN m.satisfied + m.isolated = m.total THEN v_now END,
            wake_at = CASE WHEN m.satisfied + m.isolated < m.total THEN t.wake_at END,
            paused_at = CASE WHEN m.satisfied + m.isolated < m.total THEN t.paused_at END
        FROM moved m
        WHERE t.task_id = m.task_id
        RETURNING t.task_id, t.state AS after, m.position, m.enqueued, t.has_dlq_entry
    ), paths AS (
        -- By position, as one value each, and so the next one: looking up is cheaper than joining, which without
        -- hash joins compares every row with every other.
        SELECT jsonb_object_agg(position, tasker_f_5074d4dd508442ee.task_path('steps_in_process', after, enqueued)::text) AS by_position
        FROM task
    ), ready AS (
        SELECT jsonb_object_agg(position, step_indexes::text) AS by_position
        FROM (SELECT position, array_agg(step_index ORDER BY step_index) AS step_indexes
              FROM child WHERE ready GROUP BY position) AS c
    ), published AS (
        SELECT e.value ->> 'name' AS name, e.value ->> 'delivery_mode' AS delivery_mode, a.*
        FROM accepted a
        CROSS JOIN LATERAL jsonb_array_elements(a.events) AS e
        WHERE CASE e.value ->> 'condition'
                  WHEN 'success' THEN a.after = 'complete'
                  WHEN 'failure' THEN a.after IN ('waiting_for_retry', 'error')
                  WHEN 'retryable_failure' THEN a.after = 'waiting_for_retry'
                  WHEN 'permanent_failure' THEN a.after = 'error'
                  ELSE a.after <> 'enqueued' END
    ), outbox AS (
        INSERT INTO tasker.events (name, at, task_id, release_id, step_index, definition, worker_number, attempt,
            step_state, correlation_id, payload, payload_blob)
        SELECT p.name, v_now, p.task_id, p.release_id, p.step_index, p.definition, p.worker_number, p.attempt, p.after,
               p.correlation_id, coalesce(p.failure, p.result)::json, p.result_blob::json
        FROM published p
        WHERE p.delivery_mode <> 'fast'
        ORDER BY p.position
        RETURNING event_id
    ), audited AS (
        INSERT INTO tasker.audit (task_id, at, event, actor, reason, task_states, step_index, attempt, step_states,
            step_times, enqueued_steps, detail)
        SELECT a.task_id, v_now, a.event, a.actor, a.reason,
               -- The task moves once for the whole batch: with its last report.
               (k.by_position ->> a.position::text)::text[],
               a.step_index, a.attempt,
               CASE WHEN a.before = 'enqueued' AND a.started_at IS NOT NULL THEN ARRAY['enqueued'] ELSE '{}' END
                   || CASE WHEN a.before = 'enqueued' AND a.started_at IS NULL THEN 'enqueued' ELSE 'in_progress' END
                   || CASE WHEN a.failure IS NULL THEN 'enqueued_for_orchestration'
                           ELSE 'enqueued_as_error_for_orchestration' END
                   || a.after,
               CASE WHEN a.before = 'enqueued' AND a.started_at IS NOT NULL THEN ARRAY[a.enqueued_at]
                    ELSE '{}'::timestamptz[] END
                   || coalesce(a.started_at, a.begun_at, a.enqueued_at) || coalesce(a.finished_at, v_now) || v_now,
               (y.by_position ->> a.position::text)::integer[], a.detail::json
        FROM accepted a
        CROSS JOIN paths k
        CROSS JOIN ready y
        ORDER BY a.position
    )
    SELECT (SELECT array_agg(tasker_f_5074d4dd508442ee.verdict(a.position, a.after, NULL,
                                            CASE WHEN a.after = 'waiting_for_retry' THEN a.retry_in_ms END,
                                            a.task_id, a.step_index, a.execution)) FROM accepted a)
           || (SELECT array_agg(tasker_f_5074d4dd508442ee.verdict(0, NULL, k.after, NULL, k.task_id, NULL, NULL)) FROM task k),
           (SELECT array_agg(task_id) FROM child WHERE ready)
           || (SELECT array_agg(task_id) FROM accepted WHERE after = 'enqueued'),
           (SELECT array_agg(step_index) FROM child WHERE ready)
           || (SELECT array_agg(step_index) FROM accepted WHERE after = 'enqueued'),
           (SELECT array_agg(task_id ORDER BY position) FROM task WHERE after IN ('complete', 'blocked_by_failures')),
           (SELECT array_agg(task_id) FROM task WHERE after = 'blocked_by_failures'),
           (SELECT array_agg(task_id) FROM task WHERE after = 'complete' AND has_dlq_entry),
           (SELECT json_agg(json_build_array(task_id, step_index)) FROM accepted WHERE isolated),
           (SELECT json_agg(json_build_array(task_id, batch)) FROM accepted
            WHERE batch IS NOT NULL AND after = 'error' AND failure_strategy = 'fail_fast'),
           (SELECT array_agg(tasker_f_5074d4dd508442ee.cloud_event(v_fast, name, v_now, task_id, release_id, definition, worker_number,
                                                attempt, after, correlation_id, coalesce(failure, result)::json)::text
                             ORDER BY position)
            FROM published WHERE delivery_mode = 'fast'),
           (SELECT array_agg(tasker_f_5074d4dd508442ee.cloud_event(v_fast, name, v_now, task_id, release_id, definition, worker_number,
                                                attempt, after, correlation_id, NULL) ORDER BY position)
            FROM published WHERE delivery_mode = 'fast'),
           EXISTS (SELECT 1 FROM outbox)
    INTO v_verdicts, v_ready_task, v_ready_step, v_at_rest, v_blocked, v_settled, v_isolated, v_failed_fast, v_told,
         v_told_short, v_outbox;

    -- All that follows is rare.
    IF v_blocked IS NOT NULL THEN
        PERFORM tasker_f_5074d4dd508442ee.bury(task_id, NULL, NULL, 'orchestrator', NULL) FROM unnest(v_blocked) AS b (task_id);
    END IF;
    IF v_isolated IS NOT NULL THEN
        PERFORM tasker_f_5074d4dd508442ee.bury((i.value ->> 0)::uuid, (i.value ->> 1)::integer, NULL, 'orchestrator', NULL)
        FROM json_array_elements(v_isolated) AS i;
    END IF;
    IF v_settled IS NOT NULL THEN
        PERFORM tasker_f_5074d4dd508442ee.resolve_dlq_entries(task_id, 'manually_resolved', 'orchestrator', 'the task has completed')
        FROM unnest(v_settled) AS d (task_id);
    END IF;
    IF v_told IS NOT NULL THEN
        PERFORM tasker_f_5074d4dd508442ee.tell_listeners(t.event, t.short) FROM unnest(v_told, v_told_short) AS t (event, short);
    END IF;
    IF v_at_rest IS NOT NULL THEN
        PERFORM tasker_f_5074d4dd508442ee.announce_tasks(v_at_rest);
    END IF;
    IF v_outbox THEN
        PERFORM pg_notify('tasker_outbox', '');
    END IF;

    RETURN QUERY SELECT * FROM unnest(v_verdicts);
    IF v_failed_fast IS NOT NULL THEN
        RETURN QUERY
        SELECT e.* FROM (SELECT DISTINCT (f.value ->> 0)::uuid AS task_id, (f.value ->> 1)::integer AS batch
                         FROM json_array_elements(v_failed_fast) AS f ORDER BY 1, 2) AS b
        CROSS JOIN LATERAL tasker_f_5074d4dd508442ee.cancel_batch(b.task_id, b.batch) AS e;
    END IF;
    -- Looked up: an earlier process may have left some.
    IF EXISTS (SELECT FROM tasker.events WHERE published_at IS NULL) THEN
        RETURN QUERY SELECT (tasker_f_5074d4dd508442ee.verdict(-2, NULL, NULL, NULL, NULL, NULL, NULL)).*;
    END IF;
    RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.dispatches(v_ready_task, v_ready_step);
END
$$;


--
-- Name: backoff_ms(text, bigint, bigint, boolean, integer, bigint, double precision); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.backoff_ms(backoff text, base_ms bigint, max_ms bigint, jitter boolean, attempt integer, retry_after_ms bigint, dice double precision) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE
        WHEN retry_after_ms IS NOT NULL THEN greatest(0, least(retry_after_ms, max_ms * 10))
        WHEN backoff = 'none' THEN 0
        ELSE (CASE WHEN jitter THEN dice ELSE 1 END * least(max_ms::double precision,
            base_ms * CASE backoff
                WHEN 'linear' THEN attempt
                WHEN 'exponential' THEN power(2, least(attempt - 1, 40))
                -- Binet's formula: exact in double precision far beyond any cap.
                ELSE round(power((1 + sqrt(5)) / 2, least(attempt, 60)) / sqrt(5))
            END))::bigint
    END
$$;


--
-- Name: bury(uuid, integer, text, text, text); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.bury(p_task uuid, p_step integer, p_reason text, p_actor text, p_note text) RETURNS void
    LANGUAGE plpgsql
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_now timestamptz := tasker_f_5074d4dd508442ee.now();
BEGIN
    INSERT INTO tasker.dlq (task_id, step_index, namespace, name, priority, dlq_reason, actor, note, task_state, snapshot,
        created_at)
    SELECT t.task_id, p_step, t.namespace, t.name, t.priority,
           coalesce(p_reason, CASE WHEN EXISTS (
               -- Nobody ran them to an end.
               SELECT 1 FROM tasker.steps s WHERE s.task_id = p_task AND s.state = 'error'
                 AND tasker_f_5074d4dd508442ee.error_type(s.last_failure) IN ('LeaseLost', 'PoisonMessage'))
               THEN 'worker_unavailable' ELSE 'max_retries_exceeded' END),
           p_actor, p_note, t.state,
           json_build_object('task', json_build_object(
               'task_id', t.task_id, 'namespace', t.namespace, 'name', t.name, 'version', t.version, 'state', t.state,
               'state_since', t.state_since, 'priority', t.priority, 'correlation_id', t.correlation_id,
               'initiator', t.initiator, 'source_system', t.source_system, 'reason', t.reason, 'tags', t.tags,
               'created_at', t.created_at, 'context', t.input, 'context_blob', t.input_blob,
               'steps', json_build_object('total', t.steps_total, 'satisfied', t.steps_satisfied,
                   'running', t.steps_running, 'retrying', t.steps_retrying, 'failed', t.steps_failed,
                   'isolated', t.steps_isolated)),
               'steps', (
                   SELECT json_agg(json_build_object(
                       'step_index', s.step_index, 'name', tasker_f_5074d4dd508442ee.step_name(d.name, s.worker_number), 'state', s.state,
                       'attempt', s.attempt, 'started_at', s.started_at, 'finished_at', s.finished_at,
                       'next_retry_at', s.next_retry_at, 'host', s.host, 'checkpoints', s.checkpoints,
                       'cursor', s.cursor, 'last_failure', s.last_failure) ORDER BY s.step_index)
                   FROM (SELECT * FROM tasker.steps x
                         WHERE x.task_id = p_task AND (p_step IS NULL OR x.step_index = p_step)
                         -- Of a very wide task, what has gone wrong or is still open.
                         ORDER BY x.state = 'error' DESC, x.state = 'complete', x.step_index LIMIT 1000) AS s
                   JOIN tasker.release_steps d ON d.release_id = t.release_id AND d.step_index = s.definition)),
           v_now
    FROM tasker.tasks t WHERE t.task_id = p_task
    ON CONFLICT (task_id, coalesce(step_index, -1)) WHERE resolution_status = 'pending' DO NOTHING;
    UPDATE tasker.tasks SET has_dlq_entry = true WHERE task_id = p_task AND NOT has_dlq_entry;
END
$$;


--
-- Name: cancel_batch(uuid, integer); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.cancel_batch(p_task uuid, p_batch integer) RETURNS SETOF tasker_f_5074d4dd508442ee.effect
    LANGUAGE plpgsql
    AS $$
DECLARE
    r_task  tasker.tasks := tasker_f_5074d4dd508442ee.lock_task(p_task);
    v_steps integer[] := ARRAY(
        SELECT s.step_index FROM tasker.steps s
        WHERE s.task_id = p_task AND s.batch = p_batch
          AND s.state NOT IN ('complete', 'error', 'cancelled', 'resolved_manually'));
BEGIN
    IF v_steps = '{}' THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.revocations(p_task, v_steps);
    RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.settle(r_task.state, p_task, 'batch_failed', 'orchestrator',
        'another worker of the batch failed for good, and its failure_strategy is fail_fast',
        tasker_f_5074d4dd508442ee.stop_steps(p_task, v_steps, 'cancelled', NULL), NULL);
END
$$;


--
-- Name: cancel_task(uuid, text, text); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.cancel_task(p_task uuid, p_actor text, p_reason text) RETURNS SETOF tasker_f_5074d4dd508442ee.effect
    LANGUAGE plpgsql
    AS $$
DECLARE
    r_task  tasker.tasks := tasker_f_5074d4dd508442ee.lock_task(p_task);
    v_steps integer[];
BEGIN
    IF r_task.state IN ('complete', 'error', 'cancelled', 'resolved_manually') THEN
        RETURN QUERY SELECT v.* FROM tasker_f_5074d4dd508442ee.verdict(1, NULL, r_task.state, NULL, p_task, NULL, NULL) AS v;
        RETURN;
    END IF;
    v_steps := ARRAY(SELECT s.step_index FROM tasker.steps s
                     WHERE s.task_id = p_task AND s.state NOT IN ('complete', 'cancelled', 'resolved_manually'));
    RETURN QUERY SELECT v.* FROM tasker_f_5074d4dd508442ee.verdict(1, NULL, NULL, cardinality(v_steps), p_task, NULL, NULL) AS v;
    RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.revocations(p_task, v_steps);
    RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.settle(r_task.state, p_task, 'cancelled', p_actor, p_reason,
        tasker_f_5074d4dd508442ee.stop_steps(p_task, v_steps, 'cancelled', NULL), 'cancelled');
END
$$;


--
-- Name: cloud_event(text, text, timestamp with time zone, uuid, uuid, integer, integer, integer, text, text, json); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.cloud_event(p_id text, p_name text, p_at timestamp with time zone, p_task uuid, p_release uuid, p_definition integer, p_worker_number integer, p_attempt integer, p_state text, p_correlation text, p_data json) RETURNS json
    LANGUAGE sql STABLE
    AS $$
    SELECT CASE WHEN d.name IS NULL THEN
        json_build_object('specversion', '1.0', 'id', p_id, 'type', p_name,
            'source', format('/tasker/%s/%s', t.namespace, t.name), 'subject', p_task,
            'time', p_at, 'datacontenttype', 'application/json',
            'taskid', p_task, 'taskname', t.name, 'taskversion', t.version, 'tasknamespace', t.namespace,
            'correlationid', p_correlation, 'data', p_data)
    ELSE
        json_build_object('specversion', '1.0', 'id', p_id, 'type', p_name,
            'source', format('/tasker/%s/%s', t.namespace, t.name),
            'subject', format('%s/%s', p_task, tasker_f_5074d4dd508442ee.step_name(d.name, p_worker_number)),
            'time', p_at, 'datacontenttype', 'application/json',
            'taskid', p_task, 'taskname', t.name, 'taskversion', t.version, 'tasknamespace', t.namespace,
            'stepname', tasker_f_5074d4dd508442ee.step_name(d.name, p_worker_number), 'stepstate', p_state, 'attempt', p_attempt,
            'correlationid', p_correlation, 'data', p_data)
    END
    FROM tasker.releases r
    JOIN tasker.templates t ON t.template_id = r.template_id
    LEFT JOIN tasker.release_steps d ON d.release_id = r.release_id AND d.step_index = p_definition
    WHERE r.release_id = p_release
$$;


--
-- Name: create_tasks(bigint, uuid[], uuid[], smallint[], text[], text[], bytea[], text[], text[], text[], text[], text[], text[], text[]); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.create_tasks(p_catalog_version bigint, p_task uuid[], p_release uuid[], p_priority smallint[], p_input text[], p_input_blob text[], p_identity bytea[], p_initiator text[], p_source_system text[], p_reason text[], p_tags text[], p_correlation text[], p_parent_correlation text[], p_traceparent text[]) RETURNS SETOF tasker_f_5074d4dd508442ee.effect
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_now        timestamptz := tasker_f_5074d4dd508442ee.now();
    v_created    uuid[];
    v_at_rest    uuid[];
    v_ready_task uuid[];
    v_ready_step integer[];
BEGIN
    IF (SELECT version FROM tasker.catalog) <> p_catalog_version THEN
        RETURN;
    END IF;

    WITH request AS (
        SELECT * FROM unnest(p_task, p_release, p_priority, p_input, p_input_blob, p_identity, p_initiator,
                             p_source_system, p_reason, p_tags, p_correlation, p_parent_correlation, p_traceparent)
            AS r (task_id, release_id, priority, input, input_blob, identity, initiator, source_system, reason, tags,
                  correlation_id, parent_correlation_id, traceparent)
    ), release AS (
        -- Each of the few releases once. OFFSET 0 keeps the look-ups look-ups: without it the planner, who does not
        -- know how many rows an array has, may read a whole table for each.
        SELECT q.release_id, e.namespace, e.name, e.version, e.first_look, d.total, d.ready
        FROM (SELECT DISTINCT release_id FROM request) q
        CROSS JOIN LATERAL (
            SELECT t.namespace, t.name, t.version, least(l.max_duration, l.max_waiting_for_dependencies,
                       l.max_waiting_for_retry, l.max_steps_in_process) AS first_look
            FROM tasker.releases l
            JOIN tasker.templates t ON t.template_id = l.template_id
            WHERE l.release_id = q.release_id OFFSET 0) e
        CROSS JOIN LATERAL (
            SELECT count(*) AS total, count(*) FILTER (WHERE s.parents = '{}') AS ready
            FROM tasker.release_steps s WHERE s.release_id = q.release_id AND s.created_with_task OFFSET 0) d
    ), created AS (
        INSERT INTO tasker.tasks (task_id, release_id, namespace, name, version, state, priority, input, input_blob,
            identity, initiator, source_system, reason, tags, correlation_id, parent_correlation_id, traceparent,
            created_at, completed_at, state_since, wake_at, steps_total, steps_running)
        SELECT r.task_id, r.release_id, e.namespace, e.name, e.version,
               CASE WHEN e.total = 0 THEN 'complete' WHEN e.ready = 0 THEN 'waiting_for_dependencies'
                    ELSE 'steps_in_process' END,
               r.priority, r.input::json, r.input_blob::json, r.identity, r.initiator, r.source_system, r.reason,
               -- Arrays of arrays must be rectangular, so each request's tags come as one JSON array.
               ARRAY(SELECT json_array_elements_text(r.tags::json)),
               r.correlation_id, r.parent_correlation_id, r.traceparent,
               v_now, CASE WHEN e.total = 0 THEN v_now END, v_now, CASE WHEN e.total > 0 THEN v_now + e.first_look END,
               e.total, e.ready
        FROM request r
        JOIN release e ON e.release_id = r.release_id
        -- In one order everywhere, so that two batches with the same identities cannot wait for each other.
        ORDER BY r.identity, r.task_id
        ON CONFLICT (identity) WHERE identity IS NOT NULL DO NOTHING
        RETURNING task_id, release_id, state, initiator, reason
    ), steps AS (
        INSERT INTO tasker.steps (task_id, step_index, definition, state, attempt, execution, remaining_dependencies,
            enqueued_at, wake_at)
        SELECT c.task_id, d.step_index, d.step_index,
               CASE WHEN d.parents = '{}' THEN 'enqueued' ELSE 'pending' END,
               CASE WHEN d.parents = '{}' THEN 1 ELSE 0 END,
               CASE WHEN d.parents = '{}' THEN 1 ELSE 0 END,
               cardinality(d.parents),
               CASE WHEN d.parents = '{}' THEN v_now END,
               CASE WHEN d.parents = '{}' THEN v_now + tasker_f_5074d4dd508442ee.unsent_grace() END
        FROM created c
        CROSS JOIN LATERAL (
            SELECT s.step_index, s.parents FROM tasker.release_steps s
            WHERE s.release_id = c.release_id AND s.created_with_task ORDER BY s.step_index OFFSET 0) d
        RETURNING task_id, step_index, state
    ), ready AS (
        SELECT task_id, array_agg(step_index) AS step_indexes
        FROM steps WHERE state = 'enqueued' GROUP BY task_id
    ), audited AS (
        INSERT INTO tasker.audit (task_id, at, event, actor, reason, task_states, enqueued_steps)
        SELECT c.task_id, v_now, 'created', coalesce(c.initiator, 'api'), c.reason,
               CASE WHEN c.state = 'steps_in_process'
                    THEN ARRAY['pending', 'initializing', 'enqueuing_steps', 'steps_in_process']
                    ELSE ARRAY['pending', 'initializing', c.state] END,
               y.step_indexes
        FROM created c
        LEFT JOIN ready y ON y.task_id = c.task_id
    )
    SELECT (SELECT array_agg(task_id) FROM created),
           (SELECT array_agg(task_id) FROM created WHERE state = 'complete'),
           array_agg(task_id), array_agg(step_index)
    INTO v_created, v_at_rest, v_ready_task, v_ready_step
    FROM steps WHERE state = 'enqueued';
    IF v_at_rest IS NOT NULL THEN
        PERFORM tasker_f_5074d4dd508442ee.announce_tasks(v_at_rest);
    END IF;

    -- A statement of its own: it must see the tasks of the transactions that the insertion waited for.
    RETURN QUERY
    SELECT v.* FROM unnest(p_task, p_identity) WITH ORDINALITY AS r (task_id, identity, position)
    CROSS JOIN LATERAL (
        SELECT c.task_id, c.state FROM tasker.tasks c
        WHERE c.task_id = CASE WHEN r.task_id = ANY (v_created) THEN r.task_id
            ELSE (SELECT e.task_id FROM tasker.tasks e WHERE e.identity = r.identity) END OFFSET 0) t
    CROSS JOIN LATERAL tasker_f_5074d4dd508442ee.verdict(r.position, NULL, t.state, NULL, t.task_id, NULL, NULL) AS v
    ORDER BY r.position;

    RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.dispatches(v_ready_task, v_ready_step);
END
$$;


--
-- Name: dispatches(uuid[], integer[]); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.dispatches(p_tasks uuid[], p_steps integer[]) RETURNS SETOF tasker_f_5074d4dd508442ee.effect
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
BEGIN
    IF p_tasks IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT NULL::bigint, s.state, NULL::text, NULL::bigint, s.task_id, s.step_index, s.execution, s.attempt,
           t.release_id, s.definition, t.priority, t.input::text, t.input_blob::text, t.correlation_id, t.traceparent,
           CASE WHEN d.context_steps = '{}' THEN NULL ELSE (
               SELECT json_agg(json_build_object('step', r.name, 'result', CASE WHEN r.result_blob IS NULL
                                   THEN json_build_object('inline', coalesce(r.result, 'null'))
                                   ELSE json_build_object('blob', r.result_blob) END)
                               ORDER BY c.position, r.worker_number)::text
               FROM unnest(d.context_steps) WITH ORDINALITY AS c (step_index, position)
               CROSS JOIN LATERAL (
                   SELECT pd.name, pd.step_type FROM tasker.release_steps pd
                   WHERE pd.release_id = t.release_id AND pd.step_index = c.step_index OFFSET 0) AS pd
               CROSS JOIN LATERAL (
                   SELECT pd.name, p.worker_number, p.result, p.result_blob
                   FROM tasker.steps p
                   WHERE pd.step_type <> 'batch_worker' AND p.task_id = s.task_id AND p.step_index = c.step_index
                     AND p.state IN ('complete', 'resolved_manually')
                   UNION ALL
                   SELECT tasker_f_5074d4dd508442ee.step_name(pd.name, w.worker_number), w.worker_number, w.result, w.result_blob
                   FROM tasker.batches b
                   CROSS JOIN LATERAL (
                       SELECT * FROM tasker.steps
                       WHERE task_id = s.task_id AND step_index >= b.first_index
                         AND step_index < b.first_index + b.workers
                         AND state IN ('complete', 'resolved_manually') OFFSET 0) AS w
                   WHERE pd.step_type = 'batch_worker' AND b.task_id = s.task_id AND b.worker = c.step_index) AS r) END,
           s.checkpoint::text, s.checkpoint_blob::text, s.batch, s.worker_number,
           CASE WHEN s.batch IS NOT NULL THEN (
               SELECT b.workers FROM tasker.batches b WHERE b.task_id = s.task_id AND b.step_index = s.batch) END,
           s.cursor::text
    FROM unnest(p_tasks, p_steps) AS k (task_id, step_index)
    -- OFFSET 0 keeps the look-ups look-ups, whatever the planner believes about the length of the arrays.
    CROSS JOIN LATERAL (
        SELECT * FROM tasker.steps
        WHERE task_id = k.task_id AND step_index = k.step_index AND state = 'enqueued' OFFSET 0) s
    CROSS JOIN LATERAL (SELECT * FROM tasker.tasks WHERE task_id = k.task_id OFFSET 0) t
    CROSS JOIN LATERAL (
        SELECT context_steps FROM tasker.release_steps
        WHERE release_id = t.release_id AND step_index = s.definition OFFSET 0) d
    ORDER BY t.priority DESC, s.task_id, s.step_index;
END
$$;


--
-- Name: enforce_lifecycle(integer); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.enforce_lifecycle(p_limit integer) RETURNS SETOF tasker_f_5074d4dd508442ee.effect
    LANGUAGE plpgsql
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_now      timestamptz := tasker_f_5074d4dd508442ee.now();
    v_limit    interval;
    v_is_overdue boolean;
    v_is_stale boolean;
    v_fails    boolean;
    v_note     text;
    r_task     record;
BEGIN
    FOR r_task IN
        SELECT t.*, l AS release FROM tasker.tasks t
        JOIN tasker.releases l ON l.release_id = t.release_id
        WHERE t.task_id IN (SELECT w.task_id FROM tasker.tasks w WHERE w.wake_at <= v_now ORDER BY w.wake_at LIMIT p_limit)
        ORDER BY t.task_id FOR UPDATE OF t SKIP LOCKED
    LOOP
        v_limit := tasker_f_5074d4dd508442ee.state_limit(r_task.state, r_task.release);
        v_is_overdue := NOT r_task.is_overdue AND r_task.created_at + (r_task.release).max_duration <= v_now;
        -- An operator who holds a task knows that it stands.
        v_is_stale := r_task.paused_at IS NULL AND r_task.state_since + v_limit <= v_now
            AND (r_task.release).staleness_action <> 'none';
        UPDATE tasker.tasks SET
            is_overdue = r_task.is_overdue OR v_is_overdue,
            -- In a state without a limit, soon enough for any that it may come to.
            wake_at = least(
                CASE WHEN NOT r_task.is_overdue AND NOT v_is_overdue
                     THEN r_task.created_at + (r_task.release).max_duration END,
                CASE WHEN r_task.state_since + v_limit > v_now THEN r_task.state_since + v_limit
                     ELSE v_now + coalesce(v_limit, least(
                         (r_task.release).max_waiting_for_dependencies, (r_task.release).max_waiting_for_retry,
                         (r_task.release).max_steps_in_process)) END)
        WHERE task_id = r_task.task_id;
        IF NOT v_is_overdue AND NOT v_is_stale THEN
            CONTINUE;
        END IF;
        v_note := CASE WHEN v_is_overdue
            THEN format('the task has existed for longer than its max_duration_minutes allow (%s)',
                        (r_task.release).max_duration)
            ELSE format('nothing has happened to the task in %s for %s', r_task.state, v_limit) END;
        v_fails := (r_task.release).fails_on_timeout
            OR v_is_stale AND (r_task.release).staleness_action = 'error';
        IF v_fails OR v_is_stale OR (r_task.release).buries_on_timeout THEN
            PERFORM tasker_f_5074d4dd508442ee.bury(r_task.task_id, NULL, 'staleness_timeout', 'lifecycle', v_note);
        END IF;
        IF v_fails THEN
            RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.fail_task(r_task.task_id, 'lifecycle', v_note);
        END IF;
    END LOOP;
END
$$;


--
-- Name: error_type(json); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.error_type(p_failure json) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
BEGIN
    RETURN p_failure ->> 'error_type';
EXCEPTION WHEN untranslatable_character OR invalid_text_representation THEN
    RETURN NULL;
END
$$;


--
-- Name: evaluate_task(integer, integer, integer, integer, integer, integer); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.evaluate_task(total integer, satisfied integer, isolated integer, running integer, retrying integer, failed integer) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE
        WHEN satisfied + isolated = total THEN 'complete'
        WHEN running > 0 THEN 'steps_in_process'
        WHEN retrying > 0 THEN 'waiting_for_retry'
        WHEN failed > 0 THEN 'blocked_by_failures'
        ELSE 'waiting_for_dependencies'
    END
$$;


--
-- Name: expand_batch(uuid, integer, json); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.expand_batch(p_task uuid, p_step integer, p_cursors json) RETURNS SETOF integer
    LANGUAGE plpgsql
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_release     uuid;
    v_execution   integer;
    v_worker      integer;
    v_parallelism integer;
    v_first       integer;
    -- Measured once: the array is parsed each time.
    v_cursors     integer := json_array_length(p_cursors);
    v_workers     integer := greatest(1, v_cursors);
BEGIN
    SELECT t.release_id, t.first_execution INTO v_release, v_execution FROM tasker.tasks t WHERE t.task_id = p_task;
    SELECT d.worker, d.parallelism INTO v_worker, v_parallelism FROM tasker.release_steps d
    WHERE d.release_id = v_release AND d.step_index = p_step;
    -- Behind the steps of the release, and those of earlier batches.
    SELECT greatest((SELECT max(d.step_index) FROM tasker.release_steps d WHERE d.release_id = v_release),
                    (SELECT max(s.step_index) FROM tasker.steps s WHERE s.task_id = p_task)) + 1
    INTO v_first;

    INSERT INTO tasker.batches (task_id, step_index, worker, first_index, workers, next_index)
    VALUES (p_task, p_step, v_worker, v_first, v_workers, v_first + least(v_workers, v_parallelism));
    INSERT INTO tasker.steps (task_id, step_index, definition, state, execution, remaining_dependencies, batch,
        worker_number, cursor)
    SELECT p_task, v_first + c.number - 1, v_worker, 'pending', v_execution, 0, p_step, c.number,
           CASE WHEN v_cursors > 0 THEN c.cursor END
    FROM json_array_elements(CASE WHEN v_cursors > 0 THEN p_cursors ELSE '[null]' END)
        WITH ORDINALITY AS c (cursor, number);
    -- The worker that was declared has counted as one dependency.
    UPDATE tasker.steps s SET remaining_dependencies = s.remaining_dependencies + v_workers - 1
    FROM tasker.release_steps d
    WHERE d.release_id = v_release AND d.step_index = v_worker
      AND s.task_id = p_task AND s.step_index = ANY (d.children) AND s.state = 'pending';
    UPDATE tasker.tasks SET steps_total = steps_total + v_workers WHERE task_id = p_task;

    RETURN QUERY SELECT generate_series(v_first, v_first + least(v_workers, v_parallelism) - 1);
END
$$;


--
-- Name: expand_decision(uuid, integer[], integer[]); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.expand_decision(p_task uuid, p_named integer[], p_decided integer[]) RETURNS SETOF integer
    LANGUAGE plpgsql
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_release   uuid;
    v_execution integer;
    v_present   integer[];
    v_new       integer[] := '{}';
    r_step      record;
BEGIN
    SELECT t.release_id, t.first_execution INTO v_release, v_execution FROM tasker.tasks t WHERE t.task_id = p_task;
    -- A batch worker is there with its batchable step: its rows follow.
    SELECT array_agg(s.definition) || coalesce(array_agg(d.worker) FILTER (WHERE d.worker IS NOT NULL), '{}')
    INTO v_present
    FROM tasker.steps s
    JOIN tasker.release_steps d ON d.release_id = v_release AND d.step_index = s.definition
    WHERE s.task_id = p_task AND s.batch IS NULL;

    FOR r_step IN
        SELECT d.step_index, d.step_type, d.parents, d.worker,
               bool_or(p.step_type = 'decision') AS is_chosen,
               bool_or(p.step_type <> 'decision' AND p.deciders <> '{}' AND p.step_index = ANY (v_present)) AS is_reached
        FROM tasker.release_steps d
        CROSS JOIN LATERAL unnest(d.parents) AS parent (step_index)
        JOIN tasker.release_steps p ON p.release_id = v_release AND p.step_index = parent.step_index
        WHERE d.release_id = v_release AND d.deciders && p_decided AND d.step_type <> 'batch_worker'
          AND NOT d.step_index = ANY (v_present)
        GROUP BY d.step_index, d.step_type, d.parents, d.worker, d.creation_order
        ORDER BY d.creation_order
    LOOP
        IF (r_step.step_index = ANY (p_named)
            OR CASE WHEN r_step.step_type = 'deferred_convergence'
                    -- Also by what this call has created.
                    THEN r_step.is_reached OR EXISTS (
                        SELECT 1 FROM tasker.release_steps p
                        WHERE p.release_id = v_release AND p.step_index = ANY (r_step.parents)
                          AND p.step_index = ANY (v_new) AND p.step_type <> 'decision')
                    ELSE NOT r_step.is_chosen AND r_step.parents <@ v_present END)
        THEN
            v_new := array_remove(v_new || ARRAY[r_step.step_index, r_step.worker], NULL);
            v_present := v_present || v_new;
        END IF;
    END LOOP;

    INSERT INTO tasker.steps (task_id, step_index, definition, state, execution, remaining_dependencies)
    SELECT p_task, d.step_index, d.step_index, 'pending', v_execution, 0
    FROM tasker.release_steps d
    WHERE d.release_id = v_release AND d.step_index = ANY (v_new) AND d.step_type <> 'batch_worker'
    ORDER BY d.step_index;
    UPDATE tasker.tasks SET steps_total = (SELECT count(*) FROM tasker.steps s WHERE s.task_id = p_task)
    WHERE task_id = p_task AND v_new <> '{}';

    RETURN QUERY
    UPDATE tasker.steps s
    SET remaining_dependencies = tasker_f_5074d4dd508442ee.open_dependencies(p_task, v_release, s.definition, p_decided)
    FROM tasker.release_steps d
    WHERE s.task_id = p_task AND s.state = 'pending' AND d.release_id = v_release AND d.step_index = s.definition
      AND (s.step_index = ANY (v_new) OR d.step_type = 'deferred_convergence' AND d.deciders && p_decided)
    RETURNING s.step_index;
END
$$;


--
-- Name: expand_reports(uuid[], integer[], integer[], uuid[], integer[], text[], text[]); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.expand_reports(p_task uuid[], p_step integer[], p_execution integer[], p_release uuid[], p_definition integer[], p_branch text[], p_cursors text[]) RETURNS TABLE(task_id uuid, step_index integer, "position" bigint)
    LANGUAGE plpgsql
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_decided integer[] := '{}';
    v_before  uuid;
    r_report  record;
BEGIN
    FOR r_report IN
        SELECT r.*
        FROM (SELECT DISTINCT ON (u.task_id, u.step_index, u.execution) u.*
              FROM unnest(p_task, p_step, p_execution, p_release, p_definition, p_branch, p_cursors) WITH ORDINALITY
                  AS u (task_id, step_index, execution, release_id, definition, branch, cursors, position)
              ORDER BY u.task_id, u.step_index, u.execution, u.position) AS r
        JOIN tasker.steps s ON s.task_id = r.task_id AND s.step_index = r.step_index AND s.execution = r.execution
        JOIN tasker.tasks t ON t.task_id = r.task_id AND t.release_id = r.release_id
        WHERE s.state IN ('enqueued', 'in_progress') AND s.definition = r.definition
        ORDER BY r.task_id, r.step_index, r.position
    LOOP
        IF v_before IS DISTINCT FROM r_report.task_id THEN
            v_decided := '{}';
            v_before := r_report.task_id;
        END IF;
        IF r_report.branch IS NOT NULL THEN
            v_decided := v_decided || r_report.step_index;
            RETURN QUERY
            SELECT r_report.task_id, x, r_report.position
            FROM tasker_f_5074d4dd508442ee.expand_decision(
                r_report.task_id, ARRAY(SELECT json_array_elements_text(r_report.branch::json)::integer), v_decided) AS x;
        ELSIF r_report.cursors IS NOT NULL THEN
            RETURN QUERY
            SELECT r_report.task_id, x, r_report.position
            FROM tasker_f_5074d4dd508442ee.expand_batch(r_report.task_id, r_report.step_index, r_report.cursors::json) AS x;
        END IF;
    END LOOP;
END
$$;


--
-- Name: expect_nothing_in_flight(); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.expect_nothing_in_flight() RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_now     timestamptz := tasker_f_5074d4dd508442ee.now();
    v_counted bigint;
BEGIN
    UPDATE tasker.steps SET wake_at = v_now
    WHERE wake_at > v_now AND state IN ('enqueued', 'in_progress');
    GET DIAGNOSTICS v_counted = ROW_COUNT;
    RETURN v_counted;
END
$$;


--
-- Name: fail_task(uuid, text, text); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.fail_task(p_task uuid, p_actor text, p_reason text) RETURNS SETOF tasker_f_5074d4dd508442ee.effect
    LANGUAGE plpgsql
    AS $$
DECLARE
    r_task  tasker.tasks := tasker_f_5074d4dd508442ee.lock_task(p_task);
    v_steps integer[] := ARRAY(
        SELECT s.step_index FROM tasker.steps s
        WHERE s.task_id = p_task AND s.state IN ('enqueued', 'in_progress', 'waiting_for_retry'));
BEGIN
    RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.revocations(p_task, v_steps);
    RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.settle(r_task.state, p_task, 'given_up', p_actor, p_reason,
        tasker_f_5074d4dd508442ee.stop_steps(p_task, v_steps, 'error', json_build_object('error_type', 'TaskGivenUp', 'message',
            coalesce(p_reason, 'the task was given up'), 'retryable', false, 'origin', 'host')), 'error');
END
$$;


--
-- Name: forget_received_events(integer); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.forget_received_events(p_limit integer) RETURNS void
    LANGUAGE sql
    AS $$
    DELETE FROM tasker.received_events WHERE received_id IN (
        SELECT old.received_id
        FROM (VALUES ('started', interval '7 days'), ('unmatched', interval '30 days'), ('failed', interval '30 days'))
            AS kept (state, for_time)
        CROSS JOIN LATERAL (
            SELECT e.received_id FROM tasker.received_events e
            WHERE e.state = kept.state AND e.received_at < tasker_f_5074d4dd508442ee.now() - kept.for_time
            ORDER BY e.received_at LIMIT p_limit) AS old)
$$;


--
-- Name: is_subscribed(text, text); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.is_subscribed(p_subscribed text, p_name text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT p_subscribed = p_name
        OR right(p_subscribed, 1) = '*' AND starts_with(p_name, left(p_subscribed, -1))
           AND (starts_with(p_subscribed, 'tasker.') OR NOT starts_with(p_name, 'tasker.task.'))
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: tasks; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.tasks (
    task_id uuid NOT NULL,
    release_id uuid NOT NULL,
    namespace text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    state text NOT NULL,
    priority smallint NOT NULL,
    input json,
    input_blob json,
    identity bytea,
    initiator text,
    source_system text,
    reason text,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    correlation_id text NOT NULL,
    parent_correlation_id text,
    traceparent text,
    created_at timestamp with time zone NOT NULL,
    completed_at timestamp with time zone,
    steps_total integer NOT NULL,
    steps_satisfied integer DEFAULT 0 NOT NULL,
    steps_running integer DEFAULT 0 NOT NULL,
    steps_retrying integer DEFAULT 0 NOT NULL,
    steps_failed integer DEFAULT 0 NOT NULL,
    steps_isolated integer DEFAULT 0 NOT NULL,
    paused_at timestamp with time zone,
    state_since timestamp with time zone NOT NULL,
    wake_at timestamp with time zone,
    is_overdue boolean DEFAULT false NOT NULL,
    has_dlq_entry boolean DEFAULT false NOT NULL,
    first_execution integer DEFAULT 0 NOT NULL,
    CONSTRAINT tasks_check CHECK (((input IS NULL) <> (input_blob IS NULL))),
    CONSTRAINT tasks_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'initializing'::text, 'enqueuing_steps'::text, 'steps_in_process'::text, 'evaluating_results'::text, 'waiting_for_dependencies'::text, 'waiting_for_retry'::text, 'blocked_by_failures'::text, 'complete'::text, 'error'::text, 'cancelled'::text, 'resolved_manually'::text])))
)
WITH (fillfactor='80');


--
-- Name: lock_task(uuid); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.lock_task(p_task uuid) RETURNS tasker.tasks
    LANGUAGE plpgsql
    AS $$
DECLARE
    r_task tasker.tasks;
BEGIN
    SELECT * INTO r_task FROM tasker.tasks WHERE task_id = p_task FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no task %', p_task USING ERRCODE = 'TK404';
    END IF;
    RETURN r_task;
END
$$;


--
-- Name: mark_dispatched(uuid[], integer[], integer[]); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.mark_dispatched(p_task uuid[], p_step integer[], p_execution integer[]) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_now timestamptz := tasker_f_5074d4dd508442ee.now();
BEGIN
    -- In key order, and only rows nobody is changing: a step that is being changed has been heard of.
    UPDATE tasker.steps s SET dispatched_at = v_now, wake_at = tasker_f_5074d4dd508442ee.resend_at(v_now, s.enqueued_at)
    FROM (SELECT l.task_id, l.step_index
          FROM unnest(p_task, p_step, p_execution) AS k (task_id, step_index, execution)
          JOIN tasker.steps l ON l.task_id = k.task_id AND l.step_index = k.step_index AND l.execution = k.execution
          WHERE l.state = 'enqueued'
          ORDER BY l.task_id, l.step_index
          FOR UPDATE OF l SKIP LOCKED) AS sent
    WHERE s.task_id = sent.task_id AND s.step_index = sent.step_index;
END
$$;


--
-- Name: now(); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.now() RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(nullif(current_setting('tasker.now', true), '')::timestamptz, clock_timestamp())
$$;


--
-- Name: open_dependencies(uuid, uuid, integer, integer[]); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.open_dependencies(p_task uuid, p_release uuid, p_definition integer, p_decided integer[]) RETURNS integer
    LANGUAGE plpgsql STABLE
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_open    integer := 0;
    v_state   text;
    v_workers bigint;
    r_parent  record;
BEGIN
    FOR r_parent IN
        SELECT p.step_index, p.step_type, p.deciders, b.step_index AS batchable
        FROM tasker.release_steps d
        CROSS JOIN LATERAL unnest(d.parents) AS parent (step_index)
        JOIN tasker.release_steps p ON p.release_id = p_release AND p.step_index = parent.step_index
        LEFT JOIN tasker.release_steps b ON b.release_id = p_release AND b.worker = p.step_index
        WHERE d.release_id = p_release AND d.step_index = p_definition
    LOOP
        IF r_parent.step_type = 'batch_worker' THEN
            SELECT count(*) FILTER (WHERE NOT (w.state IN ('complete', 'resolved_manually') OR w.isolated))
            INTO v_workers
            FROM tasker.batches b
            JOIN tasker.steps w ON w.task_id = p_task AND w.step_index >= b.first_index
                               AND w.step_index < b.first_index + b.workers
            WHERE b.task_id = p_task AND b.worker = r_parent.step_index
            HAVING count(*) > 0;
            IF FOUND THEN
                v_open := v_open + v_workers;
                CONTINUE;
            END IF;
        END IF;
        -- Workers that are not there yet come with their batchable step.
        SELECT s.state INTO v_state FROM tasker.steps s
        WHERE s.task_id = p_task AND s.step_index = coalesce(r_parent.batchable, r_parent.step_index);
        IF FOUND THEN
            v_open := v_open + CASE WHEN v_state IN ('complete', 'resolved_manually') THEN 0 ELSE 1 END;
        ELSIF EXISTS (
            SELECT 1 FROM tasker.steps e
            WHERE e.task_id = p_task AND e.step_index = ANY (r_parent.deciders)
              AND NOT e.step_index = ANY (p_decided)
              AND e.state NOT IN ('complete', 'resolved_manually', 'cancelled'))
        THEN
            v_open := v_open + 1;
        END IF;
    END LOOP;
    RETURN v_open;
END
$$;


--
-- Name: operate_step(uuid, integer, text, text, text, text, text, text, text); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.operate_step(p_task uuid, p_step integer, p_action text, p_actor text, p_reason text, p_result text, p_result_blob text, p_branch text, p_cursors text) RETURNS SETOF tasker_f_5074d4dd508442ee.effect
    LANGUAGE plpgsql
    AS $$
DECLARE
    r_task   tasker.tasks := tasker_f_5074d4dd508442ee.lock_task(p_task);
    r_step   tasker.steps;
    r_fixed  tasker.release_steps;
    v_after  text := CASE p_action WHEN 'resolve_manually' THEN 'resolved_manually'
                                   WHEN 'complete_manually' THEN 'complete' END;
    v_name   text;
BEGIN
    SELECT * INTO r_step FROM tasker.steps WHERE task_id = p_task AND step_index = p_step;
    IF NOT FOUND THEN
        PERFORM tasker_f_5074d4dd508442ee.refuse(format('task %s has no step %s', p_task, p_step));
    END IF;
    SELECT * INTO r_fixed FROM tasker.release_steps
    WHERE release_id = r_task.release_id AND step_index = r_step.definition;
    v_name := tasker_f_5074d4dd508442ee.step_name(r_fixed.name, r_step.worker_number);
    IF r_task.state IN ('complete', 'cancelled', 'resolved_manually') THEN
        PERFORM tasker_f_5074d4dd508442ee.refuse(format('the task is %s; nothing can be done to its steps (re-run them with rerun)', r_task.state));
    ELSIF r_step.isolated THEN
        PERFORM tasker_f_5074d4dd508442ee.refuse(format('step %s failed and its batch went on without it (failure_strategy isolate)', v_name));
    END IF;

    IF p_action = 'reset_for_retry' THEN
        IF r_step.state NOT IN ('error', 'cancelled') THEN
            PERFORM tasker_f_5074d4dd508442ee.refuse(format('step %s is %s; only a step in error, or cancelled with its batch, can be reset for retry',
                                         v_name, r_step.state));
        END IF;
        RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.settle(r_task.state, p_task, p_action, p_actor, p_reason,
            tasker_f_5074d4dd508442ee.reset_steps(p_task, ARRAY[p_step], r_task.paused_at IS NOT NULL), NULL);
        RETURN;
    END IF;

    IF r_step.state IN ('complete', 'cancelled') OR r_step.state = v_after THEN
        PERFORM tasker_f_5074d4dd508442ee.refuse(format('step %s is %s already', v_name, r_step.state));
    END IF;
    RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.revocations(p_task, ARRAY[p_step]);
    IF r_fixed.step_type = 'decision' AND r_step.state <> 'resolved_manually' THEN
        PERFORM tasker_f_5074d4dd508442ee.expand_decision(p_task, ARRAY(SELECT json_array_elements_text(p_branch::json)::integer), ARRAY[p_step]);
    ELSIF p_cursors IS NOT NULL AND r_step.state <> 'resolved_manually' THEN
        PERFORM tasker_f_5074d4dd508442ee.expand_batch(p_task, p_step, p_cursors::json);
    END IF;
    UPDATE tasker.steps SET state = v_after, wake_at = NULL, next_retry_at = NULL, finished_at = tasker_f_5074d4dd508442ee.now(),
        result = p_result::json, result_blob = p_result_blob::json, checkpoint = NULL, checkpoint_blob = NULL
    WHERE task_id = p_task AND step_index = p_step;
    RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.settle(r_task.state, p_task, p_action, p_actor, p_reason,
        ARRAY[(p_step, r_step.attempt, r_step.state, v_after)::tasker_f_5074d4dd508442ee.change], NULL);
END
$$;


--
-- Name: operate_task(uuid, text, text, text); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.operate_task(p_task uuid, p_action text, p_actor text, p_reason text) RETURNS SETOF tasker_f_5074d4dd508442ee.effect
    LANGUAGE plpgsql
    AS $$
DECLARE
    r_task  tasker.tasks := tasker_f_5074d4dd508442ee.lock_task(p_task);
    v_steps integer[];
    v_ended boolean := r_task.state IN ('complete', 'error', 'cancelled', 'resolved_manually');
BEGIN
    CASE p_action
    WHEN 'pause' THEN
        IF v_ended OR r_task.paused_at IS NOT NULL THEN
            PERFORM tasker_f_5074d4dd508442ee.refuse(format('the task is %s', CASE WHEN v_ended THEN r_task.state ELSE 'paused already' END));
        END IF;
        UPDATE tasker.tasks SET paused_at = tasker_f_5074d4dd508442ee.now() WHERE task_id = p_task;
        UPDATE tasker.steps SET wake_at = NULL WHERE task_id = p_task AND state = 'waiting_for_retry';
        RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.settle(r_task.state, p_task, 'paused', p_actor, p_reason, '{}', NULL);
    WHEN 'resume' THEN
        IF r_task.paused_at IS NULL THEN
            PERFORM tasker_f_5074d4dd508442ee.refuse('the task is not paused');
        END IF;
        UPDATE tasker.tasks SET paused_at = NULL WHERE task_id = p_task;
        UPDATE tasker.steps SET wake_at = next_retry_at WHERE task_id = p_task AND state = 'waiting_for_retry';
        RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.settle(r_task.state, p_task, 'resumed', p_actor, p_reason, '{}', NULL);
    WHEN 'redrive' THEN
        -- What failed, and what a failed batch has cancelled.
        v_steps := ARRAY(SELECT s.step_index FROM tasker.steps s WHERE s.task_id = p_task
                         AND (s.state = 'error' AND NOT s.isolated OR s.state = 'cancelled' AND s.batch IS NOT NULL));
        IF r_task.state NOT IN ('error', 'blocked_by_failures') OR v_steps = '{}' THEN
            PERFORM tasker_f_5074d4dd508442ee.refuse(format('the task is %s; only one with failed steps can be driven again', r_task.state));
        END IF;
        RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.settle(r_task.state, p_task, 'redriven', p_actor, p_reason,
            tasker_f_5074d4dd508442ee.reset_steps(p_task, v_steps, r_task.paused_at IS NOT NULL), NULL);
    WHEN 'give_up' THEN
        IF r_task.state <> 'blocked_by_failures' THEN
            PERFORM tasker_f_5074d4dd508442ee.refuse(format('the task is %s; only one that is blocked by failures can be given up; cancel it instead',
                                         r_task.state));
        END IF;
        RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.fail_task(p_task, p_actor, p_reason);
    WHEN 'resolve_manually' THEN
        IF r_task.state <> 'blocked_by_failures' THEN
            PERFORM tasker_f_5074d4dd508442ee.refuse(format('the task is %s; only one that is blocked by failures can be resolved', r_task.state));
        END IF;
        RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.settle(r_task.state, p_task, 'resolved_manually', p_actor, p_reason, '{}',
            'resolved_manually');
    END CASE;
END
$$;


--
-- Name: overdue_steps(integer); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.overdue_steps(p_limit integer) RETURNS TABLE(task_id uuid, step_index integer, execution integer, state text, host text)
    LANGUAGE plpgsql STABLE
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    v_now timestamptz := tasker_f_5074d4dd508442ee.now();
BEGIN
    RETURN QUERY
    SELECT s.task_id, s.step_index, s.execution, s.state, s.host
    FROM tasker.steps s
    WHERE s.wake_at <= v_now
    ORDER BY s.wake_at
    LIMIT p_limit;
END
$$;


--
-- Name: publish_events(bigint[], text[], text[]); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.publish_events(p_event bigint[], p_body text[], p_error text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_now timestamptz := tasker_f_5074d4dd508442ee.now();
BEGIN
    INSERT INTO tasker.deliveries (event_id, subscription_id, envelope, next_attempt_at)
    SELECT e.event_id, s.subscription_id, p.body::json, v_now
    FROM unnest(p_event, p_body, p_error) AS p (event_id, body, error)
    JOIN tasker.events e ON e.event_id = p.event_id
    JOIN tasker.subscriptions s ON tasker_f_5074d4dd508442ee.is_subscribed(s.event, e.name)
    WHERE p.error IS NULL
    ON CONFLICT DO NOTHING;
    UPDATE tasker.events e SET published_at = v_now, error = p.error
    FROM unnest(p_event, p_error) AS p (event_id, error)
    WHERE e.event_id = p.event_id;
    PERFORM tasker_f_5074d4dd508442ee.tell_listeners(p.body, tasker_f_5074d4dd508442ee.cloud_event(e.event_id::text, e.name, e.at, e.task_id, e.release_id,
        e.definition, e.worker_number, e.attempt, e.step_state, e.correlation_id, NULL))
    FROM unnest(p_event, p_body, p_error) AS p (event_id, body, error)
    JOIN tasker.events e ON e.event_id = p.event_id
    WHERE p.error IS NULL
    ORDER BY p.event_id;
END
$$;


--
-- Name: recall_events(uuid[]); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.recall_events(p_id uuid[]) RETURNS TABLE(triggers_version bigint, received_id uuid, state text, tasks text, reason text)
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
BEGIN
    RETURN QUERY
    SELECT c.triggers_version, e.received_id, e.state, e.tasks::text, e.reason
    FROM tasker.catalog c
    LEFT JOIN tasker.received_events e ON e.received_id = ANY (p_id);
END
$$;


--
-- Name: record_events(uuid[], text[], text[], text[], text[], text[], text[], text[], text[], boolean); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.record_events(p_id uuid[], p_source text[], p_event_id text[], p_type text[], p_event text[], p_event_blob text[], p_state text[], p_tasks text[], p_reason text[], p_replay boolean) RETURNS TABLE(received_id uuid, is_new boolean, state text, tasks text, reason text)
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_now timestamptz := tasker_f_5074d4dd508442ee.now();
    v_new uuid[];
BEGIN
    IF NOT p_replay THEN
        WITH inserted AS (
            INSERT INTO tasker.received_events (received_id, source, id, type, event, event_blob, state, tasks, reason, received_at)
            SELECT r.received_id, r.source, r.id, r.type, r.event::json, r.event_blob::json, r.state, r.tasks::jsonb, r.reason, v_now
            FROM unnest(p_id, p_source, p_event_id, p_type, p_event, p_event_blob, p_state, p_tasks, p_reason)
                AS r (received_id, source, id, type, event, event_blob, state, tasks, reason)
            -- In one order everywhere, so that two batches with the same events cannot wait for each other.
            ORDER BY r.received_id
            ON CONFLICT ON CONSTRAINT received_events_pkey DO NOTHING
            RETURNING received_events.received_id
        ) SELECT coalesce(array_agg(i.received_id), '{}') INTO v_new FROM inserted i;
    ELSE
        v_new := '{}';
    END IF;
    IF cardinality(v_new) < cardinality(p_id) THEN
        -- Locked first, in that order too.
        PERFORM FROM tasker.received_events e WHERE e.received_id = ANY (p_id) ORDER BY e.received_id FOR UPDATE;
        UPDATE tasker.received_events e SET
            state = CASE WHEN n.stands THEN r.state ELSE e.state END,
            reason = CASE WHEN n.stands THEN r.reason ELSE e.reason END,
            tasks = n.tasks,
            replayed_at = CASE WHEN p_replay THEN v_now ELSE e.replayed_at END
        FROM unnest(p_id, p_state, p_tasks, p_reason) AS r (received_id, state, tasks, reason)
        CROSS JOIN LATERAL (
            SELECT o.tasks AS old, (
                SELECT coalesce(jsonb_agg(u.task ORDER BY u.task), '[]') FROM (
                    SELECT DISTINCT ON (a.task->>'task_id') a.task
                    FROM jsonb_array_elements(o.tasks || r.tasks::jsonb) AS a (task)) u) AS tasks,
                p_replay OR array_position(ARRAY['unmatched', 'failed', 'started'], r.state)
                          > array_position(ARRAY['unmatched', 'failed', 'started'], o.state) AS stands
            FROM tasker.received_events o WHERE o.received_id = r.received_id) n
        WHERE e.received_id = r.received_id AND NOT e.received_id = ANY (v_new)
          AND (n.stands OR jsonb_array_length(n.tasks) > jsonb_array_length(n.old));
    END IF;
    RETURN QUERY
    SELECT e.received_id, e.received_id = ANY (v_new), e.state, e.tasks::text, e.reason
    FROM tasker.received_events e WHERE e.received_id = ANY (p_id);
END
$$;


--
-- Name: refuse(text); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.refuse(p_message text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '%', p_message USING ERRCODE = 'TK409';
END
$$;


--
-- Name: remember_checkpoint(jsonb, integer, integer, timestamp with time zone, text); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.remember_checkpoint(p_history jsonb, p_number integer, p_attempt integer, p_at timestamp with time zone, p_host text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE WHEN jsonb_array_length(p_history) >= 10 THEN p_history - 0 ELSE coalesce(p_history, '[]') END
           || jsonb_build_object('number', p_number, 'attempt', p_attempt, 'at', p_at, 'host', p_host)
$$;


--
-- Name: rerun_task(uuid, integer, text, text); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.rerun_task(p_task uuid, p_step integer, p_actor text, p_reason text) RETURNS SETOF tasker_f_5074d4dd508442ee.effect
    LANGUAGE plpgsql
    AS $$
DECLARE
    r_task     tasker.tasks := tasker_f_5074d4dd508442ee.lock_task(p_task);
    r_step     tasker.steps;
    v_after    integer[];
    v_deciders integer[];
    v_batches  integer[];
    v_gone     integer[];
    v_reset    integer[];
    v_changes  tasker_f_5074d4dd508442ee.change[];
BEGIN
    SELECT * INTO r_step FROM tasker.steps WHERE task_id = p_task AND step_index = p_step;
    IF NOT FOUND OR r_step.state = 'pending' THEN
        PERFORM tasker_f_5074d4dd508442ee.refuse(format('step %s has not run yet', p_step));
    ELSIF r_task.state = 'cancelled' THEN
        PERFORM tasker_f_5074d4dd508442ee.refuse('the task is cancelled');
    END IF;
    -- All definitions that come after the step, and the step itself unless it is one of many workers.
    WITH RECURSIVE following AS (
        SELECT r_step.definition AS step_index
        UNION
        SELECT child FROM following f
        JOIN tasker.release_steps d ON d.release_id = r_task.release_id AND d.step_index = f.step_index
        CROSS JOIN LATERAL unnest(d.children) AS child
    )
    SELECT array_agg(f.step_index) INTO v_after FROM following f
    WHERE r_step.batch IS NULL OR f.step_index <> r_step.definition;
    v_after := coalesce(v_after, '{}');
    SELECT coalesce(array_agg(d.step_index) FILTER (WHERE d.step_type = 'decision'), '{}'),
           coalesce(array_agg(d.step_index) FILTER (WHERE d.step_type = 'batchable'), '{}')
    INTO v_deciders, v_batches
    FROM tasker.release_steps d WHERE d.release_id = r_task.release_id AND d.step_index = ANY (v_after);
    SELECT coalesce(array_agg(s.step_index) FILTER (WHERE d.deciders && v_deciders OR s.batch = ANY (v_batches)), '{}'),
           coalesce(array_agg(s.step_index) FILTER (WHERE NOT coalesce(d.deciders && v_deciders OR s.batch = ANY (v_batches), false)
                    AND (s.step_index = p_step OR s.batch IS NULL AND s.definition = ANY (v_after))
                    AND (s.state <> 'pending')), '{}')
    INTO v_gone, v_reset
    FROM tasker.steps s
    JOIN tasker.release_steps d ON d.release_id = r_task.release_id AND d.step_index = s.definition
    WHERE s.task_id = p_task;

    RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.revocations(p_task, v_gone || v_reset);
    UPDATE tasker.tasks SET first_execution = greatest(first_execution, (
        SELECT max(s.execution) FROM tasker.steps s WHERE s.task_id = p_task AND s.step_index = ANY (v_gone)))
    WHERE task_id = p_task;
    DELETE FROM tasker.steps WHERE task_id = p_task AND step_index = ANY (v_gone);
    DELETE FROM tasker.batches WHERE task_id = p_task AND step_index = ANY (v_batches);
    v_changes := ARRAY(SELECT (s.step_index, s.attempt, s.state, 'pending')::tasker_f_5074d4dd508442ee.change FROM tasker.steps s
                       WHERE s.task_id = p_task AND s.step_index = ANY (v_reset) ORDER BY s.step_index);
    UPDATE tasker.steps SET state = 'pending', attempt = 0, remaining_dependencies = 0, wake_at = NULL, enqueued_at = NULL,
        dispatched_at = NULL, started_at = NULL, finished_at = NULL, next_retry_at = NULL, host = NULL, progress = NULL,
        result = NULL, result_blob = NULL, last_failure = NULL, checkpoint = NULL, checkpoint_blob = NULL, checkpoints = 0,
        checkpoint_history = NULL, isolated = false
    WHERE task_id = p_task AND step_index = ANY (v_reset);
    RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.settle(r_task.state, p_task, 'rerun', p_actor, p_reason, v_changes, NULL);
END
$$;


--
-- Name: resend_at(timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.resend_at(at timestamp with time zone, enqueued_at timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT at + greatest(interval '5 minutes', at - enqueued_at)
$$;


--
-- Name: resend_overdue(uuid[], integer[], integer[]); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.resend_overdue(p_task uuid[], p_step integer[], p_execution integer[]) RETURNS SETOF tasker_f_5074d4dd508442ee.effect
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_now  timestamptz := tasker_f_5074d4dd508442ee.now();
    v_task uuid[];
    v_step integer[];
BEGIN
    WITH overdue AS (
        SELECT l.task_id, l.step_index
        FROM unnest(p_task, p_step, p_execution) AS k (task_id, step_index, execution)
        JOIN tasker.steps l ON l.task_id = k.task_id AND l.step_index = k.step_index AND l.execution = k.execution
        WHERE l.state = 'enqueued' AND l.wake_at <= v_now
        ORDER BY l.task_id, l.step_index
        FOR UPDATE OF l SKIP LOCKED
    ), renewed AS (
        UPDATE tasker.steps s SET dispatched_at = NULL, wake_at = v_now + tasker_f_5074d4dd508442ee.unsent_grace()
        FROM overdue o
        WHERE s.task_id = o.task_id AND s.step_index = o.step_index
        RETURNING s.task_id, s.step_index
    )
    SELECT array_agg(r.task_id), array_agg(r.step_index) INTO v_task, v_step FROM renewed r;
    RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.dispatches(v_task, v_step);
END
$$;


--
-- Name: reset_steps(uuid, integer[], boolean); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.reset_steps(p_task uuid, p_steps integer[], p_paused boolean) RETURNS tasker_f_5074d4dd508442ee.change[]
    LANGUAGE sql
    AS $$
    WITH before AS (
        SELECT s.step_index, s.attempt, s.state,
               -- Workers go back in line; their batch may have all its places taken.
               CASE WHEN p_paused OR s.batch IS NOT NULL THEN 'pending' ELSE 'enqueued' END AS after
        FROM tasker.steps s WHERE s.task_id = p_task AND s.step_index = ANY (p_steps)
    ), reset AS (
        UPDATE tasker.steps s SET
            state = b.after,
            attempt = CASE WHEN b.after = 'enqueued' THEN 1 ELSE 0 END,
            execution = s.execution + CASE WHEN b.after = 'enqueued' THEN 1 ELSE 0 END,
            remaining_dependencies = 0,
            enqueued_at = CASE WHEN b.after = 'enqueued' THEN tasker_f_5074d4dd508442ee.now() END,
            wake_at = CASE WHEN b.after = 'enqueued' THEN tasker_f_5074d4dd508442ee.now() + tasker_f_5074d4dd508442ee.unsent_grace() END,
            dispatched_at = NULL, started_at = NULL, finished_at = NULL, next_retry_at = NULL, progress = NULL
        FROM before b
        WHERE s.task_id = p_task AND s.step_index = b.step_index
    )
    SELECT coalesce(array_agg((b.step_index, b.attempt, b.state, b.after)::tasker_f_5074d4dd508442ee.change ORDER BY b.step_index), '{}')
    FROM before b
$$;


--
-- Name: resolve_dlq_entries(uuid, text, text, text); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.resolve_dlq_entries(p_task uuid, p_status text, p_actor text, p_notes text) RETURNS void
    LANGUAGE sql
    AS $$
    UPDATE tasker.dlq SET resolution_status = p_status, resolved_at = tasker_f_5074d4dd508442ee.now(), resolved_by = p_actor,
        resolution_notes = p_notes
    WHERE task_id = p_task AND resolution_status = 'pending' AND (step_index IS NULL OR p_status = 'cancelled')
$$;


--
-- Name: retire_function_sets(); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.retire_function_sets() RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_now     timestamptz := clock_timestamp();
    v_retired text[] := '{}';
    v_name    text;
BEGIN
    UPDATE tasker.function_sets SET last_used_at = v_now WHERE name = 'tasker_f_5074d4dd508442ee';
    FOR v_name IN
        DELETE FROM tasker.function_sets
        WHERE name <> 'tasker_f_5074d4dd508442ee' AND last_used_at < v_now - interval '7 days'
        RETURNING name
    LOOP
        EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', v_name);
        v_retired := v_retired || v_name;
    END LOOP;
    RETURN v_retired;
END
$$;


--
-- Name: revocations(uuid, integer[]); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.revocations(p_task uuid, p_steps integer[]) RETURNS SETOF tasker_f_5074d4dd508442ee.effect
    LANGUAGE sql STABLE
    AS $$
    SELECT v.* FROM tasker.steps s
    CROSS JOIN LATERAL tasker_f_5074d4dd508442ee.verdict(-1, NULL, NULL, NULL, p_task, s.step_index, s.execution) AS v
    WHERE s.task_id = p_task AND s.step_index = ANY (p_steps) AND s.state IN ('enqueued', 'in_progress')
$$;


--
-- Name: settle(text, uuid, text, text, text, tasker_f_5074d4dd508442ee.change[], text); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.settle(p_before text, p_task uuid, p_event text, p_actor text, p_reason text, p_changes tasker_f_5074d4dd508442ee.change[], p_state text) RETURNS SETOF tasker_f_5074d4dd508442ee.effect
    LANGUAGE plpgsql
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_now      timestamptz := tasker_f_5074d4dd508442ee.now();
    v_enqueued integer[] := '{}';
    v_path     text[];
    r_task     tasker.tasks;
BEGIN
    SELECT * INTO r_task FROM tasker.tasks WHERE task_id = p_task;
    IF p_state IS NULL THEN
        UPDATE tasker.steps s
        SET remaining_dependencies = tasker_f_5074d4dd508442ee.open_dependencies(p_task, r_task.release_id, s.definition, '{}')
        WHERE s.task_id = p_task AND s.state = 'pending' AND s.batch IS NULL;
    END IF;
    IF p_state IS NULL AND r_task.paused_at IS NULL THEN
        WITH ready AS (
            SELECT s.step_index FROM tasker.steps s
            WHERE s.task_id = p_task AND s.state = 'pending' AND s.batch IS NULL AND s.remaining_dependencies = 0
            UNION ALL
            SELECT w.step_index
            FROM tasker.batches b
            JOIN tasker.release_steps d ON d.release_id = r_task.release_id AND d.step_index = b.step_index
            CROSS JOIN LATERAL (
                SELECT count(*) AS workers_out FROM tasker.steps s
                WHERE s.task_id = p_task AND s.batch = b.step_index
                  AND s.state IN ('enqueued', 'in_progress', 'waiting_for_retry')) o
            CROSS JOIN LATERAL (
                SELECT s.step_index FROM tasker.steps s
                WHERE s.task_id = p_task AND s.step_index >= b.first_index
                  AND s.step_index < b.first_index + b.workers AND s.state = 'pending'
                ORDER BY s.step_index LIMIT greatest(0, d.parallelism - o.workers_out)) w
            WHERE b.task_id = p_task
        ), enqueued AS (
            UPDATE tasker.steps s SET state = 'enqueued', attempt = 1, execution = s.execution + 1, enqueued_at = v_now,
                dispatched_at = NULL, wake_at = v_now + tasker_f_5074d4dd508442ee.unsent_grace()
            FROM ready r
            WHERE s.task_id = p_task AND s.step_index = r.step_index
            RETURNING s.step_index
        )
        SELECT coalesce(array_agg(e.step_index ORDER BY e.step_index), '{}') INTO v_enqueued FROM enqueued e;
        UPDATE tasker.batches b SET next_index = coalesce(
            (SELECT min(s.step_index) FROM tasker.steps s
             WHERE s.task_id = p_task AND s.step_index >= b.first_index AND s.step_index < b.first_index + b.workers
               AND s.state = 'pending'), b.first_index + b.workers)
        WHERE b.task_id = p_task;
    END IF;

    UPDATE tasker.tasks t SET
        steps_total = c.total, steps_satisfied = c.satisfied, steps_running = c.running, steps_retrying = c.retrying,
        steps_failed = c.failed, steps_isolated = c.isolated, state = c.state, state_since = v_now,
        completed_at = CASE WHEN c.state IN ('complete', 'error', 'cancelled', 'resolved_manually') THEN v_now END,
        wake_at = CASE WHEN c.state NOT IN ('complete', 'error', 'cancelled', 'resolved_manually') THEN v_now END,
        -- What has ended is held by nobody.
        paused_at = CASE WHEN c.state NOT IN ('complete', 'error', 'cancelled', 'resolved_manually') THEN t.paused_at END
    FROM (SELECT n.*, coalesce(p_state, tasker_f_5074d4dd508442ee.evaluate_task(
                     n.total, n.satisfied, n.isolated, n.running, n.retrying, n.failed)) AS state
          FROM (SELECT count(*)::integer AS total,
                       count(*) FILTER (WHERE s.state IN ('complete', 'resolved_manually'))::integer AS satisfied,
                       count(*) FILTER (WHERE s.state IN ('enqueued', 'in_progress'))::integer AS running,
                       count(*) FILTER (WHERE s.state = 'waiting_for_retry')::integer AS retrying,
                       -- What a failed batch has cancelled needs an operator like what has failed.
                       count(*) FILTER (WHERE s.state = 'error' AND NOT s.isolated
                           OR s.state = 'cancelled' AND p_state IS DISTINCT FROM 'cancelled')::integer AS failed,
                       count(*) FILTER (WHERE s.isolated)::integer AS isolated
                FROM tasker.steps s WHERE s.task_id = p_task) AS n) AS c
    WHERE t.task_id = p_task
    RETURNING t.* INTO r_task;

    v_path := CASE
        WHEN p_state IS NOT NULL THEN ARRAY[p_before, p_state]
        WHEN p_before = r_task.state AND p_changes = '{}' AND v_enqueued = '{}' THEN NULL
        ELSE tasker_f_5074d4dd508442ee.task_path(p_before, r_task.state, v_enqueued <> '{}' OR EXISTS (
            SELECT 1 FROM unnest(p_changes) AS c WHERE c.state_after = 'enqueued')) END;
    INSERT INTO tasker.audit (task_id, at, event, actor, reason, step_index, attempt, step_states)
    SELECT p_task, v_now, p_event, p_actor, p_reason, c.step_index, c.attempt, ARRAY[c.state_before, c.state_after]
    FROM unnest(p_changes) WITH ORDINALITY
        AS c (step_index, attempt, state_before, state_after, position)
    ORDER BY c.position;
    INSERT INTO tasker.audit (task_id, at, event, actor, reason, task_states, enqueued_steps)
    VALUES (p_task, v_now, p_event, p_actor, p_reason, v_path, nullif(v_enqueued, '{}'));

    IF r_task.state IN ('blocked_by_failures', 'error') THEN
        PERFORM tasker_f_5074d4dd508442ee.bury(p_task, NULL, NULL, p_actor, p_reason);
    ELSIF r_task.has_dlq_entry AND r_task.state IN ('complete', 'resolved_manually') THEN
        PERFORM tasker_f_5074d4dd508442ee.resolve_dlq_entries(p_task, 'manually_resolved', p_actor, coalesce(p_reason, 'the task has ended'));
    ELSIF r_task.has_dlq_entry AND r_task.state = 'cancelled' THEN
        PERFORM tasker_f_5074d4dd508442ee.resolve_dlq_entries(p_task, 'cancelled', p_actor, coalesce(p_reason, 'the task was cancelled'));
    END IF;

    IF r_task.state IS DISTINCT FROM p_before
        AND r_task.state IN ('complete', 'error', 'cancelled', 'resolved_manually', 'blocked_by_failures')
    THEN
        PERFORM tasker_f_5074d4dd508442ee.announce_tasks(ARRAY[p_task]);
    END IF;

    RETURN QUERY SELECT v.* FROM tasker_f_5074d4dd508442ee.verdict(0, NULL, r_task.state, NULL, p_task, NULL, NULL) AS v;
    v_enqueued := v_enqueued || ARRAY(SELECT c.step_index FROM unnest(p_changes) AS c WHERE c.state_after = 'enqueued');
    RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.dispatches(array_fill(p_task, ARRAY[cardinality(v_enqueued)]), v_enqueued);
END
$$;


--
-- Name: settle_deliveries(bigint[], uuid[], text[]); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.settle_deliveries(p_event bigint[], p_subscription uuid[], p_error text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_now timestamptz := tasker_f_5074d4dd508442ee.now();
BEGIN
    DELETE FROM tasker.deliveries d
    USING unnest(p_event, p_subscription, p_error) AS p (event_id, subscription_id, error)
    WHERE d.event_id = p.event_id AND d.subscription_id = p.subscription_id AND p.error IS NULL;
    UPDATE tasker.deliveries d SET last_error = p.error,
        next_attempt_at = CASE WHEN d.attempts < 24
                               THEN v_now + least(interval '1 hour', interval '1 second' * power(2, d.attempts - 1)) END
    FROM unnest(p_event, p_subscription, p_error) AS p (event_id, subscription_id, error)
    WHERE d.event_id = p.event_id AND d.subscription_id = p.subscription_id AND p.error IS NOT NULL;
END
$$;


--
-- Name: start_due_retries(uuid[], integer[], integer[]); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.start_due_retries(p_task uuid[], p_step integer[], p_execution integer[]) RETURNS SETOF tasker_f_5074d4dd508442ee.effect
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_now        timestamptz;
    v_early      tasker_f_5074d4dd508442ee.effect[];
    v_ready_task uuid[];
    v_ready_step integer[];
BEGIN
    PERFORM 1 FROM tasker.tasks WHERE task_id = ANY (p_task) ORDER BY task_id FOR UPDATE;
    v_now := tasker_f_5074d4dd508442ee.now();

    WITH waiting AS (
        SELECT DISTINCT ON (k.task_id, k.step_index) k.position, s.task_id, s.step_index, s.execution, s.attempt,
               s.next_retry_at, s.finished_at, t.paused_at
        FROM unnest(p_task, p_step, p_execution) WITH ORDINALITY AS k (task_id, step_index, execution, position)
        JOIN tasker.steps s ON s.task_id = k.task_id AND s.step_index = k.step_index AND s.execution = k.execution
        JOIN tasker.tasks t ON t.task_id = k.task_id
        WHERE s.state = 'waiting_for_retry'
        ORDER BY k.task_id, k.step_index, k.position
    ), due AS (
        SELECT * FROM waiting WHERE next_retry_at <= v_now AND paused_at IS NULL
    ), put_off AS (
        UPDATE tasker.steps s SET wake_at = NULL
        FROM waiting w
        WHERE w.paused_at IS NOT NULL AND s.task_id = w.task_id AND s.step_index = w.step_index
    ), enqueued AS (
        UPDATE tasker.steps s SET
            state = 'enqueued', attempt = s.attempt + 1, execution = s.execution + 1, enqueued_at = v_now, dispatched_at = NULL,
            started_at = NULL, finished_at = NULL, next_retry_at = NULL, progress = NULL,
            wake_at = v_now + tasker_f_5074d4dd508442ee.unsent_grace()
        FROM due d
        WHERE s.task_id = d.task_id AND s.step_index = d.step_index
        RETURNING s.task_id, s.step_index
    ), tally AS (
        SELECT task_id, count(*) AS enqueued, min(step_index) AS first_step FROM enqueued GROUP BY task_id
    ), before AS (
        SELECT t.task_id, t.state FROM tasker.tasks t JOIN tally y ON y.task_id = t.task_id
    ), task AS (
        UPDATE tasker.tasks t SET
            state = 'steps_in_process',
            state_since = v_now,
            steps_running = t.steps_running + y.enqueued,
            steps_retrying = t.steps_retrying - y.enqueued
        FROM tally y
        WHERE t.task_id = y.task_id
    ), audited AS (
        INSERT INTO tasker.audit (task_id, at, event, actor, task_states, step_index, attempt, step_states, step_times)
        SELECT d.task_id, v_now, 'retry_due', 'orchestrator',
               CASE WHEN y.first_step = d.step_index AND b.state = 'waiting_for_retry'
                    THEN tasker_f_5074d4dd508442ee.task_path(b.state, 'steps_in_process', true) END,
               d.step_index, d.attempt + 1, ARRAY['waiting_for_retry', 'enqueued'], ARRAY[d.finished_at, v_now]
        FROM due d
        JOIN tally y ON y.task_id = d.task_id
        JOIN before b ON b.task_id = d.task_id
    )
    SELECT array_agg(w.task_id) FILTER (WHERE w.next_retry_at <= v_now),
           array_agg(w.step_index) FILTER (WHERE w.next_retry_at <= v_now),
           array_agg(tasker_f_5074d4dd508442ee.verdict(w.position, 'waiting_for_retry', NULL,
                                    ceil(extract(epoch FROM w.next_retry_at - v_now) * 1000)::bigint,
                                    w.task_id, w.step_index, w.execution)) FILTER (WHERE w.next_retry_at > v_now)
    INTO v_ready_task, v_ready_step, v_early
    FROM waiting w
    WHERE w.paused_at IS NULL;

    RETURN QUERY SELECT * FROM unnest(v_early);
    RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.dispatches(v_ready_task, v_ready_step);
END
$$;


--
-- Name: releases; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.releases (
    release_id uuid NOT NULL,
    template_id uuid NOT NULL,
    pins jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    max_duration interval,
    max_waiting_for_dependencies interval,
    max_waiting_for_retry interval,
    max_steps_in_process interval,
    staleness_action text NOT NULL,
    fails_on_timeout boolean NOT NULL,
    buries_on_timeout boolean NOT NULL,
    CONSTRAINT releases_staleness_action_check CHECK ((staleness_action = ANY (ARRAY['dlq'::text, 'error'::text, 'none'::text])))
);


--
-- Name: state_limit(text, tasker.releases); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.state_limit(p_state text, r tasker.releases) RETURNS interval
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE p_state WHEN 'waiting_for_dependencies' THEN r.max_waiting_for_dependencies
                        WHEN 'waiting_for_retry' THEN r.max_waiting_for_retry
                        WHEN 'steps_in_process' THEN r.max_steps_in_process END
$$;


--
-- Name: step_name(text, integer); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.step_name(definition text, worker_number integer) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE WHEN worker_number IS NULL THEN definition
                ELSE definition || '_' || lpad(worker_number::text, greatest(3, length(worker_number::text)), '0') END
$$;


--
-- Name: stop_steps(uuid, integer[], text, json); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.stop_steps(p_task uuid, p_steps integer[], p_state text, p_failure json) RETURNS tasker_f_5074d4dd508442ee.change[]
    LANGUAGE sql
    AS $$
    WITH open AS (
        SELECT s.step_index, s.attempt, s.state FROM tasker.steps s
        WHERE s.task_id = p_task AND s.step_index = ANY (p_steps)
    ), stopped AS (
        UPDATE tasker.steps s SET state = p_state, wake_at = NULL, next_retry_at = NULL, finished_at = tasker_f_5074d4dd508442ee.now(),
            isolated = false, last_failure = coalesce(p_failure, s.last_failure)
        WHERE s.task_id = p_task AND s.step_index = ANY (p_steps)
    )
    SELECT coalesce(array_agg((o.step_index, o.attempt, o.state, p_state)::tasker_f_5074d4dd508442ee.change ORDER BY o.step_index), '{}')
    FROM open o
$$;


--
-- Name: take_deliveries(integer, integer, uuid[]); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.take_deliveries(p_limit integer, p_each integer, p_busy uuid[]) RETURNS TABLE(event_id bigint, subscription_id uuid, attempts integer, envelope text, name text, kind text, target jsonb)
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_now timestamptz := tasker_f_5074d4dd508442ee.now();
BEGIN
    RETURN QUERY
    WITH due AS (
        SELECT l.event_id, l.subscription_id
        FROM tasker.subscriptions s
        CROSS JOIN LATERAL (
            SELECT d.event_id, d.subscription_id FROM tasker.deliveries d
            WHERE d.subscription_id = s.subscription_id AND d.next_attempt_at <= v_now
            ORDER BY d.next_attempt_at, d.event_id LIMIT p_each FOR UPDATE SKIP LOCKED) l
        WHERE s.subscription_id <> ALL (p_busy)
        LIMIT p_limit
    )
    UPDATE tasker.deliveries d SET attempts = d.attempts + 1, next_attempt_at = v_now + interval '1 minute'
    FROM due, tasker.subscriptions s, tasker.events e
    WHERE d.event_id = due.event_id AND d.subscription_id = due.subscription_id AND s.subscription_id = d.subscription_id
      AND e.event_id = due.event_id
    RETURNING d.event_id, d.subscription_id, d.attempts, d.envelope::text, e.name, s.kind, s.target;
END
$$;


--
-- Name: take_events(integer); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.take_events(p_limit integer) RETURNS TABLE(event_id bigint, name text, release_id uuid, definition integer, payload text, payload_blob text, event text)
    LANGUAGE sql
    AS $$
    SELECT e.event_id, e.name, e.release_id, e.definition, e.payload::text, e.payload_blob::text,
           tasker_f_5074d4dd508442ee.cloud_event(e.event_id::text, e.name, e.at, e.task_id, e.release_id, e.definition, e.worker_number,
                              e.attempt, e.step_state, e.correlation_id, e.payload)::text
    FROM tasker.events e
    WHERE e.published_at IS NULL
    ORDER BY e.event_id LIMIT p_limit
    FOR UPDATE SKIP LOCKED
$$;


--
-- Name: task_path(text, text, boolean); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.task_path(before text, after text, enqueued boolean) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE
        WHEN after = 'waiting_for_retry' AND before = 'steps_in_process' THEN ARRAY[before, after]
        WHEN enqueued AND before = 'waiting_for_retry' THEN ARRAY[before, 'enqueuing_steps', after]
        WHEN enqueued THEN ARRAY[before, 'evaluating_results', 'enqueuing_steps', after]
        ELSE ARRAY[before, 'evaluating_results', after]
    END
$$;


--
-- Name: tell_listeners(text, json); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.tell_listeners(p_event text, p_short json) RETURNS void
    LANGUAGE sql
    AS $$
    SELECT pg_notify('tasker_events', CASE WHEN octet_length(p_event) < 7900 THEN p_event
        ELSE replace(p_short::text, '"data" : null}', '"dataomitted" : true}') END)
$$;


--
-- Name: unsent_grace(); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.unsent_grace() RETURNS interval
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT interval '10 seconds' $$;


--
-- Name: update_dlq_entry(uuid, text, boolean, text, text); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.update_dlq_entry(p_entry uuid, p_status text, p_requeue boolean, p_actor text, p_notes text) RETURNS SETOF tasker_f_5074d4dd508442ee.effect
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_task  uuid;
    r_task  tasker.tasks;
    r_entry tasker.dlq;
BEGIN
    SELECT task_id INTO v_task FROM tasker.dlq WHERE dlq_entry_id = p_entry;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no DLQ entry %', p_entry USING ERRCODE = 'TK404';
    END IF;
    r_task := tasker_f_5074d4dd508442ee.lock_task(v_task);
    SELECT * INTO r_entry FROM tasker.dlq WHERE dlq_entry_id = p_entry FOR UPDATE;
    IF r_entry.resolution_status <> 'pending' THEN
        PERFORM tasker_f_5074d4dd508442ee.refuse(format('the entry is %s already', r_entry.resolution_status));
    END IF;
    UPDATE tasker.dlq SET resolution_status = p_status, resolution_notes = p_notes,
        resolved_at = CASE WHEN p_status <> 'pending' THEN tasker_f_5074d4dd508442ee.now() END,
        resolved_by = CASE WHEN p_status <> 'pending' THEN p_actor END
    WHERE dlq_entry_id = p_entry;
    IF NOT p_requeue THEN
        RETURN;
    END IF;
    IF r_task.state IN ('error', 'blocked_by_failures') THEN
        RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.operate_task(v_task, 'redrive', p_actor, p_notes);
    ELSIF r_task.state IN ('complete', 'cancelled', 'resolved_manually') THEN
        PERFORM tasker_f_5074d4dd508442ee.refuse(format('the task is %s; there is nothing to run again', r_task.state));
    ELSE
        UPDATE tasker.steps SET wake_at = tasker_f_5074d4dd508442ee.now() WHERE task_id = v_task AND state = 'enqueued';
        UPDATE tasker.tasks SET state_since = tasker_f_5074d4dd508442ee.now() WHERE task_id = v_task;
    END IF;
END
$$;


--
-- Name: upgrade_task(uuid, uuid, uuid, text, text); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.upgrade_task(p_task uuid, p_from uuid, p_to uuid, p_actor text, p_reason text) RETURNS SETOF tasker_f_5074d4dd508442ee.effect
    LANGUAGE plpgsql
    AS $$
DECLARE
    r_task tasker.tasks := tasker_f_5074d4dd508442ee.lock_task(p_task);
BEGIN
    IF r_task.release_id <> p_from THEN
        PERFORM tasker_f_5074d4dd508442ee.refuse('the task was moved to another release meanwhile');
    ELSIF r_task.state IN ('complete', 'error', 'cancelled', 'resolved_manually') THEN
        PERFORM tasker_f_5074d4dd508442ee.refuse(format('the task is %s', r_task.state));
    ELSIF r_task.steps_running > 0 THEN
        PERFORM tasker_f_5074d4dd508442ee.refuse(format('%s of its steps are running, and finish with what they started with; pause the task and '
                                     'try again when they have ended', r_task.steps_running));
    END IF;
    UPDATE tasker.tasks SET release_id = p_to, version = (
        SELECT t.version FROM tasker.releases r JOIN tasker.templates t ON t.template_id = r.template_id
        WHERE r.release_id = p_to)
    WHERE task_id = p_task;
    RETURN QUERY SELECT * FROM tasker_f_5074d4dd508442ee.settle(r_task.state, p_task, 'upgraded', p_actor, p_reason, '{}', NULL);
END
$$;


--
-- Name: verdict(bigint, text, text, bigint, uuid, integer, integer); Type: FUNCTION; Schema: tasker_f_5074d4dd508442ee; Owner: -
--

CREATE FUNCTION tasker_f_5074d4dd508442ee.verdict(p_position bigint, p_step_state text, p_task_state text, p_retry_in_ms bigint, p_task uuid, p_step integer, p_execution integer) RETURNS tasker_f_5074d4dd508442ee.effect
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT (p_position, p_step_state, p_task_state, p_retry_in_ms, p_task, p_step, p_execution, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::tasker_f_5074d4dd508442ee.effect
$$;


--
-- Name: a_ends; Type: TABLE; Schema: pgmq; Owner: -
--

CREATE TABLE pgmq.a_ends (
    msg_id bigint NOT NULL,
    read_ct integer DEFAULT 0 NOT NULL,
    enqueued_at timestamp with time zone DEFAULT now() NOT NULL,
    last_read_at timestamp with time zone,
    archived_at timestamp with time zone DEFAULT now() NOT NULL,
    vt timestamp with time zone NOT NULL,
    message jsonb,
    headers jsonb
);


--
-- Name: a_steps; Type: TABLE; Schema: pgmq; Owner: -
--

CREATE TABLE pgmq.a_steps (
    msg_id bigint NOT NULL,
    read_ct integer DEFAULT 0 NOT NULL,
    enqueued_at timestamp with time zone DEFAULT now() NOT NULL,
    last_read_at timestamp with time zone,
    archived_at timestamp with time zone DEFAULT now() NOT NULL,
    vt timestamp with time zone NOT NULL,
    message jsonb,
    headers jsonb
);


--
-- Name: a_tasker_reports; Type: TABLE; Schema: pgmq; Owner: -
--

CREATE TABLE pgmq.a_tasker_reports (
    msg_id bigint NOT NULL,
    read_ct integer DEFAULT 0 NOT NULL,
    enqueued_at timestamp with time zone DEFAULT now() NOT NULL,
    last_read_at timestamp with time zone,
    archived_at timestamp with time zone DEFAULT now() NOT NULL,
    vt timestamp with time zone NOT NULL,
    message jsonb,
    headers jsonb
);


--
-- Name: a_tasker_steps; Type: TABLE; Schema: pgmq; Owner: -
--

CREATE TABLE pgmq.a_tasker_steps (
    msg_id bigint NOT NULL,
    read_ct integer DEFAULT 0 NOT NULL,
    enqueued_at timestamp with time zone DEFAULT now() NOT NULL,
    last_read_at timestamp with time zone,
    archived_at timestamp with time zone DEFAULT now() NOT NULL,
    vt timestamp with time zone NOT NULL,
    message jsonb,
    headers jsonb
);


--
-- Name: meta; Type: TABLE; Schema: pgmq; Owner: -
--

CREATE TABLE pgmq.meta (
    queue_name character varying NOT NULL,
    is_partitioned boolean NOT NULL,
    is_unlogged boolean NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: notify_insert_throttle; Type: TABLE; Schema: pgmq; Owner: -
--

CREATE UNLOGGED TABLE pgmq.notify_insert_throttle (
    queue_name character varying NOT NULL,
    throttle_interval_ms integer DEFAULT 0 NOT NULL,
    last_notified_at timestamp with time zone DEFAULT to_timestamp((0)::double precision) NOT NULL
);


--
-- Name: q_ends; Type: TABLE; Schema: pgmq; Owner: -
--

CREATE TABLE pgmq.q_ends (
    msg_id bigint NOT NULL,
    read_ct integer DEFAULT 0 NOT NULL,
    enqueued_at timestamp with time zone DEFAULT now() NOT NULL,
    last_read_at timestamp with time zone,
    vt timestamp with time zone NOT NULL,
    message jsonb,
    headers jsonb
);


--
-- Name: q_ends_msg_id_seq; Type: SEQUENCE; Schema: pgmq; Owner: -
--

ALTER TABLE pgmq.q_ends ALTER COLUMN msg_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pgmq.q_ends_msg_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: q_steps; Type: TABLE; Schema: pgmq; Owner: -
--

CREATE TABLE pgmq.q_steps (
    msg_id bigint NOT NULL,
    read_ct integer DEFAULT 0 NOT NULL,
    enqueued_at timestamp with time zone DEFAULT now() NOT NULL,
    last_read_at timestamp with time zone,
    vt timestamp with time zone NOT NULL,
    message jsonb,
    headers jsonb
);


--
-- Name: q_steps_msg_id_seq; Type: SEQUENCE; Schema: pgmq; Owner: -
--

ALTER TABLE pgmq.q_steps ALTER COLUMN msg_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pgmq.q_steps_msg_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: q_tasker_reports; Type: TABLE; Schema: pgmq; Owner: -
--

CREATE TABLE pgmq.q_tasker_reports (
    msg_id bigint NOT NULL,
    read_ct integer DEFAULT 0 NOT NULL,
    enqueued_at timestamp with time zone DEFAULT now() NOT NULL,
    last_read_at timestamp with time zone,
    vt timestamp with time zone NOT NULL,
    message jsonb,
    headers jsonb
);


--
-- Name: q_tasker_reports_msg_id_seq; Type: SEQUENCE; Schema: pgmq; Owner: -
--

ALTER TABLE pgmq.q_tasker_reports ALTER COLUMN msg_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pgmq.q_tasker_reports_msg_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: q_tasker_steps; Type: TABLE; Schema: pgmq; Owner: -
--

CREATE TABLE pgmq.q_tasker_steps (
    msg_id bigint NOT NULL,
    read_ct integer DEFAULT 0 NOT NULL,
    enqueued_at timestamp with time zone DEFAULT now() NOT NULL,
    last_read_at timestamp with time zone,
    vt timestamp with time zone NOT NULL,
    message jsonb,
    headers jsonb
);


--
-- Name: q_tasker_steps_msg_id_seq; Type: SEQUENCE; Schema: pgmq; Owner: -
--

ALTER TABLE pgmq.q_tasker_steps ALTER COLUMN msg_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pgmq.q_tasker_steps_msg_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: topic_bindings; Type: TABLE; Schema: pgmq; Owner: -
--

CREATE TABLE pgmq.topic_bindings (
    pattern text NOT NULL,
    queue_name text NOT NULL,
    bound_at timestamp with time zone DEFAULT now() NOT NULL,
    compiled_regex text GENERATED ALWAYS AS ((('^'::text || replace(replace(regexp_replace(pattern, '([.+?{}()|\[\]\\^$])'::text, '\\\1'::text, 'g'::text), '*'::text, '[^.]+'::text), '#'::text, '.*'::text)) || '$'::text)) STORED
);


--
-- Name: _sqlx_migrations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public._sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);


--
-- Name: audit; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.audit (
    audit_id bigint NOT NULL,
    task_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    event text NOT NULL,
    actor text NOT NULL,
    reason text,
    task_states text[],
    step_index integer,
    attempt integer,
    step_states text[],
    step_times timestamp with time zone[],
    enqueued_steps integer[],
    detail json
);


--
-- Name: audit_audit_id_seq; Type: SEQUENCE; Schema: tasker; Owner: -
--

ALTER TABLE tasker.audit ALTER COLUMN audit_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.audit_audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: batches; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.batches (
    task_id uuid NOT NULL,
    step_index integer NOT NULL,
    worker integer NOT NULL,
    first_index integer NOT NULL,
    workers integer NOT NULL,
    next_index integer NOT NULL
)
WITH (fillfactor='70');


--
-- Name: catalog; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.catalog (
    only_row boolean DEFAULT true NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    triggers_version bigint DEFAULT 0 NOT NULL,
    CONSTRAINT catalog_only_row_check CHECK (only_row)
);


--
-- Name: components; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.components (
    digest text NOT NULL,
    size_bytes bigint NOT NULL,
    handlers jsonb NOT NULL,
    published_at timestamp with time zone NOT NULL,
    CONSTRAINT components_digest_check CHECK ((digest ~ '^[0-9a-f]{64}$'::text))
);


--
-- Name: deliveries; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.deliveries (
    event_id bigint NOT NULL,
    subscription_id uuid NOT NULL,
    envelope json NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone,
    last_error text
);


--
-- Name: dlq; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.dlq (
    dlq_entry_id uuid DEFAULT gen_random_uuid() NOT NULL,
    task_id uuid NOT NULL,
    step_index integer,
    namespace text NOT NULL,
    name text NOT NULL,
    priority smallint NOT NULL,
    dlq_reason text NOT NULL,
    resolution_status text DEFAULT 'pending'::text NOT NULL,
    actor text NOT NULL,
    note text,
    task_state text NOT NULL,
    snapshot json NOT NULL,
    created_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    resolved_by text,
    resolution_notes text,
    CONSTRAINT dlq_dlq_reason_check CHECK ((dlq_reason = ANY (ARRAY['staleness_timeout'::text, 'max_retries_exceeded'::text, 'dependency_cycle_detected'::text, 'worker_unavailable'::text, 'manual_dlq'::text]))),
    CONSTRAINT dlq_resolution_status_check CHECK ((resolution_status = ANY (ARRAY['pending'::text, 'manually_resolved'::text, 'permanently_failed'::text, 'cancelled'::text])))
);


--
-- Name: events; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.events (
    event_id bigint NOT NULL,
    name text NOT NULL,
    at timestamp with time zone NOT NULL,
    task_id uuid NOT NULL,
    release_id uuid NOT NULL,
    step_index integer,
    definition integer,
    attempt integer,
    step_state text,
    correlation_id text NOT NULL,
    worker_number integer,
    payload json,
    payload_blob json,
    published_at timestamp with time zone,
    error text
);


--
-- Name: events_event_id_seq; Type: SEQUENCE; Schema: tasker; Owner: -
--

ALTER TABLE tasker.events ALTER COLUMN event_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.events_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: function_sets; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.function_sets (
    name text NOT NULL,
    installed_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone NOT NULL,
    CONSTRAINT function_sets_name_check CHECK ((name ~ '^tasker_f_[0-9a-f]{16}$'::text))
);


--
-- Name: handler_versions; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.handler_versions (
    callable text NOT NULL,
    version integer NOT NULL,
    component text NOT NULL,
    function text NOT NULL,
    published_at timestamp with time zone NOT NULL
);


--
-- Name: handlers; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.handlers (
    callable text NOT NULL,
    version integer NOT NULL,
    previous_version integer,
    promoted_at timestamp with time zone NOT NULL
);


--
-- Name: received_events; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.received_events (
    received_id uuid NOT NULL,
    source text NOT NULL,
    id text NOT NULL,
    type text NOT NULL,
    event json,
    event_blob json,
    state text NOT NULL,
    tasks jsonb NOT NULL,
    reason text,
    received_at timestamp with time zone NOT NULL,
    replayed_at timestamp with time zone,
    CONSTRAINT received_events_check CHECK (((event IS NULL) <> (event_blob IS NULL))),
    CONSTRAINT received_events_state_check CHECK ((state = ANY (ARRAY['started'::text, 'unmatched'::text, 'failed'::text])))
);


--
-- Name: release_steps; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.release_steps (
    release_id uuid NOT NULL,
    step_index integer NOT NULL,
    name text NOT NULL,
    step_type text NOT NULL,
    created_with_task boolean NOT NULL,
    creation_order integer NOT NULL,
    parents integer[] NOT NULL,
    children integer[] NOT NULL,
    deciders integer[] NOT NULL,
    context_steps integer[] NOT NULL,
    retryable boolean NOT NULL,
    max_attempts integer NOT NULL,
    backoff text NOT NULL,
    backoff_base_ms bigint NOT NULL,
    max_backoff_ms bigint NOT NULL,
    jitter boolean NOT NULL,
    worker integer,
    parallelism integer,
    failure_strategy text,
    events jsonb,
    CONSTRAINT release_steps_backoff_check CHECK ((backoff = ANY (ARRAY['none'::text, 'linear'::text, 'exponential'::text, 'fibonacci'::text]))),
    CONSTRAINT release_steps_failure_strategy_check CHECK ((failure_strategy = ANY (ARRAY['continue_on_failure'::text, 'fail_fast'::text, 'isolate'::text]))),
    CONSTRAINT release_steps_step_type_check CHECK ((step_type = ANY (ARRAY['standard'::text, 'decision'::text, 'deferred_convergence'::text, 'batchable'::text, 'batch_worker'::text])))
);


--
-- Name: steps; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.steps (
    task_id uuid NOT NULL,
    step_index integer NOT NULL,
    state text NOT NULL,
    definition integer NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    execution integer DEFAULT 0 NOT NULL,
    remaining_dependencies integer NOT NULL,
    wake_at timestamp with time zone,
    enqueued_at timestamp with time zone,
    dispatched_at timestamp with time zone,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    next_retry_at timestamp with time zone,
    host text,
    progress text,
    result json,
    result_blob json,
    last_failure json,
    checkpoint json,
    checkpoint_blob json,
    checkpoints integer DEFAULT 0 NOT NULL,
    checkpoint_history jsonb,
    batch integer,
    worker_number integer,
    cursor json,
    isolated boolean DEFAULT false NOT NULL,
    CONSTRAINT steps_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'enqueued'::text, 'in_progress'::text, 'enqueued_for_orchestration'::text, 'enqueued_as_error_for_orchestration'::text, 'waiting_for_retry'::text, 'complete'::text, 'error'::text, 'cancelled'::text, 'resolved_manually'::text])))
)
WITH (fillfactor='70');


--
-- Name: subscriptions; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.subscriptions (
    subscription_id uuid NOT NULL,
    name text NOT NULL,
    event text NOT NULL,
    kind text NOT NULL,
    target jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT subscriptions_kind_check CHECK ((kind = ANY (ARRAY['webhook'::text, 'queue'::text, 'topic'::text, 'event_bus'::text, 'task'::text])))
);


--
-- Name: templates; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.templates (
    template_id uuid NOT NULL,
    namespace text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    definition jsonb NOT NULL,
    published_at timestamp with time zone NOT NULL
);


--
-- Name: transitions; Type: VIEW; Schema: tasker; Owner: -
--

CREATE VIEW tasker.transitions AS
 SELECT a.audit_id,
    a.task_id,
    NULL::integer AS step_index,
    a.attempt,
    a.at,
    path.state_before AS from_state,
    path.state_after AS to_state,
    a.event,
    a.actor,
    a.reason,
    path."position"
   FROM (tasker.audit a
     CROSS JOIN LATERAL ( SELECT a.task_states[i.i] AS state_before,
            a.task_states[(i.i + 1)] AS state_after,
            i.i AS "position"
           FROM generate_series(1, (cardinality(a.task_states) - 1)) i(i)) path)
UNION ALL
 SELECT a.audit_id,
    a.task_id,
    a.step_index,
    a.attempt,
    path.at,
    path.state_before AS from_state,
    path.state_after AS to_state,
    a.event,
    a.actor,
    a.reason,
    path."position"
   FROM (tasker.audit a
     CROSS JOIN LATERAL ( SELECT a.step_states[i.i] AS state_before,
            a.step_states[(i.i + 1)] AS state_after,
            COALESCE(a.step_times[(i.i + 1)], a.at) AS at,
            i.i AS "position"
           FROM generate_series(1, (cardinality(a.step_states) - 1)) i(i)) path)
UNION ALL
 SELECT a.audit_id,
    a.task_id,
    enqueued.step_index,
    1 AS attempt,
    a.at,
    'pending'::text AS from_state,
    'enqueued'::text AS to_state,
    a.event,
    a.actor,
    a.reason,
    1 AS "position"
   FROM (tasker.audit a
     CROSS JOIN LATERAL unnest(a.enqueued_steps) enqueued(step_index));


--
-- Name: triggers; Type: TABLE; Schema: tasker; Owner: -
--

CREATE TABLE tasker.triggers (
    namespace text NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    definition jsonb NOT NULL,
    disabled_at timestamp with time zone,
    published_at timestamp with time zone NOT NULL
);


--
-- Name: entries; Type: TABLE; Schema: tasker_key_value; Owner: -
--

CREATE TABLE tasker_key_value.entries (
    bucket text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    value bytea NOT NULL,
    version uuid DEFAULT gen_random_uuid() NOT NULL
);


--
-- Name: leases; Type: TABLE; Schema: tasker_lease; Owner: -
--

CREATE TABLE tasker_lease.leases (
    lease text NOT NULL,
    holder text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    settled boolean NOT NULL
);


--
-- Data for Name: a_ends; Type: TABLE DATA; Schema: pgmq; Owner: -
--



--
-- Data for Name: a_steps; Type: TABLE DATA; Schema: pgmq; Owner: -
--



--
-- Data for Name: a_tasker_reports; Type: TABLE DATA; Schema: pgmq; Owner: -
--



--
-- Data for Name: a_tasker_steps; Type: TABLE DATA; Schema: pgmq; Owner: -
--



--
-- Data for Name: meta; Type: TABLE DATA; Schema: pgmq; Owner: -
--

INSERT INTO pgmq.meta (queue_name, is_partitioned, is_unlogged, created_at) VALUES ('tasker_steps', false, false, '2026-11-28 16:25:02.946628+00');
INSERT INTO pgmq.meta (queue_name, is_partitioned, is_unlogged, created_at) VALUES ('tasker_reports', false, false, '2026-11-28 16:25:02.946628+00');
INSERT INTO pgmq.meta (queue_name, is_partitioned, is_unlogged, created_at) VALUES ('ends', false, false, '2026-11-28 16:25:04.175799+00');
INSERT INTO pgmq.meta (queue_name, is_partitioned, is_unlogged, created_at) VALUES ('steps', false, false, '2026-11-28 16:25:04.24379+00');


--
-- Data for Name: notify_insert_throttle; Type: TABLE DATA; Schema: pgmq; Owner: -
--



--
-- Data for Name: q_ends; Type: TABLE DATA; Schema: pgmq; Owner: -
--

INSERT INTO pgmq.q_ends (msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers) OVERRIDING SYSTEM VALUE VALUES (1, 0, '2026-11-28 16:25:05.173179+00', NULL, '2026-11-28 16:25:05.173537+00', '{"id": "4", "data": {"tags": [], "steps": {"total": 3, "failed": 0, "isolated": 0, "satisfied": 3}, "status": "complete", "created_at": "2026-11-28T16:25:04.446088+00:00", "completed_at": "2026-11-28T16:25:04.990861+00:00"}, "time": "2026-11-28T16:25:05.02414+00:00", "type": "tasker.task.completed", "source": "/tasker/default/deciding", "taskid": "01a222f9-78bc-7663-8e79-e10c4e5c2cd5", "subject": "01a222f9-78bc-7663-8e79-e10c4e5c2cd5", "taskname": "deciding", "specversion": "1.0", "taskversion": "1.0.0", "correlationid": "01a222f9-78bc-7663-8e79-e10c4e5c2cd5", "tasknamespace": "default", "datacontenttype": "application/json"}', NULL);
INSERT INTO pgmq.q_ends (msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers) OVERRIDING SYSTEM VALUE VALUES (2, 0, '2026-11-28 16:25:05.175266+00', NULL, '2026-11-28 16:25:05.175435+00', '{"id": "2", "data": {"tags": [], "steps": {"total": 2, "failed": 1, "isolated": 0, "satisfied": 0}, "status": "blocked_by_failures", "created_at": "2026-11-28T16:25:04.493841+00:00", "completed_at": null}, "time": "2026-11-28T16:25:04.752252+00:00", "type": "tasker.task.blocked", "source": "/tasker/default/failing", "taskid": "01a222f9-78e1-72e6-b437-c5a8ee86548b", "subject": "01a222f9-78e1-72e6-b437-c5a8ee86548b", "taskname": "failing", "specversion": "1.0", "taskversion": "1.0.0", "correlationid": "01a222f9-78e1-72e6-b437-c5a8ee86548b", "tasknamespace": "default", "datacontenttype": "application/json"}', NULL);
INSERT INTO pgmq.q_ends (msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers) OVERRIDING SYSTEM VALUE VALUES (3, 0, '2026-11-28 16:25:05.177002+00', NULL, '2026-11-28 16:25:05.177192+00', '{"id": "3", "data": {"tags": [], "steps": {"total": 2, "failed": 0, "isolated": 0, "satisfied": 2}, "status": "complete", "created_at": "2026-11-28T16:25:04.556959+00:00", "completed_at": "2026-11-28T16:25:04.8979+00:00"}, "time": "2026-11-28T16:25:04.942788+00:00", "type": "tasker.task.completed", "source": "/tasker/default/linear", "taskid": "01a222f9-792c-705c-a419-7daba7e9c6ed", "subject": "01a222f9-792c-705c-a419-7daba7e9c6ed", "taskname": "linear", "specversion": "1.0", "taskversion": "1.0.0", "correlationid": "01a222f9-792c-705c-a419-7daba7e9c6ed", "tasknamespace": "default", "datacontenttype": "application/json"}', NULL);
INSERT INTO pgmq.q_ends (msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers) OVERRIDING SYSTEM VALUE VALUES (4, 0, '2026-11-28 16:25:05.180365+00', NULL, '2026-11-28 16:25:05.180559+00', '{"id": "5", "data": {"tags": [], "steps": {"total": 5, "failed": 0, "isolated": 1, "satisfied": 4}, "status": "complete", "created_at": "2026-11-28T16:25:04.374843+00:00", "completed_at": "2026-11-28T16:25:05.104013+00:00"}, "time": "2026-11-28T16:25:05.133097+00:00", "type": "tasker.task.completed", "source": "/tasker/default/cutting", "taskid": "01a222f9-7827-75b4-92e5-a591a06c6ff2", "subject": "01a222f9-7827-75b4-92e5-a591a06c6ff2", "taskname": "cutting", "specversion": "1.0", "taskversion": "1.0.0", "correlationid": "01a222f9-7827-75b4-92e5-a591a06c6ff2", "tasknamespace": "default", "datacontenttype": "application/json"}', NULL);


--
-- Data for Name: q_steps; Type: TABLE DATA; Schema: pgmq; Owner: -
--

INSERT INTO pgmq.q_steps (msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers) OVERRIDING SYSTEM VALUE VALUES (1, 0, '2026-11-28 16:25:05.183657+00', NULL, '2026-11-28 16:25:05.184215+00', '{"id": "1", "data": {"by": "a"}, "time": "2026-11-28T16:25:04.710481+00:00", "type": "a.done", "source": "/tasker/default/linear", "taskid": "01a222f9-792c-705c-a419-7daba7e9c6ed", "attempt": 1, "subject": "01a222f9-792c-705c-a419-7daba7e9c6ed/a", "stepname": "a", "taskname": "linear", "stepstate": "complete", "specversion": "1.0", "taskversion": "1.0.0", "correlationid": "01a222f9-792c-705c-a419-7daba7e9c6ed", "tasknamespace": "default", "datacontenttype": "application/json"}', NULL);


--
-- Data for Name: q_tasker_reports; Type: TABLE DATA; Schema: pgmq; Owner: -
--

INSERT INTO pgmq.q_tasker_reports (msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers) OVERRIDING SYSTEM VALUE VALUES (7, 0, '2026-11-28 16:25:04.760756+00', NULL, '2026-11-28 16:48:53.095962+00', '"{\"due\":{\"version\":1,\"task_id\":\"01a222f9-7933-75b2-b544-c737cec82f2a\",\"step_index\":0,\"execution\":1}}"', NULL);


--
-- Data for Name: q_tasker_steps; Type: TABLE DATA; Schema: pgmq; Owner: -
--

INSERT INTO pgmq.q_tasker_steps (msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers) OVERRIDING SYSTEM VALUE VALUES (15, 0, '2026-11-28 16:25:05.235813+00', NULL, '2026-11-28 16:25:05.236081+00', '"{\"version\":1,\"task_id\":\"01a222f9-7bc4-7385-8c5f-8f4edd8ad62d\",\"step_index\":0,\"execution\":1,\"attempt\":1,\"release_id\":\"01a222f9-7792-735b-9c12-1f151f5801cb\",\"definition\":0,\"max_attempts\":3,\"step_name\":\"a\",\"namespace\":\"default\",\"task_name\":\"linear\",\"task_version\":\"1.0.0\",\"correlation_id\":\"01a222f9-7bc4-7385-8c5f-8f4edd8ad62d\",\"handler\":{\"callable\":\"work\",\"component\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"function\":\"work\"},\"input\":{\"inline\":{}},\"configuration\":{},\"dependency_results\":[],\"limits\":{\"wall_ms\":30000,\"cpu_ms\":10000,\"memory_bytes\":134217728,\"table_elements\":20000,\"instances\":32,\"log_bytes\":65536,\"result_bytes\":6291456,\"handles\":256},\"grants\":{}}"', NULL);
INSERT INTO pgmq.q_tasker_steps (msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers) OVERRIDING SYSTEM VALUE VALUES (17, 0, '2026-11-28 16:25:05.300154+00', NULL, '2026-11-28 16:25:05.300415+00', '"{\"version\":1,\"task_id\":\"01a222f9-7c11-7729-a8d6-0fdf06d35989\",\"step_index\":0,\"execution\":1,\"attempt\":1,\"release_id\":\"01a222f9-7792-735b-9c12-1f151f5801cb\",\"definition\":0,\"max_attempts\":3,\"step_name\":\"a\",\"namespace\":\"default\",\"task_name\":\"linear\",\"task_version\":\"1.0.0\",\"correlation_id\":\"01a222f9-7c11-7729-a8d6-0fdf06d35989\",\"handler\":{\"callable\":\"work\",\"component\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"function\":\"work\"},\"input\":{\"inline\":{\"order\":17}},\"configuration\":{},\"dependency_results\":[],\"limits\":{\"wall_ms\":30000,\"cpu_ms\":10000,\"memory_bytes\":134217728,\"table_elements\":20000,\"instances\":32,\"log_bytes\":65536,\"result_bytes\":6291456,\"handles\":256},\"grants\":{}}"', NULL);
INSERT INTO pgmq.q_tasker_steps (msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers) OVERRIDING SYSTEM VALUE VALUES (18, 0, '2026-11-28 16:25:05.311482+00', NULL, '2026-11-28 16:25:05.311811+00', '"{\"version\":1,\"task_id\":\"01a222f9-7c1d-73e1-8dde-c2ab80843060\",\"step_index\":0,\"execution\":1,\"attempt\":1,\"release_id\":\"01a222f9-7792-735b-9c12-1f151f5801cb\",\"definition\":0,\"max_attempts\":3,\"step_name\":\"a\",\"namespace\":\"default\",\"task_name\":\"linear\",\"task_version\":\"1.0.0\",\"correlation_id\":\"01a222f9-7c1d-73e1-8dde-c2ab80843060\",\"handler\":{\"callable\":\"work\",\"component\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"function\":\"work\"},\"input\":{\"inline\":{\"order\":17}},\"configuration\":{},\"dependency_results\":[],\"limits\":{\"wall_ms\":30000,\"cpu_ms\":10000,\"memory_bytes\":134217728,\"table_elements\":20000,\"instances\":32,\"log_bytes\":65536,\"result_bytes\":6291456,\"handles\":256},\"grants\":{}}"', NULL);
INSERT INTO pgmq.q_tasker_steps (msg_id, read_ct, enqueued_at, last_read_at, vt, message, headers) OVERRIDING SYSTEM VALUE VALUES (16, 0, '2026-11-28 16:25:05.284768+00', NULL, '2026-11-28 16:25:05.285076+00', '"{\"version\":1,\"task_id\":\"01a222f9-7bd8-7631-be2b-31ba14c9d163\",\"step_index\":0,\"execution\":1,\"attempt\":1,\"release_id\":\"01a222f9-7792-735b-9c12-1f151f5801cb\",\"definition\":0,\"max_attempts\":3,\"step_name\":\"a\",\"namespace\":\"default\",\"task_name\":\"linear\",\"task_version\":\"1.0.0\",\"correlation_id\":\"01a222f9-7bd8-7631-be2b-31ba14c9d163\",\"handler\":{\"callable\":\"work\",\"component\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"function\":\"work\"},\"input\":{\"inline\":{\"order\":17}},\"configuration\":{},\"dependency_results\":[],\"limits\":{\"wall_ms\":30000,\"cpu_ms\":10000,\"memory_bytes\":134217728,\"table_elements\":20000,\"instances\":32,\"log_bytes\":65536,\"result_bytes\":6291456,\"handles\":256},\"grants\":{}}"', NULL);


--
-- Data for Name: topic_bindings; Type: TABLE DATA; Schema: pgmq; Owner: -
--



--
-- Data for Name: _sqlx_migrations; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public._sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (1, 'baseline', '2026-11-28 16:25:02.530267+00', true, '\xca2f08e9e4f73d343988f6fe2e9d8335f8a24b164bf6743231146110d031afec2716aa9e4ab6b37672ff6f56b82aed52', 321579318);
INSERT INTO public._sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (2, 'pgmq', '2026-11-28 16:25:02.857271+00', true, '\xd7254ec00b4953a26632d5af8bc6800a508692b191aee191fea52deb330b1e52b3d979d8f1b05344320bbc102bd4622a', 88861107);
INSERT INTO public._sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (3, 'queues', '2026-11-28 16:25:02.946628+00', true, '\x5b2dc0311f97d2b4ad6fa5db8935da8ca84925a292e1dc8c6e9a392c36cc290b0830226c4f490f864a3cde3b9dba08e5', 78907887);


--
-- Data for Name: audit; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (1, '01a222f9-7827-75b4-92e5-a591a06c6ff2', '2026-11-28 16:25:04.374843+00', 'created', 'api', NULL, '{pending,initializing,enqueuing_steps,steps_in_process}', NULL, NULL, NULL, NULL, '{0}', NULL);
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (2, '01a222f9-78bc-7663-8e79-e10c4e5c2cd5', '2026-11-28 16:25:04.446088+00', 'created', 'api', NULL, '{pending,initializing,enqueuing_steps,steps_in_process}', NULL, NULL, NULL, NULL, '{0}', NULL);
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (3, '01a222f9-78e1-72e6-b437-c5a8ee86548b', '2026-11-28 16:25:04.493841+00', 'created', 'api', NULL, '{pending,initializing,enqueuing_steps,steps_in_process}', NULL, NULL, NULL, NULL, '{0}', NULL);
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (4, '01a222f9-7910-7285-ac03-3f17f9874c00', '2026-11-28 16:25:04.53039+00', 'created', 'api', NULL, '{pending,initializing,enqueuing_steps,steps_in_process}', NULL, NULL, NULL, NULL, '{0}', NULL);
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (5, '01a222f9-792c-705c-a419-7daba7e9c6ed', '2026-11-28 16:25:04.556959+00', 'created', 'api', NULL, '{pending,initializing,enqueuing_steps,steps_in_process}', NULL, NULL, NULL, NULL, '{0}', NULL);
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (6, '01a222f9-7933-75b2-b544-c737cec82f2a', '2026-11-28 16:25:04.564296+00', 'created', 'api', NULL, '{pending,initializing,enqueuing_steps,steps_in_process}', NULL, NULL, NULL, NULL, '{0}', NULL);
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (7, '01a222f9-7910-7285-ac03-3f17f9874c00', '2026-11-28 16:25:04.702542+00', 'started', 'played', NULL, NULL, 0, 1, '{enqueued,in_progress}', '{"2026-11-28 16:25:04.53039+00","2026-11-28 16:25:04.608513+00"}', NULL, NULL);
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (8, '01a222f9-7827-75b4-92e5-a591a06c6ff2', '2026-11-28 16:25:04.710481+00', 'reported', 'played', NULL, '{steps_in_process,evaluating_results,enqueuing_steps,steps_in_process}', 0, 1, '{enqueued,in_progress,enqueued_for_orchestration,complete}', '{"2026-11-28 16:25:04.374843+00","2026-11-28 16:25:04.584002+00","2026-11-28 16:25:04.584002+00","2026-11-28 16:25:04.710481+00"}', '{3,4}', '{"usage":{"wall_us":0,"cpu_us":0,"peak_memory_bytes":0,"dropped_log_bytes":0}}');
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (9, '01a222f9-78bc-7663-8e79-e10c4e5c2cd5', '2026-11-28 16:25:04.710481+00', 'reported', 'played', NULL, '{steps_in_process,evaluating_results,enqueuing_steps,steps_in_process}', 0, 1, '{enqueued,in_progress,enqueued_for_orchestration,complete}', '{"2026-11-28 16:25:04.446088+00","2026-11-28 16:25:04.597223+00","2026-11-28 16:25:04.597223+00","2026-11-28 16:25:04.710481+00"}', '{1}', '{"usage":{"wall_us":0,"cpu_us":0,"peak_memory_bytes":0,"dropped_log_bytes":0}}');
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (10, '01a222f9-78e1-72e6-b437-c5a8ee86548b', '2026-11-28 16:25:04.710481+00', 'reported', 'played', NULL, '{steps_in_process,evaluating_results,blocked_by_failures}', 0, 1, '{enqueued,in_progress,enqueued_as_error_for_orchestration,error}', '{"2026-11-28 16:25:04.493841+00","2026-11-28 16:25:04.605015+00","2026-11-28 16:25:04.605015+00","2026-11-28 16:25:04.710481+00"}', NULL, '{"usage":{"wall_us":0,"cpu_us":0,"peak_memory_bytes":0,"dropped_log_bytes":0},"failure":{"error_type":"Played","message":"as the test wants it","retryable":false,"origin":"handler"}}');
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (11, '01a222f9-792c-705c-a419-7daba7e9c6ed', '2026-11-28 16:25:04.710481+00', 'reported', 'played', NULL, '{steps_in_process,evaluating_results,enqueuing_steps,steps_in_process}', 0, 1, '{enqueued,in_progress,enqueued_for_orchestration,complete}', '{"2026-11-28 16:25:04.556959+00","2026-11-28 16:25:04.610483+00","2026-11-28 16:25:04.610483+00","2026-11-28 16:25:04.710481+00"}', '{1}', '{"usage":{"wall_us":0,"cpu_us":0,"peak_memory_bytes":0,"dropped_log_bytes":0}}');
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (12, '01a222f9-7933-75b2-b544-c737cec82f2a', '2026-11-28 16:25:04.710481+00', 'reported', 'played', NULL, '{steps_in_process,waiting_for_retry}', 0, 1, '{enqueued,in_progress,enqueued_as_error_for_orchestration,waiting_for_retry}', '{"2026-11-28 16:25:04.564296+00","2026-11-28 16:25:04.693998+00","2026-11-28 16:25:04.693998+00","2026-11-28 16:25:04.710481+00"}', NULL, '{"usage":{"wall_us":0,"cpu_us":0,"peak_memory_bytes":0,"dropped_log_bytes":0},"failure":{"error_type":"Played","message":"as the test wants it","retryable":true,"origin":"handler"}}');
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (13, '01a222f9-7827-75b4-92e5-a591a06c6ff2', '2026-11-28 16:25:04.8979+00', 'reported', 'played', NULL, NULL, 3, 1, '{enqueued,in_progress,enqueued_for_orchestration,complete}', '{"2026-11-28 16:25:04.710481+00","2026-11-28 16:25:04.767599+00","2026-11-28 16:25:04.767599+00","2026-11-28 16:25:04.8979+00"}', NULL, '{"usage":{"wall_us":0,"cpu_us":0,"peak_memory_bytes":0,"dropped_log_bytes":0}}');
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (14, '01a222f9-7827-75b4-92e5-a591a06c6ff2', '2026-11-28 16:25:04.8979+00', 'reported', 'played', NULL, '{steps_in_process,evaluating_results,enqueuing_steps,steps_in_process}', 4, 1, '{enqueued,in_progress,enqueued_as_error_for_orchestration,error}', '{"2026-11-28 16:25:04.710481+00","2026-11-28 16:25:04.769605+00","2026-11-28 16:25:04.769605+00","2026-11-28 16:25:04.8979+00"}', '{5}', '{"usage":{"wall_us":0,"cpu_us":0,"peak_memory_bytes":0,"dropped_log_bytes":0},"failure":{"error_type":"Played","message":"as the test wants it","retryable":false,"origin":"handler"}}');
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (15, '01a222f9-78bc-7663-8e79-e10c4e5c2cd5', '2026-11-28 16:25:04.8979+00', 'reported', 'played', NULL, '{steps_in_process,evaluating_results,enqueuing_steps,steps_in_process}', 1, 1, '{enqueued,in_progress,enqueued_for_orchestration,complete}', '{"2026-11-28 16:25:04.710481+00","2026-11-28 16:25:04.772621+00","2026-11-28 16:25:04.772621+00","2026-11-28 16:25:04.8979+00"}', '{3}', '{"usage":{"wall_us":0,"cpu_us":0,"peak_memory_bytes":0,"dropped_log_bytes":0}}');
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (16, '01a222f9-792c-705c-a419-7daba7e9c6ed', '2026-11-28 16:25:04.8979+00', 'reported', 'played', NULL, '{steps_in_process,evaluating_results,complete}', 1, 1, '{enqueued,in_progress,enqueued_for_orchestration,complete}', '{"2026-11-28 16:25:04.710481+00","2026-11-28 16:25:04.882116+00","2026-11-28 16:25:04.882116+00","2026-11-28 16:25:04.8979+00"}', NULL, '{"usage":{"wall_us":0,"cpu_us":0,"peak_memory_bytes":0,"dropped_log_bytes":0}}');
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (17, '01a222f9-7827-75b4-92e5-a591a06c6ff2', '2026-11-28 16:25:04.990861+00', 'checkpointed', 'played', NULL, '{steps_in_process,evaluating_results,steps_in_process}', 5, 1, '{enqueued,in_progress,enqueued_for_orchestration,enqueued}', '{"2026-11-28 16:25:04.8979+00","2026-11-28 16:25:04.967654+00","2026-11-28 16:25:04.967654+00","2026-11-28 16:25:04.990861+00"}', NULL, '{"usage":{"wall_us":0,"cpu_us":0,"peak_memory_bytes":0,"dropped_log_bytes":0}}');
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (18, '01a222f9-78bc-7663-8e79-e10c4e5c2cd5', '2026-11-28 16:25:04.990861+00', 'reported', 'played', NULL, '{steps_in_process,evaluating_results,complete}', 3, 1, '{enqueued,in_progress,enqueued_for_orchestration,complete}', '{"2026-11-28 16:25:04.8979+00","2026-11-28 16:25:04.970382+00","2026-11-28 16:25:04.970382+00","2026-11-28 16:25:04.990861+00"}', NULL, '{"usage":{"wall_us":0,"cpu_us":0,"peak_memory_bytes":0,"dropped_log_bytes":0}}');
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (19, '01a222f9-7827-75b4-92e5-a591a06c6ff2', '2026-11-28 16:25:05.056883+00', 'reported', 'played', NULL, '{steps_in_process,evaluating_results,enqueuing_steps,steps_in_process}', 5, 1, '{enqueued,in_progress,enqueued_for_orchestration,complete}', '{"2026-11-28 16:25:04.990861+00","2026-11-28 16:25:05.046455+00","2026-11-28 16:25:05.046455+00","2026-11-28 16:25:05.056883+00"}', '{2}', '{"usage":{"wall_us":0,"cpu_us":0,"peak_memory_bytes":0,"dropped_log_bytes":0}}');
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (20, '01a222f9-7827-75b4-92e5-a591a06c6ff2', '2026-11-28 16:25:05.104013+00', 'reported', 'played', NULL, '{steps_in_process,evaluating_results,complete}', 2, 1, '{enqueued,in_progress,enqueued_for_orchestration,complete}', '{"2026-11-28 16:25:05.056883+00","2026-11-28 16:25:05.096251+00","2026-11-28 16:25:05.096251+00","2026-11-28 16:25:05.104013+00"}', NULL, '{"usage":{"wall_us":0,"cpu_us":0,"peak_memory_bytes":0,"dropped_log_bytes":0}}');
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (21, '01a222f9-7bc4-7385-8c5f-8f4edd8ad62d', '2026-11-28 16:25:05.232308+00', 'created', 'trigger default/from_orders', 'event order.placed 1', '{pending,initializing,enqueuing_steps,steps_in_process}', NULL, NULL, NULL, NULL, '{0}', NULL);
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (22, '01a222f9-7bd8-7631-be2b-31ba14c9d163', '2026-11-28 16:25:05.25654+00', 'created', 'api', NULL, '{pending,initializing,enqueuing_steps,steps_in_process}', NULL, NULL, NULL, NULL, '{0}', NULL);
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (23, '01a222f9-7bd8-7631-be2b-31ba14c9d163', '2026-11-28 16:25:05.29365+00', 'paused', 'recorder', 'to see it paused', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (24, '01a222f9-7c11-7729-a8d6-0fdf06d35989', '2026-11-28 16:25:05.29818+00', 'created', 'api', NULL, '{pending,initializing,enqueuing_steps,steps_in_process}', NULL, NULL, NULL, NULL, '{0}', NULL);
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (25, '01a222f9-7c11-7729-a8d6-0fdf06d35989', '2026-11-28 16:25:05.303671+00', 'cancelled', 'recorder', 'to see it cancelled', NULL, 0, 1, '{enqueued,cancelled}', NULL, NULL, NULL);
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (26, '01a222f9-7c11-7729-a8d6-0fdf06d35989', '2026-11-28 16:25:05.303671+00', 'cancelled', 'recorder', 'to see it cancelled', NULL, 1, 0, '{pending,cancelled}', NULL, NULL, NULL);
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (27, '01a222f9-7c11-7729-a8d6-0fdf06d35989', '2026-11-28 16:25:05.303671+00', 'cancelled', 'recorder', 'to see it cancelled', '{steps_in_process,cancelled}', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO tasker.audit (audit_id, task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times, enqueued_steps, detail) OVERRIDING SYSTEM VALUE VALUES (28, '01a222f9-7c1d-73e1-8dde-c2ab80843060', '2026-11-28 16:25:05.309771+00', 'created', 'api', NULL, '{pending,initializing,enqueuing_steps,steps_in_process}', NULL, NULL, NULL, NULL, '{0}', NULL);


--
-- Data for Name: batches; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.batches (task_id, step_index, worker, first_index, workers, next_index) VALUES ('01a222f9-7827-75b4-92e5-a591a06c6ff2', 0, 1, 3, 3, 6);


--
-- Data for Name: catalog; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.catalog (only_row, version, triggers_version) VALUES (true, 8, 1);


--
-- Data for Name: components; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.components (digest, size_bytes, handlers, published_at) VALUES ('0000000000000000000000000000000000000000000000000000000000000000', 1, '[{"name": "work", "description": ""}, {"name": "fail", "description": ""}, {"name": "fail_once", "description": ""}, {"name": "choose_left", "description": ""}, {"name": "cut_in_three", "description": ""}, {"name": "count", "description": ""}, {"name": "hang", "description": ""}]', '2026-11-28 16:25:03.859842+00');


--
-- Data for Name: deliveries; Type: TABLE DATA; Schema: tasker; Owner: -
--



--
-- Data for Name: dlq; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.dlq (dlq_entry_id, task_id, step_index, namespace, name, priority, dlq_reason, resolution_status, actor, note, task_state, snapshot, created_at, resolved_at, resolved_by, resolution_notes) VALUES ('ee86b707-6652-448e-b997-5f2dbc07a777', '01a222f9-78e1-72e6-b437-c5a8ee86548b', NULL, 'default', 'failing', 0, 'max_retries_exceeded', 'pending', 'orchestrator', NULL, 'blocked_by_failures', '{"task" : {"task_id" : "01a222f9-78e1-72e6-b437-c5a8ee86548b", "namespace" : "default", "name" : "failing", "version" : "1.0.0", "state" : "blocked_by_failures", "state_since" : "2026-11-28T16:25:04.710481+00:00", "priority" : 0, "correlation_id" : "01a222f9-78e1-72e6-b437-c5a8ee86548b", "initiator" : null, "source_system" : null, "reason" : null, "tags" : [], "created_at" : "2026-11-28T16:25:04.493841+00:00", "context" : {"order":17}, "context_blob" : null, "steps" : {"total" : 2, "satisfied" : 0, "running" : 0, "retrying" : 0, "failed" : 1, "isolated" : 0}}, "steps" : [{"step_index" : 0, "name" : "a", "state" : "error", "attempt" : 1, "started_at" : "2026-11-28T16:25:04.605015+00:00", "finished_at" : "2026-11-28T16:25:04.605015+00:00", "next_retry_at" : null, "host" : "played", "checkpoints" : 0, "cursor" : null, "last_failure" : {"error_type":"Played","message":"as the test wants it","retryable":false,"origin":"handler"}}, {"step_index" : 1, "name" : "b", "state" : "pending", "attempt" : 0, "started_at" : null, "finished_at" : null, "next_retry_at" : null, "host" : null, "checkpoints" : 0, "cursor" : null, "last_failure" : null}]}', '2026-11-28 16:25:04.750166+00', NULL, NULL, NULL);
INSERT INTO tasker.dlq (dlq_entry_id, task_id, step_index, namespace, name, priority, dlq_reason, resolution_status, actor, note, task_state, snapshot, created_at, resolved_at, resolved_by, resolution_notes) VALUES ('2f732826-758c-48ff-8227-b93d8bbc5b1d', '01a222f9-7827-75b4-92e5-a591a06c6ff2', 4, 'default', 'cutting', 0, 'max_retries_exceeded', 'pending', 'orchestrator', NULL, 'steps_in_process', '{"task" : {"task_id" : "01a222f9-7827-75b4-92e5-a591a06c6ff2", "namespace" : "default", "name" : "cutting", "version" : "1.0.0", "state" : "steps_in_process", "state_since" : "2026-11-28T16:25:04.8979+00:00", "priority" : 0, "correlation_id" : "01a222f9-7827-75b4-92e5-a591a06c6ff2", "initiator" : null, "source_system" : null, "reason" : null, "tags" : [], "created_at" : "2026-11-28T16:25:04.374843+00:00", "context" : {"order":17}, "context_blob" : null, "steps" : {"total" : 5, "satisfied" : 2, "running" : 1, "retrying" : 0, "failed" : 0, "isolated" : 1}}, "steps" : [{"step_index" : 4, "name" : "rows_002", "state" : "error", "attempt" : 1, "started_at" : "2026-11-28T16:25:04.769605+00:00", "finished_at" : "2026-11-28T16:25:04.769605+00:00", "next_retry_at" : null, "host" : "played", "checkpoints" : 0, "cursor" : {"from":1}, "last_failure" : {"error_type":"Played","message":"as the test wants it","retryable":false,"origin":"handler"}}]}', '2026-11-28 16:25:04.935546+00', NULL, NULL, NULL);


--
-- Data for Name: events; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.events (event_id, name, at, task_id, release_id, step_index, definition, attempt, step_state, correlation_id, worker_number, payload, payload_blob, published_at, error) OVERRIDING SYSTEM VALUE VALUES (1, 'a.done', '2026-11-28 16:25:04.710481+00', '01a222f9-792c-705c-a419-7daba7e9c6ed', '01a222f9-7792-735b-9c12-1f151f5801cb', 0, 0, 1, 'complete', '01a222f9-792c-705c-a419-7daba7e9c6ed', NULL, '{"by":"a"}', NULL, '2026-11-28 16:25:05.158933+00', NULL);
INSERT INTO tasker.events (event_id, name, at, task_id, release_id, step_index, definition, attempt, step_state, correlation_id, worker_number, payload, payload_blob, published_at, error) OVERRIDING SYSTEM VALUE VALUES (2, 'tasker.task.blocked', '2026-11-28 16:25:04.752252+00', '01a222f9-78e1-72e6-b437-c5a8ee86548b', '01a222f9-78de-70ee-acb7-5cfd9407dd11', NULL, NULL, NULL, NULL, '01a222f9-78e1-72e6-b437-c5a8ee86548b', NULL, '{"status" : "blocked_by_failures", "tags" : [], "created_at" : "2026-11-28T16:25:04.493841+00:00", "completed_at" : null, "steps" : {"total" : 2, "satisfied" : 0, "failed" : 1, "isolated" : 0}}', NULL, '2026-11-28 16:25:05.158933+00', NULL);
INSERT INTO tasker.events (event_id, name, at, task_id, release_id, step_index, definition, attempt, step_state, correlation_id, worker_number, payload, payload_blob, published_at, error) OVERRIDING SYSTEM VALUE VALUES (3, 'tasker.task.completed', '2026-11-28 16:25:04.942788+00', '01a222f9-792c-705c-a419-7daba7e9c6ed', '01a222f9-7792-735b-9c12-1f151f5801cb', NULL, NULL, NULL, NULL, '01a222f9-792c-705c-a419-7daba7e9c6ed', NULL, '{"status" : "complete", "tags" : [], "created_at" : "2026-11-28T16:25:04.556959+00:00", "completed_at" : "2026-11-28T16:25:04.8979+00:00", "steps" : {"total" : 2, "satisfied" : 2, "failed" : 0, "isolated" : 0}}', NULL, '2026-11-28 16:25:05.158933+00', NULL);
INSERT INTO tasker.events (event_id, name, at, task_id, release_id, step_index, definition, attempt, step_state, correlation_id, worker_number, payload, payload_blob, published_at, error) OVERRIDING SYSTEM VALUE VALUES (4, 'tasker.task.completed', '2026-11-28 16:25:05.02414+00', '01a222f9-78bc-7663-8e79-e10c4e5c2cd5', '01a222f9-78b8-71f0-890e-8cf9647fe2d7', NULL, NULL, NULL, NULL, '01a222f9-78bc-7663-8e79-e10c4e5c2cd5', NULL, '{"status" : "complete", "tags" : [], "created_at" : "2026-11-28T16:25:04.446088+00:00", "completed_at" : "2026-11-28T16:25:04.990861+00:00", "steps" : {"total" : 3, "satisfied" : 3, "failed" : 0, "isolated" : 0}}', NULL, '2026-11-28 16:25:05.158933+00', NULL);
INSERT INTO tasker.events (event_id, name, at, task_id, release_id, step_index, definition, attempt, step_state, correlation_id, worker_number, payload, payload_blob, published_at, error) OVERRIDING SYSTEM VALUE VALUES (5, 'tasker.task.completed', '2026-11-28 16:25:05.133097+00', '01a222f9-7827-75b4-92e5-a591a06c6ff2', '01a222f9-7825-7477-94b5-8c5616fa2938', NULL, NULL, NULL, NULL, '01a222f9-7827-75b4-92e5-a591a06c6ff2', NULL, '{"status" : "complete", "tags" : [], "created_at" : "2026-11-28T16:25:04.374843+00:00", "completed_at" : "2026-11-28T16:25:05.104013+00:00", "steps" : {"total" : 5, "satisfied" : 4, "failed" : 0, "isolated" : 1}}', NULL, '2026-11-28 16:25:05.158933+00', NULL);
INSERT INTO tasker.events (event_id, name, at, task_id, release_id, step_index, definition, attempt, step_state, correlation_id, worker_number, payload, payload_blob, published_at, error) OVERRIDING SYSTEM VALUE VALUES (6, 'tasker.task.cancelled', '2026-11-28 16:25:05.306495+00', '01a222f9-7c11-7729-a8d6-0fdf06d35989', '01a222f9-7792-735b-9c12-1f151f5801cb', NULL, NULL, NULL, NULL, '01a222f9-7c11-7729-a8d6-0fdf06d35989', NULL, '{"status" : "cancelled", "tags" : [], "created_at" : "2026-11-28T16:25:05.29818+00:00", "completed_at" : "2026-11-28T16:25:05.303671+00:00", "steps" : {"total" : 2, "satisfied" : 0, "failed" : 0, "isolated" : 0}}', NULL, NULL, NULL);


--
-- Data for Name: function_sets; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.function_sets (name, installed_at, last_used_at) VALUES ('tasker_f_5074d4dd508442ee', '2026-11-28 16:25:03.034152+00', '2026-11-28 16:25:03.034155+00');


--
-- Data for Name: handler_versions; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.handler_versions (callable, version, component, function, published_at) VALUES ('work', 1, '0000000000000000000000000000000000000000000000000000000000000000', 'work', '2026-11-28 16:25:03.864853+00');
INSERT INTO tasker.handler_versions (callable, version, component, function, published_at) VALUES ('fail', 1, '0000000000000000000000000000000000000000000000000000000000000000', 'fail', '2026-11-28 16:25:03.869914+00');
INSERT INTO tasker.handler_versions (callable, version, component, function, published_at) VALUES ('fail_once', 1, '0000000000000000000000000000000000000000000000000000000000000000', 'fail_once', '2026-11-28 16:25:03.870968+00');
INSERT INTO tasker.handler_versions (callable, version, component, function, published_at) VALUES ('choose_left', 1, '0000000000000000000000000000000000000000000000000000000000000000', 'choose_left', '2026-11-28 16:25:03.872016+00');
INSERT INTO tasker.handler_versions (callable, version, component, function, published_at) VALUES ('cut_in_three', 1, '0000000000000000000000000000000000000000000000000000000000000000', 'cut_in_three', '2026-11-28 16:25:03.872982+00');
INSERT INTO tasker.handler_versions (callable, version, component, function, published_at) VALUES ('count', 1, '0000000000000000000000000000000000000000000000000000000000000000', 'count', '2026-11-28 16:25:03.874888+00');
INSERT INTO tasker.handler_versions (callable, version, component, function, published_at) VALUES ('hang', 1, '0000000000000000000000000000000000000000000000000000000000000000', 'hang', '2026-11-28 16:25:03.884481+00');


--
-- Data for Name: handlers; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.handlers (callable, version, previous_version, promoted_at) VALUES ('work', 1, NULL, '2026-11-28 16:25:03.868765+00');
INSERT INTO tasker.handlers (callable, version, previous_version, promoted_at) VALUES ('fail', 1, NULL, '2026-11-28 16:25:03.870357+00');
INSERT INTO tasker.handlers (callable, version, previous_version, promoted_at) VALUES ('fail_once', 1, NULL, '2026-11-28 16:25:03.87136+00');
INSERT INTO tasker.handlers (callable, version, previous_version, promoted_at) VALUES ('choose_left', 1, NULL, '2026-11-28 16:25:03.872388+00');
INSERT INTO tasker.handlers (callable, version, previous_version, promoted_at) VALUES ('cut_in_three', 1, NULL, '2026-11-28 16:25:03.873326+00');
INSERT INTO tasker.handlers (callable, version, previous_version, promoted_at) VALUES ('count', 1, NULL, '2026-11-28 16:25:03.88006+00');
INSERT INTO tasker.handlers (callable, version, previous_version, promoted_at) VALUES ('hang', 1, NULL, '2026-11-28 16:25:03.884941+00');


--
-- Data for Name: received_events; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.received_events (received_id, source, id, type, event, event_blob, state, tasks, reason, received_at, replayed_at) VALUES ('19d9b3e7-10e7-8f4e-88b8-55de3087b53f', '/orders', '2', 'order.lost', '{"specversion":"1.0","id":"2","source":"/orders","type":"order.lost"}', NULL, 'unmatched', '[]', 'no trigger''s pattern matches it', '2026-11-28 16:25:05.238259+00', NULL);
INSERT INTO tasker.received_events (received_id, source, id, type, event, event_blob, state, tasks, reason, received_at, replayed_at) VALUES ('3acc145d-a944-846e-aea7-798c4e97e642', '/orders', '1', 'order.placed', '{"specversion":"1.0","id":"1","source":"/orders","type":"order.placed"}', NULL, 'started', '[{"task_id": "01a222f9-7bc4-7385-8c5f-8f4edd8ad62d", "trigger": "default/from_orders", "version": 1}]', NULL, '2026-11-28 16:25:05.238259+00', NULL);


--
-- Data for Name: release_steps; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.release_steps (release_id, step_index, name, step_type, created_with_task, creation_order, parents, children, deciders, context_steps, retryable, max_attempts, backoff, backoff_base_ms, max_backoff_ms, jitter, worker, parallelism, failure_strategy, events) VALUES ('01a222f9-7792-735b-9c12-1f151f5801cb', 0, 'a', 'standard', true, 0, '{}', '{1}', '{}', '{}', true, 3, 'exponential', 1000, 30000, true, NULL, NULL, NULL, '[{"name": "a.done", "condition": "success", "delivery_mode": "durable"}]');
INSERT INTO tasker.release_steps (release_id, step_index, name, step_type, created_with_task, creation_order, parents, children, deciders, context_steps, retryable, max_attempts, backoff, backoff_base_ms, max_backoff_ms, jitter, worker, parallelism, failure_strategy, events) VALUES ('01a222f9-7792-735b-9c12-1f151f5801cb', 1, 'b', 'standard', true, 1, '{0}', '{}', '{}', '{0}', true, 3, 'exponential', 1000, 30000, true, NULL, NULL, NULL, NULL);
INSERT INTO tasker.release_steps (release_id, step_index, name, step_type, created_with_task, creation_order, parents, children, deciders, context_steps, retryable, max_attempts, backoff, backoff_base_ms, max_backoff_ms, jitter, worker, parallelism, failure_strategy, events) VALUES ('01a222f9-7825-7477-94b5-8c5616fa2938', 0, 'cut', 'batchable', true, 0, '{}', '{1}', '{}', '{}', true, 3, 'exponential', 1000, 30000, true, 1, 2, 'isolate', NULL);
INSERT INTO tasker.release_steps (release_id, step_index, name, step_type, created_with_task, creation_order, parents, children, deciders, context_steps, retryable, max_attempts, backoff, backoff_base_ms, max_backoff_ms, jitter, worker, parallelism, failure_strategy, events) VALUES ('01a222f9-7825-7477-94b5-8c5616fa2938', 1, 'rows', 'batch_worker', false, 1, '{0}', '{2}', '{}', '{0}', true, 3, 'exponential', 1000, 30000, true, NULL, 2, 'isolate', NULL);
INSERT INTO tasker.release_steps (release_id, step_index, name, step_type, created_with_task, creation_order, parents, children, deciders, context_steps, retryable, max_attempts, backoff, backoff_base_ms, max_backoff_ms, jitter, worker, parallelism, failure_strategy, events) VALUES ('01a222f9-7825-7477-94b5-8c5616fa2938', 2, 'sum', 'standard', true, 2, '{1}', '{}', '{}', '{1}', true, 3, 'exponential', 1000, 30000, true, NULL, NULL, NULL, NULL);
INSERT INTO tasker.release_steps (release_id, step_index, name, step_type, created_with_task, creation_order, parents, children, deciders, context_steps, retryable, max_attempts, backoff, backoff_base_ms, max_backoff_ms, jitter, worker, parallelism, failure_strategy, events) VALUES ('01a222f9-78b8-71f0-890e-8cf9647fe2d7', 0, 'decide', 'decision', true, 0, '{}', '{1,2}', '{}', '{}', true, 3, 'exponential', 1000, 30000, true, NULL, NULL, NULL, NULL);
INSERT INTO tasker.release_steps (release_id, step_index, name, step_type, created_with_task, creation_order, parents, children, deciders, context_steps, retryable, max_attempts, backoff, backoff_base_ms, max_backoff_ms, jitter, worker, parallelism, failure_strategy, events) VALUES ('01a222f9-78b8-71f0-890e-8cf9647fe2d7', 1, 'left', 'standard', false, 1, '{0}', '{3}', '{0}', '{0}', true, 3, 'exponential', 1000, 30000, true, NULL, NULL, NULL, NULL);
INSERT INTO tasker.release_steps (release_id, step_index, name, step_type, created_with_task, creation_order, parents, children, deciders, context_steps, retryable, max_attempts, backoff, backoff_base_ms, max_backoff_ms, jitter, worker, parallelism, failure_strategy, events) VALUES ('01a222f9-78b8-71f0-890e-8cf9647fe2d7', 2, 'right', 'standard', false, 2, '{0}', '{3}', '{0}', '{0}', true, 3, 'exponential', 1000, 30000, true, NULL, NULL, NULL, NULL);
INSERT INTO tasker.release_steps (release_id, step_index, name, step_type, created_with_task, creation_order, parents, children, deciders, context_steps, retryable, max_attempts, backoff, backoff_base_ms, max_backoff_ms, jitter, worker, parallelism, failure_strategy, events) VALUES ('01a222f9-78b8-71f0-890e-8cf9647fe2d7', 3, 'join', 'deferred_convergence', false, 3, '{1,2}', '{}', '{0}', '{1,2}', true, 3, 'exponential', 1000, 30000, true, NULL, NULL, NULL, NULL);
INSERT INTO tasker.release_steps (release_id, step_index, name, step_type, created_with_task, creation_order, parents, children, deciders, context_steps, retryable, max_attempts, backoff, backoff_base_ms, max_backoff_ms, jitter, worker, parallelism, failure_strategy, events) VALUES ('01a222f9-78de-70ee-acb7-5cfd9407dd11', 0, 'a', 'standard', true, 0, '{}', '{1}', '{}', '{}', true, 3, 'exponential', 1000, 30000, true, NULL, NULL, NULL, NULL);
INSERT INTO tasker.release_steps (release_id, step_index, name, step_type, created_with_task, creation_order, parents, children, deciders, context_steps, retryable, max_attempts, backoff, backoff_base_ms, max_backoff_ms, jitter, worker, parallelism, failure_strategy, events) VALUES ('01a222f9-78de-70ee-acb7-5cfd9407dd11', 1, 'b', 'standard', true, 1, '{0}', '{}', '{}', '{0}', true, 3, 'exponential', 1000, 30000, true, NULL, NULL, NULL, NULL);
INSERT INTO tasker.release_steps (release_id, step_index, name, step_type, created_with_task, creation_order, parents, children, deciders, context_steps, retryable, max_attempts, backoff, backoff_base_ms, max_backoff_ms, jitter, worker, parallelism, failure_strategy, events) VALUES ('01a222f9-790c-749d-b1ea-cc12f16c303e', 0, 'a', 'standard', true, 0, '{}', '{}', '{}', '{}', true, 3, 'none', 1000, 30000, true, NULL, NULL, NULL, NULL);
INSERT INTO tasker.release_steps (release_id, step_index, name, step_type, created_with_task, creation_order, parents, children, deciders, context_steps, retryable, max_attempts, backoff, backoff_base_ms, max_backoff_ms, jitter, worker, parallelism, failure_strategy, events) VALUES ('01a222f9-7932-76d1-8a37-2095076df2e7', 0, 'a', 'standard', true, 0, '{}', '{}', '{}', '{}', true, 3, 'exponential', 3600000, 3600000, true, NULL, NULL, NULL, NULL);


--
-- Data for Name: releases; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.releases (release_id, template_id, pins, created_at, max_duration, max_waiting_for_dependencies, max_waiting_for_retry, max_steps_in_process, staleness_action, fails_on_timeout, buries_on_timeout) VALUES ('01a222f9-7792-735b-9c12-1f151f5801cb', '01a222f9-76d2-712a-bb6a-72f61b40141a', '{"handlers": {"work": {"function": "work", "component": "0000000000000000000000000000000000000000000000000000000000000000"}}, "environment": "development"}', '2026-11-28 16:25:04.146623+00', '24:00:00', '01:00:00', '00:30:00', '00:30:00', 'dlq', false, true);
INSERT INTO tasker.releases (release_id, template_id, pins, created_at, max_duration, max_waiting_for_dependencies, max_waiting_for_retry, max_steps_in_process, staleness_action, fails_on_timeout, buries_on_timeout) VALUES ('01a222f9-7825-7477-94b5-8c5616fa2938', '01a222f9-7743-733a-85cb-ec5ae303dba3', '{"handlers": {"work": {"function": "work", "component": "0000000000000000000000000000000000000000000000000000000000000000"}, "count": {"function": "count", "component": "0000000000000000000000000000000000000000000000000000000000000000"}, "cut_in_three": {"function": "cut_in_three", "component": "0000000000000000000000000000000000000000000000000000000000000000"}}, "environment": "development"}', '2026-11-28 16:25:04.293895+00', '24:00:00', '01:00:00', '00:30:00', '00:30:00', 'dlq', false, true);
INSERT INTO tasker.releases (release_id, template_id, pins, created_at, max_duration, max_waiting_for_dependencies, max_waiting_for_retry, max_steps_in_process, staleness_action, fails_on_timeout, buries_on_timeout) VALUES ('01a222f9-78b8-71f0-890e-8cf9647fe2d7', '01a222f9-76d9-7136-a529-1e85f8b8af86', '{"handlers": {"work": {"function": "work", "component": "0000000000000000000000000000000000000000000000000000000000000000"}, "choose_left": {"function": "choose_left", "component": "0000000000000000000000000000000000000000000000000000000000000000"}}, "environment": "development"}', '2026-11-28 16:25:04.441363+00', '24:00:00', '01:00:00', '00:30:00', '00:30:00', 'dlq', false, true);
INSERT INTO tasker.releases (release_id, template_id, pins, created_at, max_duration, max_waiting_for_dependencies, max_waiting_for_retry, max_steps_in_process, staleness_action, fails_on_timeout, buries_on_timeout) VALUES ('01a222f9-78de-70ee-acb7-5cfd9407dd11', '01a222f9-76d5-7140-9fea-8b78d684e4c9', '{"handlers": {"fail": {"function": "fail", "component": "0000000000000000000000000000000000000000000000000000000000000000"}, "work": {"function": "work", "component": "0000000000000000000000000000000000000000000000000000000000000000"}}, "environment": "development"}', '2026-11-28 16:25:04.478823+00', '24:00:00', '01:00:00', '00:30:00', '00:30:00', 'dlq', false, true);
INSERT INTO tasker.releases (release_id, template_id, pins, created_at, max_duration, max_waiting_for_dependencies, max_waiting_for_retry, max_steps_in_process, staleness_action, fails_on_timeout, buries_on_timeout) VALUES ('01a222f9-790c-749d-b1ea-cc12f16c303e', '01a222f9-774e-70c5-bca7-b352644bc92d', '{"handlers": {"hang": {"function": "hang", "component": "0000000000000000000000000000000000000000000000000000000000000000"}}, "environment": "development"}', '2026-11-28 16:25:04.524769+00', '24:00:00', '01:00:00', '00:30:00', '00:30:00', 'dlq', false, true);
INSERT INTO tasker.releases (release_id, template_id, pins, created_at, max_duration, max_waiting_for_dependencies, max_waiting_for_retry, max_steps_in_process, staleness_action, fails_on_timeout, buries_on_timeout) VALUES ('01a222f9-7932-76d1-8a37-2095076df2e7', '01a222f9-76d6-74d8-8481-90d19b39435b', '{"handlers": {"fail_once": {"function": "fail_once", "component": "0000000000000000000000000000000000000000000000000000000000000000"}}, "environment": "development"}', '2026-11-28 16:25:04.562686+00', '24:00:00', '01:00:00', '20:00:00', '00:30:00', 'dlq', false, true);


--
-- Data for Name: steps; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-78e1-72e6-b437-c5a8ee86548b', 1, 'pending', 1, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-7910-7285-ac03-3f17f9874c00', 0, 'in_progress', 0, 1, 1, 0, '2026-11-28 16:25:04.703542+00', '2026-11-28 16:25:04.53039+00', '2026-11-28 16:25:04.608513+00', '2026-11-28 16:25:04.608513+00', NULL, NULL, 'played', 'half', NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-7c11-7729-a8d6-0fdf06d35989', 0, 'cancelled', 0, 1, 1, 0, NULL, '2026-11-28 16:25:05.29818+00', NULL, NULL, '2026-11-28 16:25:05.303353+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-7c11-7729-a8d6-0fdf06d35989', 1, 'cancelled', 1, 0, 0, 1, NULL, NULL, NULL, NULL, '2026-11-28 16:25:05.303406+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-7827-75b4-92e5-a591a06c6ff2', 0, 'complete', 0, 1, 1, 0, NULL, '2026-11-28 16:25:04.374843+00', NULL, '2026-11-28 16:25:04.584002+00', '2026-11-28 16:25:04.584002+00', NULL, 'played', NULL, '{"by":"cut"}', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-78bc-7663-8e79-e10c4e5c2cd5', 0, 'complete', 0, 1, 1, 0, NULL, '2026-11-28 16:25:04.446088+00', NULL, '2026-11-28 16:25:04.597223+00', '2026-11-28 16:25:04.597223+00', NULL, 'played', NULL, '{"by":"decide"}', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-78e1-72e6-b437-c5a8ee86548b', 0, 'error', 0, 1, 1, 0, NULL, '2026-11-28 16:25:04.493841+00', NULL, '2026-11-28 16:25:04.605015+00', '2026-11-28 16:25:04.605015+00', NULL, 'played', NULL, NULL, NULL, '{"error_type":"Played","message":"as the test wants it","retryable":false,"origin":"handler"}', NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-792c-705c-a419-7daba7e9c6ed', 0, 'complete', 0, 1, 1, 0, NULL, '2026-11-28 16:25:04.556959+00', NULL, '2026-11-28 16:25:04.610483+00', '2026-11-28 16:25:04.610483+00', NULL, 'played', NULL, '{"by":"a"}', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-7933-75b2-b544-c737cec82f2a', 0, 'waiting_for_retry', 0, 1, 1, 0, '2026-11-28 16:48:53.045481+00', '2026-11-28 16:25:04.564296+00', NULL, '2026-11-28 16:25:04.693998+00', '2026-11-28 16:25:04.693998+00', '2026-11-28 16:48:53.045481+00', 'played', NULL, NULL, NULL, '{"error_type":"Played","message":"as the test wants it","retryable":true,"origin":"handler"}', NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-7c1d-73e1-8dde-c2ab80843060', 0, 'enqueued', 0, 1, 1, 0, '2026-11-28 16:25:15.309771+00', '2026-11-28 16:25:05.309771+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-7827-75b4-92e5-a591a06c6ff2', 3, 'complete', 1, 1, 1, 0, NULL, '2026-11-28 16:25:04.710481+00', NULL, '2026-11-28 16:25:04.767599+00', '2026-11-28 16:25:04.767599+00', NULL, 'played', NULL, '{"by":"rows_001"}', NULL, NULL, NULL, NULL, 0, NULL, 0, 1, '{"from":0}', false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-7827-75b4-92e5-a591a06c6ff2', 4, 'error', 1, 1, 1, 0, NULL, '2026-11-28 16:25:04.710481+00', NULL, '2026-11-28 16:25:04.769605+00', '2026-11-28 16:25:04.769605+00', NULL, 'played', NULL, NULL, NULL, '{"error_type":"Played","message":"as the test wants it","retryable":false,"origin":"handler"}', NULL, NULL, 0, NULL, 0, 2, '{"from":1}', true);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-78bc-7663-8e79-e10c4e5c2cd5', 1, 'complete', 1, 1, 1, 0, NULL, '2026-11-28 16:25:04.710481+00', NULL, '2026-11-28 16:25:04.772621+00', '2026-11-28 16:25:04.772621+00', NULL, 'played', NULL, '{"by":"left"}', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-792c-705c-a419-7daba7e9c6ed', 1, 'complete', 1, 1, 1, 0, NULL, '2026-11-28 16:25:04.710481+00', NULL, '2026-11-28 16:25:04.882116+00', '2026-11-28 16:25:04.882116+00', NULL, 'played', NULL, '{"by":"b"}', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-78bc-7663-8e79-e10c4e5c2cd5', 3, 'complete', 3, 1, 1, 0, NULL, '2026-11-28 16:25:04.8979+00', NULL, '2026-11-28 16:25:04.970382+00', '2026-11-28 16:25:04.970382+00', NULL, 'played', NULL, '{"by":"join"}', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-7827-75b4-92e5-a591a06c6ff2', 5, 'complete', 1, 1, 2, 0, NULL, '2026-11-28 16:25:04.990861+00', NULL, '2026-11-28 16:25:05.046455+00', '2026-11-28 16:25:05.046455+00', NULL, 'played', NULL, '{"by":"rows_003"}', NULL, NULL, NULL, NULL, 1, '[{"at": "2026-11-28T16:25:04.990861+00:00", "host": "played", "number": 1, "attempt": 1}]', 0, 3, '{"from":2}', false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-7827-75b4-92e5-a591a06c6ff2', 2, 'complete', 2, 1, 1, 0, NULL, '2026-11-28 16:25:05.056883+00', NULL, '2026-11-28 16:25:05.096251+00', '2026-11-28 16:25:05.096251+00', NULL, 'played', NULL, '{"by":"sum"}', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-7bc4-7385-8c5f-8f4edd8ad62d', 0, 'enqueued', 0, 1, 1, 0, '2026-11-28 16:25:15.232308+00', '2026-11-28 16:25:05.232308+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-7bc4-7385-8c5f-8f4edd8ad62d', 1, 'pending', 1, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-7bd8-7631-be2b-31ba14c9d163', 0, 'enqueued', 0, 1, 1, 0, '2026-11-28 16:25:15.25654+00', '2026-11-28 16:25:05.25654+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-7bd8-7631-be2b-31ba14c9d163', 1, 'pending', 1, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);
INSERT INTO tasker.steps (task_id, step_index, state, definition, attempt, execution, remaining_dependencies, wake_at, enqueued_at, dispatched_at, started_at, finished_at, next_retry_at, host, progress, result, result_blob, last_failure, checkpoint, checkpoint_blob, checkpoints, checkpoint_history, batch, worker_number, cursor, isolated) VALUES ('01a222f9-7c1d-73e1-8dde-c2ab80843060', 1, 'pending', 1, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false);


--
-- Data for Name: subscriptions; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.subscriptions (subscription_id, name, event, kind, target, created_at) VALUES ('01a222f9-77ec-7131-bdbe-c567737e3933', 'ends', 'tasker.task.*', 'queue', '{"queue": "ends"}', '2026-11-28 16:25:04.237869+00');
INSERT INTO tasker.subscriptions (subscription_id, name, event, kind, target, created_at) VALUES ('01a222f9-7822-76b5-ac9b-f59c80757124', 'steps', '*', 'queue', '{"queue": "steps"}', '2026-11-28 16:25:04.291389+00');


--
-- Data for Name: tasks; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.tasks (task_id, release_id, namespace, name, version, state, priority, input, input_blob, identity, initiator, source_system, reason, tags, correlation_id, parent_correlation_id, traceparent, created_at, completed_at, steps_total, steps_satisfied, steps_running, steps_retrying, steps_failed, steps_isolated, paused_at, state_since, wake_at, is_overdue, has_dlq_entry, first_execution) VALUES ('01a222f9-7910-7285-ac03-3f17f9874c00', '01a222f9-790c-749d-b1ea-cc12f16c303e', 'default', 'hanging', '1.0.0', 'steps_in_process', 0, '{"order":17}', NULL, NULL, NULL, NULL, NULL, '{}', '01a222f9-7910-7285-ac03-3f17f9874c00', NULL, NULL, '2026-11-28 16:25:04.53039+00', NULL, 1, 0, 1, 0, 0, 0, NULL, '2026-11-28 16:25:04.53039+00', '2026-11-28 16:55:04.53039+00', false, false, 0);
INSERT INTO tasker.tasks (task_id, release_id, namespace, name, version, state, priority, input, input_blob, identity, initiator, source_system, reason, tags, correlation_id, parent_correlation_id, traceparent, created_at, completed_at, steps_total, steps_satisfied, steps_running, steps_retrying, steps_failed, steps_isolated, paused_at, state_since, wake_at, is_overdue, has_dlq_entry, first_execution) VALUES ('01a222f9-7c1d-73e1-8dde-c2ab80843060', '01a222f9-7792-735b-9c12-1f151f5801cb', 'default', 'linear', '1.0.0', 'steps_in_process', 0, '{"order":17}', NULL, NULL, NULL, NULL, NULL, '{}', '01a222f9-7c1d-73e1-8dde-c2ab80843060', NULL, NULL, '2026-11-28 16:25:05.309771+00', NULL, 2, 0, 1, 0, 0, 0, NULL, '2026-11-28 16:25:05.309771+00', '2026-11-28 16:55:05.309771+00', false, false, 0);
INSERT INTO tasker.tasks (task_id, release_id, namespace, name, version, state, priority, input, input_blob, identity, initiator, source_system, reason, tags, correlation_id, parent_correlation_id, traceparent, created_at, completed_at, steps_total, steps_satisfied, steps_running, steps_retrying, steps_failed, steps_isolated, paused_at, state_since, wake_at, is_overdue, has_dlq_entry, first_execution) VALUES ('01a222f9-7933-75b2-b544-c737cec82f2a', '01a222f9-7932-76d1-8a37-2095076df2e7', 'default', 'retrying', '1.0.0', 'waiting_for_retry', 0, '{"order":17}', NULL, NULL, NULL, NULL, NULL, '{}', '01a222f9-7933-75b2-b544-c737cec82f2a', NULL, NULL, '2026-11-28 16:25:04.564296+00', NULL, 1, 0, 0, 1, 0, 0, NULL, '2026-11-28 16:25:04.710481+00', '2026-11-28 16:55:04.564296+00', false, false, 0);
INSERT INTO tasker.tasks (task_id, release_id, namespace, name, version, state, priority, input, input_blob, identity, initiator, source_system, reason, tags, correlation_id, parent_correlation_id, traceparent, created_at, completed_at, steps_total, steps_satisfied, steps_running, steps_retrying, steps_failed, steps_isolated, paused_at, state_since, wake_at, is_overdue, has_dlq_entry, first_execution) VALUES ('01a222f9-78e1-72e6-b437-c5a8ee86548b', '01a222f9-78de-70ee-acb7-5cfd9407dd11', 'default', 'failing', '1.0.0', 'blocked_by_failures', 0, '{"order":17}', NULL, NULL, NULL, NULL, NULL, '{}', '01a222f9-78e1-72e6-b437-c5a8ee86548b', NULL, NULL, '2026-11-28 16:25:04.493841+00', NULL, 2, 0, 0, 0, 1, 0, NULL, '2026-11-28 16:25:04.710481+00', '2026-11-28 16:55:04.493841+00', false, true, 0);
INSERT INTO tasker.tasks (task_id, release_id, namespace, name, version, state, priority, input, input_blob, identity, initiator, source_system, reason, tags, correlation_id, parent_correlation_id, traceparent, created_at, completed_at, steps_total, steps_satisfied, steps_running, steps_retrying, steps_failed, steps_isolated, paused_at, state_since, wake_at, is_overdue, has_dlq_entry, first_execution) VALUES ('01a222f9-792c-705c-a419-7daba7e9c6ed', '01a222f9-7792-735b-9c12-1f151f5801cb', 'default', 'linear', '1.0.0', 'complete', 0, '{"order":17}', NULL, NULL, NULL, NULL, NULL, '{}', '01a222f9-792c-705c-a419-7daba7e9c6ed', NULL, NULL, '2026-11-28 16:25:04.556959+00', '2026-11-28 16:25:04.8979+00', 2, 2, 0, 0, 0, 0, NULL, '2026-11-28 16:25:04.8979+00', NULL, false, false, 0);
INSERT INTO tasker.tasks (task_id, release_id, namespace, name, version, state, priority, input, input_blob, identity, initiator, source_system, reason, tags, correlation_id, parent_correlation_id, traceparent, created_at, completed_at, steps_total, steps_satisfied, steps_running, steps_retrying, steps_failed, steps_isolated, paused_at, state_since, wake_at, is_overdue, has_dlq_entry, first_execution) VALUES ('01a222f9-78bc-7663-8e79-e10c4e5c2cd5', '01a222f9-78b8-71f0-890e-8cf9647fe2d7', 'default', 'deciding', '1.0.0', 'complete', 0, '{"order":17}', NULL, NULL, NULL, NULL, NULL, '{}', '01a222f9-78bc-7663-8e79-e10c4e5c2cd5', NULL, NULL, '2026-11-28 16:25:04.446088+00', '2026-11-28 16:25:04.990861+00', 3, 3, 0, 0, 0, 0, NULL, '2026-11-28 16:25:04.990861+00', NULL, false, false, 0);
INSERT INTO tasker.tasks (task_id, release_id, namespace, name, version, state, priority, input, input_blob, identity, initiator, source_system, reason, tags, correlation_id, parent_correlation_id, traceparent, created_at, completed_at, steps_total, steps_satisfied, steps_running, steps_retrying, steps_failed, steps_isolated, paused_at, state_since, wake_at, is_overdue, has_dlq_entry, first_execution) VALUES ('01a222f9-7827-75b4-92e5-a591a06c6ff2', '01a222f9-7825-7477-94b5-8c5616fa2938', 'default', 'cutting', '1.0.0', 'complete', 0, '{"order":17}', NULL, NULL, NULL, NULL, NULL, '{}', '01a222f9-7827-75b4-92e5-a591a06c6ff2', NULL, NULL, '2026-11-28 16:25:04.374843+00', '2026-11-28 16:25:05.104013+00', 5, 4, 0, 0, 0, 1, NULL, '2026-11-28 16:25:05.104013+00', NULL, false, true, 0);
INSERT INTO tasker.tasks (task_id, release_id, namespace, name, version, state, priority, input, input_blob, identity, initiator, source_system, reason, tags, correlation_id, parent_correlation_id, traceparent, created_at, completed_at, steps_total, steps_satisfied, steps_running, steps_retrying, steps_failed, steps_isolated, paused_at, state_since, wake_at, is_overdue, has_dlq_entry, first_execution) VALUES ('01a222f9-7bc4-7385-8c5f-8f4edd8ad62d', '01a222f9-7792-735b-9c12-1f151f5801cb', 'default', 'linear', '1.0.0', 'steps_in_process', 0, '{}', NULL, '\xe595e28c1ff1f5d54d3a4b556762836da3fd33ba6b5580005e6b3e6c93a7148b', 'trigger default/from_orders', '/orders', 'event order.placed 1', '{}', '01a222f9-7bc4-7385-8c5f-8f4edd8ad62d', NULL, NULL, '2026-11-28 16:25:05.232308+00', NULL, 2, 0, 1, 0, 0, 0, NULL, '2026-11-28 16:25:05.232308+00', '2026-11-28 16:55:05.232308+00', false, false, 0);
INSERT INTO tasker.tasks (task_id, release_id, namespace, name, version, state, priority, input, input_blob, identity, initiator, source_system, reason, tags, correlation_id, parent_correlation_id, traceparent, created_at, completed_at, steps_total, steps_satisfied, steps_running, steps_retrying, steps_failed, steps_isolated, paused_at, state_since, wake_at, is_overdue, has_dlq_entry, first_execution) VALUES ('01a222f9-7bd8-7631-be2b-31ba14c9d163', '01a222f9-7792-735b-9c12-1f151f5801cb', 'default', 'linear', '1.0.0', 'steps_in_process', 0, '{"order":17}', NULL, NULL, NULL, NULL, NULL, '{}', '01a222f9-7bd8-7631-be2b-31ba14c9d163', NULL, NULL, '2026-11-28 16:25:05.25654+00', NULL, 2, 0, 1, 0, 0, 0, '2026-11-28 16:25:05.292936+00', '2026-11-28 16:25:05.29365+00', '2026-11-28 16:25:05.29365+00', false, false, 0);
INSERT INTO tasker.tasks (task_id, release_id, namespace, name, version, state, priority, input, input_blob, identity, initiator, source_system, reason, tags, correlation_id, parent_correlation_id, traceparent, created_at, completed_at, steps_total, steps_satisfied, steps_running, steps_retrying, steps_failed, steps_isolated, paused_at, state_since, wake_at, is_overdue, has_dlq_entry, first_execution) VALUES ('01a222f9-7c11-7729-a8d6-0fdf06d35989', '01a222f9-7792-735b-9c12-1f151f5801cb', 'default', 'linear', '1.0.0', 'cancelled', 0, '{"order":17}', NULL, NULL, NULL, NULL, NULL, '{}', '01a222f9-7c11-7729-a8d6-0fdf06d35989', NULL, NULL, '2026-11-28 16:25:05.29818+00', '2026-11-28 16:25:05.303671+00', 2, 0, 0, 0, 0, 0, NULL, '2026-11-28 16:25:05.303671+00', NULL, false, false, 0);


--
-- Data for Name: templates; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.templates (template_id, namespace, name, version, definition, published_at) VALUES ('01a222f9-76d2-712a-bb6a-72f61b40141a', 'default', 'linear', '1.0.0', '{"name": "linear", "steps": [{"name": "a", "type": "standard", "retry": {"jitter": true, "backoff": "exponential", "retryable": true, "max_attempts": 3, "max_backoff_ms": 30000, "backoff_base_ms": 1000}, "grants": {}, "limits": {}, "handler": {"callable": "work"}, "timeout_seconds": 30, "publishes_events": [{"name": "a.done", "condition": "success", "delivery_mode": "durable"}]}, {"name": "b", "type": "standard", "retry": {"jitter": true, "backoff": "exponential", "retryable": true, "max_attempts": 3, "max_backoff_ms": 30000, "backoff_base_ms": 1000}, "grants": {}, "limits": {}, "handler": {"callable": "work"}, "dependencies": ["a"], "timeout_seconds": 30}], "version": "1.0.0", "namespace_name": "default", "identity_strategy": "always_unique"}', '2026-11-28 16:25:03.955239+00');
INSERT INTO tasker.templates (template_id, namespace, name, version, definition, published_at) VALUES ('01a222f9-76d5-7140-9fea-8b78d684e4c9', 'default', 'failing', '1.0.0', '{"name": "failing", "steps": [{"name": "a", "type": "standard", "retry": {"jitter": true, "backoff": "exponential", "retryable": true, "max_attempts": 3, "max_backoff_ms": 30000, "backoff_base_ms": 1000}, "grants": {}, "limits": {}, "handler": {"callable": "fail"}, "timeout_seconds": 30}, {"name": "b", "type": "standard", "retry": {"jitter": true, "backoff": "exponential", "retryable": true, "max_attempts": 3, "max_backoff_ms": 30000, "backoff_base_ms": 1000}, "grants": {}, "limits": {}, "handler": {"callable": "work"}, "dependencies": ["a"], "timeout_seconds": 30}], "version": "1.0.0", "namespace_name": "default", "identity_strategy": "always_unique"}', '2026-11-28 16:25:03.957673+00');
INSERT INTO tasker.templates (template_id, namespace, name, version, definition, published_at) VALUES ('01a222f9-76d6-74d8-8481-90d19b39435b', 'default', 'retrying', '1.0.0', '{"name": "retrying", "steps": [{"name": "a", "type": "standard", "retry": {"jitter": true, "backoff": "exponential", "retryable": true, "max_attempts": 3, "max_backoff_ms": 3600000, "backoff_base_ms": 3600000}, "grants": {}, "limits": {}, "handler": {"callable": "fail_once"}, "timeout_seconds": 30}], "version": "1.0.0", "namespace_name": "default", "identity_strategy": "always_unique"}', '2026-11-28 16:25:03.95926+00');
INSERT INTO tasker.templates (template_id, namespace, name, version, definition, published_at) VALUES ('01a222f9-76d9-7136-a529-1e85f8b8af86', 'default', 'deciding', '1.0.0', '{"name": "deciding", "steps": [{"name": "decide", "type": "decision", "retry": {"jitter": true, "backoff": "exponential", "retryable": true, "max_attempts": 3, "max_backoff_ms": 30000, "backoff_base_ms": 1000}, "grants": {}, "limits": {}, "handler": {"callable": "choose_left"}, "timeout_seconds": 30}, {"name": "left", "type": "standard", "retry": {"jitter": true, "backoff": "exponential", "retryable": true, "max_attempts": 3, "max_backoff_ms": 30000, "backoff_base_ms": 1000}, "grants": {}, "limits": {}, "handler": {"callable": "work"}, "dependencies": ["decide"], "timeout_seconds": 30}, {"name": "right", "type": "standard", "retry": {"jitter": true, "backoff": "exponential", "retryable": true, "max_attempts": 3, "max_backoff_ms": 30000, "backoff_base_ms": 1000}, "grants": {}, "limits": {}, "handler": {"callable": "work"}, "dependencies": ["decide"], "timeout_seconds": 30}, {"name": "join", "type": "deferred_convergence", "retry": {"jitter": true, "backoff": "exponential", "retryable": true, "max_attempts": 3, "max_backoff_ms": 30000, "backoff_base_ms": 1000}, "grants": {}, "limits": {}, "handler": {"callable": "work"}, "dependencies": ["left", "right"], "timeout_seconds": 30}], "version": "1.0.0", "namespace_name": "default", "identity_strategy": "always_unique"}', '2026-11-28 16:25:03.961545+00');
INSERT INTO tasker.templates (template_id, namespace, name, version, definition, published_at) VALUES ('01a222f9-7743-733a-85cb-ec5ae303dba3', 'default', 'cutting', '1.0.0', '{"name": "cutting", "steps": [{"name": "cut", "type": "batchable", "retry": {"jitter": true, "backoff": "exponential", "retryable": true, "max_attempts": 3, "max_backoff_ms": 30000, "backoff_base_ms": 1000}, "grants": {}, "limits": {}, "handler": {"callable": "cut_in_three"}, "batch_config": {"batch_size": 1000, "parallelism": 2, "cursor_field": "id", "worker_template": "rows", "failure_strategy": "isolate"}, "timeout_seconds": 30}, {"name": "rows", "type": "batch_worker", "retry": {"jitter": true, "backoff": "exponential", "retryable": true, "max_attempts": 3, "max_backoff_ms": 30000, "backoff_base_ms": 1000}, "grants": {}, "limits": {}, "handler": {"callable": "count"}, "dependencies": ["cut"], "timeout_seconds": 30}, {"name": "sum", "type": "standard", "retry": {"jitter": true, "backoff": "exponential", "retryable": true, "max_attempts": 3, "max_backoff_ms": 30000, "backoff_base_ms": 1000}, "grants": {}, "limits": {}, "handler": {"callable": "work"}, "dependencies": ["rows"], "timeout_seconds": 30}], "version": "1.0.0", "namespace_name": "default", "identity_strategy": "always_unique"}', '2026-11-28 16:25:04.075779+00');
INSERT INTO tasker.templates (template_id, namespace, name, version, definition, published_at) VALUES ('01a222f9-774e-70c5-bca7-b352644bc92d', 'default', 'hanging', '1.0.0', '{"name": "hanging", "steps": [{"name": "a", "type": "standard", "retry": {"jitter": true, "backoff": "none", "retryable": true, "max_attempts": 3, "max_backoff_ms": 30000, "backoff_base_ms": 1000}, "grants": {}, "limits": {}, "handler": {"callable": "hang"}, "timeout_seconds": 30}], "version": "1.0.0", "namespace_name": "default", "identity_strategy": "always_unique"}', '2026-11-28 16:25:04.079135+00');


--
-- Data for Name: triggers; Type: TABLE DATA; Schema: tasker; Owner: -
--

INSERT INTO tasker.triggers (namespace, name, version, definition, disabled_at, published_at) VALUES ('default', 'from_orders', 1, '{"name": "from_orders", "task": {"name": "linear"}, "enabled": true, "pattern": {"type": ["order.placed"]}, "priority": 0, "namespace": "default"}', NULL, '2026-11-28 16:25:04.169286+00');


--
-- Data for Name: entries; Type: TABLE DATA; Schema: tasker_key_value; Owner: -
--

INSERT INTO tasker_key_value.entries (bucket, key, value, version) VALUES ('default/counts', 'orders', '\x33', '12208705-1a2e-4eb7-81fe-1a4348233afa');


--
-- Data for Name: leases; Type: TABLE DATA; Schema: tasker_lease; Owner: -
--

INSERT INTO tasker_lease.leases (lease, holder, expires_at, settled) VALUES ('01a222f9-7c11-7729-a8d6-0fdf06d35989/0/1', '', '2026-11-28 16:25:35.308733+00', true);


--
-- Name: q_ends_msg_id_seq; Type: SEQUENCE SET; Schema: pgmq; Owner: -
--

SELECT pg_catalog.setval('pgmq.q_ends_msg_id_seq', 4, true);


--
-- Name: q_steps_msg_id_seq; Type: SEQUENCE SET; Schema: pgmq; Owner: -
--

SELECT pg_catalog.setval('pgmq.q_steps_msg_id_seq', 1, true);


--
-- Name: q_tasker_reports_msg_id_seq; Type: SEQUENCE SET; Schema: pgmq; Owner: -
--

SELECT pg_catalog.setval('pgmq.q_tasker_reports_msg_id_seq', 15, true);


--
-- Name: q_tasker_steps_msg_id_seq; Type: SEQUENCE SET; Schema: pgmq; Owner: -
--

SELECT pg_catalog.setval('pgmq.q_tasker_steps_msg_id_seq', 18, true);


--
-- Name: audit_audit_id_seq; Type: SEQUENCE SET; Schema: tasker; Owner: -
--

SELECT pg_catalog.setval('tasker.audit_audit_id_seq', 28, true);


--
-- Name: events_event_id_seq; Type: SEQUENCE SET; Schema: tasker; Owner: -
--

SELECT pg_catalog.setval('tasker.events_event_id_seq', 6, true);


--
-- Name: a_ends a_ends_pkey; Type: CONSTRAINT; Schema: pgmq; Owner: -
--

ALTER TABLE ONLY pgmq.a_ends
    ADD CONSTRAINT a_ends_pkey PRIMARY KEY (msg_id);


--
-- Name: a_steps a_steps_pkey; Type: CONSTRAINT; Schema: pgmq; Owner: -
--

ALTER TABLE ONLY pgmq.a_steps
    ADD CONSTRAINT a_steps_pkey PRIMARY KEY (msg_id);


--
-- Name: a_tasker_reports a_tasker_reports_pkey; Type: CONSTRAINT; Schema: pgmq; Owner: -
--

ALTER TABLE ONLY pgmq.a_tasker_reports
    ADD CONSTRAINT a_tasker_reports_pkey PRIMARY KEY (msg_id);


--
-- Name: a_tasker_steps a_tasker_steps_pkey; Type: CONSTRAINT; Schema: pgmq; Owner: -
--

ALTER TABLE ONLY pgmq.a_tasker_steps
    ADD CONSTRAINT a_tasker_steps_pkey PRIMARY KEY (msg_id);


--
-- Name: meta meta_queue_name_key; Type: CONSTRAINT; Schema: pgmq; Owner: -
--

ALTER TABLE ONLY pgmq.meta
    ADD CONSTRAINT meta_queue_name_key UNIQUE (queue_name);


--
-- Name: notify_insert_throttle notify_insert_throttle_queue_name_key; Type: CONSTRAINT; Schema: pgmq; Owner: -
--

ALTER TABLE ONLY pgmq.notify_insert_throttle
    ADD CONSTRAINT notify_insert_throttle_queue_name_key UNIQUE (queue_name);


--
-- Name: q_ends q_ends_pkey; Type: CONSTRAINT; Schema: pgmq; Owner: -
--

ALTER TABLE ONLY pgmq.q_ends
    ADD CONSTRAINT q_ends_pkey PRIMARY KEY (msg_id);


--
-- Name: q_steps q_steps_pkey; Type: CONSTRAINT; Schema: pgmq; Owner: -
--

ALTER TABLE ONLY pgmq.q_steps
    ADD CONSTRAINT q_steps_pkey PRIMARY KEY (msg_id);


--
-- Name: q_tasker_reports q_tasker_reports_pkey; Type: CONSTRAINT; Schema: pgmq; Owner: -
--

ALTER TABLE ONLY pgmq.q_tasker_reports
    ADD CONSTRAINT q_tasker_reports_pkey PRIMARY KEY (msg_id);


--
-- Name: q_tasker_steps q_tasker_steps_pkey; Type: CONSTRAINT; Schema: pgmq; Owner: -
--

ALTER TABLE ONLY pgmq.q_tasker_steps
    ADD CONSTRAINT q_tasker_steps_pkey PRIMARY KEY (msg_id);


--
-- Name: topic_bindings topic_bindings_unique_pattern_queue; Type: CONSTRAINT; Schema: pgmq; Owner: -
--

ALTER TABLE ONLY pgmq.topic_bindings
    ADD CONSTRAINT topic_bindings_unique_pattern_queue UNIQUE (pattern, queue_name);


--
-- Name: _sqlx_migrations _sqlx_migrations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);


--
-- Name: batches batches_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.batches
    ADD CONSTRAINT batches_pkey PRIMARY KEY (task_id, step_index);


--
-- Name: catalog catalog_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.catalog
    ADD CONSTRAINT catalog_pkey PRIMARY KEY (only_row);


--
-- Name: components components_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.components
    ADD CONSTRAINT components_pkey PRIMARY KEY (digest);


--
-- Name: deliveries deliveries_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (event_id, subscription_id);


--
-- Name: dlq dlq_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.dlq
    ADD CONSTRAINT dlq_pkey PRIMARY KEY (dlq_entry_id);


--
-- Name: events events_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (event_id);


--
-- Name: function_sets function_sets_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.function_sets
    ADD CONSTRAINT function_sets_pkey PRIMARY KEY (name);


--
-- Name: handler_versions handler_versions_callable_component_function_key; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.handler_versions
    ADD CONSTRAINT handler_versions_callable_component_function_key UNIQUE (callable, component, function);


--
-- Name: handler_versions handler_versions_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.handler_versions
    ADD CONSTRAINT handler_versions_pkey PRIMARY KEY (callable, version);


--
-- Name: handlers handlers_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.handlers
    ADD CONSTRAINT handlers_pkey PRIMARY KEY (callable);


--
-- Name: received_events received_events_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.received_events
    ADD CONSTRAINT received_events_pkey PRIMARY KEY (received_id);


--
-- Name: release_steps release_steps_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.release_steps
    ADD CONSTRAINT release_steps_pkey PRIMARY KEY (release_id, step_index);


--
-- Name: releases releases_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.releases
    ADD CONSTRAINT releases_pkey PRIMARY KEY (release_id);


--
-- Name: releases releases_template_id_pins_key; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.releases
    ADD CONSTRAINT releases_template_id_pins_key UNIQUE (template_id, pins);


--
-- Name: steps steps_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.steps
    ADD CONSTRAINT steps_pkey PRIMARY KEY (task_id, step_index);


--
-- Name: subscriptions subscriptions_name_key; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.subscriptions
    ADD CONSTRAINT subscriptions_name_key UNIQUE (name);


--
-- Name: subscriptions subscriptions_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.subscriptions
    ADD CONSTRAINT subscriptions_pkey PRIMARY KEY (subscription_id);


--
-- Name: tasks tasks_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (task_id);


--
-- Name: templates templates_namespace_name_version_key; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.templates
    ADD CONSTRAINT templates_namespace_name_version_key UNIQUE (namespace, name, version);


--
-- Name: templates templates_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.templates
    ADD CONSTRAINT templates_pkey PRIMARY KEY (template_id);


--
-- Name: triggers triggers_pkey; Type: CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.triggers
    ADD CONSTRAINT triggers_pkey PRIMARY KEY (namespace, name);


--
-- Name: entries entries_pkey; Type: CONSTRAINT; Schema: tasker_key_value; Owner: -
--

ALTER TABLE ONLY tasker_key_value.entries
    ADD CONSTRAINT entries_pkey PRIMARY KEY (bucket, key);


--
-- Name: leases leases_pkey; Type: CONSTRAINT; Schema: tasker_lease; Owner: -
--

ALTER TABLE ONLY tasker_lease.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (lease);


--
-- Name: archived_at_idx_ends; Type: INDEX; Schema: pgmq; Owner: -
--

CREATE INDEX archived_at_idx_ends ON pgmq.a_ends USING btree (archived_at);


--
-- Name: archived_at_idx_steps; Type: INDEX; Schema: pgmq; Owner: -
--

CREATE INDEX archived_at_idx_steps ON pgmq.a_steps USING btree (archived_at);


--
-- Name: archived_at_idx_tasker_reports; Type: INDEX; Schema: pgmq; Owner: -
--

CREATE INDEX archived_at_idx_tasker_reports ON pgmq.a_tasker_reports USING btree (archived_at);


--
-- Name: archived_at_idx_tasker_steps; Type: INDEX; Schema: pgmq; Owner: -
--

CREATE INDEX archived_at_idx_tasker_steps ON pgmq.a_tasker_steps USING btree (archived_at);


--
-- Name: idx_notify_throttle_active; Type: INDEX; Schema: pgmq; Owner: -
--

CREATE INDEX idx_notify_throttle_active ON pgmq.notify_insert_throttle USING btree (queue_name, last_notified_at) WHERE (throttle_interval_ms > 0);


--
-- Name: idx_topic_bindings_covering; Type: INDEX; Schema: pgmq; Owner: -
--

CREATE INDEX idx_topic_bindings_covering ON pgmq.topic_bindings USING btree (pattern) INCLUDE (queue_name, compiled_regex);


--
-- Name: q_ends_vt_idx; Type: INDEX; Schema: pgmq; Owner: -
--

CREATE INDEX q_ends_vt_idx ON pgmq.q_ends USING btree (vt);


--
-- Name: q_steps_vt_idx; Type: INDEX; Schema: pgmq; Owner: -
--

CREATE INDEX q_steps_vt_idx ON pgmq.q_steps USING btree (vt);


--
-- Name: q_tasker_reports_vt_idx; Type: INDEX; Schema: pgmq; Owner: -
--

CREATE INDEX q_tasker_reports_vt_idx ON pgmq.q_tasker_reports USING btree (vt);


--
-- Name: q_tasker_steps_vt_idx; Type: INDEX; Schema: pgmq; Owner: -
--

CREATE INDEX q_tasker_steps_vt_idx ON pgmq.q_tasker_steps USING btree (vt);


--
-- Name: audit_by_task; Type: INDEX; Schema: tasker; Owner: -
--

CREATE INDEX audit_by_task ON tasker.audit USING btree (task_id);


--
-- Name: batches_by_worker; Type: INDEX; Schema: tasker; Owner: -
--

CREATE UNIQUE INDEX batches_by_worker ON tasker.batches USING btree (task_id, worker);


--
-- Name: deliveries_due; Type: INDEX; Schema: tasker; Owner: -
--

CREATE INDEX deliveries_due ON tasker.deliveries USING btree (subscription_id, next_attempt_at) WHERE (next_attempt_at IS NOT NULL);


--
-- Name: dlq_by_status; Type: INDEX; Schema: tasker; Owner: -
--

CREATE INDEX dlq_by_status ON tasker.dlq USING btree (resolution_status, created_at);


--
-- Name: dlq_by_task; Type: INDEX; Schema: tasker; Owner: -
--

CREATE INDEX dlq_by_task ON tasker.dlq USING btree (task_id);


--
-- Name: dlq_pending; Type: INDEX; Schema: tasker; Owner: -
--

CREATE UNIQUE INDEX dlq_pending ON tasker.dlq USING btree (task_id, COALESCE(step_index, '-1'::integer)) WHERE (resolution_status = 'pending'::text);


--
-- Name: events_published; Type: INDEX; Schema: tasker; Owner: -
--

CREATE INDEX events_published ON tasker.events USING btree (published_at) WHERE (published_at IS NOT NULL);


--
-- Name: events_to_publish; Type: INDEX; Schema: tasker; Owner: -
--

CREATE INDEX events_to_publish ON tasker.events USING btree (event_id) WHERE (published_at IS NULL);


--
-- Name: received_events_by_state; Type: INDEX; Schema: tasker; Owner: -
--

CREATE INDEX received_events_by_state ON tasker.received_events USING btree (state, received_at);


--
-- Name: steps_to_wake; Type: INDEX; Schema: tasker; Owner: -
--

CREATE INDEX steps_to_wake ON tasker.steps USING btree (wake_at) WHERE (wake_at IS NOT NULL);


--
-- Name: tasks_by_name; Type: INDEX; Schema: tasker; Owner: -
--

CREATE INDEX tasks_by_name ON tasker.tasks USING btree (namespace, name, task_id);


--
-- Name: tasks_by_state; Type: INDEX; Schema: tasker; Owner: -
--

CREATE INDEX tasks_by_state ON tasker.tasks USING btree (state, task_id);


--
-- Name: tasks_identity; Type: INDEX; Schema: tasker; Owner: -
--

CREATE UNIQUE INDEX tasks_identity ON tasker.tasks USING btree (identity) WHERE (identity IS NOT NULL);


--
-- Name: tasks_to_wake; Type: INDEX; Schema: tasker; Owner: -
--

CREATE INDEX tasks_to_wake ON tasker.tasks USING btree (wake_at) WHERE (wake_at IS NOT NULL);


--
-- Name: leases_by_expiry; Type: INDEX; Schema: tasker_lease; Owner: -
--

CREATE INDEX leases_by_expiry ON tasker_lease.leases USING btree (expires_at);


--
-- Name: notify_insert_throttle notify_insert_throttle_meta_queue_name_fk; Type: FK CONSTRAINT; Schema: pgmq; Owner: -
--

ALTER TABLE ONLY pgmq.notify_insert_throttle
    ADD CONSTRAINT notify_insert_throttle_meta_queue_name_fk FOREIGN KEY (queue_name) REFERENCES pgmq.meta(queue_name) ON DELETE CASCADE;


--
-- Name: topic_bindings topic_bindings_meta_queue_name_fk; Type: FK CONSTRAINT; Schema: pgmq; Owner: -
--

ALTER TABLE ONLY pgmq.topic_bindings
    ADD CONSTRAINT topic_bindings_meta_queue_name_fk FOREIGN KEY (queue_name) REFERENCES pgmq.meta(queue_name) ON DELETE CASCADE;


--
-- Name: deliveries deliveries_subscription_id_fkey; Type: FK CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.deliveries
    ADD CONSTRAINT deliveries_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES tasker.subscriptions(subscription_id) ON DELETE CASCADE;


--
-- Name: handler_versions handler_versions_component_fkey; Type: FK CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.handler_versions
    ADD CONSTRAINT handler_versions_component_fkey FOREIGN KEY (component) REFERENCES tasker.components(digest);


--
-- Name: handlers handlers_callable_version_fkey; Type: FK CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.handlers
    ADD CONSTRAINT handlers_callable_version_fkey FOREIGN KEY (callable, version) REFERENCES tasker.handler_versions(callable, version);


--
-- Name: release_steps release_steps_release_id_fkey; Type: FK CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.release_steps
    ADD CONSTRAINT release_steps_release_id_fkey FOREIGN KEY (release_id) REFERENCES tasker.releases(release_id);


--
-- Name: releases releases_template_id_fkey; Type: FK CONSTRAINT; Schema: tasker; Owner: -
--

ALTER TABLE ONLY tasker.releases
    ADD CONSTRAINT releases_template_id_fkey FOREIGN KEY (template_id) REFERENCES tasker.templates(template_id);


--
-- Name: SCHEMA pgmq; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA pgmq TO pg_monitor;
GRANT USAGE ON SCHEMA pgmq TO tasker_worker;


--
-- Name: SCHEMA tasker_key_value; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA tasker_key_value TO tasker_worker;


--
-- Name: SCHEMA tasker_lease; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA tasker_lease TO tasker_worker;


--
-- Name: TABLE a_ends; Type: ACL; Schema: pgmq; Owner: -
--

GRANT SELECT ON TABLE pgmq.a_ends TO pg_monitor;


--
-- Name: TABLE a_steps; Type: ACL; Schema: pgmq; Owner: -
--

GRANT SELECT ON TABLE pgmq.a_steps TO pg_monitor;


--
-- Name: TABLE a_tasker_reports; Type: ACL; Schema: pgmq; Owner: -
--

GRANT SELECT ON TABLE pgmq.a_tasker_reports TO pg_monitor;


--
-- Name: TABLE a_tasker_steps; Type: ACL; Schema: pgmq; Owner: -
--

GRANT SELECT ON TABLE pgmq.a_tasker_steps TO pg_monitor;


--
-- Name: TABLE meta; Type: ACL; Schema: pgmq; Owner: -
--

GRANT SELECT ON TABLE pgmq.meta TO pg_monitor;
GRANT SELECT ON TABLE pgmq.meta TO tasker_worker;


--
-- Name: TABLE notify_insert_throttle; Type: ACL; Schema: pgmq; Owner: -
--

GRANT SELECT ON TABLE pgmq.notify_insert_throttle TO pg_monitor;


--
-- Name: TABLE q_ends; Type: ACL; Schema: pgmq; Owner: -
--

GRANT SELECT ON TABLE pgmq.q_ends TO pg_monitor;


--
-- Name: SEQUENCE q_ends_msg_id_seq; Type: ACL; Schema: pgmq; Owner: -
--

GRANT SELECT ON SEQUENCE pgmq.q_ends_msg_id_seq TO pg_monitor;


--
-- Name: TABLE q_steps; Type: ACL; Schema: pgmq; Owner: -
--

GRANT SELECT ON TABLE pgmq.q_steps TO pg_monitor;


--
-- Name: SEQUENCE q_steps_msg_id_seq; Type: ACL; Schema: pgmq; Owner: -
--

GRANT SELECT ON SEQUENCE pgmq.q_steps_msg_id_seq TO pg_monitor;


--
-- Name: TABLE q_tasker_reports; Type: ACL; Schema: pgmq; Owner: -
--

GRANT SELECT ON TABLE pgmq.q_tasker_reports TO pg_monitor;
GRANT INSERT ON TABLE pgmq.q_tasker_reports TO tasker_worker;


--
-- Name: COLUMN q_tasker_reports.msg_id; Type: ACL; Schema: pgmq; Owner: -
--

GRANT SELECT(msg_id) ON TABLE pgmq.q_tasker_reports TO tasker_worker;


--
-- Name: SEQUENCE q_tasker_reports_msg_id_seq; Type: ACL; Schema: pgmq; Owner: -
--

GRANT SELECT ON SEQUENCE pgmq.q_tasker_reports_msg_id_seq TO pg_monitor;
GRANT USAGE ON SEQUENCE pgmq.q_tasker_reports_msg_id_seq TO tasker_worker;


--
-- Name: TABLE q_tasker_steps; Type: ACL; Schema: pgmq; Owner: -
--

GRANT SELECT ON TABLE pgmq.q_tasker_steps TO pg_monitor;
GRANT SELECT,DELETE,UPDATE ON TABLE pgmq.q_tasker_steps TO tasker_worker;


--
-- Name: SEQUENCE q_tasker_steps_msg_id_seq; Type: ACL; Schema: pgmq; Owner: -
--

GRANT SELECT ON SEQUENCE pgmq.q_tasker_steps_msg_id_seq TO pg_monitor;


--
-- Name: TABLE topic_bindings; Type: ACL; Schema: pgmq; Owner: -
--

GRANT SELECT ON TABLE pgmq.topic_bindings TO pg_monitor;


--
-- Name: TABLE entries; Type: ACL; Schema: tasker_key_value; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE tasker_key_value.entries TO tasker_worker;


--
-- Name: TABLE leases; Type: ACL; Schema: tasker_lease; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE tasker_lease.leases TO tasker_worker;


--
-- Name: DEFAULT PRIVILEGES FOR SEQUENCES; Type: DEFAULT ACL; Schema: pgmq; Owner: -
--

ALTER DEFAULT PRIVILEGES FOR ROLE tasker IN SCHEMA pgmq GRANT SELECT ON SEQUENCES  TO pg_monitor;


--
-- Name: DEFAULT PRIVILEGES FOR TABLES; Type: DEFAULT ACL; Schema: pgmq; Owner: -
--

ALTER DEFAULT PRIVILEGES FOR ROLE tasker IN SCHEMA pgmq GRANT SELECT ON TABLES  TO pg_monitor;


--
-- PostgreSQL database dump complete
--



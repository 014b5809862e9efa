-- Counts records of the audit that were not yet counted, at most so many. Each counts once: in the transaction that moves
-- `settled` past it, and only once no record before it can appear any more, whatever the order of commits.
--
-- Returns how many records it counted, and whether there are more, which may have to wait for open transactions. Returns no
-- row if another process counts.
CREATE FUNCTION tasker_f.fold(p_most bigint)
RETURNS TABLE (records bigint, is_behind boolean) LANGUAGE plpgsql AS $$
DECLARE
    r_progress tasker.analytics_progress;
    v_record   bigint;
    v_oldest   bigint;
    v_next     bigint;
    v_settled  bigint;
    v_upto     bigint;
BEGIN
    -- A lock without a number of a transaction: this one must not be among the open ones that it looks for.
    IF NOT pg_try_advisory_xact_lock(tasker_f.folding()) THEN
        RETURN;
    END IF;
    -- A statement of its own, because it must see what the transaction that held the lock has changed.
    SELECT * INTO r_progress FROM tasker.analytics_progress;
    SELECT coalesce((SELECT max(audit_id) FROM tasker.audit), 0), pg_snapshot_xmin(now.snapshot)::text::bigint,
           pg_snapshot_xmax(now.snapshot)::text::bigint
    INTO v_record, v_oldest, v_next
    FROM (SELECT pg_current_snapshot() AS snapshot) AS now;
    IF v_record <= r_progress.settled THEN
        RETURN QUERY SELECT 0::bigint, false;
        RETURN;
    END IF;

    IF v_oldest >= v_next THEN
        -- Nothing is open.
        v_settled := v_record;
    ELSIF v_oldest >= r_progress.mark_next THEN
        v_settled := greatest(r_progress.mark_record, r_progress.settled);
    ELSE
        RETURN QUERY SELECT 0::bigint, true;
        RETURN;
    END IF;
    v_upto := least(v_settled, r_progress.settled + p_most);
    IF v_upto > r_progress.settled THEN
        PERFORM tasker_f.fold_range(r_progress.settled, v_upto, r_progress.counts_from);
        PERFORM tasker_f.forget_analytics();
    END IF;
    UPDATE tasker.analytics_progress SET settled = v_upto,
        -- A mark that is not reached yet stays.
        mark_record = CASE WHEN v_upto < v_settled THEN v_settled ELSE v_record END,
        mark_next = CASE WHEN v_upto < v_settled THEN mark_next ELSE v_next END;
    RETURN QUERY SELECT v_upto - r_progress.settled, v_upto < v_record;
END
$$;

-- The key of the lock of whoever counts: the bytes of `fold`.
CREATE FUNCTION tasker_f.folding() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 1718578276::bigint $$;

-- Counts the records after one up to another. A record that the database cannot count, because of its data, is passed over; a
-- batch of which it refuses one is halved.
CREATE FUNCTION tasker_f.fold_range(p_after bigint, p_upto bigint, p_from timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_half bigint := p_after + (p_upto - p_after) / 2;
BEGIN
    PERFORM tasker_f.fold_records(p_after, p_upto, p_from);
EXCEPTION WHEN OTHERS THEN
    -- Data exception, integrity constraint violation, program limit exceeded.
    IF left(SQLSTATE, 2) NOT IN ('22', '23', '54') THEN
        RAISE;
    ELSIF p_upto - p_after = 1 THEN
        RAISE WARNING 'record % of the audit cannot be counted: %', p_upto, SQLERRM;
    ELSE
        PERFORM tasker_f.fold_range(p_after, v_half, p_from);
        PERFORM tasker_f.fold_range(v_half, p_upto, p_from);
    END IF;
END
$$;

-- Working time by look-up over the rows of WorkingCalendar.table (civic/sla/calendars.py).
--
-- Both count in whole microseconds, as Python does, and give the same answers (tests/sla/test_sql.py). The functions are
-- in PL/pgSQL because it keeps the plans of its look-ups and can raise; the body of an SQL function that looks things up
-- is planned again at each call and never inlined. A NULL argument gives NULL. An instant that the table does not reach,
-- or a calendar without rows, raises SQLSTATE 22008 (datetime_field_overflow).

CREATE INDEX IF NOT EXISTS calendar_interval_by_work
    ON calendar_interval (calendar_id, before_seconds, opens_at);

CREATE OR REPLACE FUNCTION working_position(calendar_id bigint, instant timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE AS $$
#variable_conflict use_column
DECLARE
    found_opens timestamptz;
    found_closes timestamptz;
    found_before bigint;
BEGIN
    SELECT opens_at, closes_at, before_seconds INTO found_opens, found_closes, found_before
    FROM calendar_interval
    WHERE calendar_id = $1 AND opens_at <= $2
    ORDER BY opens_at DESC LIMIT 1;
    IF found_opens IS NULL OR (found_closes = found_opens AND found_before > 0 AND $2 > found_opens) THEN
        RAISE EXCEPTION '% lies outside calendar %', $2, $1 USING ERRCODE = 'datetime_field_overflow';
    END IF;
    RETURN found_before * 1000000
        + (date_part('epoch', least($2, found_closes) - found_opens) * 1000000)::bigint;
END
$$;

CREATE OR REPLACE FUNCTION working_seconds(calendar_id bigint, a timestamptz, b timestamptz)
RETURNS double precision
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF b <= a THEN
        RETURN 0;
    END IF;
    RETURN (working_position($1, b) - working_position($1, a)) / 1000000.0::double precision;
END
$$;

CREATE OR REPLACE FUNCTION add_working(calendar_id bigint, a timestamptz, s double precision)
RETURNS timestamptz
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE AS $$
#variable_conflict use_column
DECLARE
    step bigint := (s * 1000000)::bigint;
    target bigint := working_position($1, a) + step;
    found_opens timestamptz;
    found_closes timestamptz;
    found_before bigint;
BEGIN
    IF step = 0 THEN
        RETURN a;
    END IF;
    -- Whole seconds before it, fewer than the target: the last such row is where the target is reached.
    SELECT opens_at, closes_at, before_seconds INTO found_opens, found_closes, found_before
    FROM calendar_interval
    WHERE calendar_id = $1 AND target > 0 AND before_seconds <= (target - 1) / 1000000
    ORDER BY before_seconds DESC, opens_at DESC LIMIT 1;
    IF found_opens IS NULL OR found_closes = found_opens THEN
        RAISE EXCEPTION '% with % working seconds more lies outside calendar %', a, s, $1
            USING ERRCODE = 'datetime_field_overflow';
    END IF;
    RETURN found_opens + (target - found_before * 1000000) * interval '1 microsecond';
END
$$;

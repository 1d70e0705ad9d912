-- A case's history is append-only: nothing but the erasure of a text, which leaves its SHA-256 so that the hash
-- chain can still be followed. Undoing an import (civic/imports/undo.py) takes back what that import wrote: events of its
-- own reports, by nobody with an account.
CREATE FUNCTION refuse_history_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    erased case_event;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        erased := OLD;
        erased.text := '';
        erased.text_hash := sha256(convert_to(OLD.text, 'UTF8'));
        IF NEW IS NOT DISTINCT FROM erased AND OLD.text_hash IS NULL THEN
            RETURN NEW;
        END IF;
    ELSIF OLD.actor_id IS NULL AND EXISTS (
        SELECT FROM report r JOIN post p ON p.id = r.post_id
        WHERE r.case_id = OLD.case_id AND p.channel = 'import'
          AND starts_with(p.source, nullif(current_setting('civic.undone_import', true), '') || ':')
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'case_event is append-only' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER case_event_append_only BEFORE UPDATE OR DELETE ON case_event
    FOR EACH ROW EXECUTE FUNCTION refuse_history_change();

-- Canonical JSON (RFC 8785), as civic/canonical_json.py writes it, of numbers below 2^53 and keys of
-- characters below U+10000. It has nothing else to write: the data of events is the program's own.
CREATE FUNCTION canonical_number(digits text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    shortest text;
    mantissa text;
    figures text;
    power integer;
BEGIN
    IF digits ~ '^(0|-?[1-9][0-9]{0,14})$' THEN
        RETURN digits;
    END IF;
    shortest := abs(digits::float8)::text;
    mantissa := replace(split_part(shortest, 'e', 1), '.', '');
    figures := ltrim(mantissa, '0');
    power := length(split_part(split_part(shortest, 'e', 1), '.', 1)) - (length(mantissa) - length(figures))
             + coalesce(nullif(split_part(shortest, 'e', 2), ''), '0')::integer;
    figures := rtrim(figures, '0');
    RETURN CASE WHEN digits ~ '^-' THEN '-' ELSE '' END || CASE
        WHEN figures = '' THEN '0'
        WHEN power BETWEEN length(figures) AND 21 THEN rpad(figures, power, '0')
        WHEN power BETWEEN 1 AND 21 THEN left(figures, power) || '.' || substr(figures, power + 1)
        WHEN power BETWEEN -5 AND 0 THEN '0.' || repeat('0', -power) || figures
        ELSE left(figures, 1) || CASE WHEN length(figures) > 1 THEN '.' || substr(figures, 2) ELSE '' END
             || 'e' || CASE WHEN power > 0 THEN '+' ELSE '' END || (power - 1)::text
    END;
END
$$;

CREATE FUNCTION canonical_json(document jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    kind text := jsonb_typeof(document);
BEGIN
    IF kind = 'object' THEN
        RETURN '{' || coalesce((
            SELECT string_agg(to_json(part.key)::text || ':' || canonical_json(part.value), ',' ORDER BY part.key COLLATE "C")
            FROM jsonb_each(document) part), '') || '}';
    ELSIF kind = 'array' THEN
        RETURN '[' || coalesce((
            SELECT string_agg(canonical_json(part.value), ',' ORDER BY part.place)
            FROM jsonb_array_elements(document) WITH ORDINALITY part(value, place)), '') || ']';
    ELSIF kind = 'number' THEN
        RETURN canonical_number(document::text);
    END IF;
    RETURN document::text;
END
$$;

-- An event that is inserted follows the head of its case: its number is the next, its hash covers the hash before it
-- (cases/events.py: build_hashed_content), and the case's row ends with it.
CREATE FUNCTION refuse_forged_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    forged record;
BEGIN
    SELECT c.number, e.seq INTO forged
    FROM added e
    JOIN case_file c ON c.id = e.case_id
    LEFT JOIN case_event before ON before.case_id = e.case_id AND before.seq = e.seq - 1
    LEFT JOIN case_event after ON after.case_id = e.case_id AND after.seq = e.seq + 1
    LEFT JOIN department d ON d.id = e.department_id
    WHERE (before.id IS NULL) <> (e.seq = 1) OR (after.id IS NULL) <> (e.seq = c.events_count)
       OR (e.seq = c.events_count AND c.head IS DISTINCT FROM e.hash)
       OR e.text_hash IS NOT NULL
       OR e.hash IS DISTINCT FROM sha256('\x02' || coalesce(before.hash, decode(repeat('00', 32), 'hex')) || sha256(convert_to(
            '{"actor":' || to_json(e.actor_kind)::text
            || ',"at":"' || to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
            || CASE to_char(e.at, 'US') WHEN '000000' THEN '' ELSE to_char(e.at, '.US') END
            || 'Z","case":' || to_json(c.number)::text || ',"data":' || canonical_json(e.data)
            || ',"department":' || coalesce(to_json(d.slug)::text, 'null') || ',"from":' || to_json(e.from_status)::text
            || ',"internal":' || e.internal::text || ',"kind":' || to_json(e.kind)::text || ',"seq":' || e.seq
            || ',"text":"' || encode(sha256(convert_to(e.text, 'UTF8')), 'hex') || '","to":' || to_json(e.to_status)::text
            || '}', 'UTF8')))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'event % of case % does not follow the head of its history', forged.seq, forged.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER case_event_follows_head AFTER INSERT ON case_event REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_forged_event();

-- And the row of a case ends with the last event of its history.
CREATE FUNCTION refuse_forged_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM case_event e WHERE e.case_id = NEW.id AND e.seq = NEW.events_count AND e.hash = NEW.head)
       OR EXISTS (SELECT FROM case_event e WHERE e.case_id = NEW.id AND e.seq = NEW.events_count + 1) THEN
        RAISE EXCEPTION 'case % does not end with the last event of its history', NEW.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER case_file_ends_with_event AFTER UPDATE OF events_count, head ON case_file
    FOR EACH ROW WHEN (NEW.head IS DISTINCT FROM OLD.head OR NEW.events_count <> OLD.events_count)
    EXECUTE FUNCTION refuse_forged_head();

-- What always holds, whoever writes.
CREATE UNIQUE INDEX one_open_lead_assignment ON assignment (case_id) WHERE part = 'lead' AND ended_at IS NULL;
CREATE UNIQUE INDEX one_open_assignment_of_department ON assignment (case_id, department_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX one_wait_at_a_time ON case_wait (case_id) WHERE ended_at IS NULL;
ALTER TABLE assignment ADD CONSTRAINT assignment_ends_with_outcome CHECK ((ended_at IS NULL) = (outcome IS NULL));
ALTER TABLE handling ADD CONSTRAINT one_to_five_stars CHECK (stars BETWEEN 1 AND 5);

-- What is due is found without looking at what is over: most clocks have stopped, most cases are closed.
CREATE INDEX clock_steps_due ON clock (step_at) WHERE step_at IS NOT NULL;
CREATE INDEX case_waits_due ON case_file (waiting_until) WHERE waiting_until IS NOT NULL;
CREATE INDEX case_pauses_due ON case_wait (resume_at) WHERE resume_at IS NOT NULL;
CREATE INDEX case_confirmations_due ON case_file (confirm_until) WHERE confirm_until IS NOT NULL;
CREATE INDEX case_appeal_reminders_due ON case_file (appeal_remind_at) WHERE appeal_remind_at IS NOT NULL;
CREATE INDEX case_appeals_open ON case_file (appeal_due_at, id) WHERE appealed_at IS NOT NULL AND appeal_outcome = '';
-- The order of the dispatchers' desk: what is due first in all departments together.
CREATE INDEX assignment_open ON assignment (due_at, id) WHERE ended_at IS NULL;
-- What the views of a desk show and count.
CREATE INDEX assignment_open_desk ON assignment (department_id, due_at, id) WHERE ended_at IS NULL;
CREATE INDEX assignment_open_new ON assignment (department_id, due_at) WHERE ended_at IS NULL AND first_word_at IS NULL;
CREATE INDEX assignment_open_mine ON assignment (assignee_id, department_id)
    WHERE ended_at IS NULL AND assignee_id IS NOT NULL;
CREATE INDEX assignment_open_support ON assignment (department_id, due_at) WHERE ended_at IS NULL AND part = 'support';
-- How long a case waited for its reporter is asked of every resolved assignment of a period, and few ever wait.
CREATE INDEX case_event_waits ON case_event (case_id, seq) WHERE to_status = 'waiting';
-- Objections to how a case counts are few, and the dispatchers' list and each release look for the open ones.
CREATE INDEX case_event_objections ON case_event (case_id, seq) WHERE kind IN ('objected', 'objection_decided');

-- Which cases were merged into one: asked when a case is shown, and whenever a case is deleted.
CREATE INDEX case_file_merged_into ON case_file (merged_into_id) WHERE merged_into_id IS NOT NULL;

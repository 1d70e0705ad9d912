-- A case's history is append-only: nothing but the erasure of a text, which leaves its SHA-256 so that the hash
-- chain can still be followed.
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
    END IF;
    RAISE EXCEPTION 'case_event is append-only' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER case_event_append_only BEFORE UPDATE OR DELETE ON case_event
    FOR EACH ROW EXECUTE FUNCTION refuse_history_change();

-- What always holds, whoever writes.
CREATE UNIQUE INDEX one_open_lead_assignment ON assignment (case_id) WHERE part = 'lead' AND ended_at IS NULL;
CREATE UNIQUE INDEX one_open_assignment_of_department ON assignment (case_id, department_id) WHERE ended_at IS NULL;
ALTER TABLE assignment ADD CONSTRAINT assignment_ends_with_outcome CHECK ((ended_at IS NULL) = (outcome IS NULL));
ALTER TABLE handling ADD CONSTRAINT one_to_five_stars CHECK (stars BETWEEN 1 AND 5);

-- What is due is found without looking at what is over: most clocks have stopped, most cases are closed.
CREATE INDEX clock_steps_due ON clock (step_at) WHERE step_at IS NOT NULL;
CREATE INDEX case_waits_due ON case_file (waiting_until) WHERE waiting_until IS NOT NULL;
CREATE INDEX case_confirmations_due ON case_file (confirm_until) WHERE confirm_until IS NOT NULL;
-- The order of the dispatchers' desk: what is due first in all departments together.
CREATE INDEX assignment_open ON assignment (due_at, id) WHERE ended_at IS NULL;
-- How long a case waited for its reporter is asked of every resolved assignment of a period, and few ever wait.
CREATE INDEX case_event_waits ON case_event (case_id, seq) WHERE to_status = 'waiting';

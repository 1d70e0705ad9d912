"""The statements of the cases."""

from civic.cases.event_kinds import EventKind
from civic.sla import actions as sla

CASE_COLUMNS = [
    "status",
    "category_id",
    "department_id",
    "first_department_id",
    "priority",
    "first_word_at",
    "waiting_until",
    "resolved_at",
    "confirm_until",
    "confirmed_by",
    "dispute_until",
    "declined_reason",
    "decline_overturned",
    "appealed_at",
    "appeal_due_at",
    "appeal_outcome",
    "appeal_remind_at",
    "reopened",
    "handovers",
    "due_at",
    "merged_into_id",
    "counted",
    "events_count",
    "head",
    "unreleased",
]
COUNT_OPEN = """
SELECT status, count(*) AS n, count(*) FILTER (WHERE due_at < $2) AS overdue,
       count(*) FILTER (WHERE NOT unreleased) AS released
FROM case_file WHERE status = ANY($1) GROUP BY status
"""
HIDDEN_LINES = """
SELECT e.seq FROM case_event e JOIN hidden_line h ON h.case_event_id = e.id WHERE e.case_id = $1
"""
INSERT_EVENT = """
INSERT INTO case_event (case_id, seq, at, kind, actor_id, actor_kind, department_id, from_status, to_status, internal,
                        text, data, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb, $13) RETURNING id
"""
INSERT_ASSIGNMENT = f"""
WITH made AS ({sla.INSERT_CLOCKS})
INSERT INTO assignment (case_id, department_id, part, category_id, added_by, started_at, given_at, first_word_at,
                        asked_at, unanswered_at, due_at, ended_by, came_back, misrouted, standing, overturned,
                        response_clock_id, resolution_clock_id)
SELECT $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, '', false, false, false, false,
       (SELECT id FROM made WHERE kind = 'response'), (SELECT id FROM made WHERE kind = 'resolution')
RETURNING id, response_clock_id, resolution_clock_id
"""
WORKS_THERE = """
SELECT 1 FROM membership m JOIN user_account u ON u.id = m.user_id
WHERE m.user_id = $1 AND m.department_id = $2 AND u.disabled_at IS NULL AND u.role <> 'citizen'
"""

# What history.py compares: the rows of some cases ($1), each kind in the order in which its events made it.
_RECORDED_CASE = """
SELECT f.id, f.number, f.events_count, f.head, f.status, f.received_at, f.first_word_at, f.resolved_at, f.counted,
       f.decline_overturned, f.appealed_at, f.appeal_due_at, f.appeal_outcome, k.code AS category, f.confirmed_by,
       f.reopened, f.merged_into_id IS NOT NULL AS is_merged, d.slug AS first_department,
       (SELECT max(id) FROM case_file) AS last_id
FROM case_file f LEFT JOIN category k ON k.id = f.category_id LEFT JOIN department d ON d.id = f.first_department_id
"""
RECORDED_CASE = f"{_RECORDED_CASE} WHERE f.id = $1"
RECORDED_CASE_OF_NUMBER = f"{_RECORDED_CASE} WHERE f.number = $1"
RECORDED_CASES = f"{_RECORDED_CASE} WHERE f.id > $1 ORDER BY f.id LIMIT $2"
RECORDED_EVENTS = """
SELECT e.case_id, e.seq, e.at, e.kind, e.actor_kind, d.slug AS department, e.from_status, e.to_status, e.internal,
       e.text, e.text_hash, e.data::text AS data, e.hash
FROM case_event e LEFT JOIN department d ON d.id = e.department_id
WHERE e.case_id = ANY($1) ORDER BY e.case_id, e.seq
"""
RECORDED_ASSIGNMENTS = """
SELECT a.*, d.slug AS department, k.code AS category
FROM assignment a JOIN department d ON d.id = a.department_id LEFT JOIN category k ON k.id = a.category_id
WHERE a.case_id = ANY($1) ORDER BY a.case_id, a.id
"""
RECORDED_WAITS = "SELECT * FROM case_wait WHERE case_id = ANY($1) ORDER BY case_id, id"
RECORDED_RATINGS = "SELECT * FROM handling WHERE case_id = ANY($1) ORDER BY case_id, id"

_OBJECTION_KINDS = f"('{EventKind.OBJECTED}', '{EventKind.OBJECTION_DECIDED}')"
# Objections to how a case counts that no later event decided; by the index case_event_objections.
_OPEN_OBJECTIONS = f"""
FROM case_event o JOIN case_file c ON c.id = o.case_id
WHERE o.kind IN {_OBJECTION_KINDS} AND o.kind = '{EventKind.OBJECTED}' AND NOT EXISTS (
    SELECT FROM case_event d WHERE d.case_id = o.case_id AND d.kind IN {_OBJECTION_KINDS}
    AND d.kind = '{EventKind.OBJECTION_DECIDED}' AND d.seq > o.seq)
"""
_OBJECTION = "SELECT c.id AS case_id, c.number, o.seq, o.department_id, o.at AS made_at, o.text AS reason"
OPEN_OBJECTION = f"{_OBJECTION} {_OPEN_OBJECTIONS} AND o.case_id = $1"
OPEN_OBJECTIONS = f"{_OBJECTION} {_OPEN_OBJECTIONS} ORDER BY o.at, o.id LIMIT $1"
COUNT_OPEN_OBJECTIONS = f"SELECT count(*) AS n {_OPEN_OBJECTIONS}"
# A case's row and those that a merge changes, as plain data; and such rows back into their tables.
CAPTURE_CASE = """
SELECT to_jsonb(c) AS case,
       (SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.id), '[]') FROM assignment a
        WHERE a.case_id = c.id AND a.ended_at IS NULL) AS assignments,
       (SELECT jsonb_agg(to_jsonb(k) ORDER BY k.id) FROM clock k
        WHERE k.id IN (c.response_clock_id, c.resolution_clock_id) OR k.id IN (
            SELECT unnest(ARRAY[a.response_clock_id, a.resolution_clock_id]) FROM assignment a
            WHERE a.case_id = c.id AND a.ended_at IS NULL)) AS clocks,
       (SELECT coalesce(jsonb_agg(to_jsonb(w) ORDER BY w.id), '[]') FROM case_wait w
        WHERE w.case_id = c.id AND w.ended_at IS NULL) AS waits
FROM case_file c WHERE c.id = $1
"""
RESTORE_ROW = """
UPDATE {table} SET ({columns}) = (SELECT {read} FROM jsonb_populate_record(NULL::{table}, $1::jsonb) s)
WHERE id = ($1::jsonb ->> 'id')::bigint
"""
READ_ROW = "SELECT * FROM jsonb_populate_record(NULL::{table}, $1::jsonb)"
TAKE_BACK_STARTS = """
WITH taken AS (
    UPDATE case_file c SET received_at = s.received_at
    FROM jsonb_populate_record(NULL::case_file, $1::jsonb) s WHERE c.id = s.id)
UPDATE assignment a SET started_at = s.started_at
FROM jsonb_populate_recordset(NULL::assignment, $2::jsonb) s WHERE a.id = s.id
"""

"""The statements of the cases."""

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
    "reopened",
    "handovers",
    "due_at",
    "merged_into_id",
    "counted",
    "events_count",
    "head",
]
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

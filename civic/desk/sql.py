"""The statements of the desk."""

from civic.cases.sql import COUNT_OPEN_OBJECTIONS
from civic.cases.status import Status
from civic.posts.sql import COUNT_HELD
from civic.reports.sql import CASE_READERS, SAYS_ALL

MAX_COUNTED = 1000  # the most that is counted in a view
QUEUE = """
SELECT a.id AS assignment_id, a.case_id, a.part, a.due_at, a.first_word_at, u.name AS assignee,
       c.number, c.status, c.priority, c.category_id, c.area_id, c.reopened,
       c.due_at AS city_due_at, CASE WHEN c.first_word_at IS NULL THEN 'response' ELSE 'resolution' END AS city_kind,
       r.id AS report_id, r.address, r.place_names, p.title, p.text, p.visibility, p.votes_count,
       k.kind, k.target, k.allowance, k.started_at, k.due_at AS clock_due, k.remaining, k.stopped_at, k.calendar_id,
       k.promised_at, k.computed
FROM ({first}) f
JOIN assignment a ON a.id = f.id
JOIN case_file c ON c.id = a.case_id
JOIN report r ON r.case_id = c.id AND r.main
JOIN post p ON p.id = r.post_id
LEFT JOIN user_account u ON u.id = a.assignee_id
LEFT JOIN clock k ON k.id = CASE WHEN a.first_word_at IS NULL THEN a.response_clock_id ELSE a.resolution_clock_id END
ORDER BY a.due_at, a.id LIMIT {limit}
"""
# The first assignments of all these departments together: along the order by due instant, past those of others. Where
# the departments are few, those of each along its own order instead: the others may be a thousand times as many.
FIRST_OF_ALL = """
SELECT a.id FROM assignment a JOIN case_file c ON c.id = a.case_id JOIN report r ON r.case_id = c.id AND r.main
WHERE a.department_id = ANY($1) AND a.ended_at IS NULL {narrowed} ORDER BY a.due_at, a.id LIMIT {limit}
"""
FIRST_OF_EACH = """
SELECT x.id FROM unnest($1::bigint[]) d (id) CROSS JOIN LATERAL (
    SELECT a.id FROM assignment a JOIN case_file c ON c.id = a.case_id JOIN report r ON r.case_id = c.id AND r.main
    WHERE a.department_id = d.id AND a.ended_at IS NULL {narrowed} ORDER BY a.due_at, a.id LIMIT {limit}) x
"""
# Each view is counted along an index that holds only what it shows (migrations/initial/cases.sql), up to MAX_COUNTED:
# department by department in the order of the index, as else a whole table may be read for the first that are open.
_OPEN = f"""FROM unnest($1::bigint[]) d (id) CROSS JOIN LATERAL (
    SELECT FROM assignment a WHERE a.department_id = d.id AND a.ended_at IS NULL {{more}}
    ORDER BY a.due_at LIMIT {MAX_COUNTED}) a"""
_MINE = "FROM assignment a WHERE a.department_id = ANY($1) AND a.ended_at IS NULL AND a.assignee_id = $2"
_WAITING = """FROM case_file c JOIN assignment a ON a.case_id = c.id
    WHERE c.status = $4 AND a.department_id = ANY($1) AND a.ended_at IS NULL"""
_COUNTED = {
    "due": _OPEN.format(more=""),
    "mine": _MINE,
    "new": _OPEN.format(more="AND a.first_word_at IS NULL"),
    Status.WAITING: _WAITING,
    "overdue": _OPEN.format(more="AND a.due_at < $3"),
    "support": _OPEN.format(more="AND a.part = 'support'"),
}
COUNTS = "SELECT " + ", ".join(
    f"(SELECT count(*) FROM (SELECT {part} LIMIT {MAX_COUNTED}) x) AS {name}" for name, part in _COUNTED.items()
)
PAGE_ROWS = 50
TRIAGE = f"""
SELECT c.id AS case_id, c.number, c.events_count, c.received_at, c.due_at, c.category_id, c.area_id, r.id AS report_id,
       p.title, p.text, r.address, r.place_names, ph.name AS cover, e.kind, e.text AS why, e.data,
       (SELECT t.data FROM case_event t WHERE t.case_id = c.id AND t.kind = $4 ORDER BY t.seq DESC LIMIT 1)
           AS routed
FROM case_file c JOIN report r ON r.case_id = c.id AND r.main JOIN post p ON p.id = r.post_id
LEFT JOIN photo ph ON ph.id = p.cover_id AND ph.public
CROSS JOIN LATERAL (
    SELECT kind, data, CASE WHEN EXISTS (
        SELECT FROM hidden_line h WHERE h.case_event_id = v.id) THEN '' ELSE text END AS text
    FROM case_event v WHERE case_id = c.id AND kind = ANY($5) ORDER BY seq DESC LIMIT 1) e
WHERE c.status = $3 AND NOT c.unreleased AND (c.received_at, c.id) > ($1, $2)
ORDER BY c.received_at, c.id LIMIT {PAGE_ROWS + 1}
"""
ASSIGNED = "SELECT id, number, department_id FROM case_file WHERE id = $1 AND department_id IS NOT NULL"
# The condition is that of the index case_appeals_open.
APPEALS = f"""
SELECT c.id AS case_id, c.number, c.status, c.category_id, c.department_id, c.appealed_at AS made_at,
       c.appeal_due_at AS due_at, p.title, p.text, coalesce(e.text, '') AS reason
FROM case_file c JOIN report r ON r.case_id = c.id AND r.main JOIN post p ON p.id = r.post_id
LEFT JOIN LATERAL (
    SELECT text FROM case_event WHERE case_id = c.id AND kind = $3 ORDER BY seq DESC LIMIT 1) e ON true
WHERE c.appealed_at IS NOT NULL AND c.appeal_outcome = '' AND (c.appeal_due_at, c.id) > ($1, $2)
ORDER BY c.appeal_due_at, c.id LIMIT {PAGE_ROWS + 1}
"""
COUNT_APPEALS = "SELECT count(*) AS n FROM case_file WHERE appealed_at IS NOT NULL AND appeal_outcome = ''"
COUNT = "SELECT count(*) AS n FROM case_file WHERE status = $1 AND NOT unreleased"
# What waits for dispatchers, for the head of their desk.
WAITING_FOR_DISPATCHERS = f"""
SELECT ({COUNT_APPEALS}) + ({COUNT_OPEN_OBJECTIONS}) AS appeals, ({COUNT_HELD}) AS to_moderate,
       EXISTS (SELECT FROM pgqueuer WHERE status = 'failed') AS held_jobs
"""
CASES = f"""
SELECT c.id, c.number, c.status, c.category_id, c.area_id, c.department_id, c.received_at, {CASE_READERS} AS readers
FROM case_file c WHERE c.id = ANY($1)
"""
# Cases of which a public report says all, so that they are found by its words.
SHARED_CASES = f"""
SELECT c.id FROM case_file c JOIN report r ON r.case_id = c.id JOIN post p ON p.id = r.post_id
WHERE c.id = ANY($1) AND p.visibility = 'public' AND {SAYS_ALL}
"""
# What is hidden or held is for moderators only, so it is not found here.
REPORTS = """
SELECT r.case_id, p.id AS post_id, p.title, p.text, p.votes_count, r.address, r.lat, r.lon, r.answers,
       r.category_id AS sent_as
FROM report r JOIN post p ON p.id = r.post_id
WHERE r.case_id = ANY($1) AND p.visibility NOT IN ('hidden', 'held') ORDER BY r.case_id, r.main DESC, r.id
"""

"""The statements of the desk."""

from civic.cases.sql import COUNT_OPEN_OBJECTIONS
from civic.cases.status import Status
from civic.notifications.sql import MAX_REPEATED, STATE_OF_DESK_MESSAGES
from civic.posts.sql import COUNT_HELD
from civic.reports.sql import CASE_READERS, SAYS_ALL

MAX_NOTICES = 5
MAX_COUNTED = 1000  # the most that is counted in a view
# A value stands as `(SELECT $1::bigint)`, so that the plan is the same whatever it is: PostgreSQL then plans a
# statement once for each connection. To plan the list's, of seven tables, takes four times as long as to run it.
DEPARTMENTS = "(SELECT $1::bigint[])"
# What a line of the list says is kept by the versions of the rows that say it: PostgreSQL gives each version of a row
# the number of the transaction that wrote it (`xmin`).
VERSIONS = """a.id, a.version, c.xmin AS version_of_case, r.xmin AS version_of_report, p.xmin AS version_of_post,
       u.xmin AS version_of_assignee, k.xmin AS version_of_clock"""
SOURCES = """
LEFT JOIN case_file c ON c.id = a.case_id
LEFT JOIN report r ON r.case_id = c.id AND r.main
LEFT JOIN post p ON p.id = r.post_id
LEFT JOIN user_account u ON u.id = a.assignee_id
LEFT JOIN clock k ON k.id = CASE WHEN a.first_word_at IS NULL THEN a.response_clock_id ELSE a.resolution_clock_id END
"""
# `head`: columns that are told once for the whole list. They stand in every row, so a list of nothing is one row, too.
QUEUE = f"""
SELECT {{head}}{VERSIONS} FROM (SELECT) one LEFT JOIN ({{first}}) a ON true {SOURCES}
ORDER BY a.due_at, a.id LIMIT {{limit}}
"""
LINES = f"""
SELECT a.id AS assignment_id, a.case_id, a.part, a.due_at, a.first_word_at, u.name AS assignee,
       c.number, c.status, c.priority, c.category_id, c.area_id, c.reopened,
       c.due_at AS city_due_at, CASE WHEN c.first_word_at IS NULL THEN 'response' ELSE 'resolution' END AS city_kind,
       r.id AS report_id, r.address, r.place_names, p.title, p.text, p.visibility, p.votes_count,
       k.kind, k.target, k.allowance, k.started_at, k.due_at AS clock_due, k.remaining, k.stopped_at, k.calendar_id,
       k.promised_at, k.computed
FROM assignment a {SOURCES} WHERE a.id = ANY($1) AND r.main
"""
OF_CASES = "JOIN case_file c ON c.id = a.case_id"
OF_REPORTS = "JOIN report r ON r.case_id = c.id AND r.main"
# The first assignments of the whole city; or those of each of these departments, along its own order, as the others may
# have a thousand times as many. `joined`: what the narrowing asks beside the assignment.
FIRST_OF_ALL = """
SELECT a.xmin AS version, a.* FROM assignment a {joined} WHERE a.ended_at IS NULL {narrowed}
ORDER BY a.due_at, a.id LIMIT {limit}
"""
FIRST_OF_EACH = f"""
SELECT x.* FROM unnest({DEPARTMENTS}) d (id) CROSS JOIN LATERAL (
    SELECT a.xmin AS version, a.* FROM assignment a {{joined}}
    WHERE a.department_id = d.id AND a.ended_at IS NULL {{narrowed}}
    ORDER BY a.due_at, a.id LIMIT {{limit}}) x ORDER BY x.due_at, x.id LIMIT {{limit}}
"""
NEXT = "SELECT a.case_id FROM ({first}) a ORDER BY a.due_at, a.id LIMIT 2"
# Each view is counted along an index that holds only what it shows (migrations/initial/cases.sql), up to MAX_COUNTED,
# in the order of the index, as else a whole table may be read for the first that are open.
_OPEN_OF_ALL = f"""SELECT FROM assignment a WHERE a.ended_at IS NULL {{more}} ORDER BY {{index}} LIMIT {MAX_COUNTED}"""
_OPEN_OF_EACH = f"""SELECT FROM unnest({DEPARTMENTS}) d (id) CROSS JOIN LATERAL (
    SELECT FROM assignment a WHERE a.department_id = d.id AND a.ended_at IS NULL {{more}}
    ORDER BY a.due_at LIMIT {MAX_COUNTED}) a LIMIT {MAX_COUNTED}"""
_MINE = f"""SELECT FROM assignment a
    WHERE a.assignee_id = (SELECT {{person}}::bigint) AND a.ended_at IS NULL {{ours}} LIMIT {MAX_COUNTED}"""
_WAITING = f"""SELECT FROM case_file c JOIN assignment a ON a.case_id = c.id
    WHERE c.status = '{Status.WAITING}' AND a.ended_at IS NULL {{ours}} LIMIT {MAX_COUNTED}"""
NOTICES = f"({STATE_OF_DESK_MESSAGES.replace('{limit}', str(MAX_NOTICES * MAX_REPEATED))}) AS notices,\n"
COUNTED = "count_"  # before the name of each view


def _counts(opened: str, ours: str, person: str, now: str) -> str:
    by_due, by_department = "a.due_at, a.id", "a.department_id, a.due_at"
    counted = {
        "due": opened.format(more="", index=by_due),
        "mine": _MINE.format(person=person, ours=ours),
        "new": opened.format(more="AND a.first_word_at IS NULL", index=by_department),
        Status.WAITING: _WAITING.format(ours=ours),
        "overdue": opened.format(more=f"AND a.due_at < (SELECT {now}::timestamptz)", index=by_due),
        "support": opened.format(more="AND a.part = 'support'", index=by_department),
    }
    return "".join(f"(SELECT count(*) FROM ({part}) x) AS {COUNTED}{name},\n" for name, part in counted.items())


HEAD_OF_ALL = _counts(_OPEN_OF_ALL, "", "$1", "$2") + NOTICES.format(departments="$3", within="$4", roles="$5")
HEAD_OF_EACH = _counts(
    _OPEN_OF_EACH, f"AND a.department_id = ANY ({DEPARTMENTS}::bigint[])", "$2", "$3"
) + NOTICES.format(departments="$4", within="$5", roles="$6")
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
WAITING_FOR_DISPATCHERS = f"""({COUNT_APPEALS}) + ({COUNT_OPEN_OBJECTIONS}) AS appeals, ({COUNT_HELD}) AS to_moderate,
       EXISTS (SELECT FROM pgqueuer WHERE status = 'failed') AS held_jobs,
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

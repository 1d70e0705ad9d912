"""The statements of the scores.

No row of a release is about a case that does not count (`counted`: a test), a case that was merged into another, a
case whose main report is hidden as spam, or what the members of a department reported to it themselves: its
assignment to a case that only its members reported, the case itself if no other department was assigned, and a
rating by one of its members. Source: docs/method.md, "What is not counted".
"""

from civic.cases.models import Outcome
from civic.cases.status import Status

# A case `c` that counts.
_COUNTS = f"""
c.counted AND c.status <> '{Status.MERGED}' AND NOT EXISTS (
    SELECT FROM report r JOIN post p ON p.id = r.post_id
    WHERE r.case_id = c.id AND r.main AND p.visibility = 'hidden' AND p.hidden_reason = 'spam')
"""
# `own`: pairs of a case and the department whose members alone reported it.
_OWN = """
own AS (
    SELECT r.case_id, m.department_id
    FROM membership m JOIN post p ON p.author_id = m.user_id JOIN report r ON r.post_id = p.id
    GROUP BY r.case_id, m.department_id
    HAVING count(*) = (SELECT count(*) FROM report every WHERE every.case_id = r.case_id))
"""
_PASSED_ON = f"('{Outcome.HANDED_OVER}', '{Outcome.RETURNED}')"


def _worked_seconds(start: str, end: str) -> str:
    """Whole seconds of working time between two columns, without the time of waiting for the reporter.

    The sums are of microseconds, which doubles hold well enough; rounding removes the error of subtracting them.
    """
    return f"""
floor(round((working_seconds(q.calendar_id, {start}, {end}) - coalesce((
    SELECT sum(working_seconds(q.calendar_id, greatest(w.at, {start}), least(back.at, {end})))
    FROM case_event w
    LEFT JOIN LATERAL (SELECT n.at FROM case_event n WHERE n.case_id = w.case_id AND n.seq > w.seq
                       AND n.from_status = '{Status.WAITING}' ORDER BY n.seq LIMIT 1) back ON true
    WHERE w.case_id = c.id AND w.to_status = '{Status.WAITING}'), 0))::numeric, 6))::bigint
"""


CLOCK_ROWS = f"""
WITH {_OWN}
SELECT 'assignment' AS clock_of, a.id::text AS id, c.number AS "case", d.slug AS department,
       coalesce(k.code, '') AS category, a.part AS role, a.started_at, p.due_at AS response_due, a.first_word_at,
       q.due_at AS resolution_due, CASE a.outcome WHEN '{Outcome.RESOLVED}' THEN a.ended_at END AS resolved_at,
       a.standing, a.ended_at, coalesce(a.outcome, 'open') AS end_reason, a.misrouted,
       a.overturned AS decline_overturned,
       (coalesce(a.outcome, '') IN {_PASSED_ON} AND NOT a.misrouted)::int AS handovers,
       CASE a.outcome WHEN '{Outcome.RESOLVED}' THEN {_worked_seconds("a.started_at", "a.ended_at")} END AS worked_s
FROM assignment a
JOIN case_file c ON c.id = a.case_id
JOIN department d ON d.id = a.department_id
JOIN clock p ON p.id = a.response_clock_id
LEFT JOIN clock q ON q.id = a.resolution_clock_id
LEFT JOIN category k ON k.id = c.category_id
WHERE {_COUNTS} AND (a.case_id, a.department_id) NOT IN (SELECT case_id, department_id FROM own)
  AND (a.started_at >= $1 AND a.started_at < $2 OR p.due_at >= $1 AND p.due_at < $2
       OR q.due_at >= $1 AND q.due_at < $2 OR a.outcome = '{Outcome.RESOLVED}' AND a.ended_at >= $1 AND a.ended_at < $2)
UNION ALL
SELECT 'case', c.number, c.number, '', coalesce(k.code, ''), '', c.received_at, p.due_at, c.first_word_at,
       q.due_at, c.resolved_at, c.resolved_at IS NOT NULL,
       CASE WHEN c.status = '{Status.DECLINED}' THEN
            (SELECT max(e.at) FROM case_event e WHERE e.case_id = c.id AND e.to_status = '{Status.DECLINED}')
       ELSE c.resolved_at END,
       CASE WHEN c.status = '{Status.DECLINED}' THEN '{Outcome.DECLINED}' WHEN c.resolved_at IS NULL THEN 'open'
            ELSE '{Outcome.RESOLVED}' END,
       false, c.decline_overturned,
       (SELECT count(*) FROM assignment a
        WHERE a.case_id = c.id AND a.outcome IN {_PASSED_ON} AND NOT a.misrouted),
       CASE WHEN c.resolved_at IS NOT NULL THEN {_worked_seconds("c.received_at", "c.resolved_at")} END
FROM case_file c
JOIN clock p ON p.id = c.response_clock_id
JOIN clock q ON q.id = c.resolution_clock_id
LEFT JOIN category k ON k.id = c.category_id
WHERE {_COUNTS}
  AND (c.id NOT IN (SELECT case_id FROM own) OR EXISTS (
       SELECT FROM assignment a WHERE a.case_id = c.id
       AND (a.case_id, a.department_id) NOT IN (SELECT case_id, department_id FROM own)))
  AND (c.received_at >= $1 AND c.received_at < $2 OR p.due_at >= $1 AND p.due_at < $2
       OR q.due_at >= $1 AND q.due_at < $2 OR c.resolved_at >= $1 AND c.resolved_at < $2)
"""

# `rater` names the reporter by the report ("post:17"). A member of a department does not rate it.
RATING_ROWS = f"""
SELECT h.id::text AS id, c.number AS "case", h.stars, h.given_at,
       coalesce(array_agg(DISTINCT d.slug) FILTER (WHERE m.id IS NULL), '{{}}') AS departments
FROM handling h
JOIN case_file c ON c.id = h.case_id
LEFT JOIN assignment a ON a.case_id = c.id AND a.ended_at <= h.given_at
     AND a.outcome IN ('{Outcome.RESOLVED}', '{Outcome.DECLINED}')
LEFT JOIN department d ON d.id = a.department_id
LEFT JOIN post p ON p.id = CASE WHEN h.rater ~ '^post:[0-9]{{1,18}}$' THEN substr(h.rater, 6)::bigint END
LEFT JOIN membership m ON m.user_id = p.author_id AND m.department_id = a.department_id
WHERE {_COUNTS} AND h.given_at >= $1 AND h.given_at < $2
GROUP BY h.id, c.number
HAVING count(a.id) = 0 OR count(a.id) > count(m.id)
"""

# The latest hash of every case's history, whatever became of the case.
HISTORY_HEADS = "SELECT number, head FROM case_file WHERE head IS NOT NULL ORDER BY id"

RELEASES = """
SELECT r.id, r.starts_at, r.ends_at, r.method, r.made_at, r.corrects_id AS replaces, r.reason, later.id AS replaced_by
FROM release r LEFT JOIN release later ON later.corrects_id = r.id
ORDER BY r.ends_at DESC, r.starts_at, r.made_at DESC, length(r.id) DESC, r.id DESC
"""
RELEASE_DOCUMENT = "SELECT document FROM release WHERE id = $1"
RELEASE_PERIOD = "SELECT starts_at, ends_at FROM release WHERE id = $1"
DEPARTMENT_LINES = "SELECT id, document->'results'->'departments'->$2 AS line FROM release WHERE id = ANY($1)"
RELEASE_FILE = "SELECT content, sha256 FROM release_file WHERE release_id = $1 AND name = $2"
RELEASE_FILES = "SELECT name, content FROM release_file WHERE release_id = $1 ORDER BY id"
RELEASE_FILE_HASH = "SELECT sha256 FROM release_file WHERE release_id = $1 AND name = $2"

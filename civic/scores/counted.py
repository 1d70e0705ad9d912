"""The rows that a release is computed from, as the database has them.

In no row are cases that are not `counted` (tests, spam), cases merged into another, cases whose main report is hidden
as spam, and what a department's own people reported to it: its turn at a case that only its members reported; the case
itself, where no other department had a turn; and a rating by one of its members.
"""

from collections.abc import Iterator

from civic import db
from civic.scores.chains import Forest, forest_of
from civic.scores.populations import Period
from civic.scores.rows import RatingRow, StintRow

# c: a case that counts. own: the pairs of case and department that do not.
_COUNTS = """
c.counted AND c.status <> 'merged' AND NOT EXISTS (
    SELECT FROM report r JOIN post p ON p.id = r.post_id
    WHERE r.case_id = c.id AND r.main AND p.visibility = 'hidden' AND p.hidden_reason = 'spam')
"""
_OWN = """
own AS (
    SELECT r.case_id, m.department_id
    FROM membership m JOIN post p ON p.author_id = m.user_id JOIN report r ON r.post_id = p.id
    GROUP BY r.case_id, m.department_id
    HAVING count(*) = (SELECT count(*) FROM report every WHERE every.case_id = r.case_id))
"""
# Whole seconds of working time from {start} to {end}, less what of it the case waited for its reporter. The sums are
# of microseconds, which doubles hold; the rounding takes away what subtracting them adds.
_WORKED = """
floor(round((working_seconds(q.calendar_id, {start}, {end}) - coalesce((
    SELECT sum(working_seconds(q.calendar_id, greatest(w.at, {start}), least(back.at, {end})))
    FROM case_event w
    LEFT JOIN LATERAL (SELECT n.at FROM case_event n WHERE n.case_id = w.case_id AND n.seq > w.seq
                       AND n.from_status = 'waiting' ORDER BY n.seq LIMIT 1) back ON true
    WHERE w.case_id = c.id AND w.to_status = 'waiting'), 0))::numeric, 6))::bigint
"""

STINTS = f"""
WITH {_OWN}
SELECT 'stint' AS clock_of, a.id::text AS id, c.number AS "case", d.slug AS department,
       coalesce(k.code, '') AS category, a.part AS role, a.started_at, p.due_at AS response_due, a.first_word_at,
       q.due_at AS resolution_due, CASE a.outcome WHEN 'resolved' THEN a.ended_at END AS resolved_at, a.standing,
       a.ended_at, coalesce(a.outcome, 'open') AS end_reason, a.misrouted, a.overturned AS decline_overturned,
       (coalesce(a.outcome, '') IN ('handed_over', 'returned') AND NOT a.misrouted)::int AS handovers,
       CASE a.outcome WHEN 'resolved' THEN {_WORKED.format(start="a.started_at", end="a.ended_at")} END AS worked_s
FROM assignment a
JOIN case_file c ON c.id = a.case_id
JOIN department d ON d.id = a.department_id
JOIN clock p ON p.id = a.response_clock_id
LEFT JOIN clock q ON q.id = a.resolution_clock_id
LEFT JOIN category k ON k.id = c.category_id
WHERE {_COUNTS} AND (a.case_id, a.department_id) NOT IN (SELECT case_id, department_id FROM own)
  AND (a.started_at >= $1 AND a.started_at < $2 OR p.due_at >= $1 AND p.due_at < $2
       OR q.due_at >= $1 AND q.due_at < $2 OR a.outcome = 'resolved' AND a.ended_at >= $1 AND a.ended_at < $2)
UNION ALL
SELECT 'case', c.number, c.number, '', coalesce(k.code, ''), '', c.received_at, p.due_at, c.first_word_at,
       q.due_at, c.resolved_at, c.resolved_at IS NOT NULL,
       CASE WHEN c.status = 'declined' THEN
            (SELECT max(e.at) FROM case_event e WHERE e.case_id = c.id AND e.to_status = 'declined')
       ELSE c.resolved_at END,
       CASE WHEN c.status = 'declined' THEN 'declined' WHEN c.resolved_at IS NULL THEN 'open' ELSE 'resolved' END,
       false, c.decline_overturned,
       (SELECT count(*) FROM assignment a
        WHERE a.case_id = c.id AND a.outcome IN ('handed_over', 'returned') AND NOT a.misrouted),
       CASE WHEN c.resolved_at IS NOT NULL THEN {_WORKED.format(start="c.received_at", end="c.resolved_at")} END
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

# A reporter is named by the report ("post:17"); one that belongs to the department does not rate it.
RATINGS = f"""
SELECT h.id::text AS id, c.number AS "case", h.stars, h.given_at,
       coalesce(array_agg(DISTINCT d.slug) FILTER (WHERE m.id IS NULL), '{{}}') AS departments
FROM handling h
JOIN case_file c ON c.id = h.case_id
LEFT JOIN assignment a ON a.case_id = c.id AND a.outcome IN ('resolved', 'declined') AND a.ended_at <= h.given_at
LEFT JOIN department d ON d.id = a.department_id
LEFT JOIN post p ON p.id = CASE WHEN h.rater ~ '^post:[0-9]{{1,18}}$' THEN substr(h.rater, 6)::bigint END
LEFT JOIN membership m ON m.user_id = p.author_id AND m.department_id = a.department_id
WHERE {_COUNTS} AND h.given_at >= $1 AND h.given_at < $2
GROUP BY h.id, c.number
HAVING count(a.id) = 0 OR count(a.id) > count(m.id)
"""


async def stint_rows(period: Period) -> Iterator[StintRow]:
    """Every clock, of cases and of stints, that may count for the period."""
    # The statement names the columns in the order of the fields: twice as fast as by name.
    return (StintRow(*row.values()) for row in await db.fetch(STINTS, *period))


async def rating_rows(period: Period) -> Iterator[RatingRow]:
    """Every handling rating given in the period."""
    rows = await db.fetch(RATINGS, *period)
    return (RatingRow(**row | {"departments": tuple(sorted(filter(None, row["departments"])))}) for row in rows)


async def heads() -> Forest:
    """The latest hash of every case's history, whatever became of the case."""
    rows = await db.fetch("SELECT number, head FROM case_file WHERE head IS NOT NULL ORDER BY id")
    return forest_of((row["number"], bytes(row["head"])) for row in rows)

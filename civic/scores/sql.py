"""The statements of the scores.

`CASES` says which cases can count for a period and, for those that do not, why; `civic.scores.exclusion` adds the cases
that lie near an earlier one. The rows are then read of the cases that are left, by id.
Source: docs/method.md, "What is not counted".
"""

from civic.cases.models import AssignmentPart, Outcome
from civic.cases.status import Status

_PASSED_ON = f"('{Outcome.HANDED_OVER}', '{Outcome.RETURNED}')"
_ENDED = f"('{Outcome.RESOLVED}', '{Outcome.DECLINED}')"


def _is_within(moment: str) -> str:
    return f"({moment} >= $1 AND {moment} < $2)"


def _counts_at(clock: str) -> str:
    """When a clock counts: at its due instant, or when that was moved, if later; NULL while it is paused."""
    return f"CASE WHEN {clock}.due_at IS NOT NULL THEN greatest({clock}.due_at, {clock}.moved_at) END"


# `own`: pairs of a case and the department whose members alone reported it, of the cases in `chosen`.
_OWN = """
own AS (
    SELECT r.case_id, m.department_id
    FROM chosen JOIN report r ON r.case_id = chosen.id JOIN post p ON p.id = r.post_id
    JOIN membership m ON m.user_id = p.author_id
    GROUP BY r.case_id, m.department_id
    HAVING count(*) = (SELECT count(*) FROM report every WHERE every.case_id = r.case_id))
"""

# `roots`: pairs of a case in `chosen` and a case that it was merged into, itself among them.
_ROOTS = """
roots AS (
    SELECT id, id AS root FROM chosen
    UNION SELECT roots.id, c.merged_into_id FROM roots JOIN case_file c ON c.id = roots.root
    WHERE c.merged_into_id IS NOT NULL)
"""

# $1, $2: the period. A case is `due` if something of it can count in the period; the others were received on the same
# days, or on those beside them, and say only whether a case that is due lies near an earlier one. Days are those of
# UTC: the program tells the city's days apart, as the database may have other time zone data.
CASES = f"""
WITH RECURSIVE due AS (
    SELECT id FROM case_file WHERE {_is_within("received_at")}
    UNION SELECT c.id FROM clock k JOIN case_file c ON k.id IN (c.response_clock_id, c.resolution_clock_id)
    WHERE {_is_within("k.due_at")} OR {_is_within("k.moved_at")}
    UNION SELECT case_id FROM assignment WHERE {_is_within("given_at")}
    UNION SELECT a.case_id FROM clock k JOIN assignment a ON k.id = a.response_clock_id
    WHERE {_is_within("k.due_at")} OR {_is_within("k.moved_at")}
    UNION SELECT a.case_id FROM clock k JOIN assignment a ON k.id = a.resolution_clock_id
    WHERE {_is_within("k.due_at")} OR {_is_within("k.moved_at")}
    UNION SELECT case_id FROM handling WHERE {_is_within("given_at")}),
days AS (
    SELECT DISTINCT (c.received_at AT TIME ZONE 'UTC')::date + beside AS day
    FROM due JOIN case_file c USING (id), generate_series(-1, 1) beside),
chosen AS (
    SELECT id FROM due JOIN case_file c USING (id) WHERE NOT c.unreleased
    UNION SELECT c.id FROM days JOIN case_file c ON c.received_at >= days.day::timestamp AT TIME ZONE 'UTC'
         AND c.received_at < (days.day + 1)::timestamp AT TIME ZONE 'UTC' AND NOT c.unreleased),
{_OWN},
{_ROOTS},
fate AS (
    SELECT roots.id, bool_or(NOT c.counted) AS is_test, bool_or(EXISTS (
        SELECT FROM report r JOIN post p ON p.id = r.post_id
        WHERE r.case_id = c.id AND r.main AND p.visibility = 'hidden' AND p.hidden_reason = 'spam')) AS is_spam
    FROM roots JOIN case_file c ON c.id = roots.root GROUP BY roots.id)
SELECT c.id, c.number, c.received_at, c.status = '{Status.MERGED}' AS merged, due.id IS NOT NULL AS due,
       CASE WHEN fate.is_spam THEN 'spam' WHEN fate.is_test THEN 'test'
            WHEN EXISTS (SELECT FROM own WHERE own.case_id = c.id) AND NOT EXISTS (
                 SELECT FROM assignment a WHERE a.case_id = c.id
                 AND (a.case_id, a.department_id) NOT IN (SELECT case_id, department_id FROM own)) THEN 'own'
            ELSE '' END AS reason,
       c.first_department_id AS department_id, coalesce(lead.category_id, c.category_id) AS category_id,
       r.lat, r.lon
FROM chosen JOIN case_file c USING (id) JOIN fate USING (id) LEFT JOIN due USING (id)
LEFT JOIN report r ON r.case_id = c.id AND r.main
LEFT JOIN LATERAL (SELECT a.category_id FROM assignment a WHERE a.case_id = c.id AND a.part = '{AssignmentPart.LEAD}'
                   ORDER BY a.given_at, a.id LIMIT 1) lead ON true
"""


def _decline_stands(overturned: str) -> str:
    """Whether a decline stands at $4: not overturned, and not appealed against and undecided for too long."""
    return f"""(NOT {overturned} AND NOT (c.status = '{Status.DECLINED}' AND c.appealed_at IS NOT NULL
               AND c.appeal_outcome = '' AND c.appeal_due_at < $4))"""


def _waited_seconds(start: str, end: str, paused_until: str, of: str) -> str:
    """Whole elapsed seconds of the waits that count, between two instants."""
    return f"""coalesce((
        SELECT sum(extract(epoch FROM least(w.{paused_until}, {end}) - greatest(w.started_at, {start})))
        FROM case_wait w {of} AND w.counts AND w.{paused_until} > greatest(w.started_at, {start})
        AND w.started_at < {end}), 0)::bigint"""


_OF_ASSIGNMENT = """JOIN assignment wa ON wa.id = w.assignment_id
        WHERE w.case_id = a.case_id AND wa.department_id = a.department_id"""

# $1, $2: the period; $3: ids of the cases that count; $4: when the release is made. A row's columns are those of
# `ClockRow` in their order, but `same_word`, which is `word`: what the first word says, without case and signs.
CLOCK_ROWS = f"""
WITH RECURSIVE chosen AS (SELECT unnest($3::bigint[]) AS id),
{_OWN},
{_ROOTS},
solved AS (
    SELECT roots.id, c.resolved_at FROM roots JOIN case_file c ON c.id = roots.root WHERE c.merged_into_id IS NULL),
rated AS (
    SELECT DISTINCT latest.id FROM chosen JOIN handling h ON h.case_id = chosen.id
    LEFT JOIN post p ON p.id = CASE WHEN h.rater ~ '^post:[0-9]{{1,18}}$' THEN substr(h.rater, 6)::bigint END
    LEFT JOIN user_account u ON u.id = p.author_id
    JOIN LATERAL (SELECT a.id, a.department_id FROM assignment a WHERE a.case_id = h.case_id
                  AND a.outcome IN {_ENDED} AND a.ended_at <= h.given_at
                  ORDER BY a.ended_at DESC, a.id DESC LIMIT 1) latest ON true
    WHERE (h.confirmed OR coalesce(u.email_confirmed_at, p.email_confirmed_at) IS NOT NULL)
    AND NOT EXISTS (SELECT FROM membership m
                    WHERE m.user_id = p.author_id AND m.department_id = latest.department_id))
SELECT 'assignment' AS clock_of, a.id::text AS id, c.number AS "case", d.slug AS department,
       coalesce(k.code, '') AS category, a.part AS role, a.added_by, c.received_at, a.started_at, a.given_at,
       p.due_at AS response_due, p.half_at AS response_half, {_counts_at("p")} AS response_counts_at, a.first_word_at,
       word.said AS word, q.due_at AS resolution_due, {_counts_at("q")} AS resolution_counts_at, done.resolved_at,
       CASE a.outcome WHEN '{Outcome.MERGED}' THEN done.resolved_at IS NOT NULL ELSE a.standing END AS standing,
       a.ended_at, coalesce(a.outcome, 'open') AS end_reason, a.ended_by, a.misrouted, a.came_back,
       coalesce(a.outcome, '') = '{Outcome.DECLINED}' AND {_decline_stands("a.overturned")} AS decline_stands,
       a.unanswered_at,
       EXISTS (SELECT FROM case_wait w
               WHERE w.assignment_id = a.id AND w.assignment_paused_until IS NOT NULL) AS paused,
       CASE WHEN done.resolved_at IS NOT NULL THEN
            {_waited_seconds("a.started_at", "done.resolved_at", "assignment_paused_until", _OF_ASSIGNMENT)}
       ELSE 0 END AS waited_s,
       CASE WHEN a.standing AND a.outcome = '{Outcome.RESOLVED}' THEN c.confirmed_by ELSE '' END AS confirmed_by,
       rated.id IS NOT NULL AS rated, 0 AS handovers
FROM assignment a
JOIN chosen ON chosen.id = a.case_id
JOIN solved ON solved.id = a.case_id
JOIN case_file c ON c.id = a.case_id
JOIN department d ON d.id = a.department_id
JOIN clock p ON p.id = a.response_clock_id
LEFT JOIN clock q ON q.id = a.resolution_clock_id
LEFT JOIN category k ON k.id = a.category_id
LEFT JOIN rated ON rated.id = a.id
CROSS JOIN LATERAL (SELECT CASE WHEN a.part = '{AssignmentPart.SUPPORT}' THEN NULL
    ELSE CASE a.outcome WHEN '{Outcome.RESOLVED}' THEN a.ended_at WHEN '{Outcome.MERGED}' THEN solved.resolved_at END
    END AS resolved_at) done
LEFT JOIN LATERAL (
    SELECT coalesce(encode(e.text_hash, 'hex'), lower(regexp_replace(e.text, '[^[:alnum:]]+', ' ', 'g'))) AS said
    FROM case_event e WHERE e.case_id = a.case_id AND e.at = a.first_word_at AND e.department_id = a.department_id
    AND NOT e.internal AND (e.text <> '' OR e.text_hash IS NOT NULL) ORDER BY e.seq LIMIT 1) word ON true
WHERE (a.case_id, a.department_id) NOT IN (SELECT case_id, department_id FROM own)
  AND ({_is_within("a.given_at")} OR {_is_within(_counts_at("p"))} OR {_is_within(_counts_at("q"))})
UNION ALL
SELECT 'case', c.number, c.number, '', coalesce(k.code, ''), '', '', c.received_at, c.received_at, c.received_at,
       p.due_at, NULL, {_counts_at("p")}, c.first_word_at, NULL, q.due_at, {_counts_at("q")}, c.resolved_at,
       c.resolved_at IS NOT NULL,
       CASE WHEN c.status = '{Status.DECLINED}' THEN
            (SELECT max(e.at) FROM case_event e WHERE e.case_id = c.id AND e.to_status = '{Status.DECLINED}')
       ELSE c.resolved_at END,
       CASE WHEN c.status = '{Status.DECLINED}' THEN '{Outcome.DECLINED}' WHEN c.resolved_at IS NULL THEN 'open'
            ELSE '{Outcome.RESOLVED}' END, '', false, false,
       c.status = '{Status.DECLINED}' AND {_decline_stands("false")}, NULL, false,
       CASE WHEN c.resolved_at IS NOT NULL THEN
            {_waited_seconds("c.received_at", "c.resolved_at", "case_paused_until", "WHERE w.case_id = c.id")}
       ELSE 0 END,
       CASE WHEN c.resolved_at IS NOT NULL THEN c.confirmed_by ELSE '' END, false,
       (SELECT count(*) FROM assignment a
        WHERE a.case_id = c.id AND a.outcome IN {_PASSED_ON} AND NOT a.misrouted)
FROM chosen JOIN case_file c USING (id)
JOIN clock p ON p.id = c.response_clock_id
JOIN clock q ON q.id = c.resolution_clock_id
LEFT JOIN category k ON k.id = c.category_id
WHERE c.status <> '{Status.MERGED}'
  AND ({_is_within("c.received_at")} OR {_is_within(_counts_at("p"))} OR {_is_within(_counts_at("q"))})
"""

# $1, $2: the period; $3: ids of the cases that count. The latest rating of each reporter and case, and why it does not
# count, if it does not. `rater` names the reporter by the report ("post:17").
RATING_ROWS = f"""
SELECT h.id::text AS id, c.number AS "case", c.received_at, coalesce(d.slug, '') AS department, h.stars, h.given_at,
       CASE WHEN NOT h.case_id = ANY($3::bigint[]) OR c.status = '{Status.MERGED}' THEN 'case'
            WHEN EXISTS (SELECT FROM membership m
                         WHERE m.user_id = p.author_id AND m.department_id = latest.department_id) THEN 'own'
            WHEN NOT h.confirmed AND coalesce(u.email_confirmed_at, p.email_confirmed_at) IS NULL THEN 'unconfirmed'
            ELSE '' END AS reason
FROM (SELECT DISTINCT ON (case_id, rater) * FROM handling WHERE {_is_within("given_at")}
      ORDER BY case_id, rater, given_at DESC, id DESC) h
JOIN case_file c ON c.id = h.case_id
LEFT JOIN LATERAL (SELECT a.department_id FROM assignment a
                   WHERE a.case_id = h.case_id AND a.outcome IN {_ENDED} AND a.ended_at <= h.given_at
                   ORDER BY a.ended_at DESC, a.id DESC LIMIT 1) latest ON true
LEFT JOIN department d ON d.id = latest.department_id
LEFT JOIN post p ON p.id = CASE WHEN h.rater ~ '^post:[0-9]{{1,18}}$' THEN substr(h.rater, 6)::bigint END
LEFT JOIN user_account u ON u.id = p.author_id
"""

# The latest hash of every case's history, whatever became of the case.
HISTORY_HEADS = "SELECT number, head FROM case_file WHERE head IS NOT NULL ORDER BY id"

CASE_IDS = "SELECT id, number FROM case_file WHERE number = ANY($1)"
# The latest release: the one that no other names as the one before it (one_release_after_each).
LATEST_SEAL = """
SELECT r.id AS release, r.document->>'seal' AS seal FROM release r WHERE NOT EXISTS (
    SELECT FROM release n WHERE n.document->'previous'->>'release' = r.id)
"""
SEALED_RELEASES = """
SELECT r.id, r.document, f.sha256, f.content FROM release r
LEFT JOIN release_file f ON f.release_id = r.id AND f.name = 'release.json' ORDER BY r.made_at, r.id
"""
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
# $1: numbers of cases. A merged case has no report of its own any more.
CASE_LINKS = """
SELECT c.number, c.id, CASE WHEN p.visibility = 'public' THEN p.path ELSE '' END AS path
FROM case_file c LEFT JOIN report r ON r.case_id = c.id AND r.main LEFT JOIN post p ON p.id = r.post_id
WHERE c.number = ANY($1)
"""

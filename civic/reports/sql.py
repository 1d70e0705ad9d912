"""The statements of reports' documents, of moderation, and of a report's page."""

# Whether a public report (r, of post p) says all of its case (c): the desk then finds the case by the report's words.
SAYS_ALL = """(
    NOT EXISTS (SELECT FROM report o WHERE o.case_id = c.id AND o.id <> r.id)
    AND NOT EXISTS (SELECT FROM case_event e WHERE e.case_id = c.id AND e.internal AND e.text <> '')
    AND (c.category_id IS NOT NULL OR r.category_id IS NULL) AND (c.area_id IS NOT NULL OR r.area_id IS NULL)
    AND p.created_at BETWEEN c.received_at - interval '1 hour' AND c.received_at + interval '1 hour')"""
CASE_READERS = "(SELECT coalesce(array_agg(DISTINCT department_id), '{}') FROM assignment WHERE case_id = c.id)"
PUBLIC_REPORTS = f"""
SELECT p.id AS post_id, r.id, p.title, p.text, p.votes_count, p.created_at, r.case_id, r.lat, r.lon, r.address,
       r.place_names, r.answers, r.category_id AS sent_as,
       c.number, c.status, c.confirmed_by, coalesce(c.area_id, r.area_id) AS area_id,
       coalesce(c.category_id, r.category_id) AS category_id, c.department_id, ph.name AS cover, ph.width, ph.height,
       CASE WHEN {SAYS_ALL} THEN c.id END AS desk_id,
       {CASE_READERS} AS readers
FROM post p JOIN report r ON r.post_id = p.id JOIN case_file c ON c.id = r.case_id
LEFT JOIN photo ph ON ph.id = p.cover_id
WHERE p.id = ANY($1) AND p.visibility = 'public'
"""
# What a department or a dispatcher said publicly comes first, then the rest of the public history.
CASE_HISTORIES = """
SELECT case_id, text FROM case_event
WHERE case_id = ANY($1) AND text <> '' AND (NOT internal OR $2)
    AND NOT EXISTS (SELECT FROM hidden_line h WHERE h.case_event_id = case_event.id)
ORDER BY case_id, actor_kind NOT IN ('department', 'dispatcher'), seq DESC
"""
POSTS_OF_CASES = "SELECT post_id FROM report WHERE case_id = ANY($1)"
MODERATED_CASES = "SELECT DISTINCT case_id FROM report WHERE post_id = ANY($1) ORDER BY case_id"
# Photos of the histories of cases, and of those merged into them, that are public and should not be, or the reverse.
# Everybody may see them while one of the case's reports is public, but for those of a line that is hidden, and of a
# history that stands on no page since its case was merged.
MISJUDGED_EVENT_PHOTOS = """
SELECT photo.id, event.public
FROM (
    SELECT x.photo_id, NOT e.internal AND EXISTS (
               SELECT FROM report r JOIN post p ON p.id = r.post_id
               WHERE r.case_id = e.case_id AND p.visibility = 'public')
           AND NOT EXISTS (SELECT FROM hidden_line h WHERE h.case_event_id = e.id) AS public
    FROM case_file c JOIN case_event e ON e.case_id = c.id JOIN case_event_photo x ON x.case_event_id = e.id
    WHERE c.id = ANY($1) OR c.merged_into_id = ANY($1)
) event JOIN photo ON photo.id = event.photo_id
WHERE photo.public <> event.public
"""
# Public lines of histories by case number ($1) and number of the event ($2). After a merge they stand on no page, and
# what moderators do with them is about the reports of the case that goes on.
LINES = """
SELECT c.number, e.seq, e.text, h.id IS NOT NULL AS hidden, e.actor_kind, e.actor_id, e.department_id,
       c.merged_into_id IS NULL AND h.id IS NULL AND e.text_hash IS NULL AND (e.text <> '' OR EXISTS (
           SELECT FROM case_event_photo x WHERE x.case_event_id = e.id)) AS shown,
       ARRAY(SELECT r.post_id FROM report r WHERE r.case_id = coalesce(c.merged_into_id, c.id)
             ORDER BY r.main DESC, r.id) AS post_ids,
       (SELECT min(p.id) FROM report r JOIN post p ON p.id = r.post_id
        WHERE r.case_id = c.id AND p.author_id IS NULL HAVING count(*) = 1) AS author_of
FROM unnest($1::text[], $2::int[]) AS k (number, seq)
JOIN case_file c ON c.number = k.number JOIN case_event e ON e.case_id = c.id AND e.seq = k.seq
LEFT JOIN hidden_line h ON h.case_event_id = e.id
WHERE NOT e.internal
"""
# Lists and the map show one report of each case: a public one, if there is one.
CHOOSE_MAIN_REPORTS = """
UPDATE report SET main = (report.id = chosen.id)
FROM (
    SELECT DISTINCT ON (r.case_id) r.case_id, r.id FROM report r JOIN post p ON p.id = r.post_id
    WHERE r.case_id = ANY($1) ORDER BY r.case_id, p.visibility = 'public' DESC, r.main DESC, r.id
) chosen
WHERE report.case_id = chosen.case_id AND report.main <> (report.id = chosen.id)
"""
# A report with its post, its case and the case's clocks: what `columns` names of r, p, c, first and last.
REPORT_HEAD = """
SELECT {columns},
       EXISTS (SELECT FROM comment x WHERE x.post_id = p.id) AS has_comments,
       EXISTS (SELECT FROM report x WHERE x.case_id = r.case_id AND x.id <> r.id) AS has_siblings
FROM report r JOIN post p ON p.id = r.post_id JOIN case_file c ON c.id = r.case_id
JOIN clock first ON first.id = c.response_clock_id JOIN clock last ON last.id = c.resolution_clock_id
WHERE r.id = $1
"""
OTHER_REPORTS = """
SELECT r.id, r.main, p.title, p.text, p.created_at
FROM report r JOIN post p ON p.id = r.post_id
WHERE r.case_id = $1 AND r.id <> $2 AND p.visibility = 'public'
ORDER BY r.main DESC, r.id LIMIT 20
"""
LATEST_NEWS = """
SELECT e.id FROM case_event e JOIN report r ON r.case_id = e.case_id
WHERE r.post_id = $1 AND NOT e.internal AND e.kind = ANY($2) ORDER BY e.id DESC LIMIT 1
"""
# Two cases that somebody wants to merge, with the place of the main report of each.
MERGE_SIDES = """
SELECT c.id, c.number, c.status, c.category_id, c.received_at, m.id AS main_id, m.lat, m.lon,
       (SELECT a.department_id FROM assignment a
        WHERE a.case_id = c.id AND a.part = 'lead' AND a.ended_at IS NULL) AS lead,
       (SELECT coalesce(array_agg(DISTINCT a.department_id), '{}') FROM assignment a WHERE a.case_id = c.id) AS had,
       x.public, x.private, x.hidden, x.held, x.authors, x.report_ids
FROM case_file c JOIN report m ON m.case_id = c.id AND m.main
CROSS JOIN LATERAL (
    SELECT bool_or(p.visibility = 'public') AS public,
           bool_or('private' IN (p.visibility, CASE WHEN p.visibility IN ('hidden', 'held')
                                 THEN p.visibility_before END)) AS private,
           bool_and(p.visibility = 'hidden') AS hidden, bool_or(p.visibility = 'held') AS held,
           array_agg(p.author_id) AS authors, array_agg(r.id ORDER BY r.id) AS report_ids
    FROM report r JOIN post p ON p.id = r.post_id WHERE r.case_id = c.id) x
WHERE c.id = ANY($1)
"""
DISTANCE = "SELECT metres_between($1, $2, $3, $4) AS metres"
# The categories of the public reports in a box ($1 to $4: south, north, west, east) since an instant, the most
# frequent first.
COMMON_CATEGORIES = """
SELECT r.category_id FROM report r JOIN post p ON p.id = r.post_id
WHERE r.lat BETWEEN $1 AND $2 AND r.lon BETWEEN $3 AND $4 AND r.category_id IS NOT NULL
  AND p.visibility = 'public' AND p.created_at > $5
GROUP BY r.category_id ORDER BY count(*) DESC, r.category_id LIMIT $6
"""
MAIN_POSTS = "SELECT post_id, asset_id FROM report WHERE post_id = ANY($1) AND main"
LATEST_REPORT = "SELECT max(id) AS id FROM report"
# The public reports by their ids, from $1 on, before $2, and when their page last changed: by what was said or done in
# public, or by a moderator who hid some of it.
REPORTS_OF_SITEMAP = """
SELECT p.path, greatest(
    p.created_at,
    (SELECT max(e.at) FROM case_event e WHERE e.case_id = r.case_id AND NOT e.internal),
    (SELECT max(h.at) FROM case_event e JOIN hidden_line h ON h.case_event_id = e.id WHERE e.case_id = r.case_id),
    (SELECT max(greatest(k.created_at, k.hidden_at)) FROM comment k WHERE k.post_id = p.id AND NOT k.held)) AS at
FROM report r JOIN post p ON p.id = r.post_id
WHERE r.id >= $1 AND r.id < $2 AND p.visibility = 'public' AND p.path <> '' ORDER BY r.id
"""

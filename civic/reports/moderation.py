"""What follows for cases when a report is hidden or restored, or its category makes it private."""

from collections.abc import Sequence

from civic.db import advisory_lock, execute, fetch

CASES = "SELECT DISTINCT case_id FROM report WHERE post_id = ANY($1) ORDER BY case_id"
# Everybody may see the photos of a case's history while one of its reports is public.
SET_EVENT_PHOTOS_PUBLIC = """
UPDATE photo SET public = event.public
FROM (
    SELECT x.photo_id, NOT e.internal AND EXISTS (
               SELECT FROM report r JOIN post p ON p.id = r.post_id
               WHERE r.case_id = e.case_id AND p.visibility = 'public') AS public
    FROM case_event e JOIN case_event_photo x ON x.case_event_id = e.id WHERE e.case_id = ANY($1)
) event
WHERE photo.id = event.photo_id AND photo.public <> event.public
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


async def update_moderated_cases(post_ids: Sequence[int], _public: bool) -> None:
    """The main report of the posts' cases and the visibility of photos in their history; in the caller's transaction.

    One transaction after another for a case: of two reports hidden at once, the second sees that the first is.
    """
    cases = [row["case_id"] for row in await fetch(CASES, list(post_ids))]
    for case_id in cases:
        await advisory_lock(f"civic.reports: case {case_id}")
    await execute(SET_EVENT_PHOTOS_PUBLIC, cases)
    await execute(CHOOSE_MAIN_REPORTS, cases)

"""What follows for cases when a report is hidden or restored, or its category makes it private."""

from collections.abc import Sequence

from civic.db import advisory_lock, execute, fetch
from civic.reports.sql import CHOOSE_MAIN_REPORTS, MODERATED_CASES, SET_EVENT_PHOTOS_PUBLIC


async def update_moderated_cases(post_ids: Sequence[int], _public: bool) -> None:
    """The main report of the posts' cases and the visibility of photos in their history; in the caller's transaction.

    One transaction after another for a case: of two reports hidden at once, the second sees that the first is.
    """
    cases = [row["case_id"] for row in await fetch(MODERATED_CASES, list(post_ids))]
    for case_id in cases:
        await advisory_lock(f"civic.reports: case {case_id}")
    await execute(SET_EVENT_PHOTOS_PUBLIC, cases)
    await execute(CHOOSE_MAIN_REPORTS, cases)

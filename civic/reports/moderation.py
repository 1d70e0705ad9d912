"""What moderation does to cases: what follows when a report is hidden or restored, and the lines of histories."""

import re
from collections.abc import Collection, Sequence

from civic.accounts.people import Person
from civic.cases import actions as cases
from civic.cases.actors import Actor, ActorKind
from civic.cases.queries import line_anchor
from civic.db import Row, advisory_lock, execute, fetch
from civic.errors import NotFound
from civic.media.actions import set_photos_public
from civic.posts.lines import Line
from civic.reports.sql import CHOOSE_MAIN_REPORTS, LINES, MISJUDGED_EVENT_PHOTOS, MODERATED_CASES

LINE_NAME = re.compile(r"(\d{2}-\d{1,13})-(\d{1,9})", re.ASCII)  # the case's number, the event's


async def update_moderated_cases(post_ids: Sequence[int], _public: bool) -> None:
    """What follows for the cases of posts that became public, or stopped being so."""
    await settle_cases([row["case_id"] for row in await fetch(MODERATED_CASES, list(post_ids))])


async def release_cases(post_ids: Sequence[int], by: Person) -> None:
    """The router gets the cases of reports that had been held."""
    for row in await fetch(MODERATED_CASES, list(post_ids)):
        await cases.release(row["case_id"], Actor.of(by))


async def settle_cases(case_ids: Sequence[int]) -> None:
    """The main report of cases and the visibility of photos in their histories; in the caller's transaction.

    One transaction after another for a case: of two reports hidden at once, the second sees that the first is.
    """
    for case_id in sorted(case_ids):
        await advisory_lock(f"civic.reports: case {case_id}")
    await judge_event_photos(case_ids)
    await execute(CHOOSE_MAIN_REPORTS, list(case_ids))


async def judge_event_photos(case_ids: Sequence[int]) -> None:
    """Make the photos of the cases' histories public, or not public, as they should be now."""
    rows = await fetch(MISJUDGED_EVENT_PHOTOS, list(case_ids))
    for public in (True, False):
        await set_photos_public([row["id"] for row in rows if row["public"] == public], public)


class HistoryLines:
    """The public lines of the histories of cases (posts.lines.LineKeeper). A line is called "26-118340-4"."""

    async def find(self, names: Collection[str]) -> dict[str, Line]:
        known = [match for name in names if (match := LINE_NAME.fullmatch(name))]
        rows = await fetch(LINES, [one[1] for one in known], [int(one[2]) for one in known]) if known else []
        return {line.name: line for line in map(_line, rows)}

    async def hide(self, name: str, reason: str) -> None:
        await cases.hide_line(*_split(name), reason)

    async def restore(self, name: str) -> None:
        await judge_event_photos([await cases.restore_line(*_split(name))])

    async def erase(self, name: str) -> None:
        await cases.erase_event_text(*_split(name))


def _split(name: str) -> tuple[str, int]:
    match = LINE_NAME.fullmatch(name)
    if match is None:
        raise NotFound()
    return match[1], int(match[2])


def _line(row: Row) -> Line:
    unknown = row["actor_kind"] == ActorKind.REPORTER and row["actor_id"] is None
    return Line(
        name=f"{row['number']}-{row['seq']}",
        post_ids=tuple(row["post_ids"]),
        anchor=line_anchor(row["seq"]),
        text=row["text"],
        shown=row["shown"],
        hidden=row["hidden"],
        user_id=None if row["department_id"] else row["actor_id"],
        author_of=row["author_of"] if unknown else None,
        department_id=row["department_id"],
    )

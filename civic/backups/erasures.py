"""Erasing again, in a city that was restored, what was erased after its backup was made."""

from collections.abc import Callable, Sequence
from datetime import datetime

from civic.backups.sql import NOT_ERASED_COMMENTS, NOT_ERASED_LINES
from civic.cases.actions import erase_event_text
from civic.cases.actions.lines import ERASED_LINE, name_line
from civic.db import Row, fetch
from civic.erasures import digest_erased, read_digests
from civic.posts.moderation import ERASED_COMMENT, erase_comment_again

BATCH = 5000


async def repeat_erasures(lines: Sequence[str]) -> int:
    """Erase what the lines of the log name and the database still has; how many texts."""
    comments = await _find_erased(lines, ERASED_COMMENT, NOT_ERASED_COMMENTS, _comment_identity)
    for row in comments:
        await erase_comment_again(row["post_id"], row["id"])
    events = await _find_erased(lines, ERASED_LINE, NOT_ERASED_LINES, _line_identity)
    for row in events:
        await erase_event_text(row["number"], row["seq"])
    return len(comments) + len(events)


def _comment_identity(row: Row) -> tuple[str, datetime]:
    return str(row["id"]), row["created_at"]


def _line_identity(row: Row) -> tuple[str, datetime]:
    return name_line(row["number"], row["seq"]), row["at"]


async def _find_erased(
    lines: Sequence[str], kind: str, statement: str, identity: Callable[[Row], tuple[str, datetime]]
) -> list[Row]:
    """The rows of a kind that the log names: only who has a row and the key can say which digest is its."""
    noted, found, last = read_digests(lines, kind), list[Row](), 0
    while noted and (rows := await fetch(statement, last, BATCH)):
        last = rows[-1]["id"]
        found += [row for row in rows if digest_erased(kind, *identity(row)) in noted]
    return found

"""Hiding, restoring and erasing one line of a history: its text and its photos.

An event is never changed by hiding, and by erasing only as its hash allows (docs/decisions/0052): the chain holds.
Whatever repeats the text goes in the same transaction: messages, photos, the index of the search.
"""

from collections.abc import Sequence

from civic import erasures, timing
from civic.cases.models import HiddenLine
from civic.db import Row, execute, fetch_one, in_transaction, retry_transaction
from civic.errors import Conflict, NotFound
from civic.i18n import lazy as _
from civic.media.actions import discard_photos, set_photos_public
from civic.notifications import actions as notifications
from civic.search import feed

# Its case is locked: nothing is appended, hidden or erased meanwhile.
LOCK_LINE = """
SELECT e.id, e.case_id, e.seq, e.at, e.text, e.text_hash IS NOT NULL AS erased, h.id IS NOT NULL AS hidden,
       ARRAY(SELECT x.photo_id FROM case_event_photo x WHERE x.case_event_id = e.id) AS photos
FROM case_file c JOIN case_event e ON e.case_id = c.id LEFT JOIN hidden_line h ON h.case_event_id = e.id
WHERE c.number = $1 AND e.seq = $2 FOR UPDATE OF c
"""
ERASE_TEXT = """
UPDATE case_event SET text_hash = sha256(convert_to(text, 'UTF8')), text = '' WHERE id = $1 AND text_hash IS NULL
"""
DROP_PHOTOS = "DELETE FROM case_event_photo WHERE case_event_id = $1"
ERASED_LINE = "line"  # what the log of erasures calls it
DEALT_WITH = _("Another moderator has already dealt with this.")


@retry_transaction
async def hide_line(case_number: str, seq: int, reason: str) -> int:
    """Show a line to the desk only; the id of its case. Raises NotFound; Conflict for one that is hidden or erased."""
    async with in_transaction():
        line = await _lock_line(case_number, seq)
        if line["hidden"] or line["erased"]:
            raise Conflict(DEALT_WITH)
        await HiddenLine.create(case_event_id=line["id"], reason=reason, at=timing.now())
        await set_photos_public(line["photos"], public=False)
        await notifications.hide_text(_message_keys(line))
        return await _refresh(line)


@retry_transaction
async def restore_line(case_number: str, seq: int) -> int:
    """Show a hidden line to everybody again; the id of its case, whose photos the caller makes public.

    Raises NotFound, and Conflict for one that is not hidden.
    """
    async with in_transaction():
        line = await _lock_line(case_number, seq)
        if not line["hidden"]:
            raise Conflict(DEALT_WITH)
        await HiddenLine.filter(case_event_id=line["id"]).delete()
        await notifications.restore_text(_message_keys(line), line["text"])
        return await _refresh(line)


@retry_transaction
async def erase_event_text(case_number: str, seq: int) -> int:
    """Erase the text and the photos of an event, for somebody who has a right to it; the id of its case.

    The text's hash stays, so that the chain holds. Raises NotFound if there is no such event, or if it is erased
    already.
    """
    async with in_transaction():
        line = await _lock_line(case_number, seq)
        if not await execute(ERASE_TEXT, line["id"]):
            raise NotFound(_("There is no such event with a text."))
        erasures.note_erasure(ERASED_LINE, name_line(case_number, seq), line["at"])
        await HiddenLine.filter(case_event_id=line["id"]).delete()
        await execute(DROP_PHOTOS, line["id"])
        await discard_photos(line["photos"])
        await notifications.hide_text(_message_keys(line))
        return await _refresh(line)


def name_line(case_number: str, seq: int) -> str:
    """What the log of erasures knows a line by, with its instant."""
    return f"{case_number}-{seq}"


async def _lock_line(case_number: str, seq: int) -> Row:
    line = await fetch_one(LOCK_LINE, case_number, seq)
    if line is None or not (line["text"] or line["photos"] or line["erased"]):
        raise NotFound(_("There is no such event with a text."))
    return line


def _message_keys(line: Row) -> Sequence[str]:
    """How the keys of messages begin that repeat the line: to reporters (reports.actions), to desks (notices.py)."""
    return f"event:{line['id']}:", f"case:{line['case_id']}:{line['seq']}:"


async def _refresh(line: Row) -> int:
    await feed.refresh("case", [line["case_id"]])
    case_id: int = line["case_id"]
    return case_id

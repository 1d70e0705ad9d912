"""Cursors of lists that are read by keyset: the last row's place in the order, as a text for an address.

What was tampered with is no cursor: the list starts anew.
"""

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any


def write_cursor(at: datetime | int, number: int) -> str:
    """The place of a row in an order by time (or by a count) and id."""
    first = at.isoformat() if isinstance(at, datetime) else at
    return base64.urlsafe_b64encode(json.dumps([first, number]).encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[datetime, int] | None:
    """A time and an id as `cursor` wrote them; None for no cursor."""
    at, number = _read(text)
    instant = read_instant(at)
    return (instant, number) if instant else None


def read_instant(text: object) -> datetime | None:
    """A time with its zone; None for anything else, and for one that is no time in UTC."""
    try:
        instant = datetime.fromisoformat(text if isinstance(text, str) else "")
        return instant.astimezone(UTC) if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None


def read_count_cursor(text: str) -> tuple[int, int] | None:
    """A count and an id as `cursor` wrote them; None for no cursor."""
    count, number = _read(text)
    return (count, number) if type(count) is int and 0 <= count < 2**31 else None


def _read(text: str) -> tuple[Any, int]:
    """What stands in a cursor: something, and an id; (None, 0) for what is none."""
    try:
        first, number = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        return None, 0
    return (first, number) if type(number) is int and 0 <= number < 2**63 else (None, 0)

"""Cursors of lists that are read by keyset: the last row's place in the order, as a text for an address."""

import base64
import binascii
import json
from datetime import datetime


def cursor(at: datetime, number: int) -> str:
    """The place of a row in an order by time and id."""
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), number]).encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[datetime, int] | None:
    """What `cursor` wrote; None for no cursor, or one that was tampered with (the list starts anew)."""
    if not text:
        return None
    try:
        at, number = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        instant = datetime.fromisoformat(at)
        return (instant, int(number)) if instant.tzinfo and abs(int(number)) < 2**63 else None
    except (ValueError, TypeError, binascii.Error):
        return None

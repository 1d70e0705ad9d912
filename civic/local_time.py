"""Local times as instants. The module needs the standard library alone: it is a part of `verify.py`."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def first_instant(zone: ZoneInfo, wall: datetime) -> datetime:
    """The first instant (UTC) at which the clocks of `zone` show the local time `wall` (naive) or a later."""
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if wall_time(zone, instant) == wall:
        return instant
    # The clocks skip `wall`: read with the offset from after the skip it falls before the skip, and the other
    # way about. Between the two is the skip.
    before = int(wall.replace(tzinfo=zone, fold=1).timestamp() // 1)
    seconds = range(before, int(instant.timestamp() // 1) + 1)
    skip = bisect_left(seconds, wall, key=lambda second: wall_time(zone, UNIX_EPOCH + timedelta(seconds=second)))
    return UNIX_EPOCH + timedelta(seconds=seconds[skip])


def wall_time(zone: ZoneInfo, instant: datetime) -> datetime:
    """What the clocks of `zone` show at an instant, without a zone."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)

"""What time it is. Actions ask here, so that a replay or a test can say when they happen."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_given: ContextVar[datetime | None] = ContextVar("given_time", default=None)


def now() -> datetime:
    """The instant now, in UTC; within `at(…)`, the given one."""
    return _given.get() or datetime.now(UTC)


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Within the block it is `instant` (aware); for this task and those that it starts."""
    token = _given.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _given.reset(token)

"""The SQL that a piece of the program sends."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

from civic import cache, shared_answers


class Statements(logging.Handler):
    """What Tortoise sent, in order, as it logs it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == "%s: %s" and isinstance(record.args, tuple):  # connecting is logged there too
            self.texts.append(str(record.args[0]))

    def __len__(self) -> int:
        return len(self.texts)


@contextmanager
def counting() -> Iterator[Statements]:
    """The statements that are sent within the block, in which what is kept for some seconds does not grow old.

    Ask for the page once before: else a slow machine, on which the seconds are over, would count more. Pages that are
    made once for everybody are made anew.
    """
    log, statements = logging.getLogger("tortoise.db_client"), Statements()
    level = log.level
    log.addHandler(statements)
    log.setLevel(logging.DEBUG)
    clock, cache.time = cache.time, SimpleNamespace(monotonic=lambda: float("-inf"))  # type: ignore[assignment]
    kept, shared_answers.KEPT = shared_answers.KEPT, timedelta(0)
    try:
        yield statements
    finally:
        shared_answers.KEPT = kept
        cache.time = clock
        log.setLevel(level)
        log.removeHandler(statements)

"""The SQL that a piece of the program sends."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


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
    """The statements that are sent within the block."""
    log, statements = logging.getLogger("tortoise.db_client"), Statements()
    level = log.level
    log.addHandler(statements)
    log.setLevel(logging.DEBUG)
    try:
        yield statements
    finally:
        log.setLevel(level)
        log.removeHandler(statements)

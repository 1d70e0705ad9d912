"""The log says what happened, and to whom never."""

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tortoise.exceptions import OperationalError

from civic import db, logs

WORDS = "My neighbour beats his dog"


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("form", ["console", "json"])
async def test_values_that_the_database_cannot_take_are_not_logged(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OperationalError) as raised:
        await db.fetch("SELECT $1::bigint", WORDS)
    assert WORDS in str(raised.value)
    written = _logged(form, monkeypatch, raised.value)
    assert "query argument" in written
    assert WORDS[:10] not in written


@pytest.mark.parametrize("form", ["console", "json"])
def test_addresses_and_refused_rows_are_not_logged(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    error = ValueError(f"not unique\nDETAIL:  Key (email)=(ana@example.org) exists, {WORDS}")
    written = _logged(form, monkeypatch, error)
    assert "ValueError" in written
    assert "ana@" not in written
    assert WORDS[:10] not in written


def _logged(form: str, monkeypatch: pytest.MonkeyPatch, error: Exception) -> str:
    """What stands in the log after this error."""
    with _set_up(form, monkeypatch) as written:
        logs.get_logger("test").error("failed", exc_info=error)
        return written.getvalue()


@contextmanager
def _set_up(form: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The log as it is written within the block."""
    written = io.StringIO()
    root = logging.getLogger()
    before = list(root.handlers), root.level
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", written)
        logs.set_up_logging(form)
        yield written
    root.handlers[:], root.level = before


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_log_that_cannot_be_written_fails_nobody(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with _set_up(form, monkeypatch) as written:
        log = logs.get_logger("test.name")
        log.debug("unseen")
        log.info("seen", case=17)
        line = written.getvalue()
        written.close()
        log.info("lost")
    assert line.count("\n") == 1
    assert all(word in line for word in ("info", "seen", "test.name", "case", "17"))

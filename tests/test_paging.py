"""Cursors that somebody has tampered with: the list starts anew, whatever they say."""

import base64
import json
from datetime import UTC, datetime

import pytest

from civic.paging import read_cursor, read_instant, write_cursor

NOON = datetime(2026, 11, 13, 12, tzinfo=UTC)


def packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_what_was_written_is_read() -> None:
    assert read_cursor(write_cursor(NOON, 7)) == (NOON, 7)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "²",
        packed("[" * 100_000),
        packed("7"),
        packed('{"a": 1, "b": 2}'),
        *(packed(json.dumps([at, 7])) for at in (None, 5, True, "", "2026-11-13", "2026-11-13T12:00:00")),
        packed('["0001-01-01T00:00:00+23:00", 7]'),
        packed('["9999-12-31T23:59:59-23:00", 7]'),
        *(packed(json.dumps([NOON.isoformat(), number])) for number in (-1, 2**63, True, "7", 1.5, None)),
        packed('["2026-11-13T12:00:00+00:00", 1e999]'),
    ],
)
def test_a_cursor_that_is_none(text: str) -> None:
    assert read_cursor(text) is None


@pytest.mark.parametrize("text", [None, 7, "", "now", "2026-11-13T12:00", "0001-01-01T00:00:00+23:00"])
def test_an_instant_that_is_none(text: object) -> None:
    assert read_instant(text) is None

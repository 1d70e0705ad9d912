"""Times as the reader writes them."""

from datetime import UTC, datetime, timedelta

import pytest
from babel.dates import format_timedelta

from civic import formats, i18n, timing

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "just now", "刚刚"),
        (-59.4, "just now", "刚刚"),
        (59.4, "just now", "刚刚"),
        (-60, "1 minute ago", "1分钟前"),
        (60, "in 1 minute", "1分钟后"),
        (-7200, "2 hours ago", "2小时前"),
    ],
)
def test_what_is_less_than_a_minute_away_is_now(seconds: float, english: str, chinese: str) -> None:
    for language, words in (("en", english), ("zh", chinese)):
        with timing.at(NOW), i18n.use_language(language):
            assert f">{words}</time>" in formats.ago(NOW + timedelta(seconds=seconds))


def test_a_long_time_is_told_as_to_the_second() -> None:
    with timing.at(NOW), i18n.use_language("en"):
        for seconds in range(2_592_001, 80_000_000, 86_413):
            for signed in (seconds, -seconds):
                words = format_timedelta(timedelta(seconds=signed), add_direction=True, locale="en")
                assert f">{words}</time>" in formats.ago(NOW + timedelta(seconds=signed))

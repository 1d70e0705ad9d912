"""Texts that speak of danger: before they are sent, the form shows the emergency number."""

import re
from collections.abc import Iterable
from functools import lru_cache

from civic.city.queries import city
from civic.search.text import IS_CJK
from civic.text import fold

SEEN = "danger_seen"  # the field that a form has once the number was shown


async def find_emergency_phone(text: str) -> str:
    """The number to call, if a text has a word of danger and the city has a number; else ""."""
    here = await city()
    phone = here.settings.emergency_phone or here.phone
    return phone if phone and names_danger(text, here.settings.danger_words) else ""


def names_danger(text: str, words: Iterable[str]) -> bool:
    """Whether one of the words stands in the text: as whole words, in Chinese anywhere."""
    pattern = _pattern(tuple(words))
    return bool(pattern and pattern.search(_plain(text)))


@lru_cache(maxsize=8)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    parts = [re.escape(plain) for word in words if (plain := _plain(word))]
    whole = [part if IS_CJK.search(part) else rf"\b{part}\b" for part in parts]
    return re.compile("|".join(whole)) if whole else None


def _plain(text: str) -> str:
    return " ".join(fold(text).split())

"""House numbers: as maps write them, as people type them beside a street, and in the name of an address."""

import re
from collections.abc import Iterator, Sequence

from civic.text import EAST_ASIAN_LETTER, fold

MAX_RANGE = 60  # numbers from the first to the last of one house; a wider "range" is none
NUMBER_FIRST = ("en", "fr", "ga", "mt")  # cities that write "12 Main Street", by their first language
_WRITTEN = re.compile(r"(\d{1,5})(?:\s*弄\s*(\d{1,5}))?(?:\s?([a-z])(?![a-z]))?(?:\s*[-–—]\s*(\d{1,5})(?![\d.]))?")
_TYPED = re.compile(r"(?<![a-z\d])(\d{1,5})(?:弄(\d{1,5}))?(?:\s?([a-z])(?![a-z]))?")


def read_numbers(written: str) -> Iterator[tuple[str, str]]:
    """Yield (key, as it is shown) of each number in a tag: "3-7" are 3, 5 and 7, "5 A; 7" are 5a and 7."""
    for part in written.split(";"):
        plain = fold(part)
        match = _WRITTEN.search(plain)
        if match is None:
            continue
        shown = part.strip()[match.start() : match.end()].strip() if len(plain) == len(part.strip()) else match[0]
        first, lane, letter, last = match.groups()
        for key in _keys(first, lane or "", letter or "", last or ""):
            yield key, shown


def _keys(first: str, lane: str, letter: str, last: str) -> Iterator[str]:
    if lane:
        yield f"{int(first)}弄{int(lane)}"
        return
    yield f"{int(first)}{letter}"
    if last and not letter and 0 < int(last) - int(first) <= MAX_RANGE:
        step = 2 if (int(last) - int(first)) % 2 == 0 else 1
        yield from (str(number) for number in range(int(first) + step, int(last) + 1, step))


def typed_numbers(words: Sequence[str], name: str) -> list[str]:
    """The keys that the number beside a street may have, most exact first; `words` of fold_name, `name` compact."""
    after, before = _beside(words, name)
    match = _TYPED.search(after) or next(reversed([*_TYPED.finditer(before)]), None)
    if match is None:
        return []
    first, lane, letter = match.groups()
    exact = [f"{int(first)}弄{int(lane)}"] if lane else [f"{int(first)}{letter}"] if letter else []
    return [*exact, str(int(first))]


def _beside(words: Sequence[str], name: str) -> tuple[str, str]:
    """What stands after and before the name; all of it for a name that is not there as it is (a slip)."""
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            if "".join(words[start:end]) == name:
                return " ".join(words[end:]), " ".join(words[:start])
    before, found, after = "".join(words).partition(name)
    return (after, before) if found else (" ".join(words), "")


def name_address(street: str, number: str, first_language: str) -> str:
    """The name of a house: "Mannerheimintie 5", "12 Main Street", "人民路12号"."""
    if EAST_ASIAN_LETTER.search(street):
        return f"{street}{number}" if number.endswith("号") else f"{street}{number}号"
    return f"{number} {street}" if first_language in NUMBER_FIRST else f"{street} {number}"

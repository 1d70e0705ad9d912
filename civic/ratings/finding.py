"""Finding a service by words: its names and its guide, in memory, as a pack has hundreds of services at most.

Words are folded; a run of Chinese characters is compared by its pairs, so 给孩子上户口 finds a guide that says
给出生的孩子上户口. Half of what was asked must occur. The more occurs, and the more of it in the name, the higher.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from civic.cache import cached_while
from civic.catalogue.catalogue import ServiceView
from civic.catalogue.queries import catalogue
from civic.city.queries import city_version
from civic.search.text import IS_CJK, runs

ENOUGH = 0.5
SHORT = 1  # letters: such a word is no beginning of another
LONGEST = 200  # characters of a query


@dataclass(frozen=True)
class Entry:
    """The words of a service: those of its names, and all."""

    name: frozenset[str]
    all: frozenset[str]


def units(text: str) -> Iterator[str]:
    """Words, and pairs of Chinese characters (one that stands alone: itself)."""
    for run in runs(text):
        if IS_CJK.match(run) and len(run) > 1:
            yield from (run[i : i + 2] for i in range(len(run) - 1))
        else:
            yield run


@cached_while(city_version)
async def entries() -> dict[int, Entry]:
    """The words of every service of the pack in force, in all its languages."""
    return {one.id: _entry(one) for one in (await catalogue()).services}


def _entry(service: ServiceView) -> Entry:
    names = frozenset(unit for name in service.names.values() for unit in units(name))
    guide = frozenset(unit for text in _texts(service.guide.values()) for unit in units(text))
    return Entry(names, names | guide)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Iterable):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def found(query: str, services: Sequence[ServiceView], words: dict[int, Entry]) -> list[ServiceView]:
    """The services that a query is about, best first; all of them where nothing was asked."""
    asked = list(dict.fromkeys(units(query[:LONGEST])))
    if not asked:
        return list(services)
    ranked = [(_rank(asked, words[one.id]), one) for one in services]
    best = sorted((one for one in ranked if one[0][0] >= ENOUGH), key=lambda one: (-one[0][0], -one[0][1]))
    return [service for _rank_of_it, service in best]


def _rank(asked: list[str], entry: Entry) -> tuple[float, int]:
    """The share of the query that occurs, and how much of it in the name."""
    return sum(_in(unit, entry.all) for unit in asked) / len(asked), sum(_in(unit, entry.name) for unit in asked)


def _in(unit: str, words: frozenset[str]) -> bool:
    """It occurs; the beginning of a longer word will do."""
    if unit in words:
        return True
    if IS_CJK.match(unit):
        return len(unit) == 1 and any(unit in word for word in words)
    return len(unit) > SHORT and any(word.startswith(unit) for word in words)

"""The sentences of the made-up city: many that differ, and the same ones each time."""

import random
import tomllib
from collections.abc import Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("phrases.toml")
ENDS = {"zh": ("，", "。"), "en": (". ", ".")}
LANGUAGES = ("zh", "en")


@cache
def phrases() -> Mapping[str, Any]:
    """phrases.toml as it is read."""
    return tomllib.loads(FILE.read_text("utf-8"))


class ReportWriter:
    """Writes a report about a kind of problem at a place. It says everything before it says anything again."""

    def __init__(self, chance: random.Random, language: str) -> None:
        self._chance, self.language = chance, language
        self._unused: dict[str, list[tuple[str, str]]] = {}

    def write(self, category: str, place: str) -> str:
        """A report of this category at a place."""
        unused = self._unused.get(category)
        if not unused:
            unused = list(product(phrases()["what"][category][self.language], _of("more", category, self.language)))
            self._chance.shuffle(unused)
            self._unused[category] = unused
        what, more = unused.pop()
        between, end = ENDS[self.language]
        return what.format(place=place) + between + more + end


def choose(kind: str, language: str, number: int, **values: str) -> str:
    """The sentence of that number of a kind, such as "answered" or "comment"; after the last comes the first."""
    sentences = phrases()[kind][language]
    return str(sentences[number % len(sentences)]).format(**values)


def _of(kind: str, category: str, language: str) -> list[str]:
    """The sentences of a kind that fit a category: its own, then those that fit every one."""
    own = phrases()[f"{kind}_on"].get(category, {}).get(language, [])
    return [*own, *phrases()[kind][language]]


def choose_about(kind: str, category: str, language: str, number: int) -> str:
    """The "comment" or "suggestion" of that number about a report of a category."""
    sentences = _of(kind, category, language)
    return str(sentences[number % len(sentences)])


def choose_rating(stars: int, language: str, number: int) -> str:
    """What somebody who gives so many stars says of a service; "" after the last sentence."""
    sentences = phrases()["rating"][str(stars)][language]
    return str(sentences[number]) if number < len(sentences) else ""


def choose_traffic(kind: str, language: str, number: int) -> str:
    """What somebody writes about the road; after the last sentence of a kind comes the first."""
    sentences = phrases()["traffic"][kind][language]
    return str(sentences[number % len(sentences)])

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
    """Writes a report about a kind of problem at a place. No two that it writes are the same."""

    def __init__(self, chance: random.Random, language: str) -> None:
        self._chance, self._language = chance, language
        self._unused: dict[str, list[tuple[str, str]]] = {}

    def write(self, category: str, place: str) -> str:
        """A report of this category at a place. Raises IndexError if everything was said."""
        unused = self._unused.get(category)
        if unused is None:
            words = phrases()
            unused = list(product(words["what"][category][self._language], words["more"][self._language]))
            self._chance.shuffle(unused)
            self._unused[category] = unused
        what, more = unused.pop()
        between, end = ENDS[self._language]
        return what.format(place=place) + between + more + end


def choose(kind: str, language: str, number: int, **values: str) -> str:
    """The sentence of that number of a kind, such as "answered" or "comment"; after the last comes the first."""
    sentences = phrases()[kind][language]
    return str(sentences[number % len(sentences)]).format(**values)


def choose_rating(stars: int, language: str, number: int) -> str:
    """What somebody who gives so many stars says of a service; "" after the last sentence."""
    sentences = phrases()["rating"][str(stars)][language]
    return str(sentences[number]) if number < len(sentences) else ""


def choose_traffic(kind: str, language: str, number: int) -> str:
    """What somebody writes about the road; after the last sentence of a kind comes the first."""
    sentences = phrases()["traffic"][kind][language]
    return str(sentences[number % len(sentences)])

"""How well a text that somebody wrote fits things that have names and descriptions, such as categories: in Python,
with the phrases and synonyms of the search, as there are few of them and nothing of them is in the index."""

import math
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache, reduce

from civic.search.phrases import Phrase, Synonyms, cut_phrases
from civic.search.text import IS_CJK, runs

MAX_TEXT_CHARS = 600  # characters of a text that are read
MIN_STEM_CHARS = 5  # first letters of a word by which another form of it is known
KEPT_RUNS = 20_000  # of which a vocabulary remembers where they stand

Unit = tuple[tuple[str, ...], ...]  # runs that stand together, or others for them
Described = tuple[str, tuple[str, ...], tuple[str, ...]]  # the key of a thing, its names, and its descriptions


def rank_by_fit(text: str, things: tuple[Described, ...], synonyms: Synonyms) -> dict[str, float]:
    """The things that have a word of the text, the best first: rare words count more, and names twice."""
    vocabulary = _vocabulary(things)
    units = [unit for phrase in cut_phrases(text[:MAX_TEXT_CHARS], synonyms) for unit in _units(phrase)]
    points = dict.fromkeys((key for key, _names, _descriptions in things), 0.0)
    for unit in units:
        having = vocabulary.find(unit)
        for key, places in having.items():
            points[key] += places * math.log(1 + len(things) / len(having))
    best = sorted((key for key in points if points[key]), key=lambda key: -points[key])
    return {key: points[key] for key in best}


def _units(phrase: Phrase) -> list[Unit]:
    """A known phrase is one unit; of an unknown run of Chinese each pair, as nobody knows where its words end."""
    run = phrase.runs[0]
    if phrase.is_cjk and not phrase.others and len(run) > 2:
        return [((run[i : i + 2],),) for i in range(len(run) - 1)]
    return [(phrase.runs, *phrase.others)]


class Vocabulary:
    """In which names and descriptions of some things a word stands, without reading each of them for each word."""

    def __init__(self, things: tuple[Described, ...]) -> None:
        self._places: list[tuple[str, int]] = []  # of each text: its thing, and what a word in it counts
        self._texts: dict[str, set[int]] = {}  # by word
        for key, names, descriptions in things:
            for text, places in [*((one, 2) for one in names), *((one, 1) for one in descriptions)]:
                for word in runs(text):
                    self._texts.setdefault(word, set()).add(len(self._places))
                self._places.append((key, places))
        self._words = sorted(self._texts)
        self._found: dict[str, frozenset[int]] = {}

    def find(self, unit: Unit) -> dict[str, int]:
        """The things that have the unit in a text, with what that counts."""
        found: dict[str, int] = {}
        for phrase in unit:
            for text in reduce(frozenset.intersection, map(self._find_run, phrase)):
                key, places = self._places[text]
                found[key] = max(places, found.get(key, 0))
        return found

    def _find_run(self, run: str) -> frozenset[int]:
        """The texts that have a run."""
        if run not in self._found:
            if len(self._found) >= KEPT_RUNS:
                self._found.clear()
            self._found[run] = frozenset[int]().union(*(self._texts[word] for word in self._like(run)))
        return self._found[run]

    def _like(self, run: str) -> Iterator[str]:
        """The words that a run stands for: in Chinese those that have it, else its plural and its other forms."""
        if IS_CJK.match(run):
            yield from (word for word in self._words if run in word)
            return
        yield from (word for word in (run, f"{run}s") if word in self._texts)
        if len(run) > MIN_STEM_CHARS:
            stem = run[:-1]
            for word in self._words[bisect_left(self._words, stem) :]:
                if not word.startswith(stem):
                    return
                yield word


@lru_cache(maxsize=4)
def _vocabulary(things: tuple[Described, ...]) -> Vocabulary:
    return Vocabulary(things)

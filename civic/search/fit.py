"""How well a text that somebody wrote fits things that have names and descriptions, such as categories: in Python,
with the phrases and synonyms of the search, as there are few of them and nothing of them is in the index."""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

from civic.search.phrases import Phrase, Synonyms, cut_phrases
from civic.search.text import IS_CJK, runs

MAX_TEXT_CHARS = 600  # characters of a text that are read
MIN_STEM_CHARS = 5  # first letters of a word by which another form of it is known

Unit = tuple[tuple[str, ...], ...]  # runs that stand together, or others for them
Described = tuple[Sequence[str], Sequence[str]]  # the names of a thing, and its descriptions


def rank_by_fit(text: str, things: Mapping[str, Described], synonyms: Synonyms) -> dict[str, float]:
    """The things that have a word of the text, the best first: rare words count more, and names twice."""
    units = [unit for phrase in cut_phrases(text[:MAX_TEXT_CHARS], synonyms) for unit in _units(phrase)]
    points = dict.fromkeys(things, 0.0)
    for unit in units:
        having = {key: _places(unit, named, described) for key, (named, described) in things.items()}
        count = sum(places > 0 for places in having.values())
        for key, places in having.items():
            points[key] += places * math.log(1 + len(things) / count) if count else 0.0
    best = sorted((key for key in things if points[key]), key=lambda key: -points[key])
    return {key: points[key] for key in best}


def _units(phrase: Phrase) -> list[Unit]:
    """A known phrase is one unit; of an unknown run of Chinese each pair, as nobody knows where its words end."""
    run = phrase.runs[0]
    if phrase.is_cjk and not phrase.others and len(run) > 2:
        return [((run[i : i + 2],),) for i in range(len(run) - 1)]
    return [(phrase.runs, *phrase.others)]


def _places(unit: Unit, named: Sequence[str], described: Sequence[str]) -> int:
    if any(_has(text, unit) for text in named):
        return 2
    return int(any(_has(text, unit) for text in described))


def _has(text: str, unit: Unit) -> bool:
    words = _runs(text)
    return any(all(_has_run(words, run) for run in phrase) for phrase in unit)


def _has_run(words: Sequence[str], run: str) -> bool:
    if IS_CJK.match(run):
        return any(run in word for word in words)
    stem = run[:-1] if len(run) > MIN_STEM_CHARS else ""
    return any(word in (run, f"{run}s") or (stem and word.startswith(stem)) for word in words)


@lru_cache(maxsize=20_000)
def _runs(text: str) -> tuple[str, ...]:
    return tuple(runs(text))

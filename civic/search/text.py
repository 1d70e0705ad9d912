"""Cutting texts into the words that they are found by, and queries likewise.

Letters are folded (case, width, accents: "Kátyú" is found by "katyu"). A run of Chinese, Japanese or Korean characters
becomes its overlapping pairs at consecutive positions, and its last character alone: 路灯坏 is 路灯 灯坏 坏. A query's
run must then occur as a phrase, which finds exactly what a search for that substring would find, without a dictionary.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from civic.text import fold

CJK = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
RUN = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+")
IS_CJK = re.compile(rf"[{CJK}]")
FIRST_CJK_CHAR = CJK[0]  # nothing before it is one
# PostgreSQL keeps positions up to 16,383 (and 256 of one word, of which the first tell enough); a lexeme has at most
# 2,046 bytes.
MAX_POSITION, MAX_WORD_CHARS = 16_383, 500
MAX_NAME_CHARS = 60  # of a text that may be the name of something
MAX_PLACES, MAX_PAIR_PLACES = 8, 32


def runs(text: str) -> Iterator[str]:
    """The words of a text and its runs of CJK characters, folded, in order."""
    for found in RUN.finditer(fold(text)):
        run = found.group()
        yield run if _is_cjk(run) else run[:MAX_WORD_CHARS]


def _is_cjk(run: str) -> bool:
    """Of a run's first character, as of all of them."""
    return run[0] >= FIRST_CJK_CHAR and IS_CJK.match(run) is not None


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


def tokenize(parts: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The lexemes of texts with their weights (A to D, D is ""), each with its places: "3A,17"."""
    places: dict[str, str] = {}
    position = 0
    for part, weight in parts:
        for lexeme in lexemes(part) if len(part) > MAX_NAME_CHARS else name_lexemes(part):
            position += 1
            if lexeme not in places:
                places[lexeme] = f"{min(position, MAX_POSITION)}{weight}"
            elif (at := places[lexeme]).count(",") < (
                MAX_PAIR_PLACES if lexeme[0] >= FIRST_CJK_CHAR else MAX_PLACES
            ) - 1:
                places[lexeme] = f"{at},{min(position, MAX_POSITION)}{weight}"
        position += 1  # no phrase runs from one part into the next
    return places


def tsvector_text(places: Mapping[str, str], labels: Iterable[str] = ()) -> str:
    """A tsvector, in its text form. A label is no word that a text can have (it holds a colon) and has no place."""
    words = [f"'{lexeme}':{at}" for lexeme, at in places.items()]
    return " ".join([*words, *(f"'{label}'" for label in labels)])


def lexemes(text: str) -> Sequence[str]:
    """What a text is found by, in order: its words, and of each run of CJK characters the pairs and the last one."""
    folded = fold(text)
    words = [word if len(word) <= MAX_WORD_CHARS else _cut_word(word) for word in RUN.findall(folded)]
    if folded.isascii() or not IS_CJK.search(folded):
        return words
    found: list[str] = []
    for run in words:
        if _is_cjk(run):
            found += _pairs(run)
            found.append(run[-1])
        else:
            found.append(run)
    return found


def _cut_word(word: str) -> str:
    """A run of CJK characters may be long, as its pairs are kept; a word may not."""
    return word if _is_cjk(word) else word[:MAX_WORD_CHARS]


# Names of categories, areas and departments stand in very many documents.
name_lexemes = lru_cache(maxsize=20_000)(lexemes)

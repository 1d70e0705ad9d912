"""Cuts texts and queries into the words by which texts are found.

Letters are folded (case, width, accents: "Kátyú" is found by "katyu"). A run of Chinese, Japanese or Korean characters
becomes its overlapping pairs at consecutive positions, and its last character alone: 路灯坏 is 路灯 灯坏 坏. A query's
run must then occur as a phrase, which finds exactly what a search for that substring would find, without a dictionary.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import add

from civic.text import fold

CJK = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
RUN = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+")
IS_CJK = re.compile(rf"[{CJK}]")
FIRST_CJK_CHAR = CJK[0]  # nothing before it is one
# PostgreSQL keeps positions up to 16,383 (and 256 of one word, of which the first tell enough); a lexeme has at most
# 2,046 bytes.
MAX_POSITION, MAX_WORD_CHARS = 16_383, 500
MAX_KEPT_PIECES, MAX_KEPT_CHARS = 50_000, 24  # of pieces between two blanks whose words are remembered
MAX_NAME_CHARS = 60  # of a text that may be the name of something
MAX_PLACES, MAX_PAIR_PLACES = 8, 32
MAX_COUNTED_PLACES = 400  # of a document, up to which the places of each word need not be counted
# By weight, what follows a lexeme in its entry at each of these places.
PLACES = {
    weight: [f"':{place}{weight}" for place in range(1, MAX_COUNTED_PLACES + 1)] for weight in ("A", "B", "C", "")
}


def runs(text: str) -> Iterator[str]:
    """The words of a text and its runs of CJK characters, folded, in order."""
    for found in RUN.finditer(fold(text)):
        run = found.group()
        yield run if _is_cjk(run) else run[:MAX_WORD_CHARS]


def _is_cjk(run: str) -> bool:
    """Whether a run is of CJK characters: its first one tells, as it has one sort only."""
    return run[0] >= FIRST_CJK_CHAR and IS_CJK.match(run) is not None


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a document is found by: entries of a tsvector, but for the quote before them ("word':3A"), and the words."""

    entries: list[str]
    words: set[str]


def tokenize(parts: Iterable[tuple[str, str]]) -> Tokens:
    """The lexemes of texts with their places and weights (A to D, D is "")."""
    entries: list[str] = []
    every: list[str] = []
    position = 0
    for part, weight in parts:
        found = lexemes(part) if len(part) > MAX_NAME_CHARS else name_lexemes(part)
        if position + len(found) <= MAX_COUNTED_PLACES:
            places = PLACES[weight][position : position + len(found)]
            entries += map(add, found, places)
        else:
            entries += _entries_of_long_text(found, weight, position, every)
        every += found
        position += len(found) + 1  # no phrase runs from one part into the next
    return Tokens(entries, set(every))


def _entries_of_long_text(found: Sequence[str], weight: str, position: int, before: Iterable[str]) -> Iterator[str]:
    """The entries of a text, but for further places of a lexeme that has enough of them."""
    counts = Counter(before)
    for place, lexeme in enumerate(found, position + 1):
        counts[lexeme] += 1
        if counts[lexeme] <= (MAX_PAIR_PLACES if lexeme[0] >= FIRST_CJK_CHAR else MAX_PLACES):
            yield f"{lexeme}':{min(place, MAX_POSITION)}{weight}"


def tsvector_text(tokens: Tokens, labels: Iterable[str] = ()) -> str:
    """A tsvector, in its text form. A label is no word that a text can have (it holds a colon) and has no place."""
    entries = [*tokens.entries, *[f"{label}'" for label in labels]]
    return "'" + " '".join(entries) if entries else ""


def lexemes(text: str) -> list[str]:
    """What a text is found by, in order: its words, and of each run of CJK characters the pairs and the last one."""
    return list(chain.from_iterable(map(_pieces.__getitem__, text.split())))


class Pieces(dict[str, Sequence[str]]):
    """The lexemes of what stands between two blanks. A city writes the same words again and again, and a look-up in a
    dict costs a fraction of folding and cutting them."""

    def __missing__(self, piece: str) -> Sequence[str]:
        found = _cut_piece(piece)
        if len(piece) <= MAX_KEPT_CHARS:
            if len(self) >= MAX_KEPT_PIECES:
                self.clear()
            self[piece] = tuple(found)
        return found


def _cut_piece(piece: str) -> list[str]:
    folded = fold(piece)
    words = [word if len(word) <= MAX_WORD_CHARS else _cut_word(word) for word in RUN.findall(folded)]
    if not IS_CJK.search(folded):
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


_pieces = Pieces()
# Names of categories, areas and departments stand in very many documents.
name_lexemes = lru_cache(maxsize=20_000)(lexemes)

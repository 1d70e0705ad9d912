"""Highlights what matched: in a whole title, and in an excerpt of a longer text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from civic.search.documents import HIGHLIGHT_END, HIGHLIGHT_START
from civic.search.text import CJK, IS_CJK
from civic.text import fold

MAX_EXCERPT_CHARS = 220  # characters of which an excerpt is at most
EXCERPT_LEAD_CHARS = 60  # of these before the first that matched
BREAKS = re.compile(r"\s+")
LETTER = r"[^\W_]"
# As text.RUN, of a text that is not folded: accents may stand behind their letters.
RUN = re.compile(rf"[{CJK}]+|[^\W_{CJK}](?:[^\W_{CJK}]|[\u0300-\u036f])*")


def highlight_words(text: str, words: Sequence[str]) -> str:
    """The text with every word that matches between the highlight characters."""
    return _mark(text, list(_spans(text, words)))


def make_excerpt(texts: Sequence[str], words: Sequence[str]) -> str:
    """The part with the most matches of the first text that has any; if none has, the beginning of the first text."""
    for text in texts:
        flat = BREAKS.sub(" ", text).strip()
        if spans := list(_spans(flat, words)):
            start = _best(spans, flat)
            end = min(len(flat), start + MAX_EXCERPT_CHARS)
            inside = [(a - start, b - start) for a, b in spans if start <= a and b <= end]
            return ("… " if start else "") + _mark(flat[start:end], inside) + (" …" if end < len(flat) else "")
    flat = BREAKS.sub(" ", next((text for text in texts if text.strip()), "")).strip()
    return flat if len(flat) <= MAX_EXCERPT_CHARS else flat[:MAX_EXCERPT_CHARS].rstrip() + " …"


def _best(spans: Sequence[tuple[int, int]], text: str) -> int:
    """Where an excerpt begins: before the match after which most others follow closely."""
    if len(text) <= MAX_EXCERPT_CHARS:
        return 0

    def following(i: int) -> int:
        reach = spans[i][0] + MAX_EXCERPT_CHARS - EXCERPT_LEAD_CHARS
        return len({text[a:b].casefold() for a, b in spans[i : i + 40] if b <= reach})

    first = spans[max(range(len(spans)), key=lambda i: (following(i), -i))][0]
    start = max(0, min(first - EXCERPT_LEAD_CHARS, len(text) - MAX_EXCERPT_CHARS))
    space = text.rfind(" ", max(0, start - 20), start + 20)
    return space + 1 if start > 0 and space > 0 and space < first else start


def _mark(text: str, spans: Sequence[tuple[int, int]]) -> str:
    parts, at = [], 0
    for a, b in spans:
        parts += [text[at:a], HIGHLIGHT_START, text[a:b], HIGHLIGHT_END]
        at = b
    return "".join([*parts, text[at:]])


def _spans(text: str, marks: Sequence[str]) -> Iterable[tuple[int, int]]:
    """Where words match, in order and apart from each other."""
    folded = fold(text)
    if len(folded) == len(text) and not IS_CJK.search(folded):
        found = [one.span() for one in _pattern(tuple(marks)).finditer(folded)]
        if text.isascii() or all(fold(text[a:b]) == folded[a:b] for a, b in found):  # else letters have been moved
            return found
    return _spans_by_word(text, marks)


@lru_cache(maxsize=1000)
def _pattern(marks: tuple[str, ...]) -> re.Pattern[str]:
    """What finds these words in a text that is folded and has no CJK characters."""
    words = sorted({mark for mark in marks if not IS_CJK.match(mark)}, reverse=True)  # longer ones first
    either = "|".join(f"{re.escape(mark[:-1])}{LETTER}*" if mark.endswith("*") else re.escape(mark) for mark in words)
    return re.compile(f"(?<!{LETTER})(?:{either})(?!{LETTER})" if words else "(?!)")


def _spans_by_word(text: str, marks: Sequence[str]) -> Iterator[tuple[int, int]]:
    """As _spans, word by word: for texts that have other lengths or places when they are folded."""
    whole = {mark for mark in marks if not mark.endswith("*") and not IS_CJK.match(mark)}
    beginnings = tuple(mark[:-1] for mark in marks if mark.endswith("*"))
    runs = [mark for mark in marks if IS_CJK.match(mark)]
    for found in RUN.finditer(text):
        word = found.group()
        if IS_CJK.match(word):
            yield from _within(word, found.start(), runs)
        elif (folded := fold(word)) in whole or (beginnings and folded.startswith(beginnings)):
            yield found.start(), found.end()


def _within(word: str, start: int, runs: Sequence[str]) -> Iterator[tuple[int, int]]:
    """In a run of Chinese: the longest that occurs of what was asked, else the pairs that do."""
    folded = fold(word)
    if len(folded) != len(word):
        return
    hit = [False] * len(word)
    for run in runs:
        pieces = [run] if run in folded or len(run) < 3 else [run[i : i + 2] for i in range(len(run) - 1)]
        for piece in pieces:
            at = folded.find(piece)
            while at >= 0:
                hit[at : at + len(piece)] = [True] * len(piece)
                at = folded.find(piece, at + 1)
    i = 0
    while i < len(hit):
        j = i
        while j < len(hit) and hit[j]:
            j += 1
        if j > i:
            yield start + i, start + j
        i = j + 1

"""Parses a query into terms, and says as PostgreSQL's tsquery what each may be found by.

A term is a word, or a run of Chinese, Japanese or Korean characters, which is a phrase of its pairs. It is found as
typed, as the beginning of a longer word, by its synonyms, and by what it was probably meant for. Only letters and
digits get into a tsquery, so nothing that is typed can be an operator.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from civic.search.postgres import vocabulary
from civic.search.text import IS_CJK, runs
from civic.text import fold

MAX_TERMS = 16
MAX_QUERY_CHARS = 600  # characters of a query that are read
MIN_PREFIX_CHARS = 4  # letters of a word that is also taken for the beginning of longer ones
# If more documents than this have words with that beginning, only the most frequent of these are looked up, one by one:
# the index would collect all of them first. A word that itself is in so many documents is not taken for a beginning.
BROAD_DOCUMENTS = 10_000
MAX_TYPO_DOCUMENTS = 50  # documents that have a word which may still be a typing error
MIN_DOUBTED_CHARS = 6  # shorter words that occur are not taken for typing errors
MIN_PLURAL_CHARS = 5  # letters of a word whose last "s" may be left out

Groups = Sequence[Sequence[str]]  # of phrases that mean the same
Counts = Mapping[str, tuple[int, int]]  # as vocabulary.word_and_prefix_counts gives them


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a query. `exact` and the other ways to find it are tsqueries; `highlights` are the words to highlight.

    About `documents` documents have it as typed (0: none), and about `reach` have it in any way.
    """

    typed: str
    exact: str
    also: tuple[str, ...] = ()
    highlights: tuple[str, ...] = ()
    documents: int = 0
    reach: int = 0
    corrections: tuple[str, ...] = ()
    known: bool = True  # that no more have it than `reach`; the vocabulary has neither single letters nor long numbers

    @property
    def is_cjk(self) -> bool:
        return IS_CJK.match(self.typed) is not None

    @property
    def ways(self) -> str:
        """Any way to find it, as one tsquery."""
        every = [self.exact, *self.also] if f"{self.exact}:*" not in self.also else self.also
        return f"({' | '.join(every)})" if len(every) > 1 else every[0]


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    terms: tuple[Term, ...] = ()

    @property
    def corrections(self) -> set[str]:
        """Words that others were taken for."""
        return {word for term in self.terms for word in term.corrections}

    def describe_corrections(self, words: Collection[str]) -> tuple[str, ...]:
        """Which words of the query were also taken for which of these."""
        taken = ((term.typed, [word for word in term.corrections if word in words]) for term in self.terms)
        return tuple(f"{typed} → {', '.join(some)}" for typed, some in taken if some)


@dataclass
class Synonyms:
    """Groups of phrases that mean the same, by phrase."""

    groups: Groups = ()
    of: Mapping[tuple[str, ...], list[tuple[str, ...]]] = field(default_factory=dict)
    longest: int = 0

    @classmethod
    def from_groups(cls, groups: Groups) -> "Synonyms":
        of: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        for group in groups:
            phrases = [phrase for phrase in (tuple(runs(text)) for text in group) if phrase]
            for phrase in phrases:
                of.setdefault(phrase, []).extend(other for other in phrases if other != phrase)
        return cls(groups, of, max(map(len, of), default=0))

    def inside(self, run: str) -> Iterator[tuple[str, str]]:
        """The phrases that are part of a longer run of Chinese, each with a tsquery of it and all its synonyms."""
        for phrase, others in self.of.items():
            if len(phrase) == 1 and IS_CJK.match(phrase[0]) and phrase[0] in run and phrase[0] != run:
                yield phrase[0], f"({' | '.join(map(exact, [phrase, *others]))})"

    def within(self, run: str) -> Iterable[tuple[str, str]]:
        """The phrases of one run that occur in a run of Chinese, each with a synonym of one run."""
        for phrase, others in self.of.items():
            if len(phrase) == 1 and IS_CJK.match(phrase[0]) and phrase[0] in run:
                yield from ((phrase[0], other[0]) for other in others if len(other) == 1 and IS_CJK.match(other[0]))


async def parse_query(text: str, synonyms: Synonyms) -> ParsedQuery:
    """The terms of a query; the last word may be unfinished if nothing follows it."""
    text = text[:MAX_QUERY_CHARS]
    tokens = list(dict.fromkeys(runs(text)))[:MAX_TERMS]
    folded = fold(text)
    unfinished = bool(tokens) and folded[-1:].isalnum() and folded.endswith(tokens[-1])
    phrases = list(_phrases(tokens, synonyms))
    others = [other for phrase in phrases for other in synonyms.of.get(phrase, ())]
    counted = await vocabulary.word_and_prefix_counts(
        {key for some in (*phrases, *others) for run in some for key in keys(run)}
    )
    last = phrases[-1][-1] if unfinished else ""
    meant = await _meant([phrase[0] for phrase in phrases if len(phrase) == 1], counted, last)
    words = {word for phrase in phrases for word in phrase if _begins(word, last)}
    broad = [word for word in words if counted[word][0] <= BROAD_DOCUMENTS < counted[word][1]]
    reading = _Reading(counted, meant, await vocabulary.frequent_words(broad) if broad else {}, synonyms)
    return ParsedQuery(tuple(reading.term(phrase, last=last in phrase and phrase is phrases[-1]) for phrase in phrases))


def _begins(word: str, last: str) -> bool:
    """Whether a word is also taken for the beginning of a longer one."""
    return not IS_CJK.match(word) and (word == last or (len(word) >= MIN_PREFIX_CHARS and not _has_digit(word)))


def _has_digit(word: str) -> bool:
    return any(map(str.isdigit, word))


def keys(run: str) -> list[str]:
    """What the vocabulary has of a run: the word, or the pairs of characters."""
    return pairs(run) if IS_CJK.match(run) else [run]


def pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def _phrases(tokens: Sequence[str], synonyms: Synonyms) -> Iterator[tuple[str, ...]]:
    """The tokens one by one, but those together that have synonyms together."""
    while tokens:
        lengths = range(min(synonyms.longest, len(tokens)), 1, -1)
        length = next((n for n in lengths if tuple(tokens[:n]) in synonyms.of), 1)
        yield tuple(tokens[:length])
        tokens = tokens[length:]


async def _meant(words: Sequence[str], counted: Counts, last: str) -> dict[str, dict[str, int]]:
    """Corrections of words that hardly occur; the last word may be the beginning of another one."""
    found = {word: counted[word][0] for word in words if not IS_CJK.match(word)}
    doubtful = {
        word: n for word, n in found.items() if n <= (MAX_TYPO_DOCUMENTS if len(word) >= MIN_DOUBTED_CHARS else 0)
    }
    if last in doubtful and not counted[last][0] and counted[last][1]:
        del doubtful[last]  # some word begins like this
    meant = await vocabulary.find_corrections(doubtful)
    if last in doubtful and not meant.get(last) and not counted[last][0]:
        meant[last] = await vocabulary.find_prefix_corrections(last)
    return meant


@dataclass(frozen=True)
class _Reading:
    """What is known of the words of a query, with which its terms are made."""

    counted: Counts
    meant: Mapping[str, Mapping[str, int]]
    frequent: Mapping[str, Sequence[str]]  # of what begins very many words, the words that count
    synonyms: Synonyms

    def term(self, phrase: tuple[str, ...], *, last: bool) -> Term:
        others = self.synonyms.of.get(phrase, [])
        also = [exact(other) for other in others]
        marks = [*phrase, *(word for other in others for word in other)]
        documents = self._documents(phrase)
        reach = documents + sum(self._documents(other) for other in others)
        if len(phrase) == 1 and not IS_CJK.match(phrase[0]):
            return self._word(phrase[0], also, marks, reach, last=last)
        if len(phrase) > 1:
            words = [self._word(run, [], [], 0, last=last and run == phrase[-1]) for run in phrase]
            also.append(f"({all_of(words)})")
            marks += [mark for word in words for mark in word.highlights]
            reach = max(reach, min(word.reach for word in words))
        else:
            for known, other in self.synonyms.within(phrase[0]):
                if known != phrase[0]:
                    also.append(exact((phrase[0].replace(known, other),)))
                    marks.append(other)
                    reach += documents
        return Term(" ".join(phrase), exact(phrase), tuple(dict.fromkeys(also)), tuple(marks), documents, reach)

    def _documents(self, phrase: Sequence[str]) -> int:
        """About how many documents have all of it: no more than have its rarest part."""
        return min(self._count(key) for run in phrase for key in keys(run))

    def _count(self, key: str) -> int:
        documents, beginning = self.counted[key]
        if len(key) == 1:
            return beginning  # of a pair of characters
        return documents if vocabulary.is_kept(key) else 1

    def _word(self, word: str, also: list[str], marks: list[str], reach: int, *, last: bool) -> Term:
        if IS_CJK.match(word):
            return Term(word, exact((word,)), (), (word,), self._documents((word,)), self._documents((word,)))
        if _begins(word, word if last else "") and self._count(word) <= BROAD_DOCUMENTS:
            others = [one for one in self.frequent.get(word, ()) if one != word]
            also += [f"'{one}'" for one in others] or [f"'{word}':*"]
            marks.append(f"{word}*")
            reach += self.counted[word][1]
        if len(word) >= MIN_PLURAL_CHARS and word.endswith("s") and not word.endswith("ss"):
            also.append(f"'{word[:-1]}'")
            marks.append(word[:-1])
        meant = self.meant.get(word, {})
        also += [f"'{one}':*" if last else f"'{one}'" for one in meant]
        marks += [f"{one}*" if last else one for one in meant]
        reach += sum(meant.values())
        ways = tuple(dict.fromkeys(also))
        known = len(word) > 1 and not (last and _has_digit(word))
        return Term(word, f"'{word}'", ways, tuple(marks), self._count(word), reach, tuple(meant), known)


def exact(phrase: Sequence[str]) -> str:
    """Words that stand one after another, as a tsquery."""
    found = _run(phrase[0])
    for run, following in pairwise(phrase):
        # the last character of a run has a place of its own, after its pairs
        apart = "<2>" if IS_CJK.match(run) and len(run) > 1 else "<->"
        found += f" {apart} {_run(following)}"
    return f"({found})" if len(phrase) > 1 else found


def _run(run: str) -> str:
    if not IS_CJK.match(run):
        return f"'{run}'"
    if len(run) == 1:
        return f"'{run}':*"
    parts = [f"'{pair}'" for pair in pairs(run)]
    return parts[0] if len(parts) == 1 else f"({' <-> '.join(parts)})"


def all_of(terms: Iterable[Term]) -> str:
    """A tsquery for what has every term, found one way or another."""
    return " & ".join(term.ways for term in terms)


def any_of(terms: Iterable[Term]) -> str:
    """A tsquery for what has one of the terms, found one way or another."""
    return " | ".join(term.ways for term in terms)


def with_labels(query: str, labels: Iterable[Sequence[str]]) -> str:
    """The query, and of each list of labels one."""
    either = ["(" + " | ".join(f"'{one}'" for one in some) + ")" for some in labels]
    return " & ".join(part for part in (f"({query})" if query else "", *either) if part)

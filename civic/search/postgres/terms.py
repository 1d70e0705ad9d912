"""Parses a query into terms, and says as PostgreSQL's tsquery what each may be found by.

A term is a word, or a run of Chinese, Japanese or Korean characters, which is a phrase of its pairs. It is found as
typed, as the beginning of a longer word, by its synonyms, and by what it was probably meant for. Only letters and
digits get into a tsquery, so nothing that is typed can be an operator.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from civic.search.phrases import Phrase, Synonyms, cut_phrases
from civic.search.postgres import vocabulary
from civic.search.text import IS_CJK, runs
from civic.text import fold

MAX_QUERY_CHARS = 600  # characters of a query that are read
MIN_PREFIX_CHARS = 4  # letters of a word that is also taken for the beginning of longer ones
# If more documents than this have words with that beginning, only the most frequent of these are looked up, one by one:
# the index would collect all of them first. A word that itself is in so many documents is not taken for a beginning.
BROAD_DOCUMENTS = 10_000
MAX_TYPO_DOCUMENTS = 50  # documents that have a word which may still be a typing error
MIN_DOUBTED_CHARS = 6  # shorter words that occur are not taken for typing errors
MIN_PLURAL_CHARS = 5  # letters of a word whose last "s" may be left out

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
    """What a query is about; and its runs just as they were typed, each as a tsquery."""

    terms: tuple[Term, ...] = ()
    typed: tuple[str, ...] = ()

    @property
    def corrections(self) -> set[str]:
        """Words that others were taken for."""
        return {word for term in self.terms for word in term.corrections}

    def describe_corrections(self, words: Collection[str]) -> tuple[str, ...]:
        """Which words of the query were also taken for which of these."""
        taken = ((term.typed, [word for word in term.corrections if word in words]) for term in self.terms)
        return tuple(f"{typed} → {', '.join(some)}" for typed, some in taken if some)


async def parse_query(text: str, synonyms: Synonyms) -> ParsedQuery:
    """The terms of a query; the last word may be unfinished if nothing follows it."""
    text = text[:MAX_QUERY_CHARS]
    phrases = cut_phrases(text, synonyms)
    counted = await vocabulary.word_and_prefix_counts(
        {key for phrase in phrases for some in (phrase.runs, *phrase.others) for run in some for key in keys(run)}
    )
    last = _unfinished(text, phrases)
    words = [phrase.runs[0] for phrase in phrases if len(phrase.runs) == 1 and not phrase.is_cjk]
    stems = await _stems([word for word in words if not any(counted[word])], last)
    meant = await _meant([word for word in words if word not in stems], counted, last)
    begun = {word for phrase in phrases for word in phrase.runs if _begins(word, last)}
    broad = [word for word in begun if counted[word][0] <= BROAD_DOCUMENTS < counted[word][1]]
    reading = _Reading(counted, meant, stems, await vocabulary.frequent_words(broad) if broad else {})
    terms = tuple(reading.term(phrase, last=last in phrase.runs and phrase is phrases[-1]) for phrase in phrases)
    return ParsedQuery(terms, tuple(exact((run,)) for run in dict.fromkeys(runs(text))))


def _unfinished(text: str, phrases: Sequence[Phrase]) -> str:
    """The word at the end of a query that may become a longer one; "" if there is none."""
    folded = fold(text)
    last = phrases[-1].runs[-1] if phrases else ""
    return last if folded[-1:].isalnum() and folded.endswith(last) else ""


async def _stems(words: Sequence[str], last: str) -> dict[str, tuple[str, int]]:
    """Of words that do not occur, the stem with which other words begin, and about how many documents have those."""
    asked = [word for word in words if word != last and word.isascii() and word.isalpha()]
    stems = {word: stem for word, stem in (await vocabulary.find_stems(asked)).items() if len(stem) >= MIN_PREFIX_CHARS}
    counted = await vocabulary.word_and_prefix_counts(set(stems.values())) if stems else {}
    return {word: (stem, counted[stem][1]) for word, stem in stems.items() if counted[stem][1]}


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


async def _meant(words: Sequence[str], counted: Counts, last: str) -> dict[str, dict[str, int]]:
    """Corrections of words that hardly occur; the last word may be the beginning of another one."""
    found = {word: counted[word][0] for word in words if counted[word][0] or not counted[word][1]}  # no beginnings
    doubtful = {
        word: n for word, n in found.items() if n <= (MAX_TYPO_DOCUMENTS if len(word) >= MIN_DOUBTED_CHARS else 0)
    }
    meant = await vocabulary.find_corrections(doubtful)
    if last in doubtful and not meant.get(last) and not counted[last][0]:
        meant[last] = await vocabulary.find_prefix_corrections(last)
    return meant


@dataclass(frozen=True)
class _Reading:
    """What is known of the words of a query, with which its terms are made."""

    counted: Counts
    meant: Mapping[str, Mapping[str, int]]
    stems: Mapping[str, tuple[str, int]]
    frequent: Mapping[str, Sequence[str]]  # of what begins very many words, the words that count

    def term(self, one: Phrase, *, last: bool) -> Term:
        phrase = one.runs
        also = [way for other in one.others for way in _singular_and_plural(other)]
        marks = [*phrase, *(word for other in one.others for word in other)]
        documents = self._documents(phrase)
        reach = documents + sum(self._documents(other) for other in one.others)
        if len(phrase) == 1 and not IS_CJK.match(phrase[0]):
            return self._word(phrase[0], also, marks, reach, last=last)
        if len(phrase) > 1:
            words = [self._word(run, [], [], 0, last=last and run == phrase[-1]) for run in phrase]
            also.append(f"({all_of(words)})")
            marks += [mark for word in words for mark in word.highlights]
            reach = max(reach, min(word.reach for word in words))
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
        if word in self.stems:
            stem, documents = self.stems[word]
            also.append(f"'{stem}':*")
            marks.append(f"{stem}*")
            reach += documents
        meant = self.meant.get(word, {})
        also += [f"'{one}':*" if last else f"'{one}'" for one in meant]
        marks += [f"{one}*" if last else one for one in meant]
        reach += sum(meant.values())
        ways = tuple(dict.fromkeys(also))
        known = len(word) > 1 and not (last and _has_digit(word))
        return Term(word, f"'{word}'", ways, tuple(marks), self._count(word), reach, tuple(meant), known)


def _singular_and_plural(phrase: tuple[str, ...]) -> list[str]:
    word = phrase[-1]
    plural = word.isascii() and word.isalpha() and len(word) >= MIN_PREFIX_CHARS and word[-1] not in "shy"
    return [exact(phrase), *([exact((*phrase[:-1], f"{word}s"))] if plural else [])]


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

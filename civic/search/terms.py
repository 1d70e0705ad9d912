"""What somebody typed, understood: its terms, and as PostgreSQL's tsquery what each may be found by.

A term is a word, or a run of Chinese, Japanese or Korean characters, which is a phrase of its pairs. It is found as
typed, as the beginning of a longer word, by its synonyms, and by what it was probably meant for. Only letters and
digits get into a tsquery, so nothing that is typed can be an operator.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from civic.search import vocabulary
from civic.search.text import IS_CJK, fold, runs

MOST_TERMS = 16
LONGEST = 600  # characters of a query that are read
BEGINNING = 4  # letters from which a word is also taken for the beginning of a longer one
RARE = 50  # documents up to which a word may be another one mistyped
PLURAL = 5  # letters from which a last "s" may be left out

Groups = Sequence[Sequence[str]]  # of phrases that mean the same


@dataclass(frozen=True, slots=True)
class Term:
    """`exact` and the other ways to find it are tsqueries; `marks` is what is marked where it was found.

    `documents` is about how many have it as typed (0: none), `reach` about how many have it in any way.
    """

    typed: str
    exact: str
    also: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    documents: int = 0
    reach: int = 0
    meant: tuple[str, ...] = ()

    @property
    def ways(self) -> str:
        """Any way to find it, as one tsquery."""
        return f"({' | '.join([self.exact, *self.also])})" if self.also else self.exact


@dataclass(frozen=True, slots=True)
class Understood:
    terms: tuple[Term, ...] = ()

    @property
    def marks(self) -> list[str]:
        """What to mark in a text; "*" at its end: as the beginning of a word."""
        return list(dict.fromkeys(mark for term in self.terms for mark in term.marks))

    @property
    def instead(self) -> tuple[str, ...]:
        """Words that were also taken for others."""
        return tuple(f"{term.typed} → {', '.join(term.meant)}" for term in self.terms if term.meant)


@dataclass
class Synonyms:
    """Groups of phrases that mean the same, ready for looking up."""

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

    def within(self, run: str) -> Iterable[tuple[str, str]]:
        """The phrases of one run that occur in a run of Chinese, each with a synonym of one run."""
        for phrase, others in self.of.items():
            if len(phrase) == 1 and IS_CJK.match(phrase[0]) and phrase[0] in run:
                yield from ((phrase[0], other[0]) for other in others if len(other) == 1 and IS_CJK.match(other[0]))


async def understand(text: str, synonyms: Synonyms) -> Understood:
    """The terms of a query; the last word may be unfinished if nothing follows it."""
    text = text[:LONGEST]
    tokens = list(dict.fromkeys(runs(text)))[:MOST_TERMS]
    unfinished = bool(tokens) and fold(text[-1:]).isalnum() and fold(text).endswith(tokens[-1])
    counted = await vocabulary.counted(key for token in tokens for key in _keys(token))
    found: list[Term] = []
    while tokens:
        phrase = _phrase(tokens, synonyms)
        last = unfinished and len(tokens) == len(phrase)
        found.append(await _term(phrase, counted, synonyms, last=last))
        tokens = tokens[len(phrase) :]
    return Understood(tuple(found))


def _keys(token: str) -> list[str]:
    return pairs(token) if IS_CJK.match(token) else [token]


def pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def _phrase(tokens: Sequence[str], synonyms: Synonyms) -> tuple[str, ...]:
    """The longest beginning of the tokens that has synonyms, else the first token."""
    for length in range(min(synonyms.longest, len(tokens)), 1, -1):
        if tuple(tokens[:length]) in synonyms.of:
            return tuple(tokens[:length])
    return (tokens[0],)


async def _term(
    phrase: tuple[str, ...], counted: Mapping[str, tuple[int, int]], synonyms: Synonyms, *, last: bool
) -> Term:
    others = synonyms.of.get(phrase, [])
    also = [exact(other) for other in others]
    marks = [*phrase, *(word for other in others for word in other)]
    if len(phrase) > 1:
        return Term(" ".join(phrase), exact(phrase), tuple(also), tuple(marks), 1, 1)
    [word] = phrase
    if IS_CJK.match(word):
        return _cjk(word, counted, also, marks, synonyms)
    documents, reach = counted.get(word, (0, 0))
    meant: dict[str, int] = {}
    if len(word) >= BEGINNING or last:
        also.append(f"'{word}':*")
        marks.append(f"{word}*")
    if len(word) >= PLURAL and word.endswith("s") and not word.endswith("ss"):
        also.append(f"'{word[:-1]}'")
        marks.append(word[:-1])
    if documents <= RARE and not (last and documents == 0 and reach):
        meant = await vocabulary.meant(word, documents)
        if not meant and last and documents == 0 and vocabulary.may_slip(word):
            meant = await vocabulary.meant_beginning(word)
        also += [f"'{one}':*" if last else f"'{one}'" for one in meant]
        marks += [f"{one}*" if last else one for one in meant]
    reach = max(documents, reach if len(word) >= BEGINNING or last else 0) + sum(meant.values())
    return Term(word, f"'{word}'", tuple(dict.fromkeys(also)), tuple(marks), documents, reach, tuple(meant))


def _cjk(
    run: str, counted: Mapping[str, tuple[int, int]], also: list[str], marks: list[str], synonyms: Synonyms
) -> Term:
    for phrase, other in synonyms.within(run):
        if phrase != run:
            also.append(exact((run.replace(phrase, other),)))
            marks.append(other)
    documents = min(counted.get(pair, (0, 0))[0] for pair in pairs(run)) if len(run) > 1 else 1
    return Term(run, exact((run,)), tuple(dict.fromkeys(also)), tuple(marks), documents, documents)


def exact(phrase: Sequence[str]) -> str:
    """Words that stand one after another, as a tsquery."""
    found = [_run(run) for run in phrase]
    return found[0] if len(found) == 1 else f"({' <-> '.join(found)})"


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


def labelled(query: str, labels: Iterable[Sequence[str]]) -> str:
    """The query, and of each list of labels one."""
    either = ["(" + " | ".join(f"'{one}'" for one in some) + ")" for some in labels]
    return " & ".join(part for part in (f"({query})" if query else "", *either) if part)

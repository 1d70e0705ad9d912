"""One search as PostgreSQL is asked: what of the query has to match, where, and how well it does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Any

from civic import timing
from civic.geo.distance import bounding_box
from civic.search.documents import Query
from civic.search.postgres import filter_labels, vocabulary
from civic.search.postgres.rows import DocumentTables
from civic.search.postgres.terms import ParsedQuery, Term, all_of, with_labels
from civic.search.static_rank import HALF_YEAR_SECONDS, OPEN_RANK
from civic.search.subjects import registered

COMMON_WORD_SHARE = 0.2  # a word in more than this share of the documents is a stop word: it is not highlighted
MAX_REQUIRED_DOCUMENTS = 4000  # a word that fewer documents have must always occur
OPTIONAL_WORD_SHARE = 0.1  # a word in more than this share of the documents need not occur if others are rarer
MAX_TRIED_DOCUMENTS = 3000  # that have one of the rarest words, where some of the words are enough
# What a word counts in the discussion (D), in the text (C), in a name (B), in the title (A).
WEIGHTS = "{0.1, 0.35, 0.6, 1.0}"
# Unpacks the words once, and not again for each of the many expressions that read them.
UNPACKED = (
    " CROSS JOIN LATERAL (SELECT words, ts_filter(words, '{a,b}') AS names"
    " FROM (SELECT d.words || ''::tsvector AS words OFFSET 0) unpacked OFFSET 0) v"
)


class Arguments(list[Any]):
    """The arguments of a statement; adding one gives its name in it."""

    def add(self, value: Any) -> str:
        self.append(value)
        return f"${len(self)}"


@dataclass(frozen=True)
class QueryUnit:
    """A part of a query by itself: a word with its variants, or a pair of characters. `weight`: how much it tells."""

    query: str
    documents: int
    weight: float


@dataclass
class PostgresSearch:
    """One search: what is asked, of which tables, how it was understood. `size`: about how many documents there are."""

    query: Query
    tables: DocumentTables
    understood: ParsedQuery
    size: int
    now: datetime = field(default_factory=timing.now)
    units: Sequence[QueryUnit] = ()  # where some of these are enough
    absent: int = 0  # words of the query that are nowhere
    min_share: float = 0.0  # of the weight of all

    @property
    def required(self) -> tuple[Term, ...]:
        """The terms that must occur: not a word that very many documents have, if others are rarer."""
        terms = self.understood.terms
        rare = tuple(
            one for one in terms if one.documents <= max(MAX_REQUIRED_DOCUMENTS, self.size * OPTIONAL_WORD_SHARE)
        )
        return rare or terms

    def match_clause(
        self, args: Arguments, *, except_facet: str = "", sample: int = 0, steps: Sequence[int] = ()
    ) -> str:
        """What matches, as FROM and WHERE over rows d; `except_facet` is the facet whose filter is left out.

        `sample`: one document in so many; `steps`: those in these steps of the order.
        """
        words = self._tried() if self.units else all_of(self.required)
        if self.units and (numbers := [term for term in self.understood.terms if is_number(term)]):
            words = f"({words}) & {all_of(numbers)}"
        asked = filter_labels.query_labels(self.query, self.now, except_facet=except_facet)
        if steps:
            asked.append([filter_labels.step_label(self.query.sort, step) for step in steps])
        wanted = with_labels(words, asked)
        sql = f" FROM {self.tables.searched} d{UNPACKED if self.units else ''} WHERE "
        sql += f"d.words @@ {args.add(wanted)}::tsquery" if wanted else "true"
        if sample:
            sql += f" AND d.id % {sample} = 0"
        if self.query.since and except_facet != "time":
            sql += f" AND d.at >= {args.add(self.query.since)}"
        if self.query.near:
            sql += self._near(args)
        return sql

    @property
    def highlights(self) -> list[str]:
        """What to highlight in a text: no stop words, if there are other words. "*": as the beginning of a word."""
        terms = self.understood.terms
        telling = [
            one
            for one in terms
            if one.documents <= self.size * COMMON_WORD_SHARE and (len(one.typed) > 1 or one.is_cjk)
        ]
        return list(dict.fromkeys(mark for one in telling or terms for mark in one.highlights))

    @property
    def bound(self) -> int:
        """About how many documents match at most; filters may leave fewer."""
        return min((one.reach for one in self.required if one.known and len(one.typed) > 1), default=self.size)

    def _tried(self) -> str:
        """What may have enough of the units: one that is enough by itself, else two of those that tell most."""
        ordered = sorted(self.units, key=lambda one: one.documents)
        sums = accumulate(one.documents for one in ordered)
        rare = [
            one
            for n, (one, sum_of) in enumerate(zip(ordered, sums, strict=True))
            if n < 2 or sum_of <= MAX_TRIED_DOCUMENTS
        ]
        enough = self.min_share * self._whole()
        alone = [one.query for one in rare if one.weight >= enough]
        some = [one.query for one in rare if one.weight < enough]
        two = [f"({one} & ({' | '.join(some[n:])}))" for n, one in enumerate(some[:-1], start=1)]
        return " | ".join(alone + two or some)

    def share(self, args: Arguments, words: str = "v.words") -> str:
        """The share of the query that a row has, by weight, in these of its words."""
        whole = self._whole()
        parts = (f"({words} @@ {args.add(one.query)}::tsquery)::int * {one.weight / whole:.4f}" for one in self.units)
        return f"({' + '.join(parts)})"

    def _whole(self) -> float:
        """The weight of the query; a word that is nowhere, and could not be found, weighs half of the others' mean."""
        found = sum(one.weight for one in self.units)
        return found + self.absent * found / len(self.units) / 2

    def _near(self, args: Arguments) -> str:
        assert self.query.near
        *_position, metres = self.query.near
        south, north, _west, _east = bounding_box(*self.query.near)
        return (
            f" AND d.lat BETWEEN {args.add(south)} AND {args.add(north)}"
            f" AND {self.metres(args)} <= {args.add(float(metres))}"
        )

    def metres(self, args: Arguments) -> str:
        if not self.query.near:
            return "NULL::float8"
        lat, lon, _metres = self.query.near
        return f"metres_between(d.lat, d.lon, {args.add(lat)}, {args.add(lon)})"

    def rank(self, args: Arguments) -> str:
        """How well a document's words fit, times what speaks for it anyway; without words only the latter."""
        terms = self.understood.terms
        if not terms:
            return "d.static_rank"
        every, typed = args.add(all_of(terms)), args.add(" & ".join(self.understood.typed))
        any_of = args.add(" | ".join(one.exact for one in terms))
        words = (
            f"(ts_rank_cd('{WEIGHTS}', d.words, {every}::tsquery, 1)"
            f" + 2 * ts_rank_cd('{WEIGHTS}', d.words, {typed}::tsquery, 1)"
            f" + 0.2 * ts_rank_cd('{WEIGHTS}', d.words, {any_of}::tsquery, 2))"
        )
        now = self.now.timestamp() / HALF_YEAR_SECONDS
        at, first = args.add(now), args.add(now + OPEN_RANK)
        fresh = f"(0.7 + 0.5 * exp((least(d.static_rank, {first}) - {at}) / 6))"
        return f"{words} * {fresh} * {kind_weight()}"


def kind_weight() -> str:
    """What the hits of a kind weigh against those of others."""
    cases = "".join(f" WHEN '{one.kind}' THEN {one.weight:f}" for one in registered() if one.weight != 1)
    return f"(CASE d.kind{cases} ELSE 1 END)" if cases else "1"


def is_number(term: Term) -> bool:
    """Whether the term is a long number, such as that of a case, which must occur as it is."""
    return not vocabulary.is_kept(term.typed) and any(map(str.isdigit, term.typed))

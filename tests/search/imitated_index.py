"""An index of the imitated Meilisearch: its settings, its filters, and a simple search that marks what it finds.

What it finds is only like what the real one finds; what it takes and refuses is as documented.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz.distance import OSA

from civic.search.text import IS_CJK, RUN
from civic.text import fold

RULES = ["words", "typo", "proximity", "attributeRank", "sort", "wordPosition", "exactness"]
DEFAULTS: dict[str, Any] = {
    "displayedAttributes": ["*"],
    "searchableAttributes": ["*"],
    "filterableAttributes": [],
    "sortableAttributes": [],
    "rankingRules": RULES,
    "stopWords": [],
    "nonSeparatorTokens": [],
    "separatorTokens": [],
    "dictionary": [],
    "synonyms": {},
    "distinctAttribute": None,
    "proximityPrecision": "byWord",
    "typoTolerance": {
        "enabled": True,
        "minWordSizeForTypos": {"oneTypo": 5, "twoTypos": 9},
        "disableOnWords": [],
        "disableOnAttributes": [],
        "disableOnNumbers": False,
    },
    "faceting": {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "alpha"}},
    "pagination": {"maxTotalHits": 1000},
    "embedders": {},
    "searchCutoffMs": None,
    "localizedAttributes": None,
    "facetSearch": True,
    "prefixSearch": "indexingTime",
}
LOCALES = {"cmn", "eng", "hun", "fra", "deu", "spa", "slk", "jpn", "kor", "rus"}
_MAY_ASK = (
    "indexUid q offset limit page hitsPerPage attributesToRetrieve attributesToCrop cropLength cropMarker"
    " attributesToHighlight highlightPreTag highlightPostTag showMatchesPosition filter sort facets distinct"
    " matchingStrategy attributesToSearchOn showRankingScore rankingScoreThreshold locales"
)
MAY_ASK = set(_MAY_ASK.split())


class Refused(Exception):
    """What the API answers instead of what was asked for."""

    def __init__(self, status: int, code: str, message: str, kind: str = "invalid_request") -> None:
        super().__init__(message)
        self.status = status
        link = f"https://docs.meilisearch.com/errors#{code}"
        self.body = {"message": message, "code": code, "type": kind, "link": link}


@dataclass
class Index:
    primary_key: str | None = None
    settings: dict[str, Any] = field(default_factory=lambda: json.loads(json.dumps(DEFAULTS)))
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def change(self, given: Mapping[str, Any]) -> None:
        for name, value in given.items():
            old = self.settings[name]
            if value is None:
                self.settings[name] = DEFAULTS[name]
            elif isinstance(old, dict) and name != "synonyms":
                self.settings[name] = merged(old, value)
            else:
                unordered = name in ("filterableAttributes", "sortableAttributes", "stopWords")
                self.settings[name] = sorted(value) if unordered else value

    def put(self, given: Iterable[dict[str, Any]]) -> None:
        """Raises Refused for what no index takes; then none is taken."""
        for document in given:
            if not re.fullmatch(r"[\w-]{1,511}", str(document.get("id", ""))):
                raise Refused(400, "invalid_document_id", f"Document identifier `{document.get('id')}` is invalid.")
            geo = document.get("_geo")
            if geo and not (abs(geo["lat"]) <= 90 and abs(geo["lng"]) <= 180):
                raise Refused(400, "invalid_document_geo_field", "Bad latitude")
        self.documents |= {str(document["id"]): document for document in given}

    def matching(self, condition: Any, code: str) -> list[dict[str, Any]]:
        parts = [condition] if isinstance(condition, str) else condition or []
        tests = [Filter(part, self.settings["filterableAttributes"], code).test for part in parts]
        return [document for document in self.documents.values() if all(test(document) for test in tests)]

    def search(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        if unknown := asked.keys() - MAY_ASK:
            raise Refused(400, "bad_request", f"Unknown fields {sorted(unknown)}")
        for order in asked.get("sort") or []:
            if order.partition(":")[0] not in self.settings["sortableAttributes"]:
                raise Refused(400, "invalid_search_sort", f"Attribute `{order}` is not sortable.")
        if unknown := set(asked.get("facets") or []) - set(self.settings["filterableAttributes"]):
            raise Refused(400, "invalid_search_facets", f"Invalid facet distribution: {sorted(unknown)}")
        look = Look(self, asked)
        found = [(look.matched(one), one) for one in self.matching(asked.get("filter"), "invalid_search_filter")]
        hits = [(match, one) for match, one in found if match is not None]
        hits.sort(key=lambda hit: look.order(*hit))
        return look.answer(hits)


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return {**old, **{k: merged(old[k], v) if isinstance(old.get(k), dict) else v for k, v in new.items()}}


def checked(settings: Mapping[str, Any]) -> None:
    """Raises Refused for settings that the API does not take."""
    if unknown := settings.keys() - DEFAULTS.keys():
        raise Refused(400, "bad_request", f"Unknown field `{min(unknown)}`")
    rules = settings.get("rankingRules") or []
    if [rule for rule in rules if rule not in RULES and not re.fullmatch(r"[\w.]+:(asc|desc)", rule)]:
        raise Refused(400, "invalid_settings_ranking_rules", f"invalid ranking rules: {rules}")
    for rule in settings.get("localizedAttributes") or []:
        if set(rule) != {"attributePatterns", "locales"} or not set(rule["locales"]) <= LOCALES:
            raise Refused(400, "invalid_settings_localized_attributes", f"Unsupported locale: {rule['locales']}")


# --- filters ----------------------------------------------------------------------------------------------------------

TOKEN = re.compile(r"\s*(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|>=|<=|!=|[=<>()\[\],]|[^\s\"'=<>!()\[\],]+)")
WORDS = {"AND", "OR", "NOT", "IN", "EXISTS", "TO", "IS", "NULL", "EMPTY", "CONTAINS", "_geoRadius"}
Test = Callable[[Mapping[str, Any]], bool]


class Filter:
    """A filter expression: `test(document)`. Raises Refused where it is none, or names what may not be filtered."""

    def __init__(self, text: str, filterable: list[str], code: str) -> None:
        self.filterable, self.code, self.text = filterable, code, text
        self.tokens = list(self._cut(text))
        self.test = self._either()
        if self.tokens:
            raise self._wrong(f"Found unexpected characters at the end of the filter: `{self.tokens[0]}`")

    def _cut(self, text: str) -> Iterator[str]:
        place = 0
        while text[place:].strip():
            found = TOKEN.match(text, place)
            if not found:
                raise self._wrong("Was expecting an operation")
            yield found[1]
            place = found.end()

    def _wrong(self, message: str) -> Refused:
        return Refused(400, self.code, f"{message}\n{self.text}")

    def _next(self, *expected: str) -> str:
        if not self.tokens or (expected and self.tokens[0] not in expected):
            raise self._wrong(f"Was expecting {expected}")
        return self.tokens.pop(0)

    def _is(self, token: str) -> bool:
        if self.tokens[:1] == [token]:
            self.tokens.pop(0)
            return True
        return False

    def _either(self) -> Test:
        tests = [self._both()]
        while self._is("OR"):
            tests.append(self._both())
        return lambda document: any(test(document) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._is("AND"):
            tests.append(self._one())
        return lambda document: all(test(document) for test in tests)

    def _one(self) -> Test:
        if self._is("NOT"):
            test = self._one()
            return lambda document: not test(document)
        if self._is("("):
            test = self._either()
            self._next(")")
            return test
        if self._is("_geoRadius"):
            return self._near()
        return self._condition()

    def _near(self) -> Test:
        self._allowed("_geo")
        self._next("(")
        numbers = [float(self._next())]
        while self._is(","):
            numbers.append(float(self._next()))
        self._next(")")
        lat, lon, metres = numbers
        return lambda document: bool(document.get("_geo")) and far(document["_geo"], lat, lon) <= metres

    def _allowed(self, name: str) -> None:
        if name not in self.filterable:
            raise self._wrong(f"Attribute `{name}` is not filterable.")

    def _value(self) -> str:
        token = self._next()
        if token in WORDS:
            raise self._wrong(f"Was expecting a value but instead got `{token}`, which is a reserved keyword.")
        return token[1:-1] if token[0] in "\"'" else token

    def _condition(self) -> Test:
        name = self._value()
        self._allowed(name)
        no = self._is("NOT")
        if self._is("EXISTS"):
            return lambda document: (name in document) != no
        if self._is("IN"):
            self._next("[")
            values = []
            while not self._is("]"):
                values.append(self._value())
                self._is(",")
            return lambda document: any(same(document.get(name), value) for value in values) != no
        how, value = self._next("=", "!=", ">", ">=", "<", "<="), self._value()
        if how in ("=", "!="):
            return lambda document: same(document.get(name), value) == (how == "=")
        compare = {">": float.__gt__, ">=": float.__ge__, "<": float.__lt__, "<=": float.__le__}[how]
        return lambda document: any(
            compare(float(one), float(value)) for one in listed(document.get(name)) if isinstance(one, int | float)
        )


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def same(value: Any, wanted: str) -> bool:
    return any(str(one).casefold() == wanted.casefold() for one in listed(value))


def far(geo: Mapping[str, float], lat: float, lon: float) -> float:
    high = math.radians(geo["lat"] - lat)
    wide = math.radians(geo["lng"] - lon) * math.cos(math.radians(lat))
    return 6_371_000 * math.hypot(high, wide)


# --- searching --------------------------------------------------------------------------------------------------------


@dataclass
class Match:
    """What of a query a document has: how many terms, with how many typos, the first attribute; where, to mark it."""

    terms: int = 0
    typos: int = 0
    attribute: int = 9
    spans: dict[str, set[tuple[int, int]]] = field(default_factory=dict)


class Look:
    """One search of an index."""

    def __init__(self, index: Index, asked: Mapping[str, Any]) -> None:
        self.index, self.asked = index, asked
        self.names = index.settings["searchableAttributes"]
        self.terms = [fold(found.group()) for found in RUN.finditer(asked.get("q") or "")][:10]
        sizes = index.settings["typoTolerance"]["minWordSizeForTypos"]
        self.one, self.two = sizes["oneTypo"], sizes["twoTypos"]
        self.synonyms = {fold(k): [fold(v) for v in vs] for k, vs in index.settings["synonyms"].items()}

    def matched(self, document: Mapping[str, Any]) -> Match | None:
        """What a document has of the query; None if that is not enough."""
        found = Match()
        for number, term in enumerate(self.terms):
            last = number == len(self.terms) - 1
            hits = [one for word in [term, *self.synonyms.get(term, [])] for one in self._places(document, word, last)]
            if hits:
                typos, rank = min((typos, self.names.index(name)) for typos, name, _ in hits)
                found.terms, found.typos = found.terms + 1, found.typos + typos
                found.attribute = min(found.attribute, rank)
                for _, name, span in hits:
                    found.spans.setdefault(name, set()).add(span)
        enough = len(self.terms) if self.asked.get("matchingStrategy") == "all" else min(1, len(self.terms))
        return found if found.terms >= enough else None

    def _places(self, document: Mapping[str, Any], term: str, last: bool) -> Iterator[tuple[int, str, tuple[int, int]]]:
        for name in self.names:
            for text in listed(document.get(name)):
                for word in RUN.finditer(text):
                    for typos, start, end in self._in(fold(word.group()), term, last):
                        yield typos, name, (word.start() + start, word.start() + end)

    def _in(self, word: str, term: str, last: bool) -> Iterator[tuple[int, int, int]]:
        if IS_CJK.match(term):
            if term in word:
                yield 0, word.index(term), word.index(term) + len(term)
        elif word == term or (last and word.startswith(term)):
            yield 0, 0, len(term)
        elif term.isalpha() and (may := (len(term) >= self.one) + (len(term) >= self.two)):
            typos = OSA.distance(word, term)
            if typos <= may and word[0] == term[0]:
                yield typos, 0, len(word)

    def order(self, match: Match, document: Mapping[str, Any]) -> tuple[Any, ...]:
        sort = [-(document.get(order.partition(":")[0]) or 0) for order in self.asked.get("sort") or []]
        own = [
            (document.get(name) or 0) * (-1 if way == "desc" else 1)
            for name, _, way in (rule.partition(":") for rule in self.index.settings["rankingRules"])
            if way
        ]
        return (*sort, -match.terms, match.typos, match.attribute, *own)

    def answer(self, hits: list[tuple[Match, dict[str, Any]]]) -> dict[str, Any]:
        asked, most = self.asked, self.index.settings["pagination"]["maxTotalHits"]
        found: dict[str, Any] = {"indexUid": asked["indexUid"], "query": asked.get("q", ""), "processingTimeMs": 1}
        if "page" in asked or "hitsPerPage" in asked:
            page, size = asked.get("page", 1), asked.get("hitsPerPage", 20)
            start, limit = (page - 1) * size, size
            found |= {"page": page, "hitsPerPage": size, "totalHits": min(len(hits), most)}
        else:
            start, limit = asked.get("offset", 0), asked.get("limit", 20)
            found |= {"offset": start, "limit": limit, "estimatedTotalHits": len(hits)}
        found["hits"] = [self._shown(*hit) for hit in hits[:most][start : start + limit]]
        if "facets" in asked:
            found["facetDistribution"] = {name: counted(name, hits) for name in asked["facets"]}
        return found

    def _shown(self, match: Match, document: Mapping[str, Any]) -> dict[str, Any]:
        asked = self.asked
        wanted = asked.get("attributesToRetrieve", list(document))
        marked = {
            name: self._marked(name, document[name], match.spans.get(name, set()))
            for name in asked.get("attributesToHighlight", [])
        }
        given = {name: document[name] for name in wanted}
        return given | {"_formatted": {name: str(value) for name, value in given.items()} | marked}

    def _marked(self, name: str, text: str, spans: set[tuple[int, int]]) -> str:
        before, after = self.asked.get("highlightPreTag", "<em>"), self.asked.get("highlightPostTag", "</em>")
        first, last = 0, len(text)
        if name in self.asked.get("attributesToCrop", []):
            size = self.asked.get("cropLength", 10) * 6
            first = max(0, min((start for start, _ in spans), default=0) - size // 2)
            last = first + size
        parts, place = ["…" if first else ""], first
        for start, end in sorted(spans):
            if place <= start and end <= last:
                parts += [text[place:start], before, text[start:end], after]
                place = end
        return "".join([*parts, text[place:last], "…" if last < len(text) else ""])


def counted(name: str, hits: Iterable[tuple[Match, Mapping[str, Any]]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for _, document in hits:
        for value in listed(document.get(name)):
            found[str(value)] = found.get(str(value), 0) + 1
    return found

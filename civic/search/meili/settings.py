"""The settings of the index, as code, and what they have to do with documents."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from civic.search.text import CJK

# Counts up with every change of the settings below or of what a document looks like: the index is then made anew, and
# until that is done PostgreSQL answers.
VERSION = 2
# No document has this attribute. A filter on it is an error on an index with other settings, and with none.
SCHEMA_ATTRIBUTE = f"settings_{VERSION}"
FILL_PREFIX = "fill_"  # begins the name of one more such attribute, which tells one rebuild's index from another's

PRIMARY_KEY = "id"
SEARCHED = ("title", "names", "text", "discussion")
SHOWN = ("id", "digest", "title", "text", "discussion")
FILTERED = ("kind", "item_id", "category_id", "area_ids", "department_id", "status", "at", "_geo")
SORTED = ("at", "support")
MAX_REACHABLE_HITS = 1000  # hits that can be paged to, as documents.REACH
FACET_VALUES = 1000
CUTOFF_MS = 500  # milliseconds after which Meilisearch answers with what it has ranked so far
MIN_ONE_TYPO_CHARS, MIN_TWO_TYPO_CHARS = 4, 8  # letters from which a word may have so many
# Chinese phrases of synonyms that are kept whole wherever they stand, as the cut may else run through them (路灯不亮 is
# taken for 路 and 灯不亮). Longer ones are not: their parts could not be found any more.
TERM = re.compile(f"[{CJK}]{{2,4}}")

# Meilisearch cuts texts by language. These are the languages that it knows, by the codes that packs use (ISO 639-1);
# for others it guesses.
_CODES = (
    "af:afr ak:aka am:amh ar:ara az:aze be:bel bn:ben bg:bul ca:cat cs:ces da:dan de:deu el:ell en:eng eo:epo et:est "
    "fi:fin fr:fra gu:guj he:heb hi:hin hr:hrv hu:hun hy:hye id:ind it:ita jv:jav ja:jpn kn:kan ka:kat km:khm ko:kor "
    "la:lat lv:lav lt:lit ml:mal mr:mar mk:mkd my:mya ne:nep nl:nld nb:nob or:ori pa:pan fa:pes pl:pol pt:por ro:ron "
    "ru:rus si:sin sk:slk sl:slv es:spa sr:srp sv:swe ta:tam te:tel tl:tgl th:tha tk:tuk tr:tur uk:ukr ur:urd uz:uzb "
    "vi:vie yi:yid zh:cmn zu:zul"
)
LOCALES = {pair[:2]: pair[3:] for pair in _CODES.split()}
ALWAYS = ("cmn", "eng")


def index_settings(languages: Iterable[str], synonyms: Iterable[Sequence[str]]) -> dict[str, object]:
    """What PATCH /indexes/{uid}/settings takes.

    `languages` are the city's (ISO 639-1, "pt-BR" too); each group of `synonyms` is phrases that mean the same.
    """
    known = (LOCALES.get(language.partition("-")[0].lower()) for language in languages)
    groups = [tuple(group) for group in synonyms]
    return {
        "searchableAttributes": list(SEARCHED),
        "displayedAttributes": list(SHOWN),
        "filterableAttributes": [*FILTERED, SCHEMA_ATTRIBUTE],
        "sortableAttributes": list(SORTED),
        # Sorting by date or support is strict. `attributeRank` and not `attribute`: the place of a word in a long text
        # says less than how new the report is.
        "rankingRules": ["sort", "words", "typo", "proximity", "attributeRank", "exactness", "static_rank:desc"],
        "localizedAttributes": [
            {"attributePatterns": ["*"], "locales": sorted({*ALWAYS, *(code for code in known if code)})}
        ],
        "typoTolerance": {
            "enabled": True,
            "minWordSizeForTypos": {"oneTypo": MIN_ONE_TYPO_CHARS, "twoTypos": MIN_TWO_TYPO_CHARS},
            "disableOnNumbers": True,
        },
        "synonyms": mutual_synonyms(groups),
        "dictionary": sorted({phrase for group in groups for phrase in group if TERM.fullmatch(phrase)}),
        "stopWords": [],
        "distinctAttribute": None,
        "pagination": {"maxTotalHits": MAX_REACHABLE_HITS},
        "faceting": {"maxValuesPerFacet": FACET_VALUES, "sortFacetValuesBy": {"*": "count"}},
        "facetSearch": False,  # nobody searches among the values of a facet
        "searchCutoffMs": CUTOFF_MS,
    }


def mutual_synonyms(groups: Iterable[Sequence[str]]) -> dict[str, list[str]]:
    """Each phrase of a group with all others of its groups: Meilisearch's synonyms go one way."""
    found: dict[str, set[str]] = {}
    for group in groups:
        for phrase in group:
            found.setdefault(phrase, set()).update(one for one in group if one != phrase)
    return {phrase: sorted(others) for phrase, others in sorted(found.items()) if others}


def schema_hash(wanted: Mapping[str, Any]) -> str:
    """Equal for equal settings of the same version."""
    text = json.dumps([VERSION, wanted], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def filled_by(fill: str, wanted: Mapping[str, Any]) -> dict[str, object]:
    """The settings of the index that one rebuild fills."""
    return {**wanted, "filterableAttributes": [*wanted["filterableAttributes"], FILL_PREFIX + fill]}


def fill_of(found: Mapping[str, Any]) -> str:
    """Which rebuild filled an index, by its settings; "" if none did."""
    names = (name for name in found.get("filterableAttributes") or [] if isinstance(name, str))
    return next((name.removeprefix(FILL_PREFIX) for name in names if name.startswith(FILL_PREFIX)), "")


def has_version(found: Mapping[str, Any]) -> bool:
    """Whether an index has the settings of this version."""
    return SCHEMA_ATTRIBUTE in (found.get("filterableAttributes") or [])


# Meilisearch may write these down in another form than it was given.
UNCOMPARED = ("synonyms", "localizedAttributes")
UNORDERED = ("filterableAttributes", "sortableAttributes", "stopWords", "dictionary")


def differing_settings(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """The names of the settings that an index has otherwise than they should be."""
    return [
        name for name, value in wanted.items() if name not in UNCOMPARED and not _same(name, found.get(name), value)
    ]


def _same(name: str, found: Any, wanted: Any) -> bool:
    if name in UNORDERED:
        own = [one for one in found or [] if not (isinstance(one, str) and one.startswith(FILL_PREFIX))]
        return sorted(map(json.dumps, own)) == sorted(map(json.dumps, wanted))
    if isinstance(wanted, dict):  # what was not asked for has its default
        return isinstance(found, dict) and all(_same("", found.get(key), value) for key, value in wanted.items())
    return bool(found == wanted)

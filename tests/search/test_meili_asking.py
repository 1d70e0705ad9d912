"""What is asked of Meilisearch for a query; its settings; what is sent of a document. Without a server."""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from civic.search.documents import HIGHLIGHT_END, HIGHLIGHT_START, Query, SortOrder
from civic.search.meili.multi_search import NEVER, build_searches, plain_text, read_answer
from civic.search.meili.payload import key, name, payload
from civic.search.meili.settings import (
    differing_settings,
    fill_of,
    filled_by,
    has_version,
    index_settings,
    schema_hash,
)
from tests.builders.documents import SYNONYMS, WANTED, make_document
from tests.search.imitated_index import DEFAULTS, Filter, Index, Refused, checked

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ALL = Query(
    text="pothole",
    kind="report",
    category_ids=(1, 2),
    area_id=3,
    department_id=4,
    statuses=("received", "in_progress"),
    since=NOW - timedelta(days=7),
    near=(42.36, -71.06, 500),
)


def asked(query: Query) -> list[dict[str, Any]]:
    return build_searches(query, "civic", NOW)


def conditions(query: Query) -> list[str]:
    """The filters of the hits, but for the first, which asks whether the settings are ours."""
    return list(asked(query)[0]["filter"][1:])


def test_every_filter_is_in_the_hits() -> None:
    assert conditions(ALL) == [
        "kind = report",
        "category_id IN [1, 2]",
        "area_ids = 3",
        "department_id = 4",
        'status IN ["received", "in_progress"]',
        f"at >= {int((NOW - timedelta(days=7)).timestamp())}",
        "_geoRadius(42.3600000, -71.0600000, 500)",
    ]


def test_a_facet_counts_with_its_own_filter_left_out() -> None:
    first, *counting = asked(ALL)
    assert all(one["limit"] == 0 for one in counting)
    assert [one["facets"] for one in counting[:5]] == [
        ["kind"],
        ["category_id"],
        ["area_ids"],
        ["department_id"],
        ["status"],
    ]
    for left, one in zip(first["filter"][1:6], counting, strict=False):
        assert one["filter"] == [condition for condition in first["filter"] if condition != left]
    times = [one["filter"][-1] for one in counting[5:]]
    assert times == [f"at >= {int((NOW - timedelta(days=days)).timestamp())}" for days in (7, 30, 365)]
    assert all(first["filter"][6] not in one["filter"][:-1] for one in counting[5:])


def test_what_is_not_narrowed_costs_no_search() -> None:
    assert len(asked(Query(text="x"))) == 1 + 3  # time is always counted by spans
    assert len(asked(Query(text="x", kind="report"))) == 1 + 1 + 3
    assert len(asked(Query(text="x", facets=False))) == 1


@pytest.mark.parametrize(
    "code", ["x OR 1=1", 'received" OR status EXISTS OR status = "', "", "a]", "RECEIVED", "ä", "x" * 41, "a\nb", "\0"]
)
def test_what_is_no_code_never_gets_into_a_filter(code: str) -> None:
    assert conditions(Query(statuses=(code,))) == [NEVER]
    assert conditions(Query(statuses=(code, "resolved"))) == ['status IN ["resolved"]']


@pytest.mark.parametrize("code", ["exists", "not", "in", "received"])
def test_a_code_is_a_value_whatever_it_means_in_filters(code: str) -> None:
    [condition] = conditions(Query(statuses=(code,)))
    Filter(condition, ["status"], "")


@pytest.mark.parametrize("place", [(math.nan, 0.0), (91.0, 0.0), (0.0, math.inf), (0.0, -181.0)])
def test_a_place_that_is_none_finds_nothing(place: tuple[float, float]) -> None:
    assert conditions(Query(near=(*place, 100))) == [NEVER]


def test_numbers_are_bounded() -> None:
    [first, *_] = asked(Query(page=10**9, size=10**9, near=(0.0, 0.0, 10**30)))
    assert (first["page"], first["hitsPerPage"]) == (11, 100)
    assert first["filter"][-1].endswith(", 20100000)")
    [first, *_] = asked(Query(page=-5, size=0))
    assert (first["page"], first["hitsPerPage"]) == (1, 1)


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("pothole  elm", "pothole elm"),
        ('"pothole elm', "pothole elm"),
        ("“路灯”坏了", "路灯 坏了"),
        ("-pothole --elm a-b -", "pothole elm a-b"),
        ("a\0b\u202ec\ud800d\ue000", "a b c d"),
        ("", ""),
        ("x" * 10_000, "x" * 300),
    ],
)
def test_what_means_something_to_meilisearch_is_taken_out(typed: str, sent: str) -> None:
    assert plain_text(typed) == sent
    json.dumps(asked(Query(text=typed))).encode()


def test_words_and_order() -> None:
    assert asked(Query(text="a b"))[0]["matchingStrategy"] == "all"
    assert asked(Query(text="a b", partial=True))[0]["matchingStrategy"] == "frequency"
    assert asked(Query(sort=SortOrder.NEW))[0]["sort"] == ["at:desc"]
    assert asked(Query(sort=SortOrder.SUPPORTED))[0]["sort"] == ["support:desc", "at:desc"]


def test_all_that_is_asked_is_allowed_by_the_settings() -> None:
    index = Index("id")
    index.change(WANTED)
    for one in asked(ALL):
        index.search(one)
    bare = Index("id")
    with pytest.raises(Refused, match="not filterable"):
        bare.search(asked(Query(facets=False))[0])  # not even an empty query is answered by an index that is not ours


# --- answers ----------------------------------------------------------------------------------------------------------


def answer(total: int, *shown: dict[str, str], **facets: dict[str, int]) -> dict[str, Any]:
    hits = [{"id": f"report-{i}", "digest": "00", "_formatted": one} for i, one in enumerate(shown, 1)]
    counting = [{"estimatedTotalHits": n} for n in (1, 2, 3)]
    return {"results": [{"hits": hits, "totalHits": total, "facetDistribution": facets}, *counting]}


def test_the_text_with_marks_is_the_excerpt() -> None:
    marked = f"a {HIGHLIGHT_START}lamp{HIGHLIGHT_END}"
    found = read_answer(
        Query(text="lamp"),
        answer(
            3,
            {"title": "1", "text": "plain", "discussion": marked},
            {"title": "2", "text": marked, "discussion": marked + "2"},
            {"title": marked, "text": "plain", "discussion": ""},
        ),
    )
    assert [(hit.title, hit.excerpt) for hit in found.hits] == [("1", marked), ("2", marked), (marked, "plain")]
    assert found.hits[0].key == ("report", 1)
    assert (found.total, found.exact) == (3, True)


def test_more_than_can_be_paged_to_is_an_estimate() -> None:
    found = read_answer(Query(), answer(1000, kind={"report": 40_000, "service": 7}, area_ids={"3": 5}))
    assert (found.total, found.exact) == (40_007, False)
    assert found.facets == {
        "kind": {"report": 40_000, "service": 7},
        "category": {},
        "area": {"3": 5},
        "department": {},
        "status": {},
        "time": {"week": 1, "month": 2, "year": 3},
    }


def test_a_word_that_only_others_like_it_were_found_for_is_told() -> None:
    shown = {
        "title": f"{HIGHLIGHT_START}Pothole{HIGHLIGHT_END} on {HIGHLIGHT_START}Elm{HIGHLIGHT_END}",
        "text": "",
        "discussion": "",
    }
    assert read_answer(Query(text="potohle elm"), answer(1, shown)).corrections == ("potohle → pothole",)
    assert read_answer(Query(text="pothole elm"), answer(1, shown)).corrections == ()
    assert read_answer(Query(text="poth elm"), answer(1, shown)).corrections == ()  # its beginning
    assert read_answer(Query(text="路灯 xyzzy"), answer(1, shown)).corrections == ()


@pytest.mark.parametrize(
    "nonsense",
    [
        {},
        {"results": []},
        {"results": [{"hits": [{"id": "9"}]}]},
        {"results": [{"hits": [{"id": "user-9", "digest": "", "_formatted": {"title": ""}}], "totalHits": 1}]},
        {"results": [{"hits": [], "totalHits": None}]},
        {"results": [{"hits": [], "totalHits": 0, "facetDistribution": {}}]},
        {"results": None},
    ],
)
def test_what_is_no_answer_is_an_error_of_a_known_kind(nonsense: dict[str, Any]) -> None:
    with pytest.raises((LookupError, TypeError, ValueError)):
        read_answer(Query(), nonsense)


# --- settings ---------------------------------------------------------------------------------------------------------


def test_settings_are_what_the_api_takes() -> None:
    checked(WANTED)
    assert WANTED["searchableAttributes"] == ["title", "names", "text", "discussion"]


def test_languages_by_the_codes_that_meilisearch_knows() -> None:
    found = index_settings(["zh-Hant", "EN", "hu", "tlh", "fil"], ())["localizedAttributes"]
    assert found == [{"attributePatterns": ["*"], "locales": ["cmn", "eng", "hun"]}]


def test_synonyms_go_both_ways() -> None:
    assert index_settings([], [*SYNONYMS, ("bin", "rubbish")])["synonyms"] == {
        "bin": ["rubbish", "trash"],
        "rubbish": ["bin"],
        "trash": ["bin"],
        "街灯": ["路灯"],
        "路灯": ["街灯"],
    }
    assert index_settings([], [("alone",)])["synonyms"] == {}


def test_chinese_synonyms_are_kept_whole() -> None:
    groups = [("路灯", "街灯"), ("健身房", "gym"), ("人力资源和社会保障厅", "人社厅"), ("灯", "lamp")]
    assert index_settings([], groups)["dictionary"] == ["人社厅", "健身房", "街灯", "路灯"]


def test_other_settings_are_seen() -> None:
    index = Index("id")
    assert differing_settings(DEFAULTS, WANTED)
    assert not has_version(DEFAULTS)
    index.change(filled_by("abc", WANTED))
    assert differing_settings(index.settings, WANTED) == []
    assert has_version(index.settings)
    assert (fill_of(index.settings), fill_of(DEFAULTS)) == ("abc", "")
    index.change({"rankingRules": ["words"], "typoTolerance": {"enabled": False}})
    assert differing_settings(index.settings, WANTED) == ["rankingRules", "typoTolerance"]
    assert differing_settings({"filterableAttributes": [{"attributePatterns": ["*"]}]}, WANTED)


def test_a_fingerprint_is_of_everything() -> None:
    assert schema_hash(WANTED) == schema_hash(index_settings(["hu", "en"], list(reversed(SYNONYMS))))
    assert schema_hash(WANTED) != schema_hash(index_settings(["en"], SYNONYMS))
    assert schema_hash(WANTED) != schema_hash(index_settings(["en", "zh", "hu"], ()))


# --- documents --------------------------------------------------------------------------------------------------------


def test_an_id_names_a_document() -> None:
    assert name(("report", 12)) == "report-12"
    assert key("report-12") == ("report", 12)
    for strange in ("report-", "user-1", "report-x", "-1", "report-1-2", f"report-{10**19}", "report-１"):
        assert key(strange) is None


def test_a_place_that_meilisearch_would_refuse_is_left_out() -> None:
    assert payload(make_document(1, "x", lat=42.0, lon=-71.0), b"")["_geo"] == {"lat": 42.0, "lng": -71.0}
    for lat, lon in ((None, None), (91.0, 0.0), (0.0, 181.0), (math.nan, 0.0)):
        assert payload(make_document(1, "x", lat=lat, lon=lon), b"")["_geo"] is None


def test_nothing_is_sent_that_is_not_needed() -> None:
    sent = payload(make_document(1, "x", extra={"cover": "secret"}, readers=(3,)), b"\x01")
    assert sent["digest"] == "01"
    assert not {"extra", "readers", "url"} & sent.keys()

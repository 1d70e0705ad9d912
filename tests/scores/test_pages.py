"""The sentences above the table, figures as people read them, and the drawing of a history."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from civic import i18n, timing
from civic.city.queries import CityView
from civic.scores import charts, labels, presentation
from civic.scores.explanation import describe_city, describe_department, explain_changes, explain_standings
from civic.scores.method.spans import read_span
from civic.scores.pages import list_provisional_spans
from civic.scores.periods import current_span, span_before
from civic.scores.queries import ReleaseEntry

Composite = tuple[float, float, float]
NOTHING = {"n": 3, "value": None, "lo": None, "hi": None}
FIGURES: Any = {
    "response": NOTHING | {"met": None, "adjusted": None, "usual": None, "expected": None, "compared": None},
    "resolution": NOTHING | {"met": None, "adjusted": None, "usual": None, "expected": None, "compared": None},
    "speed": NOTHING | {"ratio": None, "mean_s": None, "city_s": None},
    "satisfaction": NOTHING | {"shrunk": None},
    "ownership": NOTHING | {"met": None},
}
SHARES: Any = {name: {"n": 3, "count": None, "share": None} for name in labels.SHARE_NAMES}


def share(met: int, n: int, **more: Any) -> Any:
    mixed = {"adjusted": met / n, "usual": 0.7, "expected": 0.7, "compared": n}
    return {"n": n, "met": met, "value": met / n, "lo": met / n - 0.1, "hi": met / n + 0.1} | mixed | more


def line_data(composite: Composite | None = None, code: str = "as", *, alone: bool = False, **figures: Any) -> Any:
    return {
        "counted": 40 if composite else 3,
        "indicators": FIGURES | figures,
        "shares": SHARES,
        "composite": dict(zip(("value", "lo", "hi"), composite, strict=True)) if composite else None,
        "parts": {} if composite else None,
        "standing": {"code": code, "alone": alone, "points": 0.0, "margin": 1.0} if composite else None,
        "rank": None,
    }


def line(slug: str, composite: Composite | None = None, code: str = "as", **more: Any) -> presentation.ScoreLine:
    return presentation.present_line(slug, slug.title(), line_data(composite, code, **more))


def results(*lines: presentation.ScoreLine, **ranks: tuple[int, int]) -> Any:
    data: Any = {one.slug: one.data for one in lines}
    for slug, (best, worst) in ranks.items():
        data[slug] = data[slug] | {"rank": {"best": best, "worst": worst}}
    return {"departments": data}


def explain(*lines: presentation.ScoreLine) -> list[str]:
    return list(map(str, explain_standings(lines)))


DID: Any = {"response": share(19, 37), "resolution": share(12, 30)}
WATER = line("water", (84, 80, 88), "better", **DID)
PARKS = line("parks", (82, 77, 87), "better", response=share(33, 33))
ROADS = line("roads", (70, 68, 72), "below", **DID)
TREES = line("trees", (76, 70, 82), **DID)
FEW = line("library")


def test_what_a_department_did_comes_before_how_it_stands() -> None:
    assert explain(WATER, ROADS, PARKS, TREES, FEW, FEW) == [
        "<b>Water</b> answered 19 of 37 on time and solved 12 of 30 on time; "
        "all figures together, allowing for harder cases, it is better than the city.",
        "<b>Parks</b> answered 33 of 33 on time; "
        "all figures together, allowing for harder cases, it is better than the city.",
        "<b>Roads</b> answered 19 of 37 on time and solved 12 of 30 on time; "
        "all figures together, allowing for harder cases, it is below the city.",
        "One department cannot be told apart from the city.",
        "2 departments had too few cases for a score.",
    ]


def test_nobody_can_be_told_apart() -> None:
    assert explain(TREES) == ["No department differs from the city by more than chance explains."]


def test_many_are_counted() -> None:
    many = [line(str(number), (50, 40, 60), "below", **DID) for number in range(5)]
    assert explain(*many) == ["5 departments did worse than the city."]


def test_nobody_had_enough() -> None:
    assert explain(FEW) == ["One department had too few cases for a score."]
    assert describe_department(FEW) == (
        "<b>Library</b> had few cases that count (3). There were too few cases for a score."
    )


@pytest.mark.parametrize(
    ("met", "solved", "words"),
    [
        (
            share(231, 399),
            share(190, 350),
            "231 of 399 reports were answered on time in the whole city, and 190 of 350",
        ),
        (share(231, 399), NOTHING | {"met": None}, "231 of 399 reports were answered on time in the whole city."),
        (NOTHING | {"met": None}, NOTHING | {"met": None}, "too few reports were due"),
    ],
)
def test_the_first_sentence_is_of_the_city(met: Any, solved: Any, words: str) -> None:
    made: Any = {"city": {"indicators": {"response": met, "resolution": solved}}}
    assert words in describe_city(made, "2024")


@pytest.mark.parametrize(("code", "alone"), labels.STANDINGS)
def test_a_standing_in_words(code: str, alone: bool) -> None:
    shown = line("water", (84, 80, 88), code, alone=alone, **DID)
    words = shown.standing
    assert ("nobody else does most of this work" in describe_department(shown)) is alone
    assert ("nobody else does most of this work" in words) is alone
    assert {"better": ("better", "more often"), "as": ("as the", "as often"), "below": ("below", "less often")}[code][
        alone
    ] in words


def changes(*lines: presentation.ScoreLine, before: Any) -> list[str]:
    return list(map(str, explain_changes(lines, before, "2023")))


def test_who_changed_by_more_than_chance() -> None:
    before = results(line("roads", (64, 62, 66)), line("water", (90, 89, 91)), PARKS)
    assert changes(WATER, PARKS, ROADS, before=before) == [
        "<b>Roads</b> got better by 6 points since 2023.",
        "<b>Water</b> got worse by 6 points since 2023.",
    ]


def test_nobody_changed_by_more_than_chance() -> None:
    assert changes(ROADS, before=results(line("roads", (67, 65, 69)))) == [
        "Compared with 2023, no department changed by more than chance explains."
    ]
    assert changes(ROADS, before=results(FEW)) == []


def test_a_name_is_not_taken_for_markup() -> None:
    risky = presentation.present_line("x", "<script>", line_data((84, 80, 88), "better", **DID))
    assert "<script>" not in "".join(explain(risky))


def test_the_sentences_in_chinese() -> None:
    with i18n.use_language("zh"):
        assert explain(WATER)[0] == (
            "<b>Water</b>：37件中按时答复19件，30件中按时解决12件；综合各项并考虑案件难度后，优于全市水平。"
        )


def test_lines_are_in_groups_by_their_standing_and_in_one_order_whatever_their_names() -> None:
    """Who cannot be told apart does not stand above another: the score gives no order, and no language another."""
    lower = line("zebra", (90, 85, 95), **DID)
    made = results(FEW, ROADS, lower, TREES, WATER, PARKS)
    names = {"parks": {"en": "Zoo", "zh": "园林"}, "water": {"en": "Aqua", "zh": "水务"}}
    order = ["parks", "water", "trees", "zebra", "roads", "library"]
    for language in ("en", "zh"):
        with i18n.use_language(language):
            assert [one.slug for one in presentation.present_departments(made, names)] == order


def test_a_rank_is_of_twelve_months_and_a_range() -> None:
    made, year = results(WATER, PARKS, ROADS, FEW), results(WATER, PARKS, ROADS, FEW, roads=(3, 3), water=(1, 2))
    found = {
        one.slug: one.rank_of_year
        for one in presentation.present_departments(made, {}, presentation.present_departments(year, {}))
    }
    assert found == {"water": "between 1st and 2nd of 3", "parks": "", "roads": "3rd of 3", "library": ""}
    with i18n.use_language("zh"):
        assert presentation.present_department("water", {}, made, year).rank_of_year == ("第1至第2名之间（共3个部门）")


@pytest.mark.parametrize(("place", "words"), [(1, "1st"), (2, "2nd"), (11, "11th"), (22, "22nd"), (113, "113th")])
def test_places_in_english(place: int, words: str) -> None:
    assert labels.format_rank({"best": place, "worst": place}, 200) == f"{words} of 200"


def test_what_happened_stands_first_and_the_allowance_beside_it() -> None:
    cell = presentation.present_mixed("response", share(33, 33, lo=0.896, hi=1.0, adjusted=0.78))
    assert (cell.text, cell.share, cell.between, cell.late) == ("33 of 33", "100%", "90–100", 0)
    assert cell.beside == "allowing for harder cases: 78%"


def test_nothing_is_allowed_for_where_nobody_can_be_compared() -> None:
    assert presentation.present_mixed("response", share(33, 33, compared=0)).beside == ""


def test_time_is_in_hours_and_stars_are_stars() -> None:
    speed = {"n": 40, "value": 0.6, "lo": 0.5, "hi": 0.7, "ratio": 1.5, "mean_s": 21600.0, "city_s": 32400.0}
    stars: Any = {"n": 12, "value": 4.3, "lo": 4.1, "hi": 4.52, "shrunk": 4.2}
    cell = line("water", (84, 80, 88), speed=speed).figures["speed"]
    assert (cell.text, cell.beside) == ("6 hrs", "the same cases take the city 9 hrs")
    assert cell.between == "3 hrs 51 mins – 9 hrs"  # 9 h / (0.7 / 0.3), and 9 h / (0.5 / 0.5)
    assert cell.bar is None
    cell = presentation.present_stars(stars)
    assert (cell.text, cell.between, cell.beside) == ("4.3", "4.1–4.5", "12 ratings")
    assert cell.bar == pytest.approx((77.5, 82.5, 88))


def test_without_enough_data_nothing_is_said() -> None:
    assert [cell.has_data for cell in FEW.figures.values()] == [False] * 5
    assert {cell.text for cell in FEW.figures.values()} == {"not enough data"}
    assert {(one.text, one.share, one.n) for one in presentation.present_shares(SHARES)} == {("", "", 3)}


def test_the_shares_beside_a_score() -> None:
    shares = SHARES | {"declined": {"n": 80, "count": 5, "share": 0.0625}}
    shown = next(presentation.present_shares(shares))
    assert (shown.label, shown.text, shown.share) == ("declined", "5 of 80", "6%")


@pytest.mark.parametrize(
    ("day", "months", "now", "before"),
    [
        (date(2026, 11, 30), 3, "2026-q4", "2026-q3"),
        (date(2026, 1, 1), 3, "2026-q1", "2025-q4"),
        (date(2024, 2, 29), 1, "2024-02", "2024-01"),
        (date(2026, 12, 31), 12, "2026", "2025"),
    ],
)
def test_the_period_of_a_day_and_the_one_before(day: date, months: int, now: str, before: str) -> None:
    span = current_span(day, months)
    assert (span.id, span_before(span, months).id) == (now, before)
    assert span.first <= day <= span.last


def test_the_periods_whose_figures_are_shown_before_their_release() -> None:
    """The one that runs and the one before it, as long as those of the latest release; not what is published."""

    def entry(release: str) -> ReleaseEntry:
        period = read_span(release).instants(ZoneInfo("UTC"))
        return ReleaseEntry(release, *period, "1", period[1], None, "", None)

    with timing.at(datetime(2026, 11, 30, tzinfo=UTC)):
        offered = {
            releases: [span.id for span in list_provisional_spans(CityView(), [entry(one) for one in releases])]
            for releases in ((), ("2026-q2",), ("2026-q3", "2026-q2"), ("2026-09",), ("2025",))
        }
    assert offered == {
        (): ["2026-q4", "2026-q3"],
        ("2026-q2",): ["2026-q4", "2026-q3"],
        ("2026-q3", "2026-q2"): ["2026-q4"],
        ("2026-09",): ["2026-11", "2026-10"],
        ("2025",): ["2026"],
    }


def test_a_history_has_gaps() -> None:
    points = [("a", "50", (40, 50, 60)), ("b", "60", (50, 60, 70)), ("c", "", None), ("d", "70", (60, 70, 80))]
    found = charts.draw_chart(points)
    assert [dot.label for dot in found.dots] == ["a", "b", "d"]
    assert len(found.lines) == 1  # d stands alone
    assert [text for _x, text in found.labels] == ["a", "d"]
    first, last = found.dots[0], found.dots[-1]
    assert 0 < first.x < last.x < found.width
    assert last.y < first.y  # more is higher up
    assert last.top < last.y < last.bottom
    assert found.level(100) < found.level(0) < found.height

"""The sentences above the table, figures as people read them, and the drawing of a history."""

from typing import Any

import pytest

from civic import i18n
from civic.city.settings import INDICATORS
from civic.scores import charts, labels, presentation
from civic.scores.explanation import explain_scores
from civic.scores.table import escape_cell

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


def line(slug: str, composite: Composite | None, code: str = "as", *, alone: bool = False) -> presentation.ScoreLine:
    data: Any = {
        "counted": 40 if composite else 3,
        "indicators": FIGURES,
        "shares": SHARES,
        "composite": dict(zip(("value", "lo", "hi"), composite, strict=True)) if composite else None,
        "parts": {} if composite else None,
        "standing": {"code": code, "alone": alone, "points": 0.0, "margin": 1.0} if composite else None,
        "rank": None,
    }
    return presentation.present_line(slug, slug.title(), data)


def document(*lines: presentation.ScoreLine, **ranks: tuple[int, int]) -> Any:
    departments = {one.slug: one.data for one in lines}
    year = {slug: lines[0].data | {"rank": {"best": best, "worst": worst}} for slug, (best, worst) in ranks.items()}
    twelve = {"results": {"departments": year}} if ranks else None
    return {"results": {"departments": departments}, "twelve_months": twelve}


def explain(*lines: presentation.ScoreLine, before: Any = None) -> list[str]:
    return list(map(str, explain_scores(lines, "2024", before, "2023")))


WATER = line("water", (84, 80, 88), "better")
PARKS = line("parks", (82, 77, 87), "better")
ROADS = line("roads", (70, 68, 72), "below")
TREES = line("trees", (76, 70, 82))
FEW = line("library", None)


def test_who_is_better_than_the_city_and_who_is_below() -> None:
    assert explain(WATER, PARKS, ROADS, TREES, FEW, FEW) == [
        "In 2024, <b>Water</b> and <b>Parks</b> did better than the city.",
        "In 2024, <b>Roads</b> did worse than the city.",
        "2 departments had too few cases for a score.",
    ]


def test_nobody_can_be_told_apart() -> None:
    assert explain(TREES) == ["In 2024, no department can be told apart from the city."]


def test_many_are_counted() -> None:
    many = [line(str(number), (50, 40, 60), "better") for number in range(5)]
    assert explain(*many) == ["In 2024, 5 departments did better than the city."]


def test_nobody_had_enough() -> None:
    assert explain(FEW) == [
        "In 2024, no department had enough cases for a score.",
        "One department had too few cases for a score.",
    ]


@pytest.mark.parametrize(("code", "alone"), labels.STANDINGS)
def test_a_standing_in_words(code: str, alone: bool) -> None:
    words = line("water", (84, 80, 88), code, alone=alone).standing
    assert ("nobody else does most of this work" in words) is alone
    assert {"better": ("better", "more often"), "as": ("as the", "as often"), "below": ("below", "less often")}[code][
        alone
    ] in words


def test_who_changed_by_more_than_chance() -> None:
    before = document(line("roads", (64, 62, 66)), line("water", (90, 89, 91)), PARKS)
    assert explain(WATER, PARKS, ROADS, before=before)[2:] == [
        "<b>Roads</b> got better by 6 points since 2023.",
        "<b>Water</b> got worse by 6 points since 2023.",
    ]


def test_nobody_changed_by_more_than_chance() -> None:
    assert explain(ROADS, before=document(line("roads", (67, 65, 69))))[1:] == [
        "Compared with 2023, no department changed by more than chance explains."
    ]
    assert explain(ROADS, before=document(FEW))[1:] == []


def test_a_name_is_not_taken_for_markup() -> None:
    risky = presentation.present_line("x", "<script>", WATER.data)
    assert "<script>" not in "".join(explain(risky))


def test_the_sentences_in_chinese() -> None:
    with i18n.use_language("zh"):
        assert explain(WATER, PARKS)[0] == "2024，<b>Water</b>和<b>Parks</b>优于全市水平。"


def test_lines_are_in_the_order_of_their_scores_and_have_the_rank_of_twelve_months() -> None:
    made = document(FEW, ROADS, PARKS, WATER, roads=(3, 3), water=(1, 2))
    found = presentation.present_departments(made, {"roads": {"en": "Roads Department"}})
    assert [one.name for one in found] == ["water", "parks", "Roads Department", "library"]
    assert [one.rank for one in found] == ["1–2", "", "3", ""]


def test_what_happened_stands_first_and_the_allowance_beside_it() -> None:
    share: Any = {"n": 33, "met": 33, "value": 1.0, "lo": 0.896, "hi": 1.0}
    cell = presentation.present_share("response", share, 0.78)
    assert (cell.text, cell.between, cell.beside) == ("100%", "90–100", "allowing for harder cases: 78%")
    figures = FIGURES | {"response": FIGURES["response"] | share}
    assert labels.describe_indicator("response", "Lighting", figures) == "Lighting answered 33 of 33 on time."


def test_time_is_in_hours_and_stars_are_stars() -> None:
    speed = {"n": 40, "value": 0.6, "lo": 0.5, "hi": 0.7, "ratio": 1.5, "mean_s": 21600.0, "city_s": 32400.0}
    stars: Any = {"n": 12, "value": 4.3, "lo": 4.1, "hi": 4.52, "shrunk": 4.2}
    data: Any = line("water", (84, 80, 88)).data
    shown = presentation.present_line("water", "Water", data | {"indicators": FIGURES | {"speed": speed}})
    assert (shown.figures["speed"].text, shown.figures["speed"].beside) == (
        "6 hrs",
        "the same cases take the city 9 hrs",
    )
    assert "took 6 hrs on average; the same cases take the city 9 hrs." in shown.sentences["speed"]
    assert "×" not in shown.sentences["speed"]
    cell = presentation.present_stars(stars)
    assert (cell.text, cell.between) == ("4.3", "4.1–4.5")
    assert cell.bar == pytest.approx((77.5, 82.5, 88))


def test_without_enough_data_nothing_is_said() -> None:
    for name in INDICATORS:
        assert labels.describe_indicator(name, "Water", FIGURES) == "Water: not enough data for this yet."
    assert [cell.has_data for cell in FEW.figures.values()] == [False] * 5
    assert FEW.shares == []


def test_the_shares_beside_a_score() -> None:
    shares = SHARES | {"declined": {"n": 80, "count": 5, "share": 0.0625}}
    data: Any = WATER.data
    assert presentation.present_line("w", "Water", data | {"shares": shares}).shares == [("declined", "5 of 80 (6%)")]


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


@pytest.mark.parametrize(
    ("value", "expected"),
    [("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("Roads", "Roads"), (-0.5, "-0.5"), (None, "")],
)
def test_cells_that_a_spreadsheet_would_run(value: object, expected: str) -> None:
    assert escape_cell(value) == expected

"""The sentences above the table, figures as people read them, and the drawing of a history."""

import pytest

from civic import i18n
from civic.city.settings import INDICATORS
from civic.scores import charts, labels, presentation
from civic.scores.explanation import explain_scores
from civic.scores.table import escape_cell

Composite = tuple[float, float, float]


def line(slug: str, composite: Composite | None, rank: tuple[int, int] | None = None) -> presentation.ScoreLine:
    nothing = {"n": 3, "value": None, "lo": None, "hi": None}
    data = {
        "counted": 40 if composite else 3,
        "indicators": dict.fromkeys(INDICATORS, nothing),
        "declined": {"n": 0, "declined": None, "share": None},
        "composite": dict(zip(("value", "lo", "hi"), composite, strict=True)) if composite else None,
        "rank": {"best": rank[0], "worst": rank[1]} if rank else None,
    }
    return presentation.present_line(slug, slug.title(), data)


def document(*lines: presentation.ScoreLine) -> dict:
    return {"results": {"departments": {one.slug: one.data for one in lines}}}


def explain(*lines: presentation.ScoreLine, before: dict | None = None) -> list[str]:
    return list(map(str, explain_scores(lines, "2024", before, "2023")))


WATER = line("water", (84, 80, 88), (1, 2))
PARKS = line("parks", (82, 77, 87), (1, 2))
ROADS = line("roads", (70, 68, 72), (3, 3))
FEW = line("library", None)


def test_one_did_best() -> None:
    best = line("water", (84, 80, 88), (1, 1))
    assert explain(best, ROADS) == ["In 2024, <b>Water</b> did best."]


def test_two_cannot_be_told_apart() -> None:
    assert explain(WATER, PARKS, ROADS, FEW, FEW) == [
        "In 2024, <b>Water</b> and <b>Parks</b> did best and cannot be told apart.",
        "2 departments had too few cases for a score.",
    ]


def test_more_than_a_few_share_the_first_place() -> None:
    assert "5 departments share the first place" in explain(*[line(str(n), (50, 40, 60), (1, 5)) for n in range(5)])[0]


def test_nobody_had_enough() -> None:
    assert explain(FEW) == [
        "In 2024, no department had enough cases for a score.",
        "One department had too few cases for a score.",
    ]


def test_who_changed_by_more_than_chance() -> None:
    before = document(line("roads", (64, 62, 66), (3, 3)), line("water", (90, 89, 91), (1, 1)), PARKS)
    assert explain(WATER, PARKS, ROADS, before=before)[1:] == [
        "<b>Roads</b> got better by 6 points since 2023.",
        "<b>Water</b> got worse by 6 points since 2023.",
    ]


def test_nobody_changed_by_more_than_chance() -> None:
    before = document(line("roads", (67, 65, 69), (3, 3)))
    assert explain(ROADS, before=before)[1:] == [
        "Compared with 2023, no department changed by more than chance explains."
    ]
    assert explain(ROADS, before=document(FEW))[1:] == []


def test_a_name_is_not_taken_for_markup() -> None:
    risky = presentation.present_line("x", "<script>", WATER.data)
    assert "<script>" not in "".join(explain(risky))


def test_the_sentences_in_chinese() -> None:
    with i18n.use_language("zh"):
        assert explain(WATER, PARKS)[0] == "2024，<b>Water</b>和<b>Parks</b>做得最好，彼此分不出高下。"


def test_lines_are_in_the_order_of_their_ranks() -> None:
    found = presentation.present_departments(document(FEW, ROADS, PARKS, WATER), {"roads": {"en": "Roads Department"}})
    assert [one.name for one in found] == ["water", "parks", "Roads Department", "library"]
    assert [one.rank for one in found] == ["1–2", "1–2", "3", ""]


@pytest.mark.parametrize(
    ("name", "value", "lo", "hi", "written", "between"),
    [
        ("response", 0.923, 0.88, 0.951, "92%", "88–95"),
        ("ownership", 1.0, 0.994, 1.0, "100%", "99–100"),
        ("satisfaction", 0.825, 0.8, 0.85, "4.3", "4.2–4.4"),
        ("speed", 0.5, 0.4, 0.6, "1.00×", "0.67–1.50"),
    ],
)
def test_how_figures_are_written(name: str, value: float, lo: float, hi: float, written: str, between: str) -> None:
    assert labels.format_value(name, value) == written
    assert labels.format_interval(name, lo, hi) == between


def test_figures_in_a_sentence() -> None:
    figure = {"value": 0.92, "lo": 0.88, "hi": 0.95}
    assert labels.describe_indicator("response", "Water", figure) == "Water answered 92 of 100 on time (88–95)."
    for name in INDICATORS:
        assert "Water" in labels.describe_indicator(name, "Water", figure)
        assert "not enough data" in labels.describe_indicator(name, "Water", {"value": None, "lo": None, "hi": None})


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

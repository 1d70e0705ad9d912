"""The language of rules: what it says, what it refuses and where, and how it reads in words."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic.i18n import use_language
from civic.routing.conditions import parse
from civic.routing.facts import Facts
from civic.routing.operators import CannotCompare

ANSWERS: dict[str, Any] = {
    "depth": "12",
    "blocked": True,
    "cars": "no",
    "signs": ["stop", "yield"],
    "colour": "Red",
    "empty": "",
}
# A Saturday evening at the old harbour, in the district of the east.
FACTS = Facts(
    category="pothole",
    areas=("old-harbour", "east", "city"),
    text="A deep hole near the School\n学校门口有个大坑",
    answers=ANSWERS,
    channel="web",
    at=datetime(2026, 11, 14, 19, 30, tzinfo=ZoneInfo("Asia/Shanghai")),
    priority="normal",
)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('category == "pothole"', True),
        ('category == "POTHOLE"', True),
        ('category != "pothole"', False),
        ('category in ["lamp", "pothole"]', True),
        ('category not in ["lamp"]', True),
        ("category in []", False),
        ('area == "east"', True),
        ('area == "old-harbour"', True),
        ('area == "west"', False),
        ('area != "west"', True),
        ('area != "city"', False),
        ('area in ["west", "city"]', True),
        ('area contains "east"', True),
        ('text contains "school"', True),
        ("text contains '学校'", True),
        ('text contains ["museum", "school"]', True),
        ('text not contains "museum"', True),
        ("answers.depth > 10", True),
        ("answers.depth >= 12", True),
        ("answers.depth < 12", False),
        ("answers.depth <= 12.0", True),
        ("answers.depth == 12", True),
        ('answers.depth == "12"', True),
        ("answers.blocked", True),
        ("answers.blocked == true", True),
        ("answers.cars", False),
        ("answers.cars == false", True),
        ('answers.signs contains "stop"', True),
        ('answers.signs == "yield"', True),
        ('answers.signs in ["parking"]', False),
        ('answers.colour == "red"', True),
        ("answers.missing", False),
        ("answers.missing == 3", False),
        ("answers.missing > 3", False),
        ('answers.missing != "x"', True),
        ("answers.empty", False),
        ('channel == "web"', True),
        ("hour >= 19 and hour < 20", True),
        ('weekday == "saturday"', True),
        ('weekday in ["Saturday", "sunday"]', True),
        ('priority == "normal"', True),
        ('not category == "lamp"', True),
        ('category == "lamp" or area == "east"', True),
        ('category == "lamp" and area == "east" or channel == "web"', True),
        ('category == "lamp" and (area == "east" or channel == "web")', False),
        ("not (hour < 8 or hour > 18)", False),
        ('NOT category == "lamp" AND text CONTAINS "hole"', True),
        ('category == "a\\"b" or\n  hour > 3', True),
    ],
)
def test_what_holds(text: str, holds: bool) -> None:
    assert parse(text).evaluate(FACTS) is holds


def test_a_category_that_was_not_chosen() -> None:
    facts = Facts(None, (), "", {}, "web", FACTS.at)
    assert not parse('category == "pothole"').evaluate(facts)
    assert parse('category != "pothole"').evaluate(facts)
    assert not parse('area in ["city"]').evaluate(facts)


@pytest.mark.parametrize("text", ["answers.colour > 3", "answers.signs < 1", "answers.colour == 3"])
def test_what_cannot_be_tried_fails(text: str) -> None:
    with pytest.raises(CannotCompare) as caught:
        parse(text).evaluate(FACTS)
    assert "Red" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('categry == "x"', 'line 1, column 1: there is no field "categry": did you mean "category"?'),
        ("hour > 3\nand wekday == 1", 'line 2, column 5: there is no field "wekday": did you mean "weekday"?'),
        ("foo > 3", 'line 1, column 1: there is no field "foo": the fields are category, area, '),
        ('answers == "x"', 'did you mean "answers.CODE"?'),
        ('category = "x"', 'line 1, column 10: for "is equal" write =='),
        ('category == "x', "line 1, column 13: this text has no closing quote"),
        ("category == ", "line 1, column 13: the condition ends too early"),
        ("", "line 1, column 1: the condition ends too early"),
        ('(category == "x"', "line 1, column 17: the condition ends too early"),
        ('category == "x")', 'line 1, column 16: ")" does not belong here'),
        ("category == pothole", 'line 1, column 13: "pothole" does not belong here'),
        ("category", 'line 1, column 1: "category" has to be compared with something'),
        ("hour > 24", "line 1, column 1: an hour is a number from 0 to 23"),
        ('weekday == "sonntag"', "line 1, column 1: a weekday is one of monday, "),
        ("category == 3", 'line 1, column 1: "category" is compared with texts in quotes'),
        ('category > "a"', 'line 1, column 1: "category" is a text and cannot be compared by ">"'),
        ('area in "east"', 'line 1, column 1: after "in" comes a list'),
        ('category == ["a"]', 'line 1, column 1: a list goes with "in" or "contains", not with "=="'),
        ("hour > 3 §", 'line 1, column 10: "§" does not belong here'),
        ("__import__('os')", 'line 1, column 11: "(" does not belong here'),
        ("not " * 3000 + "answers.x", "nested too deeply"),
    ],
)
def test_what_is_refused_and_where(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(text)
    assert message in str(caught.value)


@given(st.text(max_size=60) | st.text(alphabet=" ()[]\"',<>=!.notinandorhour1x", max_size=60))
def test_any_text_is_read_or_refused_with_its_place(text: str) -> None:
    refused = ""
    try:
        parse(text)
    except ValueError as error:
        refused = str(error)
    assert not refused or refused.startswith("line ")


def test_what_it_mentions() -> None:
    condition = parse('category in ["a", "b"] and not area == "x" or answers.q == 3 and text contains "w"')
    assert condition.mentions == (("category", "a"), ("category", "b"), ("area", "x"), ("text", "w"))


def test_in_plain_words() -> None:
    condition = parse(
        'category == "pothole" and (hour < 8 or not weekday in ["saturday", "sunday"]) and answers.blocked'
    )
    names = {"category": {"pothole": "Pothole"}}
    assert condition.explain(names) == (
        "the category is “Pothole” and (the hour is less than 8 or not (the weekday is one of “Saturday”, “Sunday”))"
        " and the answer “blocked” is yes"
    )
    with use_language("zh"):
        assert condition.explain(names) == (
            "类别是“Pothole”，并且（时刻（小时）小于 8，或者并非（星期是“星期六”、“星期日”之一））"
            "，并且问题“blocked”的回答为“是”"
        )

"""Questions that depend on the answers to others."""

import pytest

from civic.catalogue.catalogue import Question
from civic.reports.models import Report
from tests.builders.riverside import JSON, send_form, send_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")
HERE = {"text": "The cover is gone here", "category": "manhole", "lat": 31.19, "lon": 118.008}


def ask(code: str, **when: tuple[str, ...]) -> Question:
    return Question(code=code, names={"en": code}, kind="yes_no", when=when)


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ({}, False),
        ({"a": ["yes"]}, False),
        ({"a": ["no"], "b": ["x"]}, False),
        ({"a": ["yes"], "b": ["x", "other"]}, True),
    ],
)
def test_it_is_asked_when_each_condition_holds(answers: dict[str, list[str]], asked: bool) -> None:
    assert ask("c", a=("yes",), b=("x", "y")).applies(answers) is asked


@pytest.mark.parametrize(("opened", "kept"), [("yes", {"open": True, "guarded": False}), ("no", {"open": False})])
async def test_what_was_not_asked_is_not_kept(client: Client, opened: str, kept: dict[str, bool]) -> None:
    one = await send_report(client, **HERE, answers={"open": opened, "guarded": "no"})
    assert one["answers"] == kept
    assert (await Report.get(id=one["id"])).answers == kept
    assert (await client.get(one["url"], headers=JSON)).json()["answers"] == kept


async def test_without_a_script_all_are_shown_with_their_condition(client: Client) -> None:
    page = await send_form(client, category="manhole", text="", show="questions")
    assert "Is it fenced off or marked?" in page.text
    assert "Only after “Is the hole open?”: Yes" in page.text
    chinese = await send_form(client, category="manhole", text="", show="questions", lang="zh")
    assert chinese.status_code == 200


async def test_programs_learn_the_condition(client: Client) -> None:
    [manhole] = [one for one in (await client.get("/api/v1/city")).json()["categories"] if one["code"] == "manhole"]
    assert {one["code"]: one["when"] for one in manhole["questions"]} == {
        "mark": {},
        "open": {},
        "guarded": {"open": ["yes"]},
    }

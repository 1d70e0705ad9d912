"""A public text says something: what counts as one, and every action that asks for one."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from civic.cases import actions
from civic.cases.models import CaseEvent
from civic.cases.status import Status
from civic.errors import Invalid
from civic.i18n import use_language
from civic.text import is_public_word
from tests.builders.town import REPORTER, Town, make_case_in

ENOUGH = [
    "We come today",
    "It is done: No. 7",
    "已经修好",
    "OK，修好了",
    "直しました",
    "고쳤습니다",
    "ㄅㄆㄇㄈ",
    "Zrobione już",
    "\u1112\u1161\u11ab" * 4,  # four Korean syllables, each of three letters
    "1234567890",
]
NOT_ENOUGH = [
    "",
    ".",
    "👍",
    "👍🏽" * 12,
    "?" * 40,
    "We come.",
    "已修好",
    "修" + "。" * 20,
    "x" * 9 + "\u0301" * 9,  # nine letters, however many accents
    "\u1112\u1161\u11ab" * 3,
    "a" * 9 + " " * 9 + "-" * 9,
    "\u30fc" * 12,  # the mark of a long vowel, without one
    "\u0640" * 12,  # what lengthens an Arabic letter
    "\u02d0" * 12,
    "\u02bc" * 12,
]
UNSEEN = [
    "\u200b",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u3164",  # a filler of Korean syllables, which Unicode calls a letter
    "\uffa0",
    "\u115f",
    "\u1160",
    "\u2800",  # a Braille cell without dots
    "\u034f",
    "\ufe0f",
    "\u180e",
    "\u2066",
    "\u3000",
    "\u00a0",
    "\U000e0041",
    "\U000e0100",
    "\u0301",
]


@pytest.mark.parametrize("text", ENOUGH)
def test_enough(text: str) -> None:
    assert is_public_word(text)
    assert is_public_word(f"\u200b{text}\u3164")


@pytest.mark.parametrize("text", [*NOT_ENOUGH, *(one * 30 for one in UNSEEN)])
def test_not_enough(text: str) -> None:
    assert not is_public_word(text)


@pytest.mark.parametrize("unseen", UNSEEN)
def test_what_cannot_be_seen_adds_nothing(unseen: str) -> None:
    """Nine letters are no ten, and the fillers of Korean are no Korean characters."""
    assert not is_public_word(unseen.join("We come.") + unseen * 30)
    assert not is_public_word("修" + unseen * 30 + "好")


Act = Callable[[int, Town, str], Awaitable[Any]]
ACTIONS: dict[str, tuple[Status, Act]] = {
    "accept": (Status.ASSIGNED, lambda c, t, text: actions.accept(c, by=t.of(t.roads), text=text)),
    "reply": (Status.IN_PROGRESS, lambda c, t, text: actions.reply(c, by=t.of(t.roads), text=text)),
    "ask": (Status.ASSIGNED, lambda c, t, text: actions.ask(c, by=t.of(t.roads), text=text)),
    "hand_over": (Status.ASSIGNED, lambda c, t, text: actions.hand_over(c, t.parks.id, by=t.of(t.roads), text=text)),
    "give_back": (Status.ASSIGNED, lambda c, t, text: actions.give_back(c, by=t.of(t.roads), text=text)),
    "add_support": (Status.ASSIGNED, lambda c, t, text: actions.add_support(c, t.parks.id, by=t.desk, text=text)),
    "resolve": (Status.IN_PROGRESS, lambda c, t, text: actions.resolve(c, by=t.of(t.roads), text=text)),
    "decline": (
        Status.RECEIVED,
        lambda c, t, text: actions.decline(c, by=t.desk, reason="not_public", text=text),
    ),
    "dispute": (Status.RESOLVED, lambda c, t, text: actions.dispute(c, by=REPORTER, text=text)),
    "uphold": (Status.DECLINED, lambda c, t, text: actions.uphold(c, by=t.desk, text=text)),
}
OPTIONAL = {"accept"}  # with a text it is a public word, too


@pytest.mark.parametrize("name", ACTIONS)
async def test_every_public_text(town: Town, name: str) -> None:
    status, act = ACTIONS[name]
    case = await make_case_in(town, status)
    before = await CaseEvent.filter(case_id=case.id).count()
    refused = ["ok", "👍", "We come.", "已修好"] + ([] if name in OPTIONAL else ["", "\u200b" * 20, "\u3164" * 20])
    for text in refused:
        with pytest.raises(Invalid) as error:
            await act(case.id, town, text)
        assert error.value.fields.keys() == {"text"}
    assert await CaseEvent.filter(case_id=case.id).count() == before
    await act(case.id, town, "已经看过了。")


async def test_the_reason_is_in_the_reader_s_language(town: Town) -> None:
    case = await make_case_in(town, Status.ASSIGNED)
    with use_language("zh"), pytest.raises(Invalid) as error:
        await actions.reply(case.id, by=town.of(town.roads), text="ok")
    assert "四个" in str(error.value.fields["text"])


async def test_an_acceptance_of_blanks_is_no_word(town: Town) -> None:
    case = await make_case_in(town, Status.ASSIGNED)
    assert (await actions.accept(case.id, by=town.of(town.roads), text="\u200b\u2060")).first_word_at is None


async def test_a_citizen_answers_as_shortly_as_they_like(town: Town) -> None:
    case = await make_case_in(town, Status.WAITING)
    with pytest.raises(Invalid):
        await actions.answer(case.id, by=REPORTER, text="\u200b")
    assert (await actions.answer(case.id, by=REPORTER, text="No.")).status == Status.IN_PROGRESS

"""The life of a case, every pair of statuses and every kind of actor, against DESIGN 3 written out again."""

from collections.abc import Awaitable, Callable
from itertools import product
from typing import Any

import pytest

from civic.cases import actions, life
from civic.cases.actors import Actor, ActorKind
from civic.cases.models import Case
from civic.cases.status import Status
from civic.errors import Conflict, NotAllowed
from tests.builders.town import REASON, REPORTER, Town, at, list_event_kinds, make_case_in, receive_case

ALLOWED = """
received     assigned     system dispatcher
received     merged       dispatcher department
assigned     merged       dispatcher department
in_progress  merged       dispatcher department
waiting      merged       dispatcher department
received     declined     dispatcher department
assigned     declined     dispatcher department
in_progress  declined     dispatcher department
waiting      declined     dispatcher department
assigned     in_progress  department
assigned     assigned     dispatcher department
in_progress  assigned     dispatcher department
waiting      assigned     dispatcher department
assigned     received     department
in_progress  received     department
waiting      received     department
in_progress  waiting      department system
merged       received     dispatcher department
merged       assigned     dispatcher department
merged       in_progress  dispatcher department
merged       waiting      dispatcher department
waiting      in_progress  reporter system
assigned     resolved     department
in_progress  resolved     department
waiting      resolved     department
resolved     confirmed    reporter system
resolved     in_progress  reporter citizen dispatcher
confirmed    in_progress  reporter dispatcher
declined     in_progress  dispatcher
"""
TABLE = {(line.split()[0], line.split()[1]): set(line.split()[2:]) for line in ALLOWED.strip().splitlines()}


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_every_pair_by_every_kind_of_actor(before: Status, after: Status) -> None:
    for kind in ActorKind:
        allowed = TABLE.get((before.value, after.value))
        if allowed is None:
            with pytest.raises(Conflict):
                life.check_step(before, after, Actor(kind))
        elif kind.value not in allowed:
            with pytest.raises(NotAllowed):
                life.check_step(before, after, Actor(kind))
        else:
            life.check_step(before, after, Actor(kind))


Act = Callable[[Case, Town], Awaitable[Any]]
OPEN = {"received", "assigned", "in_progress", "waiting"}
HELD = OPEN - {"received"}

# For each action: from which statuses it works, and where it leads (None: nowhere else).
ACTS: dict[str, tuple[set[str], str | None, Act]] = {
    "assign": (
        OPEN,
        "assigned",
        lambda case, town: actions.assign(case.id, town.parks.id, by=town.desk, reason=REASON),
    ),
    "accept": ({"assigned"}, "in_progress", lambda case, town: actions.accept(case.id, by=town.of(town.roads))),
    "ask": (
        {"assigned", "in_progress"},
        "waiting",
        lambda case, town: actions.ask(case.id, by=town.of(town.roads), text="Where exactly?"),
    ),
    "hand_over": (
        HELD,
        "assigned",
        lambda case, town: actions.hand_over(case.id, town.parks.id, by=town.of(town.roads), text="This is yours."),
    ),
    "give_back": (
        {"assigned"},
        "received",
        lambda case, town: actions.give_back(case.id, by=town.of(town.roads), text="This is not ours."),
    ),
    "resolve": (
        HELD,
        "resolved",
        lambda case, town: actions.resolve(case.id, by=town.of(town.roads), text="It is all done."),
    ),
    "decline": (
        OPEN,
        "declined",
        lambda case, town: actions.decline(case.id, by=town.desk, reason="not_feasible", text="No, that is not so."),
    ),
    "merge": (
        OPEN,
        "merged",
        lambda case, town: _merge(case, town),
    ),
    "confirm": ({"resolved"}, "confirmed", lambda case, town: actions.confirm(case.id, by=REPORTER)),
    "dispute": (
        {"resolved", "confirmed"},
        "in_progress",
        lambda case, town: actions.dispute(case.id, by=REPORTER, text="Still there."),
    ),
    "uphold": (
        {"declined"},
        "in_progress",
        lambda case, town: actions.uphold(case.id, by=town.desk, text="It is our own work."),
    ),
    "add_support": (
        HELD,
        None,
        lambda case, town: actions.add_support(case.id, town.parks.id, by=town.desk, text="Please help us."),
    ),
    "answer": ({"waiting"}, "in_progress", lambda case, town: actions.answer(case.id, by=REPORTER, text="There.")),
    "recategorise": (
        OPEN,
        None,
        lambda case, town: actions.recategorise(case.id, town.lamp, by=town.desk),
    ),
    "note": (set(Status), None, lambda case, town: actions.add_note(case.id, by=town.desk, text="Hm.")),
}


async def _merge(case: Case, town: Town) -> None:
    await actions.merge(case.id, (await receive_case(town)).id, by=town.desk, text="It is the same one.")


@pytest.mark.parametrize("status", list(Status))
async def test_every_action_in_every_status(town: Town, status: Status) -> None:
    """An action either leads where the table says, with one event more, or is refused and changes nothing."""
    for name, (works, leads, act) in ACTS.items():
        case = await make_case_in(town, status)
        before = await list_event_kinds(case)
        with at("2026-11-10 11:00"):
            if status.value not in works:
                with pytest.raises((Conflict, NotAllowed)):
                    await act(case, town)
                assert await list_event_kinds(case) == before, name
                assert (await Case.get(id=case.id)).status == status
                continue
            await act(case, town)
        after = await Case.get(id=case.id)
        expected = leads or status
        if name == "answer" and status == Status.WAITING:
            expected = "in_progress"
        assert after.status == expected, name
        assert len(await list_event_kinds(case)) > len(before), name

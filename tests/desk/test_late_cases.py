"""What a department may do with a case that is late changes no promise (review of the scores, 2 and 4)."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from civic import timing
from civic.cases.models import Assignment, Case
from civic.cases.status import Status
from tests.builders.riverside import JSON, act_at_desk, get_case, get_department_id, send_desk_form, send_routed_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")
LATE = timedelta(days=60)


async def decline(roads: Client, case: Case, _early: Case) -> None:
    await act_at_desk(roads, case.id, "decline", reason="no_action_needed", text="Nothing needs to be done.")


async def recategorise(roads: Client, case: Case, _early: Case) -> None:
    await act_at_desk(roads, case.id, "recategorise", category="drain")


async def hand_over(roads: Client, case: Case, _early: Case) -> None:
    await act_at_desk(roads, case.id, "hand_over", to="parks", text="This is a tree's root.")


async def give_back(roads: Client, case: Case, _early: Case) -> None:
    await act_at_desk(roads, case.id, "give_back", text="This is not our road.")


async def merge(roads: Client, case: Case, early: Case) -> None:
    await act_at_desk(roads, case.id, "merge", into=early.number)


DEEDS = (decline, recategorise, hand_over, give_back, merge)


async def promises(client: Client, url: str) -> dict[str, Any]:
    page = (await client.get(url, headers=JSON)).json()
    return {name: one["due_at"] for name, one in page["promises"].items()}


async def due_instants(assignment: Assignment) -> list[Any]:
    loaded = await Assignment.get(id=assignment.id).select_related("response_clock", "resolution_clock")
    assert loaded.resolution_clock is not None
    return [loaded.response_clock.due_at, loaded.resolution_clock.due_at]


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
async def test_a_late_case_stays_late(
    client: Client, agent: Client, deed: Callable[[Client, Case, Case], Awaitable[None]]
) -> None:
    early = await get_case((await send_routed_report(client))["id"])
    one = await send_routed_report(client)
    case = await get_case(one["id"])
    assignment = await Assignment.get(case_id=case.id)
    promised, due, category = await promises(client, one["url"]), await due_instants(assignment), assignment.category_id
    with timing.at(timing.now() + LATE):
        roads = await agent.sign_in(agent.user) if agent.user else agent
        await roads.join(await get_department_id("roads"))
        await deed(roads, case, early)
        after = await Assignment.get(id=assignment.id)
        assert await due_instants(assignment) == due
        assert (after.category_id, after.started_at) == (category, assignment.started_at)
        assert after.first_word_at is None or after.first_word_at > due[0]
        now = await promises(client, one["url"])
        if deed is merge:  # the report is with the earlier case now, which is due no later
            assert all(now[name] <= promised[name] for name in promised)
            assert (await Case.get(id=early.id)).received_at <= case.received_at
        else:
            assert now == promised


async def test_a_case_in_two_has_two_promises(client: Client, agent: Client) -> None:
    """A department cannot make two of one: there is no such deed, and what is reported twice is two cases."""
    case = await get_case((await send_routed_report(client))["id"])
    roads = await agent.join(await get_department_id("roads"))
    for name in ("split", "copy", "unmerge", "open_case"):
        assert (await send_desk_form(roads, case.id, name)).status_code in (403, 404, 409)
    assert await Case.all().count() == 1
    assert (await Case.get(id=case.id)).status == Status.ASSIGNED

"""A small city to work in: two calendars, three departments, two categories, and the people of the desk."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from civic import cache, timing
from civic.accounts.models import Role, User
from civic.cases import actions
from civic.cases.actors import SYSTEM, Actor, ActorKind
from civic.cases.models import Assignment, Case, CaseEvent
from civic.cases.status import Status
from civic.catalogue.models import Calendar, Category, Department, Membership
from civic.city.models import City
from civic.db import in_transaction
from civic.writes import Writes, new_ids
from tests.builders.calendars import WITH_CALENDARS
from tests.databases import Databases, emptying

SHANGHAI = ZoneInfo("Asia/Shanghai")


def local_time(text: str) -> datetime:
    """`2026-11-13 16:30` in Shanghai. 2026-11-13 is a Friday."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@dataclass
class Town:
    """What the tests act with. Targets of `pothole`: 4 working hours, 3 working days; of `lamp`: 48 hours, 5 days."""

    roads: Department
    parks: Department
    water: Department  # open in the afternoon only
    pothole: Category
    lamp: Category  # asks for evidence
    agent: User
    dispatcher: User

    def of(self, department: Department) -> Actor:
        return Actor(ActorKind.DEPARTMENT, self.agent.id, department.id)

    @property
    def desk(self) -> Actor:
        return Actor(ActorKind.DISPATCHER, self.dispatcher.id)


REPORTER = Actor(ActorKind.REPORTER)
REASON: dict[str, Any] = {"step": "dispatcher"}


@pytest.fixture(scope="session")
def database_dsn(databases: Databases) -> str:
    """A database in which the town's calendars stay."""
    return databases.copy("town", WITH_CALENDARS)[0]


@pytest.fixture(scope="session")
async def empty(database_dsn: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    async with emptying(database_dsn, keep=("calendar", "calendar_interval")) as empty:
        yield empty


async def make_town() -> Town:
    calendars = {calendar.slug: calendar for calendar in await Calendar.all()}
    await City.create(
        id=1,
        names={"en": "Town"},
        languages=["en", "zh"],
        zone="Asia/Shanghai",
        settings={"calendar": "city"},
        pack_hash="",
        loaded_at=local_time("2026-01-01 00:00"),
    )
    departments = [
        await Department.create(slug=slug, names={"en": slug.title()}, calendar=calendars[calendar])
        for slug, calendar in (("roads", "city"), ("parks", "city"), ("water", "afternoons"))
    ]
    pothole = await _make_category("pothole", "4 working hours", "3 working days", evidence=False)
    lamp = await _make_category("lamp", "48 hours", "5 days", evidence=True)
    agent = await _make_user("agent@town.example", Role.AGENT)
    for department in departments:
        await Membership.create(user=agent, department=department)
    dispatcher = await _make_user("desk@town.example", Role.DISPATCHER)
    cache.clear_caches()
    return Town(*departments, pothole, lamp, agent, dispatcher)


async def _make_category(code: str, response: str, resolution: str, *, evidence: bool) -> Category:
    return await Category.create(
        code=code,
        names={"en": code.title()},
        response_target=response,
        resolution_target=resolution,
        evidence_required=evidence,
    )


async def _make_user(email: str, role: Role) -> User:
    then = local_time("2026-01-01 00:00")
    return await User.create(email=email, password_hash="-", role=role, created_at=then, email_confirmed_at=then)


async def reload_case(case: Case) -> Case:
    return await Case.get(id=case.id).select_related("response_clock", "resolution_clock")


def at(text: str) -> AbstractContextManager[None]:
    """Within the block it is this time in Shanghai."""
    return timing.at(local_time(text))


async def receive_case(town: Town, when: str = "2026-11-10 09:00", category: Category | None = None) -> Case:
    """A case that nobody has; of the category pothole unless said."""
    with at(when):
        return await open_case(category or town.pothole)


async def open_case(category: Category | None, *, area_id: int | None = None, channel: str = "web") -> Case:
    """A case received now, of no report."""
    async with in_transaction():
        writes = Writes()
        ids = await new_ids(*actions.CASE_ROWS)
        event = await actions.add_case(writes, ids, category=category, area_id=area_id, by=REPORTER, channel=channel)
        await writes.run()
    return event.case


async def receive_assigned_case(town: Town, when: str = "2026-11-10 09:00", category: Category | None = None) -> Case:
    """A case that roads has had from the first moment on."""
    case = await receive_case(town, when, category)
    with at(when):
        return await actions.assign(case.id, town.roads.id, by=SYSTEM, reason=REASON)


async def make_case_in(town: Town, status: Status) -> Case:
    """A case of roads in this status, on the usual way."""
    case = await receive_case(town)
    roads = town.of(town.roads)
    ways = {
        Status.RECEIVED: [],
        Status.ASSIGNED: ["assign"],
        Status.IN_PROGRESS: ["assign", "accept"],
        Status.WAITING: ["assign", "accept", "ask"],
        Status.RESOLVED: ["assign", "resolve"],
        Status.CONFIRMED: ["assign", "resolve", "confirm"],
        Status.DECLINED: ["assign", "decline"],
        Status.MERGED: ["assign", "merge"],
    }
    for step in ways[status]:
        with at("2026-11-10 10:00"):
            if step == "assign":
                await actions.assign(case.id, town.roads.id, by=town.desk, reason=REASON)
            elif step == "accept":
                await actions.accept(case.id, by=roads)
            elif step == "ask":
                await actions.ask(case.id, by=roads, text="Where exactly?")
            elif step == "resolve":
                await actions.resolve(case.id, by=roads, text="We filled it in.")
            elif step == "confirm":
                await actions.confirm(case.id, by=REPORTER)
            elif step == "decline":
                await actions.decline(case.id, by=roads, reason="not_public", text="This is not ours.")
            else:
                await actions.merge(case.id, (await receive_case(town)).id, by=town.desk, text="It is the same one.")
    return await Case.get(id=case.id)


async def list_assignments(case: Case) -> list[Assignment]:
    """All assignments, oldest first, with their clocks."""
    rows = Assignment.filter(case_id=case.id).order_by("id")
    return await rows.select_related("response_clock", "resolution_clock")


async def list_event_kinds(case: Case) -> list[str]:
    """The kinds of the case's events, in order."""
    return await CaseEvent.filter(case_id=case.id).order_by("seq").values_list("kind", flat=True)  # type: ignore[return-value]

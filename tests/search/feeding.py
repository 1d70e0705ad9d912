"""People who post, and departments that answer, without their browsers; and what the index then holds."""

import json
from collections.abc import Awaitable, Sequence
from dataclasses import asdict
from typing import Any

import pytest

from civic.accounts.models import Role
from civic.accounts.people import Person
from civic.cases.actors import Actor, ActorKind
from civic.catalogue.queries import catalogue
from civic.db import execute, fetch
from civic.ratings import actions as ratings
from civic.ratings.forms import RatingForm
from civic.ratings.models import Rating
from civic.reports import actions as reports
from civic.reports.forms import ReportForm
from civic.reports.models import Report
from civic.search.documents import Document, Query
from civic.search.engine import Differences
from civic.search.postgres import rows
from civic.search.postgres.engine import PostgresEngine
from civic.search.queries import find, find_on_desk
from civic.search.verify import check
from civic.traffic import actions as traffic
from civic.traffic.forms import UpdateForm
from civic.traffic.models import TrafficKind, TrafficUpdate
from tests.clients import make_user
from tests.indexed import indexed

LAT, LON = 31.19, 118.008  # the Bell Tower of Riverside
ELSEWHERE = (31.2, 118.03)


async def person(email: str, role: Role = Role.CITIZEN, *departments: str, name: str = "") -> Person:
    user = await make_user(email, role, name=name)
    found = (await catalogue()).department_by_slug
    return Person(
        id=user.id, name=name, email=email, role=role, departments=frozenset(found[one].id for one in departments)
    )


@pytest.fixture
async def ana(riverside: None) -> Person:
    return await person("ana@example.org", name="Ana")


@pytest.fixture
async def bo(riverside: None) -> Person:
    return await person("bo@example.org", name="Bo")


@pytest.fixture
async def dan(riverside: None) -> Person:
    return await person("dan@example.org", Role.DISPATCHER, name="Dan")


async def report(
    author: Person, text: str, category: str | None = "pothole", *, title: str = "", routed: bool = True, **values: Any
) -> Report:
    """A report at the Bell Tower."""
    given = {"lat": LAT, "lon": LON, "answers": {}}
    found = (await catalogue()).category_by_code[category] if category else None
    data = ReportForm(text=text, title=title, category=found, **given | values)
    posted = await reports.post_report(data, author)
    if routed:
        await reports.route_case(posted.row.case_id)
    return posted.row


async def update(author: Person, text: str, **values: Any) -> TrafficUpdate:
    """A flood at the Bell Tower."""
    given = {"kind": TrafficKind.FLOOD, "lat": LAT, "lon": LON, "place": "", "client_key": None}
    data = UpdateForm(text=text, **given | values)
    return (await traffic.post_update(data, author)).row


async def rating(author: Person, slug: str, text: str, stars: int = 4) -> Rating:
    service = (await catalogue()).service_by_slug[slug]
    return (await ratings.rate_service(service, RatingForm(stars=stars, text=text), author)).row.rating


async def holder(case_id: int) -> Actor:
    """The department that has the case."""
    [row] = await fetch("SELECT department_id FROM case_file WHERE id = $1", case_id)
    return Actor(ActorKind.DEPARTMENT, None, row["department_id"])


async def finds(text: str) -> set[str]:
    """What everybody finds, as kind:item_id."""
    return {f"{one.kind}:{one.item_id}" for one in await _hits(find(Query(text=text, size=100)))}


async def finds_on_desk(text: str, readers: Sequence[int] | None = None) -> set[int]:
    """The cases that somebody of these departments finds, by any word; None: a dispatcher."""
    given = None if readers is None else tuple(readers)
    return {one.item_id for one in await _hits(find_on_desk(Query(text=text, size=100, readers=given)))}


async def _hits(found: Awaitable[Any]) -> list[Document]:
    return [hit.document for hit in (await found).hits]


async def documents(tables: rows.DocumentTables = rows.PUBLIC) -> list[Document]:
    """Everything that an index holds."""
    keys = await fetch(f"SELECT kind, item_id FROM {tables.documents} ORDER BY 1, 2")
    return await rows.read_documents([(row["kind"], row["item_id"]) for row in keys], tables)


async def everything(tables: rows.DocumentTables = rows.PUBLIC) -> str:
    """All texts and values of an index, as one."""
    return json.dumps([asdict(one) for one in await documents(tables)], ensure_ascii=False, default=str)


async def whole() -> Differences:
    """Caught up, the index is what it should be."""
    await indexed()
    assert not await fetch("SELECT * FROM search_dirty")
    found = await check(PostgresEngine())
    assert found.keys() == []
    return found


async def forget_marks() -> None:
    """As if something had gone wrong."""
    await execute("DELETE FROM search_dirty")

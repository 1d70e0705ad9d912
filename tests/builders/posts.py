"""Posts in Riverside, made by the actions themselves: who writes them, and the department that answers."""

from collections.abc import Sequence
from typing import Any

import pytest

from civic import timing
from civic.accounts.models import Role
from civic.accounts.people import Person
from civic.cases.actors import Actor, ActorKind
from civic.catalogue.queries import catalogue
from civic.db import fetch
from civic.posts.models import Post
from civic.ratings import actions as ratings
from civic.ratings.forms import RatingForm
from civic.ratings.models import Rating
from civic.reports import actions as reports
from civic.reports.forms import ReportForm
from civic.reports.models import Report
from civic.search.documents import Document
from civic.traffic import actions as traffic
from civic.traffic.forms import UpdateForm
from civic.traffic.models import TrafficKind, TrafficUpdate
from tests.builders.documents import put_documents
from tests.clients import make_user

LAT, LON = 31.19, 118.008  # the Bell Tower of Riverside
ELSEWHERE = (31.2, 118.03)


async def make_person(email: str, role: Role = Role.CITIZEN, *slugs: str, name: str = "") -> Person:
    """Make an account, and somebody who acts with it as a member of these departments."""
    user = await make_user(email, role, name=name)
    by_slug = (await catalogue()).department_by_slug
    departments = frozenset(by_slug[slug].id for slug in slugs)
    return Person(id=user.id, name=name, email=email, role=role, departments=departments)


@pytest.fixture
async def ana(riverside: None) -> Person:
    return await make_person("ana@example.org", name="Ana")


@pytest.fixture
async def bo(riverside: None) -> Person:
    return await make_person("bo@example.org", name="Bo")


@pytest.fixture
async def dan(riverside: None) -> Person:
    return await make_person("dan@example.org", Role.DISPATCHER, name="Dan")


async def make_report(
    author: Person, text: str, category: str | None = "pothole", *, title: str = "", routed: bool = True, **values: Any
) -> Report:
    """Post a report at the Bell Tower, and let it be routed."""
    fields = {"lat": LAT, "lon": LON, "answers": {}}
    view = (await catalogue()).category_by_code[category] if category else None
    data = ReportForm(text=text, title=title, category=view, **fields | values)
    posted = await reports.post_report(data, author)
    if routed:
        await reports.route_case(posted.row.report.case_id)
    return posted.row.report


async def make_update(author: Person, text: str, **values: Any) -> TrafficUpdate:
    """Post a traffic update: a flood at the Bell Tower."""
    fields = {"kind": TrafficKind.FLOOD, "lat": LAT, "lon": LON}
    data = UpdateForm(text=text, **fields | values)
    return (await traffic.post_update(data, author)).row


async def make_rating(author: Person, slug: str, text: str, stars: int = 4) -> Rating:
    service = (await catalogue()).service_by_slug[slug]
    return (await ratings.rate_service(service, RatingForm(stars=stars, text=text), author)).row.rating


async def get_holder(case_id: int) -> Actor:
    """Return the department that has the case."""
    [row] = await fetch("SELECT department_id FROM case_file WHERE id = $1", case_id)
    return Actor(ActorKind.DEPARTMENT, None, row["department_id"])


async def write_visible_documents(documents: Sequence[Document]) -> None:
    """Put made-up documents into the index, each with the public post that lets everybody see it."""
    service, now = (await catalogue()).services[0].id, timing.now()
    for one in documents:
        await Post.create(id=one.item_id, kind=one.kind, text=one.title, created_at=now)
        if one.kind == "rating":
            await Rating.create(post_id=one.item_id, service_id=service, stars=4, given_at=now)
    await put_documents(documents)

"""Riverside, the made-up city, as tests about reports and the desk use it: its places, and what people do there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

import civic.demo
from civic import cache, timing
from civic.cases.models import Case
from civic.catalogue.models import Category, Department
from civic.city.actions import bump_version
from civic.city.models import City
from civic.composition import install_hooks
from civic.config import LimitsConfig
from civic.cookies import BROWSER
from civic.db import connect, execute
from civic.packs.actions import load_pack
from civic.reports.actions import route_case
from civic.reports.models import Report
from tests.clients import Client
from tests.databases import EMPTY, Databases, Template, emptying
from tests.media.pictures import encoded, scene

JSON = {"Accept": "application/json"}
BELL_TOWER = {"lat": "31.19", "lon": "118.008"}
ELSEWHERE = {"lat": "12.5", "lon": "12.5"}  # not in the city
HOLE = "A deep hole in front of the school gate"
MARKS = "INSERT INTO search_dirty (root, item_id) SELECT 'service', id FROM service"
CODE = r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}"


PACK = Path(civic.demo.__file__).parent / "pack"


async def _load(url: str) -> None:
    install_hooks()
    async with connect(url, pool=2):
        await load_pack(PACK)
        await City.filter(id=1).update(languages=["en", "zh"])
        await execute("DELETE FROM search_dirty")


RIVERSIDE = Template(
    "riverside",
    lambda url, folder: asyncio.run(_load(url)),
    sources=(load_pack.__module__, "civic/demo/pack"),
    base=EMPTY,
)


@pytest.fixture(scope="session")
def database_dsn(databases: Databases) -> str:
    """This worker's database with the city in it, instead of the empty one: loading it costs more than most tests."""
    return databases.copy("riverside", RIVERSIDE)[0]


@pytest.fixture(scope="session")
async def empty(database_dsn: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A function that empties what the pack did not fill; the index is to be told of its services."""
    async with emptying(database_dsn, keep=None, then=MARKS) as empty:
        yield empty


@pytest.fixture
def riverside(database: str) -> None:
    """Riverside is loaded; who does not say otherwise reads English."""


@asynccontextmanager
async def change_category(code: str, **changes: Any) -> AsyncIterator[None]:
    """Change a category of the pack for the duration of the block."""
    before = await Category.filter(code=code).values(*changes)
    await _change(code, changes)
    try:
        yield
    finally:
        await _change(code, before[0])


@asynccontextmanager
async def retire_department(slug: str) -> AsyncIterator[None]:
    """A department has left the pack for the duration of the block: later tests share the pack's rows."""
    try:
        await _retire(slug, timing.now())
        yield
    finally:
        await _retire(slug, None)


async def _retire(slug: str, at: datetime | None) -> None:
    await Department.filter(slug=slug).update(retired_at=at)
    await bump_version()
    cache.clear_caches()


async def _change(code: str, values: dict[str, Any]) -> None:
    await Category.filter(code=code).update(**values)
    await bump_version()
    cache.clear_caches()


async def send_form(client: Client, *, files: Any = None, **fields: Any) -> httpx2.Response:
    """Send the form as a browser does: a pothole at the Bell Tower, unless said otherwise; None leaves a field out."""
    if BROWSER not in client.cookies:
        await client.get("/reports/new")
    form = {"text": HOLE, "category": "pothole", **BELL_TOWER, **fields}
    data = {name: value for name, value in form.items() if value is not None}
    return await client.post("/reports", data=data, files=files)


async def send_report(client: Client, **fields: Any) -> dict[str, Any]:
    """Send a report as a program does; return its JSON."""
    answer = await client.post(
        "/reports", json={"text": HOLE, "category": "pothole", **BELL_TOWER, **fields}, headers=JSON
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def send_routed_report(client: Client, **fields: Any) -> dict[str, Any]:
    """Send a report, and let it be routed to its department."""
    one = await send_report(client, **fields)
    await route_case(await get_case_id(one["id"]))
    return one


async def get_case_id(report_id: int) -> int:
    return (await Report.get(id=report_id)).case_id


async def get_case(report_id: int) -> Case:
    return await Case.get(id=await get_case_id(report_id))


async def get_department_id(slug: str) -> int:
    return (await Department.get(slug=slug)).id


async def send_desk_form(client: Client, case: int, name: str, **fields: Any) -> httpx2.Response:
    """Send a form of the desk."""
    return await client.post(f"/desk/cases/{case}/{name}", data=fields)


async def act_at_desk(client: Client, case: int, name: str, **fields: Any) -> None:
    """Send a form of the desk, which must be accepted."""
    answer = await send_desk_form(client, case, name, **fields)
    assert answer.status_code == 303, answer.text


def photo_field(name: str = "hole.jpg", data: bytes | None = None) -> tuple[str, tuple[str, bytes, str]]:
    """Return a photo as a part of a form."""
    return ("photos", (name, encoded(scene()) if data is None else data, "image/jpeg"))


def limit_posts(client: Client, posts_per_hour: int, *, refused_above: int = 1, **more: int) -> None:
    """Allow so many posts an hour from now on, and refuse more; with a larger `refused_above` they are held first."""
    limits = LimitsConfig(posts_per_hour=posts_per_hour, refused_above=refused_above, **more)  # type: ignore[call-arg]
    client.app.state.config = client.app.state.config.model_copy(update={"limits": limits})

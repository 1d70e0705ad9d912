"""Two working calendars, and a template database that has them: to compile them takes longer than most tests."""

import asyncio

from civic.catalogue.models import Calendar
from civic.db import connect
from civic.sla.actions import store_intervals
from tests.databases import EMPTY, Template

ZONE = "Asia/Shanghai"
OFFICE = {str(day): [["09:00", "12:00"], ["13:30", "17:30"]] for day in range(5)}
AFTERNOONS = {str(day): [["13:30", "17:30"]] for day in range(5)}


async def make_calendars() -> None:
    for slug, weekly in (("city", OFFICE), ("afternoons", AFTERNOONS)):
        calendar = await Calendar.create(slug=slug, zone=ZONE, spec={"weekly": weekly})
        await store_intervals(calendar.id)


async def _fill(url: str) -> None:
    async with connect(url, pool=1):
        await make_calendars()


WITH_CALENDARS = Template(
    "calendars",
    lambda url, folder: asyncio.run(_fill(url)),
    sources=(__name__, store_intervals.__module__),
    base=EMPTY,
)

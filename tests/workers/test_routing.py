"""Posted reports are routed at once, and each exactly once, whichever worker is killed at whatever step."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from civic import db, timing
from civic.accounts.models import Role, User
from civic.accounts.people import NOBODY, Person
from civic.catalogue.queries import catalogue
from civic.packs.actions import load_pack
from civic.posts import moderation
from civic.reports.actions import post_report
from civic.reports.forms import ReportForm
from tests.live import ROOT
from tests.workers.conftest import Start, statuses, until

pytestmark = pytest.mark.usefixtures("database")

PACK: Path = ROOT / "civic" / "demo" / "pack"
REPORTS, KILLS = 60, 5


async def report_form(number: int) -> ReportForm:
    from civic.city.queries import city

    codes = [one for one in (await catalogue()).every_category if one.public]
    lat, lon = (await city()).centre
    return ReportForm(
        text=f"A hole in the road, number {number}",
        category=codes[number % len(codes)] if number % 3 else None,
        lat=lat,
        lon=lon,
    )


async def post(number: int) -> None:
    await post_report(await report_form(number), NOBODY)


async def routed() -> Counter[int]:
    """How often each case was given to a department or sent to triage."""
    rows = await db.fetch("SELECT case_id FROM case_event WHERE kind IN ('assigned', 'triaged')")
    return Counter(row["case_id"] for row in rows)


async def all_routed(number: int) -> bool:
    return len(await routed()) == number


async def test_a_posted_report_is_routed_at_once(start: Start) -> None:
    await load_pack(PACK)
    start("route", "notify", "clocks", "waits", "closings")
    await post(1)

    async def once() -> bool:
        return list((await routed()).values()) == [1]

    await until(once)


@pytest.mark.slow
async def test_workers_killed_while_they_route(start: Start) -> None:
    """Five kills, at whatever they were doing; two work at any time."""
    await load_pack(PACK)
    running = [start("route"), start("route")]
    for number in range(REPORTS):
        await post(number)
        if number % (REPORTS // KILLS) == REPORTS // KILLS - 1:
            before = sum((await routed()).values())

            async def on(before: int = before) -> bool:
                return sum((await routed()).values()) > before or await statuses() == {}

            await until(on)
            victim = running.pop(0)
            victim.kill()
            await asyncio.to_thread(victim.wait)
            running.append(start("route"))

    async def all_done() -> bool:
        return not {"queued", "picked"} & {row["s"] for row in await db.fetch(WAITING)}

    await until(all_done, 120)
    counts = await routed()
    assert len(counts) == REPORTS
    assert set(counts.values()) == {1}
    assignments = await db.fetch("SELECT case_id FROM assignment WHERE part = 'lead'")
    assert max(Counter(row["case_id"] for row in assignments).values()) == 1


WAITING = "SELECT DISTINCT status::text AS s FROM pgqueuer WHERE entrypoint = 'route'"


async def test_a_held_report_is_routed_once_when_it_is_released(start: Start) -> None:
    """A worker is killed while the report waits, and another one as soon as it is released."""
    await load_pack(PACK)
    idle = start("route")
    await post(1)
    await until(lambda: all_routed(1))
    posted = await post_report(await report_form(2), NOBODY, held=True)
    idle.kill()
    await asyncio.to_thread(idle.wait)
    moderator = await User.create(
        email="d@example.org", role=Role.DISPATCHER, password_hash="-", created_at=timing.now(), language="en"
    )
    victim = start("route")
    await moderation.release(posted.post.id, Person(id=moderator.id, role=Role.DISPATCHER))
    victim.kill()
    await asyncio.to_thread(victim.wait)
    start("route")
    await until(lambda: all_routed(2))
    assert set((await routed()).values()) == {1}
    assert await db.fetch("SELECT FROM post WHERE visibility = 'public'") == [{}] * 2

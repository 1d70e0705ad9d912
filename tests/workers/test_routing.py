"""Posted reports are routed at once, and each exactly once, whichever worker is killed at whatever step."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from civic import db
from civic.accounts.people import NOBODY
from civic.catalogue.queries import catalogue
from civic.packs.actions import load_pack
from civic.reports.actions import post_report
from civic.reports.forms import ReportForm
from tests.live import ROOT
from tests.workers.conftest import Start, statuses, until

pytestmark = pytest.mark.usefixtures("database")

PACK: Path = ROOT / "civic" / "demo" / "pack"
REPORTS, KILLS = 60, 5


async def post(number: int) -> None:
    from civic.city.queries import city

    codes = [one for one in (await catalogue()).every_category if one.public]
    lat, lon = (await city()).centre
    await post_report(
        ReportForm(
            text=f"A hole in the road, number {number}",
            category=codes[number % len(codes)] if number % 3 else None,
            lat=lat,
            lon=lon,
        ),
        NOBODY,
    )


async def routed() -> Counter[int]:
    """How often each case was given to a department or sent to triage."""
    rows = await db.fetch("SELECT case_id FROM case_event WHERE kind IN ('assigned', 'triaged')")
    return Counter(row["case_id"] for row in rows)


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

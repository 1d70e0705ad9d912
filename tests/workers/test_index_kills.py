"""The worker of the index is killed again and again while the city lives: nothing is lost, double or stale."""

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from asyncpg import InterfaceError

from civic import db
from civic.accounts.models import Role
from civic.accounts.people import Person
from civic.catalogue.queries import catalogue
from civic.db import execute, fetch, in_transaction
from civic.errors import CivicError
from civic.packs.actions import load_pack
from civic.posts import actions as posts
from civic.posts import moderation
from civic.posts.forms import CommentForm
from civic.reports import actions as reports
from civic.reports.models import Report
from civic.search.feed import read_backlog
from civic.search.postgres.engine import PostgresEngine
from civic.search.rebuild import rebuild
from civic.search.verify import check
from tests.builders.posts import make_person, make_rating, make_report, make_update
from tests.workers.conftest import Start, until
from tests.workers.test_routing import PACK

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.slow]

REPORTS = 120
SECONDS = 25.0
AT_ONCE, EACH = 3, 55  # people, and their changes a second
LONGEST = 0.6  # seconds that a worker lives after it was seen to work


class City:
    """People who change what they wrote."""

    def __init__(self, made: list[Report], people: list[Person], dan: Person) -> None:
        self.made, self.people, self.dan = made, people, dan
        self.chance = random.Random(11)
        self.changes = 0

    def any_post(self) -> int:
        return self.chance.choice(self.made).post_id

    async def change(self) -> None:
        """Something happens; it may be what cannot happen, as a hidden post that is voted for."""
        acts: list[Callable[[], Awaitable[object]]] = [
            lambda: posts.vote(self.any_post(), self.chance.choice(self.people)),
            lambda: posts.unvote(self.any_post(), self.chance.choice(self.people)),
            lambda: execute("UPDATE post SET title = $2 WHERE id = $1", self.any_post(), f"Title {self.changes}"),
            lambda: execute("UPDATE post SET title = $2 WHERE id = $1", self.any_post(), f"Word{self.changes % 50}"),
            lambda: execute("UPDATE post SET text = $2 WHERE id = $1", self.any_post(), f"路灯坏了 {self.changes}"),
            lambda: posts.add_comment(
                self.any_post(), self.chance.choice(self.people), CommentForm(text=f"Comment {self.changes}")
            ),
            lambda: moderation.hide(self.any_post(), self.dan, "spam"),
            lambda: moderation.restore(self.any_post(), self.dan, "other"),
            self.taken_back,
            self.one_more,
        ]
        self.changes += 1
        with suppress(CivicError, TakenBack):
            await self.chance.choice(acts)()

    async def taken_back(self) -> None:
        async with in_transaction():
            await execute("UPDATE post SET title = 'Never' WHERE id = $1", self.any_post())
            raise TakenBack

    async def one_more(self) -> None:
        if self.chance.random() < 0.3:
            self.made.append(await make_report(self.people[0], f"A new hole {self.changes}", routed=False))

    async def live(self, until: float) -> None:
        began, done = time.monotonic(), 0
        while (now := time.monotonic()) < until:
            while done < (now - began) * EACH:
                await self.change()
                done += 1
            await asyncio.sleep(0.002)


class TakenBack(Exception):
    pass


async def city() -> City:
    await load_pack(PACK)
    people = [await make_person(f"p{n}@example.org") for n in range(8)]
    dan = await make_person("dan@example.org", Role.DISPATCHER)
    made = [await make_report(people[n % 8], f"A hole, number {n}", routed=False) for n in range(REPORTS)]
    for one in made[::6]:
        await reports.route_case(one.case_id)
    for n, one in enumerate((await catalogue()).services[:4]):
        await make_rating(people[n], one.slug, f"Friendly {n}")
        await make_update(people[n], f"Water {n}")
    return City(made, people, dan)


async def nothing_waits() -> bool:
    return not await fetch("SELECT 1 FROM search_dirty LIMIT 1")


async def worked_off() -> int:
    """Up to which mark all is done."""
    [row] = await fetch("SELECT coalesce(min(id), 0) AS id FROM search_dirty")
    return int(row["id"])


async def test_killed_again_and_again(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    """How far behind they get is told, not judged."""
    alive, chance, kills = await city(), random.Random(12), 0
    behind: list[float] = []
    ended = time.monotonic() + SECONDS
    living = [asyncio.create_task(alive.live(ended)) for _ in range(AT_ONCE)]

    async def watch() -> None:
        while True:
            behind.append((await read_backlog()).seconds)
            await asyncio.sleep(0.05)

    watching = asyncio.create_task(watch())
    while time.monotonic() < ended:
        running, before = start("index"), await worked_off()

        async def works(before: int = before) -> bool:
            return await worked_off() != before

        await until(works)
        await asyncio.sleep(chance.uniform(0, LONGEST))
        running.kill()
        await asyncio.to_thread(running.wait)
        kills += 1
    await asyncio.gather(*living)
    start("index")
    await until(nothing_waits, 120)
    watching.cancel()
    with capsys.disabled():
        sys.stdout.write(
            f"\n{alive.changes / SECONDS:.0f} changes/s, a worker killed {kills} times in {SECONDS:.0f} s:"
            f" {max(behind):.1f} s behind at most, {sorted(behind)[len(behind) // 2]:.1f} s as a rule\n"
        )
    await nothing_is_wrong()


async def nothing_is_wrong() -> None:
    found = await check(PostgresEngine())
    assert found.keys() == []
    shown = await fetch("SELECT count(*) AS n FROM post WHERE visibility = 'public' AND kind = 'report'")
    have = await fetch("SELECT count(*) AS n FROM search_document WHERE kind = 'report'")
    assert have == shown


async def test_killed_in_the_middle_of_a_rebuild(start: Start) -> None:
    """The worker and a rebuild are killed while both write; another rebuild ends it."""
    alive = await city()
    running = start("index")
    for life in (1.2, 1.6, 2.0, 2.6):
        rebuilding = start("index")  # a second worker, so that there is something to wait for
        living = asyncio.create_task(alive.live(time.monotonic() + life))
        with suppress(TimeoutError, InterfaceError):  # cut off while it took or gave back a connection
            async with asyncio.timeout(life):
                while True:
                    # In a context of its own: cut off, it may leave a connection there that was given back.
                    await asyncio.create_task(rebuild(PostgresEngine()))
        await living
        running.kill()
        await asyncio.to_thread(running.wait)
        running = rebuilding
    await rebuild(PostgresEngine())
    await until(nothing_waits, 120)
    await nothing_is_wrong()
    assert not await db.fetch("SELECT 1 FROM search_state WHERE name = 'rebuild'")

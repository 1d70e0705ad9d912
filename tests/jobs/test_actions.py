"""A job exists only if its change does."""

import asyncio
import json
from datetime import timedelta

import pytest

from civic.accounts.models import User
from civic.db import fetch, in_transaction
from civic.jobs.actions import Job, enqueue, requeue
from civic.jobs.queries import count_waiting
from tests.clients import make_user

pytestmark = pytest.mark.usefixtures("database")


class Failure(Exception):
    pass


async def jobs() -> list[tuple[str, dict[str, int]]]:
    rows = await fetch("SELECT entrypoint, payload FROM pgqueuer ORDER BY id")
    return [(row["entrypoint"], json.loads(row["payload"])) for row in rows]


async def test_a_commit_leaves_the_change_and_its_job() -> None:
    async with in_transaction():
        await make_user("a@example.org")
        await enqueue(Job.ROUTE, {"case": 7})
        assert await jobs() == [("route", {"case": 7})]
    assert await jobs() == [("route", {"case": 7})]
    assert await User.all().count() == 1


async def test_a_rollback_leaves_neither() -> None:
    with pytest.raises(Failure):
        async with in_transaction():
            await make_user("a@example.org")
            await enqueue(Job.ROUTE, {"case": 7})
            raise Failure
    assert await jobs() == []
    assert await User.all().count() == 0


async def test_others_see_the_job_after_the_commit_and_not_before() -> None:
    asked, look = asyncio.Event(), asyncio.Event()

    async def change() -> None:
        async with in_transaction():
            await enqueue(Job.ROUTE, {"case": 7})
            asked.set()
            await look.wait()

    changing = asyncio.create_task(change())
    await asked.wait()
    assert await count_waiting() == 0
    look.set()
    await changing
    assert await count_waiting() == 1


async def test_a_nested_transaction_that_is_rolled_back_takes_only_its_own_job() -> None:
    async with in_transaction():
        await enqueue(Job.ROUTE, {"case": 1})
        with pytest.raises(Failure):
            async with in_transaction():
                await enqueue(Job.ROUTE, {"case": 2})
                raise Failure
    assert await jobs() == [("route", {"case": 1})]


async def test_outside_of_a_transaction_no_job_can_be_asked_for() -> None:
    with pytest.raises(RuntimeError, match="transaction of its change"):
        await enqueue(Job.ROUTE, {"case": 7})
    assert await jobs() == []


async def test_the_same_key_asked_for_again_is_one_job() -> None:
    for case in (7, 8):
        async with in_transaction():
            await enqueue(Job.ROUTE, {"case": case}, key="route:7")
    assert await jobs() == [("route", {"case": 7})]


async def test_a_key_asked_for_twice_does_not_break_the_transaction_in_hand() -> None:
    async with in_transaction():
        await enqueue(Job.NOTIFY, {"event": 1}, key="notify:1")
        await enqueue(Job.NOTIFY, {"event": 1}, key="notify:1")
        await make_user("a@example.org")
    assert await jobs() == [("notify", {"event": 1})]
    assert await User.all().count() == 1


async def test_a_key_is_free_again_once_its_job_is_done() -> None:
    async with in_transaction():
        await enqueue(Job.ROUTE, {"case": 7}, key="route:7")
    await fetch("DELETE FROM pgqueuer RETURNING id")  # what pgqueuer does with a job that succeeded
    async with in_transaction():
        await enqueue(Job.ROUTE, {"case": 7}, key="route:7")
    assert await count_waiting() == 1


async def test_two_at_once_with_one_key_get_one_job() -> None:
    async def ask() -> None:
        async with in_transaction():
            await enqueue(Job.ROUTE, {"case": 7}, key="route:7")

    await asyncio.gather(*(ask() for _ in range(4)))
    assert await count_waiting() == 1


async def test_a_job_may_wait() -> None:
    async with in_transaction():
        await enqueue(Job.NOTIFY, {"event": 1}, after=timedelta(hours=1))
    (row,) = await fetch("SELECT execute_after > now() + interval '59 minutes' AS later FROM pgqueuer")
    assert row["later"]


async def test_a_held_job_is_tried_again_unless_it_was_asked_for_anew() -> None:
    async with in_transaction():
        await enqueue(Job.ROUTE, {"case": 7}, key="route:7")
    (row,) = await fetch("UPDATE pgqueuer SET status = 'failed' RETURNING id")
    await requeue(row["id"])
    assert await count_waiting() == 1
    await fetch("UPDATE pgqueuer SET status = 'failed' RETURNING id")
    async with in_transaction():
        await enqueue(Job.ROUTE, {"case": 7}, key="route:7")
    await requeue(row["id"])
    assert await jobs() == [("route", {"case": 7})]

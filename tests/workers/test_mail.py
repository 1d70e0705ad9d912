"""Mails by workers as they run, to a real mail server: each once, or again under the same name, whatever is killed."""

import signal
from collections.abc import AsyncIterator

import pytest
from tortoise.transactions import in_transaction

from civic import db
from civic.accounts.models import User
from civic.jobs.actions import Job, enqueue
from civic.jobs.queries import list_held
from civic.notifications.actions import notify
from civic.notifications.models import Delivery
from tests.builders.mails import links
from tests.clients import Client
from tests.html_forms import form_fields
from tests.mail_server import MailServer, mail_server
from tests.workers.conftest import Start, statuses, until

AWAKE = "UPDATE pgqueuer SET execute_after = now() WHERE status = 'queued'"
DEAD = "UPDATE pgqueuer SET heartbeat = now() - interval '1 minute' WHERE status = 'picked'"  # as if time had passed


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as one:
        yield one


def mail_to(server: MailServer, **settings: str) -> dict[str, str]:
    return {"CIVIC_MAIL__URL": f"smtp://127.0.0.1:{server.port}"} | settings


async def write(count: int) -> None:
    for n in range(count):
        async with in_transaction():
            values = {"number": "26-1", "code": "7QF3-MWD9-XPA2"}
            who = f"person{n}@example.org"
            await notify(f"to:{n}", "report_received", email=who, about="post:1", confirmed=True, values=values)


async def all_done() -> bool:
    return await statuses() == {}


async def test_several_workers_send_each_message_once(start: Start, server: MailServer, database: str) -> None:
    for _ in range(3):
        start("deliver", **mail_to(server))
    await write(30)
    await until(all_done)
    assert sorted(server.recipients) == sorted(f"person{n}@example.org" for n in range(30))
    assert await Delivery.filter(refusal="").count() == 30
    assert len(server.greetings) < 30  # connections are used again


@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "DATA"])
async def test_killed_at_any_step_the_mail_goes_out_under_one_name(
    start: Start, server: MailServer, database: str, command: str
) -> None:
    server.silent_at = command
    first = start("deliver", **mail_to(server))
    await write(1)
    await server.silent.wait()
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert await Delivery.all().count() == 0
    server.silent_at = ""
    await db.execute(DEAD)
    start("deliver", **mail_to(server))
    await until(all_done)
    assert len({one["Message-ID"] for one in server.mails}) == 1
    assert len(server.mails) == (2 if command == "DATA" else 1)
    assert await Delivery.filter(refusal="").count() == 1


async def test_a_silent_server_delays_nothing_but_mails(start: Start, server: MailServer, database: str) -> None:
    server.silent_at = "RCPT"
    start("deliver", "route", **mail_to(server))
    await write(60)
    await server.silent.wait()
    async with in_transaction():
        await enqueue(Job.ROUTE, {"case": 4711})

    async def routed() -> bool:
        return not await db.fetch("SELECT 1 FROM pgqueuer WHERE entrypoint = $1", Job.ROUTE.value)

    await until(routed)
    assert server.mails == []


async def test_a_mail_that_is_put_off_too_often_is_held_and_can_be_sent_later(
    start: Start, server: MailServer, database: str
) -> None:
    server.answer_to = lambda address: f"451 4.3.0 {address} later"
    start("deliver", **mail_to(server, CIVIC_MAIL__TRIES="2", CIVIC_WORKERS__ATTEMPTS="1"))
    await write(1)

    async def held() -> bool:
        await db.execute(AWAKE)
        return await statuses() == {"failed": 1}

    await until(held)
    (one,) = await list_held()
    assert (one.job, one.attempts) == ("deliver", 2)
    assert "451 4.3.0" in one.reason
    assert "@" not in one.reason
    assert server.stage.count("RCPT") == 2


async def test_an_address_is_confirmed_by_the_link_of_a_mail(
    start: Start, server: MailServer, client: Client, database: str
) -> None:
    start("deliver", **mail_to(server))
    words = "seven lanterns under water"
    await client.post("/sign-up", data={"email": "ana@example.org", "name": "Ana", "password": words})
    await until(all_done)
    (mail,) = server.mails
    link = links(mail)[0]
    page = await client.get(link)
    assert (await User.get()).email_confirmed_at is None
    await client.post(link, data=form_fields(page.text, link))
    assert (await User.get()).email_confirmed_at is not None

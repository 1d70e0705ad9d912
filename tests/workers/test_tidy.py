"""What is forgotten after a while, and what stays."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from civic import db, timing
from civic.accounts.models import Session
from civic.config import Config
from civic.notifications.actions import notify
from civic.notifications.models import Message
from tests.clients import make_user
from workers import runner, tidy

KEPT, OLD = timedelta(days=89), timedelta(days=91)


@pytest.fixture(autouse=True)
async def settings(config: Config, database: str) -> AsyncIterator[None]:
    token = runner._config.set(config)
    yield
    runner._config.reset(token)


async def test_addresses_in_old_messages_are_forgotten() -> None:
    for age in (KEPT, OLD):
        async with db.in_transaction():
            await notify(f"age:{age.days}", "report_confirm", email="ana@example.org", about="post:1")
        await Message.filter(key=f"age:{age.days}").update(created_at=timing.now() - age)
    await tidy.handle_one()
    assert [one.email for one in await Message.all().order_by("-created_at")] == ["ana@example.org", ""]


def write_old(path: Path, age: timedelta) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a mail")
    at = (timing.now() - age).timestamp()
    os.utime(path, (at, at))


async def test_old_mails_in_the_outbox_are_deleted(config: Config) -> None:
    outbox = config.paths.var / "outbox"
    for name, age in (("1.eml", OLD), ("2.eml", KEPT), ("3.4711.part", OLD)):
        write_old(outbox / name, age)
    await tidy.handle_one()
    assert [path.name for path in outbox.iterdir()] == ["2.eml"]


async def test_sessions_that_ended_are_deleted() -> None:
    user, now = await make_user("ana@example.org"), timing.now()
    for token, seen, revoked in (("in use", 29, None), ("expired", 31, None), ("left", 1, 2), ("just left", 1, 0)):
        await Session.create(
            token_hash=token,
            user_id=user.id,
            created_at=now - timedelta(days=40),
            seen_at=now - timedelta(days=seen),
            revoked_at=None if revoked is None else now - timedelta(days=revoked, hours=1),
        )
    await tidy.handle_one()
    assert {one.token_hash for one in await Session.all()} == {"in use", "just left"}

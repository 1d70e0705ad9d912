"""Telling somebody once, in their language, and mailing it once."""

import email
import email.policy
import re
from dataclasses import dataclass, field

import pytest

from civic import db, i18n
from civic.accounts.models import Role
from civic.accounts.people import Person
from civic.cases.event_kinds import EventKind
from civic.city.queries import CityView
from civic.config import Config, MailConfig, SiteConfig
from civic.db import in_transaction
from civic.jobs.actions import Job
from civic.notifications import queries
from civic.notifications.actions import notify
from civic.notifications.channels import register_channels
from civic.notifications.delivery import deliver_message
from civic.notifications.mail import MailChannel
from civic.notifications.models import Delivery, Message
from civic.notifications.rendering import MessageText, render_message, template_exists
from civic.notifications.sql import STATE_OF_DESK_MESSAGES
from tests.clients import Client, make_user
from tests.source import ROOT

pytestmark = pytest.mark.usefixtures("database")

KNOWN = {"about": "post:1", "confirmed": True}  # an address that somebody confirmed
EVENT = {
    "events": 7,
    "hash": "a1" * 32,
    "number": "26-1",
    "department": {"en": "Water", "zh": "水务局"},
    "text": "Tomorrow & <b>",
}


async def tell_once(key: str, kind: str = "report_replied", **recipient: object) -> bool:
    async with in_transaction():
        return await notify(key, kind, values=EVENT, url="/reports/1", **recipient)  # type: ignore[arg-type]


async def jobs() -> int:
    return len(await db.fetch("SELECT 1 FROM pgqueuer WHERE entrypoint = $1", Job.DELIVER.value))


def mails(config: Config) -> list[email.message.EmailMessage]:
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)  # type: ignore[misc]
        for path in sorted(config.paths.var.glob("outbox/*"))
    ]


async def test_telling_twice_is_telling_once() -> None:
    assert await tell_once("event:1:post:1", email="a@example.org", **KNOWN)
    assert not await tell_once("event:1:post:1", email="a@example.org", **KNOWN)
    assert (await Message.all().count(), await jobs()) == (1, 1)


async def test_a_desk_reads_its_messages_there() -> None:
    await tell_once("case:1:overdue:desk", role="dispatcher")
    assert (await Message.all().count(), await jobs()) == (1, 0)


async def test_telling_is_part_of_the_change() -> None:
    with pytest.raises(ZeroDivisionError):
        async with in_transaction():
            await notify("event:2", "report_replied", values=EVENT, email="a@example.org", **KNOWN)
            raise ZeroDivisionError
    assert (await Message.all().count(), await jobs()) == (0, 0)


async def test_a_mail(config: Config) -> None:
    with i18n.use_language("zh"):
        await tell_once("event:1:post:1", email="a@example.org", **KNOWN)
    settings = config.model_copy(
        update={"site": SiteConfig(url="https://city.example/"), "mail": MailConfig(sender="hello@city.example")}
    )
    message = await Message.get()
    assert await deliver_message(message.id, settings)
    assert not await deliver_message(message.id, settings)
    (mail,) = mails(config)
    assert mail["To"] == "a@example.org"
    assert mail["Subject"] == "[Civic] 水务局答复了您反映的问题 26-1"
    assert mail["From"] == "Civic <hello@city.example>"
    assert mail["Message-ID"].endswith("@city.example>")
    body = mail.get_content()
    assert "Tomorrow & <b>" in body
    assert "\n\nhttps://city.example/reports/1\n\n-- \n" in body.replace("\r", "")
    path = next(config.paths.var.glob("outbox/*"))
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_worker_killed_before_it_noted_the_mail_writes_the_same_one(config: Config) -> None:
    await tell_once("event:1:post:1", email="a@example.org", **KNOWN)
    message = await Message.get()
    await deliver_message(message.id, config)
    (path,) = config.paths.var.glob("outbox/*")
    before = path.read_bytes()
    await Delivery.filter(message_id=message.id).delete()
    assert await deliver_message(message.id, config)
    assert list(config.paths.var.glob("outbox/*")) == [path]
    assert path.read_bytes().split(b"boundary")[0] == before.split(b"boundary")[0]


async def test_a_user_is_told_in_their_language(config: Config) -> None:
    user = await make_user("ana@example.org", language="zh")
    await tell_once("event:1:post:1", user_id=user.id)
    await deliver_message((await Message.get()).id, config)
    assert "水务局" in mails(config)[0]["Subject"]


async def test_a_disabled_user_gets_no_mail(config: Config) -> None:
    user = await make_user("ana@example.org")
    await tell_once("event:1:post:1", user_id=user.id)
    await db.execute("UPDATE user_account SET disabled_at = now()")
    assert not await deliver_message((await Message.get()).id, config)
    assert mails(config) == []


async def test_a_receipt_code_is_kept_no_longer_than_it_takes_to_mail_it(config: Config) -> None:
    async with in_transaction():
        values = {"number": "26-1", "code": "7QF3-MWD9-XPA2"}
        await notify(
            "post:1", "report_received", email="a@example.org", **KNOWN, values=values, url="/r/7QF3-MWD9-XPA2"
        )
    await deliver_message((await Message.get()).id, config)
    assert "7QF3-MWD9-XPA2" in mails(config)[0].get_content()
    assert "7QF3" not in str(await db.fetch("SELECT * FROM message"))


@dataclass
class Letters:
    """A made-up channel, which fails at first."""

    name: str = "letter"
    fails: bool = True
    sent: list[str] = field(default_factory=list)

    async def reaches(self, message: Message) -> bool:
        return bool(message.email)

    async def send(self, message: Message, text: MessageText, city: CityView, config: Config) -> bool:
        if self.fails:
            raise ConnectionError("no paper")
        self.sent.append(text.body)
        return True


async def test_one_more_channel(config: Config) -> None:
    """Each channel sends a message once, whatever becomes of the others; the code is kept until all have."""
    letters = Letters()
    register_channels([MailChannel(), letters])
    try:
        async with in_transaction():
            values = {"number": "26-1", "code": "7QF3-MWD9-XPA2"}
            await notify("post:1", "report_received", email="a@example.org", **KNOWN, values=values)
        message = await Message.get()
        with pytest.raises(ConnectionError):
            await deliver_message(message.id, config)
        letters.fails = False
        assert len(mails(config)) == 1
        next(config.paths.var.glob("outbox/*")).unlink()
        assert await deliver_message(message.id, config)
        assert not await deliver_message(message.id, config)
    finally:
        register_channels([MailChannel()])
    assert mails(config) == []
    assert "7QF3-MWD9-XPA2" in letters.sent[0]
    assert "7QF3" not in str(await db.fetch("SELECT * FROM message"))


async def test_a_subject_is_one_line(config: Config) -> None:
    async with in_transaction():
        names = {"en": "Water\r\nBcc: everybody@example.org"}
        await notify("x", "report_replied", email="a@example.org", **KNOWN, values={**EVENT, "department": names})
    await deliver_message((await Message.get()).id, config)
    (mail,) = mails(config)
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]


async def test_messages_on_the_page(citizen: Client, stranger: Client) -> None:
    await tell_once("event:1:post:1", user_id=citizen.user.id)  # type: ignore[union-attr]
    page = (await citizen.get("/account")).text
    assert "Water answered your report 26-1" in page
    assert "1 new" in page
    assert "Tomorrow &amp; &lt;b&gt;" in (await citizen.get("/account/messages")).text
    assert "1 new" not in (await citizen.get("/account")).text
    assert "Water" not in (await stranger.get("/account/messages")).text
    assert (await stranger.get("/account/messages", headers={"Accept": "application/json"})).json() == []


async def test_who_sees_which_messages_at_the_desk() -> None:
    await db.execute("INSERT INTO calendar (slug, zone, spec) VALUES ('c', 'UTC', '{}')")
    for slug in ("water", "roads"):
        await db.execute(
            "INSERT INTO department (slug, names, calendar_id, contacts, position) "
            "SELECT $1, '{}', id, '{}', 0 FROM calendar",
            slug,
        )
    ids = {row["slug"]: row["id"] for row in await db.fetch("SELECT id, slug FROM department")}
    await tell_once("desk", department_id=ids["water"])
    await tell_once("lead", department_id=ids["water"], role="lead")
    await tell_once("other", department_id=ids["roads"])
    await tell_once("dispatch", role="dispatcher")

    async def seen(role: Role, *slugs: str) -> set[str]:
        person = Person(id=1, role=role, departments=frozenset(ids[slug] for slug in slugs))
        found = [one.id for one in await queries.list_desk_messages(person)]
        return {row["key"] for row in await db.fetch("SELECT key FROM message WHERE id = ANY($1)", found)}

    assert await seen(Role.AGENT, "water") == {"desk"}
    assert await seen(Role.LEAD, "water") == {"lead"}, "the same text is shown once"
    assert await seen(Role.AGENT, "roads") == {"other"}
    assert await seen(Role.DISPATCHER) == {"dispatch"}
    assert await seen(Role.CITIZEN) == set()


async def test_what_a_desk_was_told_is_made_again_when_it_changes() -> None:
    """The state that a page asks for is another with each message and each change of one."""
    person, states, subjects = Person(id=1, role=Role.DISPATCHER), [], []
    sql = STATE_OF_DESK_MESSAGES.format(departments="$1", within="$2", roles="$3", limit=8)

    async def look() -> None:
        [row] = await db.fetch(f"SELECT ({sql}) AS state", *queries.desk_message_args(person))
        states.append(row["state"])
        found = await queries.list_kept_desk_messages(person, 2, row["state"])
        subjects.append([one.body for one in found])

    await look()
    await tell_once("1", role="dispatcher")
    await look()
    await db.execute("""UPDATE message SET "values" = "values" || '{"hidden": true}'""")
    await look()
    await tell_once("2", kind="report_resolved", role="dispatcher")
    await look()
    assert len(set(states)) == 4
    assert [len(one) for one in subjects] == [0, 1, 1, 2]
    assert "Tomorrow & <b>" in subjects[1][0]
    assert "Tomorrow & <b>" not in subjects[2][0]
    await look()
    assert (states[-1], subjects[-1]) == (states[-2], subjects[-2])


# Whatever any kind of message may be given.
VALUES = EVENT | {
    "code": "7QF3-MWD9-XPA2",
    "reason": "spam",
    "what": "comment",
    "promise": "response",
    "due": "2026-11-22T08:00:00+00:00",
    "step": 80,
    "rule": "r",
    "error": "e",
    "times": 4,
    "count": 2,
    "stars": 3,
    "name": {"en": "Water", "zh": "水务局"},
    "to": {"en": "Parks", "zh": "园林局"},
    "dispatcher": False,
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", sorted(path.stem for path in (ROOT / "templates/messages").glob("*.txt")))
def test_every_text_has_a_subject_and_is_plain(kind: str, language: str) -> None:
    with i18n.use_language(language):
        text = render_message(Message(kind=kind, values=VALUES))
    assert text.subject
    assert "&amp;" not in text.subject + text.body
    assert "{" not in text.subject + text.body


@pytest.mark.parametrize(
    ("kind", "values", "subject"),
    [
        ("report_overdue", {"promise": "response"}, "Water is late with the answer to your report 26-1"),
        ("report_overdue", {"promise": "resolution"}, "Water is late with the solution for your report 26-1"),
        ("report_handed_over", {}, "Your report 26-1 was handed over to: Parks"),
        ("report_handed_over", {"dispatcher": True}, "A dispatcher decides who handles your report 26-1"),
    ],
)
def test_a_message_says_which_promise_is_late_and_who_gets_the_case(
    kind: str, values: dict[str, object], subject: str
) -> None:
    with i18n.use_language("en"):
        assert render_message(Message(kind=kind, values=VALUES | values)).subject == subject


def test_every_kind_that_is_told_has_a_text() -> None:
    told = {
        match
        for path in (ROOT / "civic").rglob("*.py")
        for match in re.findall(r"notify(?:_\w+)?\([^)]*?\"([a-z]+(?:_[a-z]+)+)\"", path.read_text("utf-8"), re.DOTALL)
    }
    told |= {kind.desk_message for kind in EventKind if kind.desk_message}
    told |= {kind.reporter_message for kind in EventKind if kind.tells_reporter}
    assert [kind for kind in sorted(told) if not template_exists(kind)] == []


def test_every_text_is_sent() -> None:
    """But for those of events, each is named in the program."""
    source = "".join(path.read_text("utf-8") for path in (ROOT / "civic").rglob("*.py"))
    events = {kind.reporter_message for kind in EventKind if kind.tells_reporter}
    kinds = {path.stem for path in (ROOT / "templates/messages").glob("*.txt")} - events
    assert [kind for kind in sorted(kinds) if f'"{kind}"' not in source] == []

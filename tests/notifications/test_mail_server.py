"""Mails to a real mail server: what it says decides what becomes of each, and nothing is sent twice under two names."""

import asyncio
import email.header
import email.message
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr, ValidationError
from tortoise.transactions import in_transaction

from civic import db
from civic.city.queries import CityView
from civic.config import Config, MailConfig, SiteConfig
from civic.notifications.actions import notify
from civic.notifications.channels import MessagePutOff, MessageRefused, close_channels
from civic.notifications.delivery import DeliveryPutOff, deliver_message
from civic.notifications.mail import compose_mail, open_mail_server
from civic.notifications.models import Delivery, Message
from civic.notifications.rendering import MessageText
from civic.smtp_url import SmtpServer, parse_smtp_url
from tests.mail_server import PASSWORD, USER, Certificate, MailServer, mail_server, make_certificate

pytestmark = pytest.mark.usefixtures("database")

VALUES = {
    "department": {"en": "Water", "zh": "水务局"},
    "number": "26-1",
    "events": 7,
    "hash": "a1" * 32,
    "text": "Tomorrow, says the crew.",
}


def to(config: Config, server: MailServer | int, **settings: object) -> Config:
    """Settings that hand mails to this server."""
    port = server if isinstance(server, int) else server.port
    given = {"url": SecretStr(f"smtp://127.0.0.1:{port}"), "sender": "hello@city.example", "seconds": 20, **settings}
    return config.model_copy(
        update={"mail": MailConfig.model_validate(given), "site": SiteConfig(url="https://city.example")}
    )


async def write(*addresses: str) -> list[Message]:
    """A message to each address."""
    for address in addresses:
        async with in_transaction():
            await notify(
                f"to:{address}", "report_replied", email=address, about="post:1", confirmed=True, values=VALUES
            )
    return await Message.all().order_by("id")


@pytest.fixture(autouse=True)
async def nothing_stays_open(database: str) -> AsyncIterator[None]:
    yield
    await close_channels()


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as one:
        yield one


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


async def test_mails_go_one_after_another_over_one_connection(config: Config, server: MailServer) -> None:
    for message in await write("ana@example.org", "bo@example.org", "cy@example.org"):
        assert await deliver_message(message.id, to(config, server))
        assert not await deliver_message(message.id, to(config, server))
    assert server.recipients == ["ana@example.org", "bo@example.org", "cy@example.org"]
    assert server.greetings == ["city.example"]
    assert not list(config.paths.var.glob("outbox/*"))
    (ana, *_others) = server.mails
    assert (ana["To"], ana["From"]) == ("ana@example.org", "Civic <hello@city.example>")
    assert "Tomorrow, says the crew." in ana.get_content()


async def test_a_connection_that_the_server_closed_meanwhile_costs_no_mail(config: Config, server: MailServer) -> None:
    first, second = await write("ana@example.org", "bo@example.org")
    await deliver_message(first.id, to(config, server))
    server.end_connections()
    assert await deliver_message(second.id, to(config, server))
    assert server.recipients == ["ana@example.org", "bo@example.org"]
    assert len(server.greetings) == 2


async def test_a_refused_recipient_is_recorded_and_never_asked_again(config: Config, server: MailServer) -> None:
    server.answer_to = lambda address: (
        "550 5.1.1 <no@example.org>: no such user no@example.org" if "no@" in address else "250 OK"
    )
    refused, other = await write("no@example.org", "ana@example.org")
    assert not await deliver_message(refused.id, to(config, server))
    assert await deliver_message(other.id, to(config, server))
    assert not await deliver_message(refused.id, to(config, server))
    assert (server.recipients, server.stage.count("RCPT")) == (["ana@example.org"], 2)
    row = await Delivery.get(message_id=refused.id)
    assert row.refusal.startswith("550 5.1.1 …")
    assert "@" not in row.refusal


@pytest.mark.parametrize("answer", ["450 4.2.0 greylisted, try again", "530 5.7.0 sign in first"])
async def test_what_may_be_taken_later_is_put_off_longer_and_longer_then_held(
    config: Config, server: MailServer, answer: str
) -> None:
    server.answer_to = lambda address: answer
    (message,) = await write("ana@example.org")
    pauses = []
    for tries in range(6):
        with pytest.raises(DeliveryPutOff, match=answer[:9]) as caught:
            await deliver_message(message.id, to(config, server, tries=6), tries=tries)
        pauses.append(caught.value.pause)
    assert pauses == [*(timedelta(seconds=30 * 2**n) for n in range(5)), None]
    assert await Delivery.all().count() == 0
    server.answer_to = lambda address: "250 OK"
    assert await deliver_message(message.id, to(config, server))


async def test_dropped_after_the_text_it_comes_again_under_the_same_name(config: Config, server: MailServer) -> None:
    (message,) = await write("ana@example.org")
    server.drop_at = "DATA"
    with pytest.raises(DeliveryPutOff):
        await deliver_message(message.id, to(config, server))
    assert await deliver_message(message.id, to(config, server), tries=1)
    assert [one["Message-ID"] for one in server.mails] == [server.mails[0]["Message-ID"]] * 2


@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "DATA"])
async def test_a_silent_server_costs_a_mail_its_time_and_no_other_mail_waits(
    config: Config, server: MailServer, command: str
) -> None:
    """And no transaction is open meanwhile."""
    server.silent_at = command
    first, second = await write("ana@example.org", "bo@example.org")
    settings = to(config, server, seconds=1)
    task = asyncio.create_task(deliver_message(first.id, settings))
    await server.silent.wait()
    open_ones = await db.fetch(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state ~ 'in transaction'"
    )
    assert open_ones == []
    with pytest.raises(DeliveryPutOff, match="did not answer in time"):
        await task
    before = list(server.stage)
    with pytest.raises(DeliveryPutOff, match="did not answer in time"):
        await deliver_message(second.id, settings)
    assert server.stage == before  # it was not asked


async def test_a_server_that_is_away_is_told_as_such(config: Config) -> None:
    async with mail_server() as gone:
        port = gone.port
    (message,) = await write("ana@example.org")
    with pytest.raises(DeliveryPutOff, match=r"127\.0\.0\.1"):
        await deliver_message(message.id, to(config, port))


async def test_many_at_once_are_each_sent_once(config: Config, server: MailServer) -> None:
    messages = await write(*(f"person{n}@example.org" for n in range(12)))
    assert all(await asyncio.gather(*(deliver_message(one.id, to(config, server)) for one in messages)))
    assert sorted(server.recipients) == sorted(f"person{n}@example.org" for n in range(12))


# --- encryption and signing in ---------------------------------------------------------------------------------------


def url(
    server: MailServer, scheme: str = "smtp", ca: Path | None = None, more: str = "", host: str = "127.0.0.1"
) -> str:
    who = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"
    return f"{scheme}://{who}{host}:{server.port}?{more}" + (f"&ca={ca}" if ca else "")


@pytest.mark.parametrize("implicit", [True, False])
async def test_a_mail_goes_encrypted_and_signed_in(config: Config, certificate: Certificate, implicit: bool) -> None:
    async with mail_server(certificate, implicit=implicit, login=True) as server:
        address = (
            url(server, "smtps", certificate.ca)
            if implicit
            else url(server, ca=certificate.ca, more="starttls=required")
        )
        (message,) = await write("ana@example.org")
        assert await deliver_message(message.id, to(config, server, url=address))
        assert server.signed_in == [True]
        assert implicit or server.encrypted == [True]
        await close_channels()


async def test_a_certificate_that_nobody_knows_gets_no_password(config: Config, certificate: Certificate) -> None:
    async with mail_server(certificate, login=True) as server:
        with pytest.raises(MessagePutOff, match=r"(?i)certificate"):
            await open_mail_server(to(config, server, url=url(server, more="starttls=required"))).greet()
        assert server.mails == []


async def test_where_encryption_is_required_a_server_without_it_gets_nothing(
    config: Config, server: MailServer
) -> None:
    with pytest.raises(MessagePutOff, match="STARTTLS"):
        await open_mail_server(to(config, server, url=url(server, more="starttls=required"))).greet()
    assert "MAIL" not in server.stage


async def test_opportunistic_takes_what_there_is(config: Config, server: MailServer, certificate: Certificate) -> None:
    async with mail_server(certificate) as able:
        for one, encrypted in ((able, True), (server, False)):
            sender = open_mail_server(to(config, one, url=f"smtp://127.0.0.1:{one.port}?starttls=opportunistic"))
            await sender.send("hello@city.example", "ana@example.org", b"Subject: x\r\n\r\ny\r\n")
            assert one.encrypted == [encrypted]
            await sender.close()


async def test_a_wrong_password_is_put_off_and_not_told(config: Config, certificate: Certificate) -> None:
    async with mail_server(certificate, login=True) as server:
        address = f"smtp://{USER}:wrong-password@127.0.0.1:{server.port}?starttls=required&ca={certificate.ca}"
        with pytest.raises(MessagePutOff, match="535") as caught:
            await open_mail_server(to(config, server, url=address)).greet()
        assert "wrong-password" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("smtp://mail.example.org", SmtpServer("mail.example.org", 587, "required")),
        ("smtps://mail.example.org", SmtpServer("mail.example.org", 465, "tls")),
        ("smtp://localhost", SmtpServer("localhost", 25, "opportunistic")),
        ("smtp://relay:2525?starttls=no", SmtpServer("relay", 2525, "no")),
        ("smtp://a%40b:p%2Fw%25@relay", SmtpServer("relay", 587, "required", "a@b", "p/w%")),
        ("smtp://[::1]:1025", SmtpServer("::1", 1025, "opportunistic")),
    ],
)
def test_the_address_of_a_mail_server(text: str, read: SmtpServer) -> None:
    assert parse_smtp_url(text) == read


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mail.example.org:587", "is no address of a mail server"),
        ("http://mail.example.org", "is no address of a mail server"),
        ("smtp://user:se/cret@mail.example.org", "percent-encoded|%40"),
        ("smtp://user:secret@relay?starttls=no", "without protection"),
        ("smtp://relay?starttls=maybe", "starttls=required"),
        ("smtps://relay?starttls=required", "takes no starttls"),
        ("smtp://relay?tls=1", "no option 'tls'"),
        ("smtp://relay?ca=/nowhere/ca.pem", "is no file"),
    ],
)
def test_a_wrong_address_of_a_mail_server_is_told_without_its_password(text: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said) as caught:
        MailConfig.model_validate({"url": text})
    assert "cret" not in str(caught.value)


# --- the form of a mail ----------------------------------------------------------------------------------------------


def lines(mail: email.message.EmailMessage) -> list[bytes]:
    return mail.as_bytes().split(b"\r\n")


async def test_header_lines_are_ascii_and_short_and_links_whole(config: Config) -> None:
    name, subject = "某某城市管理和综合行政执法局" * 4, "水务局答复了您反映的问题" * 14
    (message,) = await write("ana@example.org")
    settings = to(config, 25, url="")
    mail = compose_mail(message, MessageText(subject, "正文" * 500), CityView({"en": name}), settings)
    head = mail.as_bytes().partition(b"\r\n\r\n")[0].decode("ascii")
    stop = re.search(r"^List-Unsubscribe: (<https://city\.example/mail/stop/\S+>)\r?$", head, re.MULTILINE)
    assert stop
    assert all(len(line) <= 78 for line in head.split("\r\n") if not line.startswith("List-Unsubscribe: "))
    assert all(len(line) <= 998 for line in lines(mail))
    # Each part of a long subject can be read by itself: no character is cut in two.
    for word in re.findall(r"=\?utf-8\?[bq]\?[^?]+\?=", head):
        ((text, charset),) = email.header.decode_header(word)
        assert text.decode(charset)  # type: ignore[union-attr]
    assert mail["Subject"] == f"[{name}] {subject}"


async def test_an_address_in_another_script_is_written_in_ascii(config: Config, server: MailServer) -> None:
    (message,) = await write("ana@例子.测试")
    assert await deliver_message(message.id, to(config, server, sender="hello@城市.测试"))
    assert server.recipients == ["ana@xn--fsqu00a.xn--0zwm56d"]
    (mail,) = server.mails
    assert mail["To"] == "ana@xn--fsqu00a.xn--0zwm56d"
    assert mail["From"].addresses[0].domain.startswith("xn--")
    assert mail["Message-ID"].isascii()


async def test_an_address_that_no_server_takes_is_refused_for_good(config: Config, server: MailServer) -> None:
    (message,) = await write("用户@example.org")
    assert not await deliver_message(message.id, to(config, server))
    assert "no address" in (await Delivery.get()).refusal
    assert server.stage == []


async def test_nothing_typed_becomes_a_header(config: Config, server: MailServer) -> None:
    (message,) = await write("ana@example.org")
    text = MessageText("Water\r\nBcc: all@example.org", "\r\n.\r\nMAIL FROM:<x@example.org>\r\n")
    mail = compose_mail(message, text, CityView({"en": "City\nX-Made: up"}), to(config, server))
    assert mail["Bcc"] is None
    assert mail["X-Made"] is None
    sender = open_mail_server(to(config, server))
    await sender.send("hello@city.example", "ana@example.org", mail.as_bytes())
    await sender.close()
    assert server.mails[0]["Subject"] == "[City X-Made: up] Water Bcc: all@example.org"
    assert "MAIL FROM:<x@example.org>" in server.mails[0].get_content()
    assert len(server.mails) == 1


async def test_the_library_raises_what_it_is_asked_for(config: Config, server: MailServer) -> None:
    server.answer_to = lambda address: "552 5.2.2 full"
    sender = open_mail_server(to(config, server))
    with pytest.raises(MessageRefused, match="552"):
        await sender.send("hello@city.example", "ana@example.org", b"Subject: x\r\n\r\ny\r\n")
    await sender.close()

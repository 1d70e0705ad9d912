"""Signing in by the link of a mail, with a new password or without."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from civic import timing
from civic.accounts.actions import change_password, create_user, disable_user
from civic.accounts.forms import NewPasswordForm, SignUpForm
from civic.accounts.models import Role, Session, User
from civic.accounts.people import Person
from civic.config import Config
from civic.notifications.addresses import EVERYTHING, address_digest, stop_mails
from civic.notifications.models import Message
from tests.builders.mails import links, send_mails
from tests.clients import Client
from tests.html_forms import form_fields

pytestmark = pytest.mark.usefixtures("database")

ANA, PASSWORD, NEW = "ana@example.org", "a sentence is good", "seven other words of mine"
SENT = "If there is an account with the address"
OLD = "This link has expired, was used before"


@pytest.fixture
async def owner() -> User:
    return await create_user(SignUpForm(email=ANA, password=PASSWORD, name="Ana"), confirmed=True)


async def ask(client: Client, email: str = ANA, **fields: str):  # type: ignore[no-untyped-def]
    return await client.post("/sign-in/mail", data={"email": email, **fields})


async def ask_and_read(client: Client, config: Config, email: str = ANA, **fields: str) -> str:
    """The link that was mailed."""
    assert SENT in (await ask(client, email, **fields)).text
    [mail] = [one for one in await send_mails(config) if "link to sign in" in one["Subject"]]
    assert mail["To"] == email
    return links(mail)[0]


async def press(client: Client, link: str, password: str = ""):  # type: ignore[no-untyped-def]
    page = await client.get(link)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    return await client.post(link, data=form_fields(page.text, link) | {"password": password})


async def is_in(client: Client) -> bool:
    return (await client.get("/account")).status_code == 200


async def enters(client: Client, password: str) -> bool:
    return (await client.post("/sign-in", data={"email": ANA, "password": password})).status_code == 303


async def test_the_link_signs_in_once_and_the_password_stays(
    client: Client, new_client: Callable[[], Client], owner: User, config: Config
) -> None:
    link = await ask_and_read(client, config)
    for _ in range(3):  # programs that read mail open links
        assert ANA in (await new_client().get(link)).text
    assert not await Session.exists()
    assert (await press(client, link)).headers["location"] == "/"
    assert await is_in(client)
    again = await new_client().post(link)
    assert again.status_code == 409
    assert OLD in again.text
    assert await enters(new_client(), PASSWORD)


async def test_a_forgotten_password_is_chosen_anew_and_others_are_signed_out(
    client: Client, new_client: Callable[[], Client], owner: User, config: Config
) -> None:
    other = new_client()
    assert await enters(other, PASSWORD)
    link, second = await ask_and_read(client, config), await ask_and_read(client, config)
    weak = await press(client, link, "password12")
    assert weak.status_code == 422
    assert "easy to guess" in weak.text
    assert (await press(client, link, NEW)).status_code == 303
    assert await is_in(client)
    assert not await is_in(other)
    assert (await enters(new_client(), PASSWORD), await enters(new_client(), NEW)) == (False, True)
    assert OLD in (await new_client().post(second)).text, "a link is of the password that there was"
    assert [one["Subject"] for one in await send_mails(config) if "password was changed" in one["Subject"]]


async def test_nobody_learns_who_has_an_account(client: Client, owner: User, config: Config) -> None:
    answers = [await ask(client, email) for email in (ANA, "bo@example.org")]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].text.replace(ANA, "") == answers[1].text.replace("bo@example.org", "")
    assert [mail["To"] for mail in await send_mails(config)] == [ANA]
    assert "/sign-in/mail/" not in str(await Message.all().values("url"))


@pytest.mark.parametrize("email", ["", "ana", "ana@", "@example.org"])
async def test_what_is_no_address_comes_back(client: Client, email: str) -> None:
    answer = await ask(client, email)
    assert answer.status_code == 422
    assert f'value="{email}"' in answer.text


async def test_one_address_gets_few_mails_an_hour(client: Client, owner: User, config: Config) -> None:
    for email in (ANA, "bo@example.org"):
        assert [(await ask(client, email)).status_code for _ in range(6)] == [200] * 5 + [429]
    assert len(await send_mails(config)) <= 5


@pytest.mark.parametrize("change", ["late", "cut", "made up", "other address", "password", "disabled"])
async def test_links_that_open_nothing(
    client: Client, new_client: Callable[[], Client], owner: User, config: Config, change: str
) -> None:
    link = await ask_and_read(client, config)
    if change == "other address":
        await User.filter(id=owner.id).update(email="victim@example.org")
    if change == "password":
        person = Person(id=owner.id, email=ANA)
        await change_password(person, NewPasswordForm(current=PASSWORD, password=NEW))
    if change == "disabled":
        await disable_user(ANA)
    link = {"cut": link[:-1], "made up": f"/sign-in/mail/{owner.id}-1.0.x"}.get(change, link)
    with timing.at(timing.now() + timedelta(minutes=61 if change == "late" else 1)):
        for answer in (await client.get(link), await client.post(link)):
            assert answer.status_code == 409
            assert OLD in answer.text
        assert not await is_in(client)


async def test_who_was_on_the_way_goes_on(client: Client, owner: User, config: Config) -> None:
    link = await ask_and_read(client, config, next="/account/messages")
    assert (await press(client, link)).headers["location"] == "/account/messages"
    link = await ask_and_read(client, config)
    assert (await press(client, link)).headers["location"] == "/", "that was of the time before"
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example"):
        link = await ask_and_read(client, config, next=elsewhere)
        assert (await press(client, link)).headers["location"] == "/"


async def test_staff_come_to_the_desk(client: Client, config: Config) -> None:
    await create_user(SignUpForm(email=ANA, password=PASSWORD), role=Role.DISPATCHER, confirmed=True)
    assert (await press(client, await ask_and_read(client, config))).headers["location"] == "/desk"


async def test_the_link_shows_whose_the_address_is(client: Client, config: Config) -> None:
    user = await create_user(SignUpForm(email=ANA, password=PASSWORD))
    await press(client, await ask_and_read(client, config))
    await user.refresh_from_db()
    assert user.email_confirmed_at


@pytest.mark.parametrize("password", ["", NEW])
async def test_who_signed_up_with_somebody_elses_address_is_out_once_its_owner_comes(
    client: Client, new_client: Callable[[], Client], config: Config, password: str
) -> None:
    mallory = new_client()
    await mallory.post("/sign-up", data={"email": ANA, "password": PASSWORD, "name": "Mallory"})
    await send_mails(config)
    assert await is_in(mallory)
    link = await ask_and_read(client, config)
    assert "the password chosen so far ends now" in (await client.get(link)).text
    assert (await press(client, link, password)).status_code == 303
    assert await is_in(client)
    assert not await is_in(mallory)
    assert not await enters(new_client(), PASSWORD)
    assert await enters(new_client(), NEW) is bool(password)


async def test_another_account_that_confirmed_the_address_meanwhile_keeps_it(client: Client, config: Config) -> None:
    await create_user(SignUpForm(email=ANA, password=PASSWORD))
    link = await ask_and_read(client, config)
    await create_user(SignUpForm(email=ANA, password=NEW), confirmed=True)
    assert OLD in (await client.post(link)).text
    assert not await is_in(client)


async def test_it_comes_to_who_wants_no_mails(client: Client, owner: User, config: Config) -> None:
    """It is the only way into an account whose password is forgotten."""
    await stop_mails(address_digest(ANA), EVERYTHING)
    await ask(client)
    [mail] = await send_mails(config)
    assert len(links(mail)) == 1, "no mail says that it can be stopped when it cannot"
    assert mail["List-Unsubscribe"] is None

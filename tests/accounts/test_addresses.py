"""An account's e-mail address: whose it is, and what signing up tells of others."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from civic import timing
from civic.accounts.actions import create_user, find_user
from civic.accounts.forms import SignUpForm
from civic.accounts.models import Role, User
from civic.accounts.queries import user_email_is_confirmed
from civic.catalogue.members import add_user
from civic.config import Config
from civic.db import in_transaction
from civic.errors import Invalid
from civic.notifications.actions import notify
from civic.notifications.models import Message
from tests.builders.mails import links, send_mails
from tests.clients import Client
from tests.html_forms import form_fields

pytestmark = pytest.mark.usefixtures("database")

ANA, PASSWORD, OTHERS = "ana@example.org", "a sentence is good", "another good sentence"


@pytest.fixture
async def owner() -> User:
    return await create_user(SignUpForm(email=ANA, password=PASSWORD, name="Ana"), confirmed=True)


async def sign_up(client: Client, email: str = ANA, password: str = OTHERS):  # type: ignore[no-untyped-def]
    return await client.post("/sign-up", data={"email": email, "password": password, "name": "Bo"})


async def enter(client: Client, password: str, email: str = ANA) -> int:
    await client.post("/sign-out")
    return (await client.post("/sign-in", data={"email": email, "password": password})).status_code


async def press_the_button(client: Client, link: str):  # type: ignore[no-untyped-def]
    page = await client.get(link)
    assert page.status_code == 200
    return await client.post(link, data=form_fields(page.text, link))


async def test_whose_email_is_confirmed(client: Client) -> None:
    """Those whom the operator added; not somebody who signed up, which shows nothing."""
    added = await add_user(SignUpForm(email="operator@example.org", password=PASSWORD), Role.CITIZEN)
    await sign_up(client)
    assert await user_email_is_confirmed(added.id)
    assert not await user_email_is_confirmed((await User.get(email=ANA)).id)


async def test_signing_up_asks_to_confirm(client: Client, new_client: Callable[[], Client], config: Config) -> None:
    assert (await sign_up(client)).headers["location"] == "/"
    assert f"Please confirm that {ANA} is your address" in (await client.get("/account")).text
    [mail] = await send_mails(config)
    assert (mail["To"], "confirm your email address" in mail["Subject"]) == (ANA, True)
    link = links(mail)[0]
    user = await User.get()
    for reader in (client, new_client()):
        await reader.get(link)  # programs that read mail open links
    assert not await user_email_is_confirmed(user.id)
    answer = await press_the_button(new_client(), link)
    assert answer.headers["location"] == "/sign-in?confirmed=yes"
    assert await user_email_is_confirmed(user.id)
    assert "Please confirm" not in (await client.get("/account")).text
    assert (await press_the_button(client, link)).headers["location"] == "/account?saved=confirmed"
    assert await enter(client, OTHERS) == 303


async def test_the_link_is_in_the_mail_alone(client: Client, config: Config) -> None:
    """Whoever signs up with an address that is not theirs sees their messages, and must not confirm it by them."""
    await sign_up(client)
    assert "/account/confirm/" not in (await client.get("/account/messages")).text
    await send_mails(config)
    assert [message.url for message in await Message.all()] == [""]


@pytest.mark.parametrize("change", ["late", "cut", "other address", "made up"])
async def test_links_that_confirm_nothing(client: Client, config: Config, change: str) -> None:
    await sign_up(client)
    [mail] = await send_mails(config)
    link = links(mail)[0]
    user = await User.get()
    if change == "other address":
        await User.filter(id=user.id).update(email="victim@example.org")
    link = {"cut": link[:-1], "made up": f"/account/confirm/{user.id}.0.x"}.get(change, link)
    with timing.at(timing.now() + timedelta(days=15 if change == "late" else 1)):
        answer = await press_the_button(client, link)
    assert answer.status_code == 409
    assert "This link has expired" in answer.text
    assert not await user_email_is_confirmed(user.id)


@pytest.mark.parametrize("user_id", [str(2**63), "9" * 40, "0", "-1", "٣", "²", "1e3", "x"])
async def test_a_made_up_link_names_nobody(client: Client, user_id: str) -> None:
    answer = await press_the_button(client, f"/account/confirm/{user_id}.0.x")
    assert answer.status_code == 409


async def test_signing_up_says_nothing_of_who_has_an_account(
    new_client: Callable[[], Client], owner: User, config: Config
) -> None:
    """Page, cookies, the account's page and signing in later are the same; only the owner's mailbox knows."""
    seen = []
    for email in (ANA, "nobody@example.org"):
        client = new_client()
        answer = await sign_up(client, email)
        page = re.sub(r'data-reader="\d+"', "", (await client.get("/account")).text.replace(email, "…"))
        again, wrong = await enter(client, OTHERS, email), await enter(client, "wrong password", email)
        seen.append((answer.status_code, answer.headers["location"], set(client.cookies), page, again, wrong))
    pages = [one[3].split('<section id="sessions"')[0] for one in seen]  # after it stand times
    assert pages[0] == pages[1]
    assert seen[0][:3] == seen[1][:3]
    assert [one[4:] for one in seen] == [(303, 422)] * 2
    mails = await send_mails(config)
    assert [(mail["To"], "already" in mail["Subject"]) for mail in mails] == [
        (ANA, True),
        ("nobody@example.org", False),
    ]
    assert links(mails[0])[0] == "/sign-in"


async def test_an_address_stays_with_who_confirmed_it(
    client: Client, new_client: Callable[[], Client], config: Config
) -> None:
    """Two signed up with it. The one who reads its mail has it; the other account goes on without."""
    thief = new_client()
    await sign_up(thief)
    await sign_up(client, password=PASSWORD)
    thiefs, mine = [links(mail)[0] for mail in await send_mails(config)]
    assert (await press_the_button(client, mine)).status_code == 303
    answer = await press_the_button(client, thiefs)
    assert answer.status_code == 409
    assert "There is an account with this address already" in answer.text
    assert await enter(client, PASSWORD) == 303
    assert (await find_user(ANA)).name == "Bo"
    with pytest.raises(Invalid):
        await create_user(SignUpForm(email=ANA, password=PASSWORD), confirmed=True)
    assert await User.filter(email=ANA, email_confirmed_at__not_isnull=True).count() == 1
    await sign_up(new_client(), password="a third good sentence")
    assert await enter(client, PASSWORD) == 303


async def test_an_operator_names_one_of_several(client: Client, owner: User) -> None:
    await sign_up(client)
    newest = await User.all().order_by("-id").first()
    assert newest
    assert (await find_user(f" {ANA.upper()}")).id == owner.id
    assert (await find_user(str(newest.id))).id == newest.id != owner.id


async def test_what_waited_is_told_once(client: Client, config: Config) -> None:
    await sign_up(client)
    user = await User.get()
    [asked] = await send_mails(config)
    for number in range(3):
        async with in_transaction():
            values = {"number": f"26-{number}", "department": {}, "text": "", "events": 1, "hash": "00"}
            await notify(f"event:{number}", "report_replied", user_id=user.id, values=values, url="/reports/1")
    assert await send_mails(config) == []
    assert "answered your report 26-2" in (await client.get("/account")).text  # the site tells all the same
    await press_the_button(client, links(asked)[0])
    [mail] = await send_mails(config)
    assert "3 messages came for you" in mail.get_content()
    await press_the_button(client, links(asked)[0])
    assert await send_mails(config) == []


async def test_asking_for_the_mail_again(client: Client, config: Config, new_client: Callable[[], Client]) -> None:
    await sign_up(client)
    begun = timing.now()
    for second in range(1, 8):
        with timing.at(begun + timedelta(seconds=second)):
            answer = await client.post("/account/confirm")
            assert answer.status_code == (303 if second <= 5 else 429)
    assert len(await send_mails(config)) == config.limits.unasked_mails_per_day
    assert (await new_client().post("/account/confirm", headers={"Accept": "application/json"})).status_code == 401


async def test_stopping_mails_about_an_account(
    client: Client, new_client: Callable[[], Client], config: Config
) -> None:
    """This was not me: no more of these. What is about the safety of an account comes unless all mails are stopped."""
    await sign_up(client)
    [mail] = await send_mails(config)
    confirm, stop = links(mail)
    await new_client().post(stop, data={"what": "one"})
    await client.post("/account/confirm")
    assert await send_mails(config) == []
    await press_the_button(client, confirm)  # it was them after all
    await new_client().post(stop, data={"what": "one"})
    data = {"current": OTHERS, "password": PASSWORD}
    assert (await client.post("/account/password", data=data)).status_code == 303
    [mail] = await send_mails(config)
    assert "Your password was changed" in mail["Subject"]
    await new_client().post(stop, data={"what": "all"})
    with timing.at(timing.now() + timedelta(seconds=5)):
        data = {"current": PASSWORD, "password": OTHERS}
        assert (await client.post("/account/password", data=data)).status_code == 303
    assert await send_mails(config) == []


async def test_one_account_for_each_spelling_of_a_domain(client: Client, config: Config) -> None:
    typed = [
        "bo@München.example",
        "bo@xn--mnchen-3ya.example",
        "ｂｏ＠münchen．example",
        "bo\u200b@mu\u0308nchen.example",
    ]
    await sign_up(client, typed[0], PASSWORD)
    [mail] = await send_mails(config)
    assert mail["To"] == "bo@xn--mnchen-3ya.example"
    for email in typed:
        assert await enter(client, PASSWORD, email) == 303
        assert (await find_user(email)).email == typed[1]
    assert await User.all().count() == 1

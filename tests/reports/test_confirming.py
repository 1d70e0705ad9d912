"""A reporter's e-mail address: what is sent to it before and after somebody showed that it is theirs."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from civic import timing
from civic.config import Config
from civic.notifications.models import Message
from civic.posts.models import Post
from civic.posts.queries import author_email_is_confirmed
from tests.builders.mails import links, send_mails
from tests.builders.riverside import act_at_desk, get_case, get_department_id, send_report, send_routed_report
from tests.clients import Client
from tests.html_forms import form_fields

pytestmark = pytest.mark.usefixtures("riverside")
ANA = "ana@example.org"


@pytest.fixture
async def roads(agent: Client) -> Client:
    return await agent.join(await get_department_id("roads"))


async def press_the_button(client: Client, link: str) -> str:
    """Open the link of a mail and press its button, as in a browser without scripts; where it leads."""
    page = await client.get(link)
    assert page.status_code == 200
    answer = await client.post("/receipt", data=form_fields(page.text, "/receipt"))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_an_authors_email_counts_as_theirs_once_it_is_confirmed(client: Client, citizen: Client) -> None:
    for sender in (client, citizen):
        await send_report(sender, email=ANA)
    unknown, known = await Post.all().order_by("id")
    assert not await author_email_is_confirmed(unknown.id)
    assert await author_email_is_confirmed(known.id)
    await Post.filter(id=unknown.id).update(email_confirmed_at=timing.now())
    assert await author_email_is_confirmed(unknown.id)


async def test_an_address_that_nobody_confirmed_is_asked_once(client: Client, roads: Client, config: Config) -> None:
    one = await send_routed_report(client, email=ANA)
    case = await get_case(one["id"])
    await act_at_desk(roads, case.id, "accept")
    await act_at_desk(roads, case.id, "reply", text="We shall look at it on Monday.")
    [mail] = await send_mails(config)
    assert mail["To"] == ANA
    assert f"confirm your email address for report {case.number}" in mail["Subject"]
    assert one["receipt"] in mail.get_content()
    assert await send_mails(config) == []


async def test_what_happened_is_told_once_after_confirming(
    client: Client, roads: Client, new_client: Callable[[], Client], config: Config
) -> None:
    one = await send_routed_report(client, email=ANA)
    case = await get_case(one["id"])
    await act_at_desk(roads, case.id, "accept")
    await act_at_desk(roads, case.id, "reply", text="We shall look at it on Monday.")
    [asked] = await send_mails(config)
    link = links(asked)[0]
    phone = new_client()
    for _ in range(2):  # a program that reads mail opens it
        await phone.get(link)
    assert not await author_email_is_confirmed((await Post.get()).id)
    for _ in range(2):  # somebody presses twice
        assert await press_the_button(phone, link) == f"{one['url']}?mail=confirmed"
    assert "Your email address is confirmed" in (await phone.get(f"{one['url']}?mail=confirmed")).text
    [news] = await send_mails(config)
    assert "We shall look at it on Monday." in news.get_content()
    await act_at_desk(roads, case.id, "reply", text="It will be Tuesday, sorry.")
    [news] = await send_mails(config)
    assert "It will be Tuesday" in news.get_content()


async def test_nobody_confirms_with_something_else(client: Client, config: Config) -> None:
    """The token of another report or address, or one that is too old; the receipt opens the report all the same."""
    one, other = [
        await send_report(client, text=text, email=ANA) for text in ("One hole is here", "Another hole is here")
    ]
    [mail, other_mail] = await send_mails(config)
    link, other_link = links(mail)[0], links(other_mail)[0]
    tokens = [parse_qs(urlsplit(path).query)["confirm"][0] for path in (link, other_link)]
    for token in (tokens[1], tokens[0][:-1], "x", f"{one['id']}.0.x"):
        data = {"code": one["receipt"], "confirm": token}
        assert (await client.post("/receipt", data=data)).headers["location"] == f"{one['url']}?mail=old"
    with timing.at(timing.now() + timedelta(days=15)):
        assert await press_the_button(client, link) == f"{one['url']}?mail=old"
        assert "This link has expired" in (await client.get(f"{one['url']}?mail=old")).text
    await Post.filter(report__id=other["id"]).update(email="bo@example.org")
    assert await press_the_button(client, other_link) == f"{other['url']}?mail=old"
    assert await Post.filter(email_confirmed_at=None).count() == 2


async def test_the_author_asks_for_another_mail(client: Client, stranger: Client, config: Config) -> None:
    one = await send_report(client, email=ANA)
    page = (await client.get(one["url"])).text
    assert f"Please confirm that {ANA} is your address" in page
    again = f"{one['url']}/confirm-mail"
    assert f'action="{again}"' in page
    assert ANA not in (await stranger.get(one["url"])).text
    assert (await stranger.post(again)).status_code == 403
    assert (await client.post(again)).headers["location"] == f"{one['url']}?mail=sent"
    [_first, second] = await send_mails(config)
    await press_the_button(client, links(second)[0])
    assert "confirm-mail" not in (await client.get(one["url"])).text
    await client.post(again)
    assert await send_mails(config) == []


async def test_few_mails_a_day_go_to_an_address_that_did_not_ask(
    client: Client, new_client: Callable[[], Client], config: Config
) -> None:
    most = config.limits.unasked_mails_per_day
    for number in range(most + 3):
        await send_report(new_client(), text=f"Hole number {number}", email=ANA)
    await send_report(client, email="bo@example.org")
    mails = await send_mails(config)
    assert [mail["To"] for mail in mails] == [*[ANA] * most, "bo@example.org"]
    with timing.at(timing.now() + timedelta(days=1, minutes=1)):
        await send_report(client, text="One more hole", email=ANA)
        assert len(await send_mails(config)) == 1


async def test_a_browser_that_confirmed_an_address_is_not_asked_again(
    client: Client, stranger: Client, new_client: Callable[[], Client], config: Config
) -> None:
    await send_report(client, email=ANA)
    [mail] = await send_mails(config)
    await press_the_button(client, links(mail)[0])
    for sender, address, kind in (
        (client, ANA, "report_received"),
        (client, "bo@example.org", "report_confirm"),
        (new_client(), ANA, "report_confirm"),
    ):
        await send_report(sender, text=f"A hole of {address}", email=address)
        newest = await Message.all().order_by("-id").first()
        assert newest
        assert (newest.kind, newest.email) == (kind, address)


async def test_a_moderators_decision_is_no_way_around(client: Client, dispatcher: Client, config: Config) -> None:
    await send_report(client, email=ANA)
    await send_mails(config)
    post = await Post.get()
    await dispatcher.post("/desk/moderation/hide", data={"post": post.id, "reason": "spam"})
    assert await send_mails(config) == []
    await Post.filter(id=post.id).update(email_confirmed_at=timing.now())
    await dispatcher.post("/desk/moderation/restore", data={"post": post.id, "reason": "spam"})
    [mail] = await send_mails(config)
    assert mail["To"] == ANA


async def test_what_a_mail_carried_is_not_kept(client: Client, config: Config) -> None:
    await send_report(client, email=ANA)
    [mail] = await send_mails(config)
    message = await Message.get()
    assert "confirm=" in links(mail)[0]
    assert (message.url, message.values) == ("", {"number": message.values["number"]})


# --- stopping mails --------------------------------------------------------------


async def test_this_was_not_me(client: Client, new_client: Callable[[], Client], config: Config) -> None:
    one = await send_report(client, email=ANA)
    [mail] = await send_mails(config)
    confirm, stop = links(mail)
    assert mail["List-Unsubscribe"] == f"<http://127.0.0.1:8000{stop}>"
    reader = new_client()
    page = await reader.get(stop)
    assert page.status_code == 200
    assert "No more emails about this report" in page.text
    await client.post(f"{one['url']}/confirm-mail")
    assert len(await send_mails(config)) == 1  # the link was opened only
    answer = await reader.post(stop, data={"what": "one"})
    assert "Done. You will get no more of these emails." in (await reader.get(answer.headers["location"])).text
    await client.post(f"{one['url']}/confirm-mail")
    assert await send_mails(config) == []
    await send_report(client, text="Another hole is here", email=ANA)
    assert len(await send_mails(config)) == 1  # about another report
    await press_the_button(client, confirm)  # it was them after all
    assert "No more emails about this report" in (await reader.get(stop)).text


async def test_no_mail_at_all(client: Client, new_client: Callable[[], Client], config: Config) -> None:
    await send_report(client, email=ANA)
    [mail] = await send_mails(config)
    stop = links(mail)[1]
    reader = new_client()
    await reader.post(stop, data={"what": "all"})
    await send_report(client, text="Another hole is here", email=ANA)
    await send_report(client, text="Somebody else's hole", email="bo@example.org")
    assert [mail["To"] for mail in await send_mails(config)] == ["bo@example.org"]
    await reader.post(stop, data={"what": "again"})
    await send_report(client, text="A third hole is here", email=ANA)
    assert len(await send_mails(config)) == 1


async def test_a_mail_program_stops_mails_with_one_click(
    client: Client, new_client: Callable[[], Client], config: Config
) -> None:
    settings = config.model_copy(update={"site": config.site.model_copy(update={"url": "https://city.example"})})
    await send_report(client, email=ANA)
    [mail] = await send_mails(settings)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = urlsplit(mail["List-Unsubscribe"].strip("<>")).path
    program = new_client()
    del program.headers["Origin"]
    answer = await program.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 303
    assert "We no longer send emails to this address" in (await client.get(path)).text


async def test_a_made_up_link_stops_nothing(client: Client, config: Config) -> None:
    await send_report(client, email=ANA)
    [mail] = await send_mails(config)
    token = links(mail)[1].rpartition("/")[2]
    for wrong in ("x", token[:-1], token.replace("post:", "user:"), f"{token}.0.x"):
        assert (await client.get(f"/mail/stop/{wrong}")).status_code == 404
        assert (await client.post(f"/mail/stop/{wrong}", data={"what": "all"})).status_code == 404

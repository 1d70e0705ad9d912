"""What its author and its supporters do with a report: follow, answer, confirm, dispute, rate, reopen, doubt."""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from civic import signing, timing
from civic.accounts.models import User
from civic.cases.models import Case, CaseEvent, Handling
from civic.notifications.models import Message
from civic.posts import receipts
from civic.posts.models import Post
from civic.reports.models import Doubt
from civic.reports.receipts import MAX_WRONG_CODES_PER_HOUR
from tests.builders.riverside import JSON, act_at_desk, get_case, get_department_id, send_report, send_routed_report
from tests.clients import Client, make_user
from tests.html_forms import form_fields
from tests.media.pictures import encoded, scene

pytestmark = pytest.mark.usefixtures("riverside")
MORNING = datetime(2026, 11, 10, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
async def roads(agent: Client) -> Client:
    return await agent.join(await get_department_id("roads"))


async def resolved(client: Client, roads: Client) -> tuple[str, Case]:
    """A hole that roads has filled: its page and its case."""
    one = await send_routed_report(client)
    case = await get_case(one["id"])
    await resolve(roads, case)
    return one["url"], case


async def resolve(roads: Client, case: Case, text: str = "We filled it in.") -> None:
    photo = [("photos", ("done.jpg", encoded(scene()), "image/jpeg"))]
    answer = await roads.post(f"/desk/cases/{case.id}/resolve", data={"text": text}, files=photo)
    assert answer.status_code == 303, answer.text


async def status(case: Case) -> str:
    return str((await Case.get(id=case.id)).status)


# --- receipts -----------------------------------------------------------------


async def test_a_receipt_opens_the_report_on_another_device(client: Client, new_client: Callable[[], Client]) -> None:
    one = await send_report(client)
    other = new_client()
    typed = one["receipt"].lower().replace("-", " ").replace("0", "o")
    answer = await other.post("/receipt", data={"code": typed})
    assert (answer.status_code, answer.headers["location"]) == (303, one["url"])
    page = await other.get(one["url"])
    assert one["receipt"] in page.text
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_the_follow_link_of_a_mail_opens_it_by_a_button(client: Client, new_client: Callable[[], Client]) -> None:
    one = await send_report(client, email="ana@example.org")
    message = await Message.get(kind="report_confirm")
    assert message.email == "ana@example.org"
    other = new_client()
    page = await other.get(message.url)
    assert page.status_code == 200
    assert one["receipt"] not in (await other.get(one["url"])).text  # a program that reads mail has opened it so far
    answer = await other.post("/receipt", data=form_fields(page.text, "/receipt"))
    assert (answer.status_code, answer.headers["location"]) == (303, one["url"] + "?mail=confirmed")
    assert one["receipt"] in (await other.get(one["url"])).text


async def test_a_code_that_is_none(client: Client) -> None:
    for code in ("", "AAAA-AAAA-AAAA", "x" * 500, "../../x", "😀", "\x00"):
        answer = await client.post("/receipt", data={"code": code})
        assert answer.status_code == 422
        assert "We cannot find this code" in answer.text
    page = await client.get("/r/AAAA-AAAA-AAAA")
    assert page.status_code == 200  # which says nothing of whether there is such a report
    assert (await client.post("/receipt", data=form_fields(page.text, "/receipt"))).status_code == 422
    assert (await client.get("/r/AAAA-AAAA")).status_code == 404


async def test_links_that_others_plant_leave_ones_own_receipts(client: Client, stranger: Client) -> None:
    one = await send_report(client)
    before = dict(client.cookies)
    for number in range(receipts.MAX_CODES_IN_COOKIE):
        planted = await send_report(stranger, text=f"Hole {number}")
        await client.get(f"/r/{planted['receipt'] or receipts.new_code()}")
    assert dict(client.cookies) == before
    assert one["receipt"] in (await client.get(one["url"])).text


async def test_wrong_codes_are_limited_and_right_ones_are_not(client: Client, new_client: Callable[[], Client]) -> None:
    one = await send_report(client)
    for _ in range(MAX_WRONG_CODES_PER_HOUR * 2):
        assert (await new_client().post("/receipt", data={"code": one["receipt"]})).status_code == 303
    answers = [
        (await new_client().post("/receipt", data={"code": f"{number:012}"})).status_code
        for number in range(MAX_WRONG_CODES_PER_HOUR + 1)
    ]
    assert answers == [*[422] * MAX_WRONG_CODES_PER_HOUR, 429]
    assert (await client.post("/receipt", data={"code": one["receipt"]})).status_code == 429


async def test_a_copy_of_the_database_does_not_let_anybody_try_codes(client: Client) -> None:
    one = await send_report(client)
    kept = (await Post.get()).receipt_hash
    assert kept == receipts.code_digest(one["receipt"])
    assert kept != hashlib.sha256(one["receipt"].encode()).hexdigest()
    signing.set_key(lambda: b"another installation")
    assert kept != receipts.code_digest(one["receipt"])


async def test_a_browser_holds_the_newest_twenty(client: Client) -> None:
    codes = [(await send_report(client, text=f"Hole {n}"))["receipt"] for n in range(receipts.MAX_CODES_IN_COOKIE + 2)]
    *held, _signature = client.cookies.get(receipts.COOKIE).split(".")
    assert held == codes[::-1][: receipts.MAX_CODES_IN_COOKIE]


async def test_codes_that_somebody_made_up_open_nothing(client: Client, stranger: Client) -> None:
    one = await send_report(client)
    *_codes, signature = client.cookies.get(receipts.COOKIE).split(".")
    receipt = one["receipt"]
    # The last two are right codes that nobody typed: who could try them here could try as many as they like.
    for cookie in (
        "AAAA-AAAA-AAAA.<script>.x",
        "AAAA-AAAA-AAAA",
        f"{receipt}.",
        f"AAAA-AAAA-AAAA.{receipt}.{signature}",
    ):
        stranger.cookies.set(receipts.COOKIE, cookie)
        assert "Your receipt code" not in (await stranger.get(one["url"])).text
    stranger.cookies.set(receipts.COOKIE, f"{receipt}.{signature}")
    assert "Your receipt code" in (await stranger.get(one["url"])).text


# --- the author ---------------------------------------------------------------


async def test_the_reporter_answers_what_was_asked(client: Client, stranger: Client, roads: Client) -> None:
    one = await send_routed_report(client)
    case = await get_case(one["id"])
    await act_at_desk(roads, case.id, "ask", text="On which side?")
    assert "On which side?" in (page := (await client.get(one["url"])).text)
    assert f'action="{one["url"]}/answer"' in page
    assert "/answer" not in (await stranger.get(one["url"])).text
    files = [("photos", ("side.jpg", encoded(scene()), "image/jpeg"))]
    answer = await client.post(f"{one['url']}/answer", data={"text": "On the left."}, files=files)
    assert answer.status_code == 303, answer.text
    assert await status(case) == "in_progress"
    page = (await stranger.get(one["url"])).text
    assert "On the left." in page
    assert "Photo of: The reporter answered" in page


async def test_an_empty_answer_is_refused_with_the_page(client: Client, roads: Client) -> None:
    one = await send_routed_report(client)
    await act_at_desk(roads, (await get_case(one["id"])).id, "ask", text="On which side?")
    answer = await client.post(f"{one['url']}/answer", data={"text": "  "})
    assert answer.status_code == 422
    assert "Please write a text" in answer.text
    assert (await client.post(f"{one['url']}/answer", data={"text": ""}, headers=JSON)).json()["fields"].keys() == {
        "text"
    }


async def test_the_reporter_confirms_with_stars(client: Client, roads: Client) -> None:
    url, case = await resolved(client, roads)
    page = (await client.get(url)).text
    assert "Is it fixed?" in page
    answer = await client.post(f"{url}/confirm", data={"stars": "4", "text": "Quick."})
    assert answer.status_code == 303
    assert await status(case) == "confirmed"
    handling = await Handling.get()
    assert (handling.case_id, handling.stars, handling.text) == (case.id, 4, "Quick.")
    # A second thought counts instead of the first, which is kept.
    assert (await client.post(f"{url}/rate", data={"stars": "2"})).status_code == 303
    assert await Handling.all().order_by("id").values_list("stars", flat=True) == [4, 2]
    assert (await client.post(f"{url}/rate", data={"stars": "6"})).status_code == 422
    answer = await client.post(f"{url}/confirm")
    assert answer.status_code == 409
    assert "is no longer possible" in answer.text


async def test_the_reporter_disputes_with_a_reason(client: Client, roads: Client) -> None:
    url, case = await resolved(client, roads)
    answer = await client.post(f"{url}/dispute", data={"text": " ", "stars": "1"})
    assert answer.status_code == 422
    assert "Please say what is still wrong" in answer.text
    assert await status(case) == "resolved"
    answer = await client.post(f"{url}/dispute", data={"text": "Half of it is left."}, headers=JSON)
    assert answer.json()["status"] == "in_progress"
    assert "Half of it is left." in (await client.get(url)).text
    assert "reopened once" in (await client.get(url)).text


async def test_a_confirmed_case_can_be_reopened_for_thirty_days(client: Client, roads: Client) -> None:
    with timing.at(MORNING):
        url, case = await resolved(client, roads)
        await client.post(f"{url}/confirm")
    with timing.at(MORNING + timedelta(days=29)):
        assert "Is it still fixed?" in (await client.get(url)).text
        assert (await client.post(f"{url}/dispute", data={"text": "It has come back."})).status_code == 303
        assert await status(case) == "in_progress"
    with timing.at(MORNING):
        url, case = await resolved(client, roads)
        await client.post(f"{url}/confirm")
    with timing.at(MORNING + timedelta(days=31)):
        page = (await client.get(url)).text
        assert f"{url}/dispute" not in page
        answer = await client.post(f"{url}/dispute", data={"text": "It has come back."})
        assert answer.status_code == 409
        assert "too late" in answer.text
        assert await status(case) == "confirmed"


async def test_a_signed_in_author_needs_no_cookie(citizen: Client, roads: Client, client: Client) -> None:
    url, case = await resolved(citizen, roads)
    assert (await client.post(f"{url}/confirm", headers=JSON)).status_code == 403
    assert (await citizen.post(f"{url}/confirm", headers=JSON)).json()["status"] == "confirmed"
    assert await status(case) == "confirmed"


@pytest.mark.parametrize("name", ["answer", "confirm", "dispute", "rate"])
async def test_nobody_else_may(
    client: Client, stranger: Client, roads: Client, new_client: Callable[[], Client], name: str
) -> None:
    url, case = await resolved(client, roads)
    before = await status(case), await CaseEvent.filter(case_id=case.id).count()
    files = [("photos", ("x.jpg", encoded(scene()), "image/jpeg"))]
    for other in (stranger, roads, new_client()):
        answer = await other.post(f"{url}/{name}", data={"text": "x", "stars": "1"}, files=files, headers=JSON)
        assert answer.status_code == 403
    for path in (f"/reports/999999/{name}", f"/reports/{2**64}/{name}"):
        assert (await client.post(path, data={"text": "x"}, headers=JSON)).status_code == 404
    assert (await status(case), await CaseEvent.filter(case_id=case.id).count()) == before


# --- supporters ---------------------------------------------------------------


async def supporter(new_client: Callable[[], Client], number: int, post: int) -> Client:
    someone = await new_client().sign_in(await make_user(f"supporter{number}@example.org"))
    assert (await someone.post(f"/posts/{post}/vote")).status_code == 303
    return someone


async def supported(
    client: Client, roads: Client, new_client: Callable[[], Client], number: int = 3
) -> tuple[str, Case, int, list[Client]]:
    """A hole that so many people supported before roads filled it: its page, case and post, and the people."""
    one = await send_routed_report(client)
    case = await get_case(one["id"])
    [post] = {int(n) for n in re.findall(r"/posts/(\d+)/", (await client.get(one["url"])).text)}
    supporters = [await supporter(new_client, number, post) for number in range(number)]
    await resolve(roads, case)
    return one["url"], case, post, supporters


async def test_three_supporters_reopen(client: Client, roads: Client, new_client: Callable[[], Client]) -> None:
    url, case, _post, supporters = await supported(client, roads, new_client)
    assert "You support this report. 3 supporters together" in (await supporters[0].get(url)).text
    for someone in (supporters[0], supporters[0], supporters[1]):  # one of them twice
        assert (await someone.post(f"{url}/doubt", data={"text": "Not yet."})).status_code == 303
    assert await status(case) == "resolved"
    assert await Doubt.all().count() == 2
    assert (await supporters[2].post(f"{url}/doubt")).status_code == 303
    assert await status(case) == "in_progress"
    assert "3 supporters say that it is not fixed" in (await client.get(url)).text
    answer = await supporters[2].post(f"{url}/doubt")
    assert answer.status_code == 409


async def test_three_accounts_made_afterwards_reopen_nothing(
    client: Client, roads: Client, new_client: Callable[[], Client]
) -> None:
    """Signed up, supporting and doubting once it is solved: none of them counts, whatever their e-mail."""
    url, case, post, _none = await supported(client, roads, new_client, 0)
    for number in range(4):
        someone = await supporter(new_client, number, post)
        answer = await someone.post(f"{url}/doubt", data={"text": "It is not fixed."}, headers=JSON)
        assert answer.status_code == 403
        assert "before it was solved" in answer.json()["message"]
    assert (await status(case), await Doubt.all().count()) == ("resolved", 0)


async def test_only_confirmed_addresses_count(client: Client, roads: Client, new_client: Callable[[], Client]) -> None:
    url, case, _post, supporters = await supported(client, roads, new_client)
    await User.filter(email="supporter2@example.org").update(email_confirmed_at=None)
    for someone in supporters[:2]:
        await someone.post(f"{url}/doubt")
    refused = await supporters[2].post(f"{url}/doubt", data={"text": "It is not fixed."})
    assert refused.status_code == 403
    assert "confirm your email address" in refused.text
    assert "It is not fixed." in refused.text
    assert await status(case) == "resolved"
    await User.filter(email="supporter2@example.org").update(email_confirmed_at=timing.now())
    await User.filter(email="supporter0@example.org").update(email_confirmed_at=None)  # it was another one's
    assert (await supporters[2].post(f"{url}/doubt")).status_code == 303
    assert await status(case) == "resolved"


async def test_who_took_the_support_back_does_not_count(
    client: Client, roads: Client, new_client: Callable[[], Client]
) -> None:
    url, case, post, supporters = await supported(client, roads, new_client, 4)
    for someone in supporters[:2]:
        await someone.post(f"{url}/doubt")
    await supporters[0].post(f"/posts/{post}/unvote")
    await supporters[1].post(f"/posts/{post}/unvote")
    await supporters[1].post(f"/posts/{post}/vote")  # again, but after it was solved
    for someone in supporters[2:]:
        assert (await someone.post(f"{url}/doubt")).status_code == 303
    assert await status(case) == "resolved"
    assert (await supporters[1].post(f"{url}/doubt")).status_code == 403


async def test_the_author_is_no_supporter(citizen: Client, roads: Client, new_client: Callable[[], Client]) -> None:
    """Who wrote it disputes it alone, and counts for no supporter beside."""
    one = await send_routed_report(citizen)
    case = await get_case(one["id"])
    [post] = {int(n) for n in re.findall(r"/posts/(\d+)/", (await citizen.get(one["url"])).text)}
    await citizen.post(f"/posts/{post}/vote")
    await resolve(roads, case)
    assert (await citizen.post(f"{one['url']}/doubt")).status_code == 403


async def test_supporters_reopen_once_and_a_dispatcher_decides_then(
    client: Client, roads: Client, dispatcher: Client, new_client: Callable[[], Client]
) -> None:
    url, case, _post, supporters = await supported(client, roads, new_client)
    for someone in supporters:
        await someone.post(f"{url}/doubt")
    assert await status(case) == "in_progress"
    await resolve(roads, case, "We filled it in again.")
    for someone in supporters:
        assert (await someone.post(f"{url}/doubt")).status_code == 303
    assert await status(case) == "resolved"
    [listed] = (await dispatcher.get("/desk/appeals", headers=JSON)).json()["appeals"]
    assert (listed["case"], listed["against"]) == (case.id, "resolution")
    assert listed["reason"] == "3 supporters say that it is not fixed."
    # The reporter has not reopened it yet, and may: so there is nothing left to decide.
    assert (await client.post(f"{url}/dispute", data={"text": "It is still there."})).status_code == 303
    assert (await status(case), (await Case.get(id=case.id)).appeal_outcome) == ("in_progress", "upheld")
    assert (await dispatcher.get("/desk/appeals", headers=JSON)).json()["count"] == 0


async def test_doubts_of_an_earlier_resolution_do_not_count(
    client: Client, roads: Client, new_client: Callable[[], Client]
) -> None:
    url, case, _post, supporters = await supported(client, roads, new_client)
    for someone in supporters[:2]:
        await someone.post(f"{url}/doubt")
    await client.post(f"{url}/dispute", data={"text": "No, that is not so."})
    await resolve(roads, case, "Once again, please.")
    assert (await supporters[2].post(f"{url}/doubt")).status_code == 303
    assert await status(case) == "resolved"


async def test_who_does_not_support_it_cannot_doubt(client: Client, stranger: Client, roads: Client) -> None:
    url, _case = await resolved(client, roads)
    assert (await stranger.post(f"{url}/doubt")).status_code == 403
    assert (await client.post(f"{url}/doubt", headers=JSON)).status_code == 401

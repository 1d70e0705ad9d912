"""Reports that wait on a phone: each goes out once, whatever breaks.

The browser's network is cut, answers are lost on their way, the room that the browser has is made small.
"""

import re

import asyncpg
import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import sign_in
from tests.browser.phones import (
    CODE,
    QUEUE,
    WAITING,
    Phone,
    none_waits,
    phone,
    post_count,
    press_send,
    until,
    write,
)
from tests.browser.test_main_job import AT_BELL_TOWER
from tests.live import Live

__all__ = ["phone"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("photo", [True, False])
async def test_the_network_goes_while_the_form_is_filled_in(phone: Phone, live_server: Live, photo: bool) -> None:
    context, text = await phone(worker=False), f"The network went after the photo was chosen: {photo}"
    page = await context.new_page()
    await page.goto("/reports/new")
    if photo:  # it is on the server when the network goes
        await page.locator("#photos").set_input_files(AT_BELL_TOWER)  # type: ignore[arg-type]
        await expect(page.locator("#kept-photos img")).to_have_count(1)
    await context.set_offline(True)
    await write(page, text)
    await press_send(page)
    await expect(page.locator("[data-kept-on-phone]")).to_be_visible()
    await context.set_offline(False)
    await none_waits(page)
    assert await post_count(live_server, text) == 1
    await page.goto("/reports/new")
    await expect(page.locator("#text")).to_have_value("")


async def test_an_answer_that_is_lost_makes_no_second_report_and_a_closed_tab_loses_none(
    phone: Phone, live_server: Live
) -> None:
    context, text = await phone(worker=False), "The server got it and the answer was lost"
    page = await context.new_page()
    await page.goto("/reports/new")
    lost: list[int] = []

    async def lose(route: Route) -> None:
        lost.append((await route.fetch()).status)
        await route.abort()

    await context.route("**/reports", lose)
    await write(page, text)
    await press_send(page)
    await expect(page.locator("[data-kept-on-phone]")).to_be_visible()
    assert lost == [201, *lost[1:]]
    await page.close()
    await context.unroute("**/reports")
    again = await context.new_page()
    await again.goto("/")
    await none_waits(again)
    assert await post_count(live_server, text) == 1
    [sent] = await again.evaluate("waiting.listSent()")
    assert re.fullmatch(r"/reports/\d+", sent["url"])
    await again.goto(sent["url"])  # its sender is known as such
    await expect(again.locator("main")).to_contain_text(CODE)


async def test_two_tabs_send_it_once(phone: Phone, live_server: Live) -> None:
    context = await phone(worker=False)
    first, second = await context.new_page(), await context.new_page()
    await first.goto("/offline")
    await second.goto("/offline")
    posts: list[str] = []
    context.on("request", lambda one: posts.append(one.url) if one.method == "POST" else None)
    await context.set_offline(True)
    await first.evaluate(QUEUE, {"name": "tabs", "count": 3, "dead": -1})
    await context.set_offline(False)  # both hear of it
    for page in (first, second):
        await none_waits(page)
        await expect(page.locator("[data-slot=sent] li")).to_have_count(3)
    assert len(posts) == 3
    assert await post_count(live_server, "The lamp with the number 1 is out: tabs") == 1


async def test_of_a_hundred_a_dead_one_stays_with_its_reason_and_is_corrected(phone: Phone, live_server: Live) -> None:
    context = await phone(worker=False)
    page = await context.new_page()
    await page.goto("/offline")
    await context.set_offline(True)
    await page.evaluate(QUEUE, {"name": "queued", "count": 100, "dead": 7})
    await expect(page.locator("#network")).to_contain_text("100")
    await context.set_offline(False)
    await until(page, "waiting.all().then(all => all.length === 1)", tries=3000)
    [left] = await page.evaluate(WAITING)
    assert (left["key"], left["state"]) == ("queued-7", "refused")
    item = page.locator("[data-slot=queued] li")
    await expect(item).to_contain_text("The lamp with the number 7 is out: queued")
    await expect(item).to_contain_text(left["reason"])
    assert len(left["reason"]) > 10
    await expect(page.locator("#network")).to_contain_text("Reports that could not be sent: 1")
    await item.get_by_role("button", name="Open in the form").click()
    await expect(page.locator("#text")).to_have_value("The lamp with the number 7 is out: queued")
    await page.locator("#category").select_option("")
    await press_send(page)
    await page.wait_for_url(re.compile(r"/reports/\d+$"))
    await none_waits(page)
    connection = await asyncpg.connect(live_server.database)
    sent = await connection.fetchval("SELECT count(*) FROM post WHERE client_key LIKE 'queued-%'")
    await connection.close()
    assert sent == 100


async def test_what_is_missing_is_said_before_it_waits(phone: Phone, live_server: Live) -> None:
    context, text = await phone(worker=False), "A report whose place comes last"
    page = await context.new_page()
    await page.goto("/reports/new")
    await page.locator("#category").select_option("manhole")
    await expect(page.locator("#questions [data-required]").first).to_be_visible()
    await context.set_offline(True)
    notices = page.locator("#send-notices")
    await press_send(page)
    await expect(notices).to_contain_text("Please say where it is")
    await page.locator("#place_text").fill("Bell Tower Square")
    await press_send(page)
    await expect(notices).to_contain_text("in a sentence what is wrong")
    await page.locator("#text").fill(text)
    await press_send(page)
    await expect(notices).to_contain_text("Please answer the questions")
    assert await page.evaluate(WAITING) == []
    await page.get_by_role("group", name="Is the hole open?").get_by_label("Yes").check()
    await press_send(page)
    await expect(page.locator("[data-kept-on-phone]")).to_be_visible()
    await context.set_offline(False)
    await none_waits(page)
    assert await post_count(live_server, text) == 1


async def test_one_that_fails_on_the_server_is_passed_by_and_a_limit_ends_the_round(phone: Phone) -> None:
    context = await phone(worker=False)
    page = await context.new_page()
    await page.goto("/offline")
    said: list[int] = []
    answers = {"failing-0": 502}

    async def answer(route: Route) -> None:
        body = route.request.post_data_buffer or b""
        status = next((code for key, code in answers.items() if f"\r\n\r\n{key}\r\n".encode() in body), 0)
        said.append(status)
        headers = {"Retry-After": "3600"} if status == 429 else {}
        body = '{"message": "That was too many"}'
        await (route.fulfill(status=status, body=body, headers=headers) if status else route.continue_())

    await context.route("**/reports", answer)
    await context.set_offline(True)
    await page.evaluate(QUEUE, {"name": "failing", "count": 3, "dead": -1})
    await context.set_offline(False)
    await until(page, "waiting.all().then(all => all.length === 1)")
    assert said == [502, 0, 0]
    assert [(one["key"], one["state"]) for one in await page.evaluate(WAITING)] == [("failing-0", "queued")]
    said.clear()
    answers["failing-0"] = 429
    await context.set_offline(True)
    await page.evaluate(QUEUE, {"name": "later", "count": 1, "dead": -1})
    await context.set_offline(False)
    await expect(page.locator("[data-slot=queued]")).to_contain_text("That was too many It is tried again at")
    assert said == [429]
    assert len(await page.evaluate(WAITING)) == 2


async def test_a_full_phone_says_so_before_anything_is_lost(phone: Phone, live_server: Live) -> None:
    context, text = await phone(worker=False), "There was no room on the phone for this"
    page = await context.new_page()
    await page.goto("/reports/new")
    devtools = await context.new_cdp_session(page)
    await devtools.send("Storage.overrideQuotaForOrigin", {"origin": live_server.url, "quotaSize": 1})
    await context.set_offline(True)
    await write(page, text, photo=True)
    await press_send(page)
    await expect(page.locator("#send-notices")).to_contain_text("There is no room on this device")
    await expect(page.locator("#text")).to_have_value(text)
    assert await page.locator("#photos").evaluate("field => field.files.length") == 1
    assert await post_count(live_server, text) == 0
    await context.set_offline(False)  # still without room: it goes out all the same
    await press_send(page)
    await page.wait_for_url(re.compile(r"/reports/\d+$"))
    assert await post_count(live_server, text) == 1


async def test_it_waits_for_whoever_wrote_it(phone: Phone, live_server: Live) -> None:
    context, text = await phone(worker=False), "Written in an account that was left before it went out"
    await sign_in(context, live_server, "citizen1")
    page = await context.new_page()
    await page.goto("/reports/new")
    await context.set_offline(True)
    await write(page, text)
    await press_send(page)
    await expect(page.locator("[data-kept-on-phone]")).to_be_visible()
    await context.clear_cookies()
    await sign_in(context, live_server, "citizen2")
    await context.set_offline(False)
    await page.goto("/offline")
    await expect(page.locator("[data-waiting]")).to_contain_text("Of another account there wait: 1")
    assert text not in await page.locator("main").inner_text()
    assert await post_count(live_server, text) == 0
    await context.clear_cookies()
    await sign_in(context, live_server, "citizen1")
    await page.reload()
    await none_waits(page)
    assert await post_count(live_server, text) == 1

"""A phone without a network: what opens, what waits, and that each report goes out once.

The browser's network is cut, answers are lost on their way, the room that the browser has is made small.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.conftest import sign_in
from tests.browser.test_main_job import AT_BELL_TOWER
from tests.live import Live

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Phone = Callable[..., Awaitable[BrowserContext]]
CODE = re.compile("[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")  # of a receipt
SETTINGS = "caches.match('/settings').then(found => found ? found.json() : {})"
KEPT_NAMES = """(async () => {
  const found = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
  return found;
})()"""
WAITING = "waiting.all().then(all => all.map(({key, state, reason}) => ({key, state, reason: reason ?? ''})))"
QUEUE = """async ({count, dead}) => {
  const place = [["lat", "31.19"], ["lon", "118.008"], ["located_by", "pin"]];
  for (let n = 0; n < count; n++)
    await waiting.put({
      key: `queued-${n}`, action: "/reports", photos: [], reader: "0", written: n, state: "waiting",
      fields: [["text", `The lamp with the number ${n} is out`], ["category", n === dead ? "no-such" : ""], ...place],
    });
}"""


@pytest.fixture
async def phone(browser: Browser, live_server: Live) -> AsyncIterator[Phone]:
    """`await phone(worker=, language=)`: a phone on which nobody has been.

    `worker`: with the service worker, which answers in place of the server; without it answers can be lost.
    """
    async with AsyncExitStack() as stack:

        async def make(*, worker: bool = True, language: str = "en-GB") -> BrowserContext:
            context = await browser.new_context(
                base_url=live_server.url,
                locale=language,
                viewport={"width": 360, "height": 740},
                service_workers="allow" if worker else "block",
            )
            stack.push_async_callback(context.close)
            return context

        yield make


async def post_count(live: Live, text: str) -> int:
    connection = await asyncpg.connect(live.database)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM post WHERE text = $1", text))
    finally:
        await connection.close()


async def until(page: Page, holds: str, tries: int = 300) -> None:
    """Wait for an expression that may be a promise. The bound only ends a test that would never end."""
    for _ in range(tries):
        if await page.evaluate(f"Promise.resolve({holds})"):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{page.url}: never {holds}; {await page.evaluate(WAITING)}")


async def open_kept(context: BrowserContext, path: str = "/") -> Page:
    """A page, once the worker has kept what it keeps."""
    page = await context.new_page()
    await page.goto(path)
    await until(page, f"{SETTINGS}.then(found => Boolean(found.at))")
    return page


async def write(page: Page, text: str, *, photo: bool = False) -> None:
    if photo:
        await page.locator("#photos").set_input_files(AT_BELL_TOWER)  # type: ignore[arg-type]
    await page.locator("#place_text").fill("Bell Tower Square")
    await page.locator("#text").fill(text)


async def press_send(page: Page) -> None:
    await page.get_by_role("button", name="Send the report").click()


async def none_waits(page: Page) -> None:
    await until(page, "waiting.all().then(all => all.length === 0)")


async def test_the_form_opens_without_a_network_and_what_was_sent_goes_out(phone: Phone, live_server: Live) -> None:
    context, text = await phone(), "The network was away before the form was opened"
    page = await open_kept(context)
    await context.set_offline(True)
    await page.goto("/reports/new")
    await expect(page.locator("#network")).to_contain_text(re.compile(r"No network: this was kept at \d\d:\d\d"))
    await page.locator("#category").select_option("traffic-light")
    await page.get_by_text("Green too short").click()
    await write(page, text, photo=True)
    await press_send(page)
    await expect(page.locator("[data-kept-on-phone]")).to_contain_text("There is no network. Your report waits")
    await expect(page.locator("[data-kept-on-phone]")).to_be_focused()
    await page.get_by_role("link", name="See what waits").click()
    item = page.locator("[data-slot=waiting] li")
    await expect(item).to_contain_text(text)
    await expect(item.locator("img")).to_be_visible()
    await expect(page.locator("#network")).to_contain_text("Reports that wait for the network: 1")
    await context.set_offline(False)
    await expect(page.locator("[data-slot=sent] a")).to_have_text(text)
    await expect(item).to_have_count(0)
    assert await post_count(live_server, text) == 1
    await page.locator("[data-slot=sent] a").click()
    await expect(page.locator(".gallery img")).to_have_count(1)
    await expect(page.locator("main")).to_contain_text(CODE)  # it is theirs
    # It opens without a network from now on, as everybody sees it: without the code.
    await until(page, f"{SETTINGS}.then(found => found.own.length === 1)")
    await context.set_offline(True)
    await page.reload()
    await expect(page.locator("h1")).to_have_text(text)
    await expect(page.locator("#network")).to_contain_text("this was kept at")
    assert not CODE.search(await page.locator("main").inner_text())
    await page.goto("/scores")
    await expect(page.locator("h1")).to_have_text("Without a network")
    await expect(page.get_by_role("link", name=text)).to_have_count(2)  # it went out, and can be read


async def test_the_language_last_used_is_kept_and_nothing_of_a_person(phone: Phone, live_server: Live) -> None:
    context = await phone(language="zh-CN")
    await sign_in(context, live_server, "citizen1")
    page = await open_kept(context, "/account")
    await page.goto("/me")
    kept = await page.evaluate(KEPT_NAMES)
    assert {"/offline", "/offline/form", "/offline/questions", "/settings"} <= set(kept)
    assert not [one for one in kept if one.startswith(("/account", "/me", "/desk", "/reports"))]
    await context.set_offline(True)
    await page.goto("/reports/new")
    await expect(page.locator("h1")).to_have_text("随手拍")
    await expect(page.locator("#network")).to_contain_text("没有网络")
    assert await page.locator("html").get_attribute("data-reader") == "0"
    await page.goto("/account")
    await expect(page.locator("h1")).to_have_text("没有网络时")


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
    await first.evaluate(QUEUE, {"count": 3, "dead": -1})
    await context.set_offline(False)  # both hear of it
    for page in (first, second):
        await none_waits(page)
        await expect(page.locator("[data-slot=sent] li")).to_have_count(3)
    assert len(posts) == 3
    assert await post_count(live_server, "The lamp with the number 1 is out") == 1


async def test_of_a_hundred_a_dead_one_stays_with_its_reason_and_is_corrected(phone: Phone, live_server: Live) -> None:
    context = await phone(worker=False)
    page = await context.new_page()
    await page.goto("/offline")
    await context.set_offline(True)
    await page.evaluate(QUEUE, {"count": 100, "dead": 7})
    await expect(page.locator("#network")).to_contain_text("100")
    await context.set_offline(False)
    await until(page, "waiting.all().then(all => all.length === 1)", tries=3000)
    [left] = await page.evaluate(WAITING)
    assert (left["key"], left["state"]) == ("queued-7", "refused")
    item = page.locator("[data-slot=waiting] li")
    await expect(item).to_contain_text("The lamp with the number 7 is out")
    await expect(item).to_contain_text(left["reason"])
    assert len(left["reason"]) > 10
    await expect(page.locator("#network")).to_contain_text("Reports that could not be sent: 1")
    await item.get_by_role("button", name="Open in the form").click()
    await expect(page.locator("#text")).to_have_value("The lamp with the number 7 is out")
    await page.locator("#category").select_option("")
    await press_send(page)
    await page.wait_for_url(re.compile(r"/reports/\d+$"))
    await none_waits(page)
    connection = await asyncpg.connect(live_server.database)
    sent = await connection.fetchval("SELECT count(*) FROM post WHERE client_key LIKE 'queued-%'")
    await connection.close()
    assert sent == 100


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


async def test_the_background_sends_what_waits_when_no_page_is_open(phone: Phone, live_server: Live) -> None:
    context, text = await phone(), "Sent by the browser when no page was open"
    page = await open_kept(context)
    devtools = await context.new_cdp_session(page)
    registered: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registered.extend(one["registrationId"] for one in event["registrations"]),
    )
    await devtools.send("ServiceWorker.enable")
    await context.set_offline(True)
    await page.goto("/reports/new")
    await write(page, text)
    await press_send(page)
    await expect(page.locator("[data-kept-on-phone]")).to_be_visible()
    await page.goto("about:blank")
    await context.set_offline(False)
    sync = {"origin": live_server.url, "registrationId": registered[-1], "tag": "waiting", "lastChance": False}
    await devtools.send("ServiceWorker.dispatchSyncEvent", sync)
    for _ in range(300):
        if await post_count(live_server, text):
            break
        await asyncio.sleep(0.1)
    assert await post_count(live_server, text) == 1


async def test_a_new_release_takes_over_and_loses_nothing(phone: Phone, live_server: Live) -> None:
    context = await phone()
    current = await (await context.request.get("/sw.js")).text()
    older = re.sub(r'release = "\w+"', 'release = "older"', current)
    serve: list[str] = [older]

    async def answer(route: Route) -> None:
        await route.fulfill(body=serve[-1], content_type="text/javascript", headers={"Cache-Control": "no-cache"})

    await context.route("**/sw.js", answer)
    page = await open_kept(context)
    assert await page.evaluate("caches.has('kept older')")
    await page.goto("/offline")
    await page.evaluate(
        "waiting.put({key: 'old-release', action: '/reports', photos: [], reader: 'x', written: 1,"
        " state: 'waiting', fields: [['text', 'Written before the update']]})"
    )
    serve.append(current)
    await page.evaluate("navigator.serviceWorker.getRegistration().then(one => one.update())")
    await until(page, "caches.has('kept older').then(has => !has)")
    assert [one["key"] for one in await page.evaluate(WAITING)] == ["old-release"]
    await context.set_offline(True)
    await page.goto("/reports/new")
    await expect(page.locator("#text")).to_be_visible()
    await expect(page.locator("#network")).to_contain_text("this was kept at")


async def test_the_map_that_was_looked_at_opens_without_a_network(phone: Phone) -> None:
    context = await phone()
    page = await open_kept(context)
    await page.goto("/reports/new")
    await until(page, "caches.open('tiles').then(one => one.keys()).then(all => all.length > 0)")
    tile: Any = await page.evaluate("caches.open('tiles').then(one => one.keys()).then(all => all[0].url)")
    await context.set_offline(True)
    assert await page.evaluate("url => fetch(url).then(answer => answer.status)", tile) == 200

"""What a phone shows without a network, and the service worker that keeps it."""

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import sign_in
from tests.browser.phones import (
    CODE,
    KEPT_NAMES,
    SETTINGS,
    WAITING,
    Phone,
    open_kept,
    phone,
    post_count,
    press_send,
    until,
    write,
)
from tests.live import Live

__all__ = ["phone"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]


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
    await expect(page.locator("[data-kept-on-phone]")).to_contain_text(
        "Your report cannot be sent now. It waits on this device."
    )
    await expect(page.locator("[data-kept-on-phone]")).to_be_focused()
    await page.get_by_role("link", name="See what waits").click()
    item = page.locator("[data-slot=queued] li")
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
    sync = {"origin": live_server.url, "registrationId": registered[-1], "tag": "queue", "lastChance": False}
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
        " state: 'queued', fields: [['text', 'Written before the update']]})"
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

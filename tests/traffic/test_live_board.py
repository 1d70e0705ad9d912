"""The board in a real browser: it follows the road without moving focus, and survives an error on the way."""

import json
from typing import Any

import httpx2
import pytest
from playwright.async_api import Browser, Route

from tests.browser.navigation import spare_chinese_labels
from tests.live import Live

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLACE = {"latitude": 31.19, "longitude": 118.008}


async def quickly(route: Route) -> None:
    """The page as it is, but it asks again after a second instead of half a minute."""
    answer = await route.fetch()
    await route.fulfill(response=answer, body=(await answer.text()).replace("every 30s", "every 1s"))


async def broken(route: Route) -> None:
    await route.fulfill(status=503, body="<p>broken</p>", content_type="text/html")


async def posted(live: Live, **data: Any) -> int:
    body = {"kind": "flood", "lat": PLACE["latitude"], "lon": PLACE["longitude"], **data}
    async with httpx2.AsyncClient(base_url=live.url) as client:
        answer = await client.post("/api/v1/traffic", json=body)
        return int(json.loads(answer.text)["id"])


async def test_new_updates_slide_in_and_focus_stays(live_server: Live, browser: Browser) -> None:
    first = await posted(live_server, text="The first")
    context = await browser.new_context(viewport={"width": 360, "height": 740}, locale="en-GB")
    await context.route("**/traffic", quickly)
    page = await context.new_page()
    await page.goto(f"{live_server.url}/traffic")
    await page.focus(f"#link-{first}")
    await page.evaluate("window.focused = document.activeElement")
    second = await posted(live_server, text="The second")
    await page.wait_for_selector(f"#update-{second}")
    assert await page.evaluate("document.activeElement === window.focused && window.focused.isConnected")
    # Before the way that is there: without any for a moment, an answer would bring "every 30s".
    await context.route("**/traffic", broken)
    await page.wait_for_event("response", lambda answer: answer.status == 503)
    assert await page.locator(f"#update-{second}").count() == 1
    assert "broken" not in await page.content()
    await context.close()


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_one_tap_for_what_one_for_where(live_server: Live, browser: Browser, language: str) -> None:
    context = await browser.new_context(
        viewport={"width": 360, "height": 740}, geolocation=PLACE, permissions=["geolocation"]
    )
    await spare_chinese_labels(context)
    await context.add_cookies([{"name": "lang", "value": language, "url": live_server.url}])
    page = await context.new_page()
    await page.goto(f"{live_server.url}/traffic/new")
    await page.click("label.tile:has([value=accident])")
    await page.click("[data-locate]")
    await page.wait_for_function("() => document.getElementById('lat').value !== ''")
    await page.click("main form button.main")
    await page.wait_for_url("**/traffic/*")
    assert {"en": "Accident", "zh": "事故"}[language] in await page.inner_text("h1")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await context.close()


async def test_without_javascript(live_server: Live, browser: Browser) -> None:
    context = await browser.new_context(
        viewport={"width": 360, "height": 740}, java_script_enabled=False, locale="en-GB"
    )
    page = await context.new_page()
    await page.goto(f"{live_server.url}/traffic/new")
    await page.click("label:has([value=obstacle])")
    await page.fill("#place_text", "Bell Tower Square")
    await page.click("main form button.main")
    await page.wait_for_url("**/traffic/*")
    assert "Bell Tower Square" in await page.inner_text("h1")
    await page.click("text=remove it from the board")
    assert "Its author said that it is over." in await page.inner_text("main")
    await context.close()

"""Phones for the tests without a network, and how a report is written on one."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import asyncpg
import pytest
from playwright.async_api import Browser, BrowserContext, Page

from tests.browser.test_main_job import AT_BELL_TOWER
from tests.live import Live

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
QUEUE = """async ({name, count, dead}) => {
  const place = [["lat", "31.19"], ["lon", "118.008"], ["located_by", "pin"]];
  for (let n = 0; n < count; n++)
    await waiting.put({
      key: `${name}-${n}`, action: "/reports", photos: [], reader: "0", written: Date.now(), state: "queued",
      fields: [
        ["text", `The lamp with the number ${n} is out: ${name}`], ["category", n === dead ? "no-such" : ""], ...place,
      ],
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

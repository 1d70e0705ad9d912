"""Waiting for a page: that a click leads to, or that has everything it asked for."""

import asyncio
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from playwright.async_api import BrowserContext, Error, Page, Request, Route

# Scripts that had an answer have asked for more by then, and images that came into view are asked for.
TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# What fades in has its colours only then. A transition that another one takes over ends by an error.
NOTHING_MOVES = """Promise.all(document.getAnimations()
    .filter(one => one.effect.getComputedTiming().endTime !== Infinity)
    .map(one => one.finished.catch(() => {})))"""
# A headless Chromium without a font for them crashes when it draws Chinese names along a street.
FONTS = ("*CJK*", "wqy*", "uming*", "ukai*", "DroidSansFallback*")
HAS_CHINESE_FONT = any(next(Path("/usr/share/fonts").rglob(name), None) for name in FONTS)
MAX_SECONDS = 60  # only ends a test that would never end
_watched: "WeakKeyDictionary[Page, _Requests]" = WeakKeyDictionary()


class _Requests:
    """What a page has asked for and not got yet."""

    def __init__(self) -> None:
        self.waiting: set[Request] = set()
        self.none = asyncio.Event()
        self.none.set()

    def begin(self, request: Request) -> None:
        self.waiting.add(request)
        self.none.clear()

    def end(self, request: Request) -> None:
        self.waiting.discard(request)
        if not self.waiting:
            self.none.set()


def watch(page: Page) -> None:
    """From now on `quiet(page)` knows what the page asks for."""
    _watched[page] = requests = _Requests()
    page.on("request", requests.begin)
    page.on("requestfinished", requests.end)
    page.on("requestfailed", requests.end)


async def quiet(page: Page) -> None:
    """The page has loaded, has all that it asked for, asks for nothing more, and nothing on it moves.

    Unlike the state `networkidle` this may be waited for again and again, and it takes no half second.
    """
    requests = _watched[page]
    try:
        async with asyncio.timeout(MAX_SECONDS):
            while True:
                await page.wait_for_load_state("load")
                await requests.none.wait()
                if await page.evaluate("document.documentElement.classList.contains('script')"):
                    await page.evaluate(f"{TWO_FRAMES}.then(() => {NOTHING_MOVES})")
                if not requests.waiting:
                    return
    except TimeoutError:
        raise AssertionError(f"{page.url} still waits for {[one.url for one in requests.waiting]}") from None


def loads_page(page: Page) -> AbstractAsyncContextManager[Any]:
    """`async with loads_page(page): click` ends when a new document is there.

    `expect_navigation` also ends when a script writes the address of the same document, as htmx does after a swap.
    """
    return page.expect_event("load")


async def _leave_out_in_chinese(route: Route) -> None:
    """What draws the base map is empty for a page in Chinese: the areas stand for it, as where there is none."""
    try:
        language = await route.request.frame.evaluate("document.documentElement.lang")
        await (route.fulfill(body="", content_type="text/javascript") if "zh" in language else route.continue_())
    except Error:  # the page that asked for it has gone: nobody waits for an answer
        with suppress(Error):
            await route.abort()


async def spare_chinese_labels(context: BrowserContext) -> None:
    """Have pages in Chinese draw no base map where there is no font for its names."""
    if not HAS_CHINESE_FONT:
        await context.route("**/protomaps-leaflet*", _leave_out_in_chinese)

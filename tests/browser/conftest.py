"""A browser at the running city: people who are signed in, and pages that note whatever goes wrong on them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import asyncpg
import pytest
from playwright.async_api import Browser, BrowserContext, Page

from civic import cookies
from tests.browser.navigation import quiet, spare_chinese_labels, watch
from tests.live import Live

Open = Callable[..., Awaitable[Page]]
AXE = Path(__file__).parents[2] / ".venv" / "axe.min.js"
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
# What a page says of itself is nobody's fault: a page that is not there says so.
# "ERR_FAILED", and what is CUT_OFF: a test has cut the network.
EXPECTED = ("status of 404", "status of 409", "status of 422", "status of 429", "net::ERR_FAILED")
CUT_OFF = ("net::ERR_INTERNET_DISCONNECTED", "htmx:error: Failed to fetch")
BLOCKED = "Service Worker registration blocked"


class Contexts:
    """Browsers in which nobody has been. To clean one up takes no time; a new one takes a second of the processor's,
    and reads every script and font again."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self.clean: dict[tuple[str, bool], list[BrowserContext]] = {}

    async def new(self, language: str, script: bool, width: int = 1280) -> BrowserContext:
        context = await self.browser.new_context(
            base_url=self.url,
            locale=LOCALES[language],
            java_script_enabled=script,
            viewport={"width": width, "height": _height(width)},
            service_workers="block",  # it would answer in place of the server; tests/browser/test_offline.py has it
        )
        await spare_chinese_labels(context)
        return context

    async def take(self, language: str, script: bool) -> BrowserContext:
        clean = self.clean.setdefault((language, script), [])
        return clean.pop() if clean else await self.new(language, script)

    async def give_back(self, context: BrowserContext, language: str, script: bool) -> None:
        """What was stored in its tabs goes with them."""
        for page in context.pages:
            await page.close()
        await self._clear_storage(context)
        await context.clear_cookies()
        await context.clear_permissions()
        await context.set_geolocation(None)
        self.clean[language, script].append(context)

    async def _clear_storage(self, context: BrowserContext) -> None:
        """Forget who read here last, and what waits for the network."""
        page = await context.new_page()
        devtools = await context.new_cdp_session(page)
        what = {"origin": self.url, "storageTypes": "indexeddb,local_storage"}
        await devtools.send("Storage.clearDataForOrigin", what)
        await page.close()


@pytest.fixture(scope="session")
async def contexts(browser: Browser, live_server: Live) -> AsyncIterator[Contexts]:
    contexts = Contexts(browser, live_server.url)
    yield contexts
    for clean in contexts.clean.values():
        for context in clean:
            await context.close()


@pytest.fixture
async def visit(contexts: Contexts, live_server: Live) -> AsyncIterator[Open]:
    """`await visit(path, language=, width=, script=, user=, dark=)`: a page of a clean browser, and that nothing is
    wrong on it: no error in the console, nothing that the policy had to block, no answer of ours that failed.

    With `fresh` the browser is a new one: it has kept no file, and whatever is done to it goes with it.
    """
    faults: list[str] = []
    async with AsyncExitStack() as stack:

        async def open_page(
            path: str = "/",
            *,
            language: str = "en",
            script: bool = True,
            user: str = "",
            fresh: bool = False,
            **look: Any,
        ) -> Page:
            if fresh:  # as wide as asked from its start: a page that is resized while it loads moves about
                context = await contexts.new(language, script, look.get("width", 1280))
                stack.push_async_callback(context.close)
            else:
                context = await contexts.take(language, script)
                stack.push_async_callback(contexts.give_back, context, language, script)
            if user:
                await sign_in(context, live_server, user)
            page = await _open_page(context, faults)
            return await _go(page, path, **look)

        yield open_page
    assert not faults, "\n".join(faults)


@pytest.fixture(scope="session")
async def opened(contexts: Contexts, live_server: Live) -> AsyncIterator[tuple[Open, list[str]]]:
    """A function that opens pages for `look`, and what went wrong on them since somebody looked."""
    pages: dict[tuple[str, bool, str], Page] = {}
    faults: list[str] = []

    async def open_page(path: str, *, language: str = "en", script: bool = True, user: str = "", **look: Any) -> Page:
        who = (language, script, user)
        if who not in pages:
            context = await contexts.new(language, script)
            if user:
                await sign_in(context, live_server, user)
            pages[who] = await _open_page(context, faults)
        return await _go(pages[who], path, **look)

    yield open_page, faults
    for page in pages.values():
        await page.context.close()


@pytest.fixture
def look(opened: tuple[Open, list[str]]) -> Iterator[Open]:
    """As `visit`, in the one tab of this language and user: for tests that only look."""
    open_page, faults = opened
    faults.clear()
    yield open_page
    assert not faults, "\n".join(faults)


async def _go(page: Page, path: str, *, width: int = 1280, dark: bool = False) -> Page:
    await set_look(page, width=width, dark=dark)
    await page.goto(path)
    await quiet(page)
    return page


async def _open_page(context: BrowserContext, faults: list[str]) -> Page:
    page = await context.new_page()
    watch(page)
    page.on("console", lambda m: _note(faults, page, m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: _note(faults, page, str(error)))
    page.on("response", lambda r: _note(faults, page, f"{r.status} {r.url}") if r.status >= 500 else None)
    return page


async def set_look(page: Page, *, width: int, dark: bool = False, media: Literal["screen", "print"] = "screen") -> None:
    """The window and what the device prefers; not the page, which is not loaded again."""
    await page.set_viewport_size({"width": width, "height": _height(width)})
    await page.emulate_media(media=media, color_scheme="dark" if dark else "light")


def _height(width: int) -> int:
    return 740 if width < 600 else 900


def _note(faults: list[str], page: Page, text: str) -> None:
    if not any(expected in text for expected in (*EXPECTED, *CUT_OFF, BLOCKED)):
        faults.append(f"{page.url}: {text}")


async def sign_in(context: BrowserContext, live: Live, user: str) -> None:
    """A session of `user@riverside.example`, as signing in opens it."""
    token, now = cookies.new_token(), datetime.now(UTC)
    connection = await asyncpg.connect(live.database)
    await connection.execute(
        "INSERT INTO user_session (token_hash, user_id, created_at, seen_at, browser)"
        " SELECT $1, id, $2, $2, '' FROM user_account WHERE email = $3",
        cookies.token_digest(token),
        now,
        f"{user}@riverside.example",
    )
    await connection.close()
    await context.add_cookies([{"name": cookies.SESSION, "value": token, "url": live.url}])


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    assert AXE.is_file(), f"{AXE} is not there: `make .venv/browser-tools` fetches it."
    return AXE.read_text("utf-8")

"""A browser at the running city: people who are signed in, and pages that note whatever goes wrong on them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from playwright.async_api import Browser, BrowserContext, Page

from civic import cookies
from tests.live import Live

Open = Callable[..., Awaitable[Page]]
AXE = Path(__file__).parents[2] / ".venv" / "axe.min.js"
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
# What a page says of itself is nobody's fault: a page that is not there says so.
EXPECTED = ("status of 404", "status of 409", "status of 422", "status of 429")


@pytest.fixture
async def visit(browser: Browser, live_server: Live) -> AsyncIterator[Open]:
    """`await visit(path, language=, width=, script=, user=, dark=)`: a page of a new browser, and that nothing is wrong
    on it: no error in the console, nothing that the policy had to block, no answer of ours that failed."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    async def open_page(
        path: str = "/",
        *,
        language: str = "en",
        width: int = 1280,
        script: bool = True,
        user: str = "",
        dark: bool = False,
    ) -> Page:
        context = await browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 740 if width < 600 else 900},
            locale=LOCALES[language],
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
        )
        contexts.append(context)
        if user:
            await sign_in(context, live_server, user)
        page = await context.new_page()
        page.on("console", lambda m: _note(faults, page, m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: _note(faults, page, str(error)))
        page.on("response", lambda r: _note(faults, page, f"{r.status} {r.url}") if r.status >= 500 else None)
        await page.goto(path)
        await page.wait_for_load_state("networkidle")
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert not faults, "\n".join(faults)


def _note(faults: list[str], page: Page, text: str) -> None:
    if not any(expected in text for expected in EXPECTED):
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

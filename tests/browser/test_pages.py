"""Every page: accessible, as wide as its window, in order, light, and without an error.

A page is opened once in each language and looked at in turn: its window is resized and its colours are switched.
"""

from typing import Any

import asyncpg
import pytest
from playwright.async_api import Page, expect

from civic import signing
from civic.cookies import LARGE_PRINT
from civic.notifications.addresses import address_digest
from tests.browser.checks import UNFOLD, find_barriers, find_disorder, find_split_words, find_width
from tests.browser.conftest import Open, set_look, sign_in
from tests.browser.navigation import loads_page, quiet
from tests.live import Live
from tests.page_list import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CITY = {"en": "Riverside", "zh": "河滨市"}
CLASSES = "document.documentElement.classList"
MOST = 150_000  # bytes a page may send before its photos and tiles
SAMPLES = {
    "report": "SELECT p.path FROM post p JOIN report r ON r.post_id = p.id JOIN case_file c ON c.id = r.case_id"
    " WHERE p.photos_count > 0 AND c.reopened > 0 ORDER BY c.events_count DESC LIMIT 1",
    "solved": "SELECT p.path FROM post p JOIN report r ON r.post_id = p.id JOIN case_file c ON c.id = r.case_id"
    " WHERE c.status = 'confirmed' ORDER BY c.events_count DESC LIMIT 1",
    "merged": "SELECT p.path FROM post p JOIN report r ON r.post_id = p.id ORDER BY r.main, r.id DESC LIMIT 1",
    "case": "SELECT '/desk/cases/' || a.case_id FROM assignment a JOIN department d ON d.id = a.department_id"
    " WHERE d.slug = 'roads' AND a.ended_at IS NULL ORDER BY a.case_id DESC LIMIT 1",
    "untouched": "SELECT '/desk/cases/' || max(id) FROM case_file WHERE status = 'received'",
    "service": "SELECT slug FROM service ORDER BY id LIMIT 1",
    "release": "SELECT id FROM release ORDER BY id DESC LIMIT 1",
}


@pytest.fixture(scope="module")
async def samples(live_server: Live, opened: tuple[Open, list[str]]) -> dict[str, str]:
    connection = await asyncpg.connect(live_server.database)
    await connection.execute(
        "INSERT INTO flag (post_id, line, reason, text, created_at)"
        " VALUES (1, '', 'spam', 'Look', now()), (1, '', 'abuse', '', now())"
    )
    found = {name: str(await connection.fetchval(sql)) for name, sql in SAMPLES.items()}
    await connection.close()
    scores = await opened[0]("/scores")
    period = await scores.locator("#period option").first.get_attribute("value")  # the one that runs
    signing.set_key(lambda: (live_server.var / "secret.key").read_bytes())
    stop = signing.sign("stop mails", f"{address_digest('somebody@example.org')}-post:1")
    return found | {"provisional": f"/scores?period={period}", "stop": stop, "token": "x"}


def cases() -> list[Any]:
    return [pytest.param(user, path, id=f"{user}{path}") for user, paths in PAGES.items() for path in paths]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("user", "path"), cases())
async def test_a_page_is_for_everybody(
    look: Open, axe: str, samples: dict[str, str], user: str, path: str, language: str
) -> None:
    page = await look(path.format(**samples), language=language, width=360, user=user)
    await page.context.clear_cookies(name=LARGE_PRINT)  # which one page turns on for those that follow
    await look_from_everywhere(page, axe, language)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_form_that_waits_is_for_everybody(
    visit: Open, axe: str, live_server: Live, samples: dict[str, str], language: str
) -> None:
    """The page of what somebody wrote without being signed in, opened by its address once they are."""
    page = await visit(samples["report"], language=language, width=360, fresh=True)
    await page.locator("form[action$='/comments'] textarea").fill("The lamp is dark again.")
    async with loads_page(page):
        await page.locator("form[action$='/comments'] button").last.click()
    waiting = str(await page.locator("input[name=next]").first.get_attribute("value"))
    await sign_in(page.context, live_server, "citizen1")
    await page.goto(waiting)
    await quiet(page)
    await expect(page.locator("blockquote")).to_have_text("The lamp is dark again.")
    await look_from_everywhere(page, axe, language)


async def look_from_everywhere(page: Page, axe: str, language: str) -> None:
    """By daylight on a phone, in large print, on the narrowest screen; in one language in the dark at a desk."""
    faults = {"360 pixels": await find_width(page, 360) + await find_split_words(page) + await find_barriers(page, axe)}
    await page.evaluate(f"{CLASSES}.add('large')")
    faults["360 pixels, large print"] = await find_width(page, 360) + await find_split_words(page)
    if language == "zh":
        faults["360 pixels, large print"] += await find_barriers(page, axe)
    await resize(page, 320)
    faults["320 pixels, large print"] = await find_width(page, 320) + await find_split_words(page)
    await page.evaluate(f"{CLASSES}.remove('large')")
    faults["320 pixels"] = await find_disorder(page, CITY[language]) + await find_split_words(page)
    await page.evaluate(UNFOLD)
    faults["320 pixels, unfolded"] = await find_width(page, 320)
    if language == "en":
        await resize(page, 1280, dark=True)
        faults["1280 pixels, dark, unfolded"] = await find_width(page, 1280) + await find_barriers(page, axe)
    said = [f"{page.url} ({language}, {how}): {fault}" for how, found in faults.items() for fault in found]
    assert not said, "\n".join(said)


async def resize(page: Page, width: int, *, dark: bool = False) -> None:
    await set_look(page, width=width, dark=dark)
    await quiet(page)


@pytest.mark.parametrize(
    "path", ["/", "/reports", "/reports/new", "{report}", "/map", "/traffic", "/services", "/scores", "/search?q=light"]
)
async def test_a_page_is_light(visit: Open, samples: dict[str, str], path: str) -> None:
    """What is sent for a page that nothing is kept of, but for photos and tiles."""
    page = await visit("/healthz", width=360, fresh=True)
    sizes: list[int] = []

    async def note(request: Any) -> None:
        if not any(part in request.url for part in ("/photos/", "/tiles/")):
            sizes.append((await request.sizes())["responseBodySize"])

    page.on("requestfinished", note)
    await page.goto(path.format(**samples))
    await quiet(page)
    assert 10_000 < sum(sizes) <= MOST, sizes


@pytest.mark.parametrize(
    "path", ["/", "/reports", "/reports/new", "{report}", "/map", "/traffic", "/services", "/scores", "/search?q=light"]
)
async def test_a_page_stands_without_a_script(look: Open, samples: dict[str, str], path: str) -> None:
    page = await look(path.format(**samples), width=360, script=False)
    assert await page.locator("h1").count() == 1
    assert not await page.locator("[data-needs-script]:visible").count()
    assert len(await page.locator("main").inner_text()) > 100

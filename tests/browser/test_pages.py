"""Every page: accessible, as wide as its window, in order, light, and without an error.

A page is opened once in each language and looked at in turn: its window is resized and its colours are switched.
"""

from typing import Any

import asyncpg
import pytest
from playwright.async_api import Page

from tests.browser.checks import UNFOLD, find_barriers, find_disorder, find_width
from tests.browser.conftest import Open, set_look
from tests.browser.navigation import quiet
from tests.live import Live

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CITY = {"en": "Riverside", "zh": "河滨市"}
MOST = 150_000  # bytes a page may send before its photos and tiles
PAGES = {
    "": [
        "/",
        "/reports",
        "/reports?status=overdue&near=31.19,118.008,20000",
        "/reports?q=unicorn",
        "/offline",
        "/reports/new",
        "/reports/new?category=traffic-light",
        "{report}",
        "{solved}",
        "{merged}",
        "/map",
        "/map/areas",
        "/map?status=solved",
        "/traffic",
        "/traffic/new",
        "/traffic/1",
        "/services",
        "/services/{service}",
        "/search",
        "/search?q=%E8%B7%AF%E7%81%AF&kind=report&status=solved&area=old-town&since=year",
        "/search?q=identity+card&near=31.19,118.008,20000",
        "/search?q=qqqzzz&since=week",
        "/scores",
        "/scores/method",
        "/scores/departments/roads",
        "/scores/departments/water",
        "/scores/cases?department=water&figure=response",
        "/scores/cases?department=water&figure=satisfaction",
        "/scores/cases?figure=counted",
        "{provisional}",
        "/receipt",
        "/sign-in",
        "/sign-up",
        "/posts/1/flag",
        "/reports/999999",
    ],
    "citizen1": ["/account", "/account/messages", "{report}"],
    "roads": ["/desk", "/desk?q=unicorn", "/desk/search", "/desk/search?q=drain", "/desk/messages", "{case}"],
    "dispatcher": ["/desk", "/desk/triage", "/desk/appeals", "/desk/moderation", "{case}", "{untouched}"],
}
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
    return found | {"provisional": f"/scores?period={period}"}


def cases() -> list[Any]:
    return [pytest.param(user, path, id=f"{user}{path}") for user, paths in PAGES.items() for path in paths]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("user", "path"), cases())
async def test_a_page_is_for_everybody(
    look: Open, axe: str, samples: dict[str, str], user: str, path: str, language: str
) -> None:
    """By daylight on a phone, in large print, on the narrowest screen; in one language in the dark at a desk."""
    page = await look(path.format(**samples), language=language, width=360, user=user)
    faults = {"360 pixels": await find_width(page, 360) + await find_barriers(page, axe)}
    await page.evaluate("document.documentElement.classList.add('large')")
    faults["360 pixels, large print"] = await find_width(page, 360)
    await page.evaluate("document.documentElement.classList.remove('large')")
    await resize(page, 320)
    faults["320 pixels"] = await find_disorder(page, CITY[language])
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

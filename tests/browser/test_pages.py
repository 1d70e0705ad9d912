"""Every page: accessible (WCAG 2.2 AA as far as axe sees it), as wide as a phone, light, and without an error."""

from typing import Any

import asyncpg
import pytest

from tests.browser.conftest import Open
from tests.live import Live

pytestmark = [pytest.mark.browser, pytest.mark.slow]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
MOST = 150_000  # bytes a page may send before its photos
PAGES = {
    "": [
        "/",
        "/reports",
        "/reports?status=overdue&near=31.19,118.008,20000",
        "/reports?q=unicorn",
        "/reports/new",
        "/reports/new?category=traffic-light",
        "{report}",
        "{solved}",
        "{merged}",
        "/map",
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
async def samples(live_server: Live) -> dict[str, str]:
    connection = await asyncpg.connect(live_server.database)
    await connection.execute(
        "INSERT INTO flag (post_id, line, reason, text, created_at)"
        " VALUES (1, '', 'spam', 'Look', now()), (1, '', 'abuse', '', now())"
    )
    found = {name: str(await connection.fetchval(sql)) for name, sql in SAMPLES.items()}
    await connection.close()
    return found


def cases() -> list[Any]:
    return [pytest.param(user, path, id=f"{user}{path}") for user, paths in PAGES.items() for path in paths]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("user", "path"), cases())
async def test_a_page_is_for_everybody(
    visit: Open, axe: str, samples: dict[str, str], user: str, path: str, language: str
) -> None:
    """By daylight on a phone and, in one of the languages, in the dark at a desk."""
    for width, dark in ((360, False), (1280, True))[: 2 if language == "en" else 1]:
        page = await visit(path.format(**samples), language=language, width=width, dark=dark, user=user)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await page.evaluate(axe)
        found = await page.evaluate("rules => axe.run({runOnly: rules})", RULES)
        wrong = [
            f"{one['id']}: {node['html'][:200]}\n  {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]
        assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "path", ["/", "/reports", "/reports/new", "{report}", "/map", "/traffic", "/services", "/scores", "/search?q=light"]
)
async def test_a_page_is_light(visit: Open, samples: dict[str, str], path: str) -> None:
    """What is sent for a page that nothing is kept of, but for photos."""
    page = await visit("/healthz", width=360)
    sizes: list[int] = []

    async def note(request: Any) -> None:
        if "/photos/" not in request.url:
            sizes.append((await request.sizes())["responseBodySize"])

    page.on("requestfinished", note)
    await page.goto(path.format(**samples))
    await page.wait_for_load_state("networkidle")
    assert 10_000 < sum(sizes) <= MOST, sizes


@pytest.mark.parametrize(
    "path", ["/", "/reports", "/reports/new", "{report}", "/map", "/traffic", "/services", "/scores", "/search?q=light"]
)
async def test_a_page_stands_without_a_script(visit: Open, samples: dict[str, str], path: str) -> None:
    page = await visit(path.format(**samples), width=360, script=False)
    assert await page.locator("h1").count() == 1
    assert not await page.locator("[data-needs-script]:visible").count()
    assert len(await page.locator("main").inner_text()) > 100

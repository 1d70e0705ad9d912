"""Large print by its button, pages on paper, without a button and no table cut, and what is shared of a page."""

import pytest

from tests.browser.conftest import Open
from tests.browser.navigation import loads_page, quiet
from tests.browser.test_pages import samples

__all__ = ["samples"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# On paper: what one presses, and what is cut off at the right.
PRESSED = """[...document.querySelectorAll("main button, main a[href^='/sign-in'], main a[href*='/flag']")]
    .filter(one => one.checkVisibility()).map(one => one.outerHTML.slice(0, 100))"""
CUT = """[...document.querySelectorAll("main table, main .scroll")]
    .filter(one => one.getBoundingClientRect().right > innerWidth + 1 || one.scrollWidth > one.clientWidth + 1)
    .map(one => one.outerHTML.slice(0, 100))"""
# Of all that moved without being asked to.
SHIFTS = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 1200);
})"""
STILL = ["/", "/reports", "/reports/new", "/map", "/traffic", "/traffic/new", "/services", "/search", "/scores", "/me"]
A4 = {"width": 718, "height": 1047}  # pixels of CSS within margins of 10 mm


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_large_print_cuts_nothing(visit: Open, language: str) -> None:
    page = await visit("/", width=360, language=language)
    async with loads_page(page):
        await page.locator("form[action='/print'] button").click()
    await quiet(page)
    for link in await page.locator(".tabbar a").all():
        box = await link.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        assert await link.evaluate("one => one.scrollWidth <= one.clientWidth && one.scrollHeight <= one.clientHeight")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize(
    "path", ["/scores", "/scores/departments/roads", "{report}", "{solved}", "/traffic/1", "{case}"]
)
async def test_pages_on_paper(look: Open, samples: dict[str, str], path: str) -> None:
    page = await look(path.format(**samples), user="roads" if path == "{case}" else "")
    await page.set_viewport_size(A4)  # type: ignore[arg-type]
    await page.emulate_media(media="print")
    assert await page.evaluate(PRESSED) == []
    assert await page.evaluate(CUT) == []
    assert "Riverside" in await page.locator(".only-print").inner_text()
    if path == "/scores":
        rows = (
            await page.locator(".board")
            .first.locator("tr")
            .evaluate_all("all => all.map(one => getComputedStyle(one).display)")
        )
        assert set(rows) == {"table-row"}, "one table, not a block for each department"


async def test_what_is_shared_of_a_report(look: Open, samples: dict[str, str]) -> None:
    page = await look(samples["solved"])
    said = await page.locator("meta[property='og:description']").get_attribute("content")
    assert said
    assert said.startswith("Solved · ")
    assert said == await page.locator("meta[name=description]").get_attribute("content")
    await page.goto("/")
    assert await page.locator("meta[property='og:title']").get_attribute("content") == "Riverside"


@pytest.mark.parametrize(("width", "language"), [(360, "zh"), (1280, "en")])
async def test_nothing_moves_while_a_page_loads(visit: Open, width: int, language: str) -> None:
    """Also at the first look, when nothing is in the browser yet, and while others keep the machine busy."""
    moved = {}
    for path in STILL:
        page = await visit(path, width=width, language=language, fresh=True)
        moved[path] = await page.evaluate(SHIFTS)
        await page.context.close()
    assert not {path: sum for path, sum in moved.items() if sum}

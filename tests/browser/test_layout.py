"""Each page: its title, what is said of it elsewhere, its headings in order, no word glued to the next, nothing cut at
320 pixels or in large print, and on paper no button and no table that is cut."""

from itertools import pairwise

import pytest
from playwright.async_api import Page

from tests.browser.conftest import Open
from tests.browser.test_pages import PAGES, samples

__all__ = ["samples"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HEADINGS = """[...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
    .filter(one => one.checkVisibility()).map(one => +one.tagName[1])"""
WIDER = """[...document.querySelectorAll("body *")].filter(one => {
    const box = one.getBoundingClientRect();
    return box.right > innerWidth + 1 && !one.closest(".scroll, pre, .leaflet-container, .sr, .chips, svg")
}).map(one => one.outerHTML.slice(0, 120))"""
# Neighbours on one line without a space between them, each of which begins and ends with a letter.
GLUED = r"""[...document.querySelectorAll("main *")].flatMap(one => {
    const next = one.nextSibling;
    if (!next || next.nodeType !== 1 || !one.checkVisibility() || !next.checkVisibility()) return [];
    if (!["inline", "inline-block"].includes(getComputedStyle(one).display)) return [];
    if (getComputedStyle(next).display !== "inline") return [];
    if (/flex|grid/.test(getComputedStyle(one.parentElement).display)) return [];
    if (next.matches(".sr") || one.matches(".sr") || one.tagName === "BR") return [];
    const [a, b] = [one.innerText || "", next.innerText || ""];
    return /\p{Script=Latin}$/u.test(a) && /^\p{Script=Latin}/u.test(b) ? [a + "|" + b] : [];
})"""
# On paper: what one presses, and what is cut off at the right.
PRESSED = """[...document.querySelectorAll("main button, main a[href^='/sign-in'], main a[href*='/flag']")]
    .filter(one => one.checkVisibility()).map(one => one.outerHTML.slice(0, 100))"""
CUT = """[...document.querySelectorAll("main table, main .scroll")]
    .filter(one => one.getBoundingClientRect().right > innerWidth + 1 || one.scrollWidth > one.clientWidth + 1)
    .map(one => one.outerHTML.slice(0, 100))"""
A4 = {"width": 718, "height": 1047}  # pixels of CSS within margins of 10 mm


async def find_faults(page: Page, city: str) -> list[str]:
    """What is wrong with a page that is as narrow as 320 pixels."""
    faults = [f"sideways: {one}" for one in await page.evaluate(WIDER)]
    if await page.evaluate("document.documentElement.scrollWidth") > 320:
        faults.append("it scrolls sideways")
    levels = await page.evaluate(HEADINGS)
    if levels.count(1) != 1 or any(low > high + 1 for high, low in pairwise(levels)):
        faults.append(f"headings {levels}")
    title = await page.title()
    if not title.endswith(city) or title.startswith("·"):
        faults.append(f"title {title!r}")
    names = ("description", "theme-color")
    told = [name for name in names if await page.locator(f"meta[name={name}]").get_attribute("content")]
    return (
        faults
        + [f"no {name}" for name in names if name not in told]
        + [f"glued: {one}" for one in await page.evaluate(GLUED)]
    )


@pytest.mark.parametrize(("language", "city"), [("en", "Riverside"), ("zh", "河滨市")])
@pytest.mark.parametrize("user", PAGES)
async def test_pages_are_in_order(visit: Open, samples: dict[str, str], user: str, language: str, city: str) -> None:
    page = await visit("/healthz", width=320, language=language, user=user)
    wrong: list[str] = []
    for path in PAGES[user]:
        await page.goto(path.format(**samples))
        await page.wait_for_load_state("networkidle")
        if faults := await find_faults(page, city):
            wrong.append(f"{path}: {faults}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_large_print_cuts_nothing(visit: Open, language: str) -> None:
    page = await visit("/", width=360, language=language)
    await page.locator("form[action='/print'] button").click()
    await page.wait_for_load_state("networkidle")
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
async def test_pages_on_paper(visit: Open, samples: dict[str, str], path: str) -> None:
    page = await visit(path.format(**samples), user="roads" if path == "{case}" else "")
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


async def test_what_is_shared_of_a_report(visit: Open, samples: dict[str, str]) -> None:
    page = await visit(samples["solved"])
    said = await page.locator("meta[property='og:description']").get_attribute("content")
    assert said
    assert said.startswith("Solved · ")
    assert said == await page.locator("meta[name=description]").get_attribute("content")
    await page.goto("/")
    assert await page.locator("meta[property='og:title']").get_attribute("content") == "Riverside"

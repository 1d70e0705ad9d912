"""What may be wrong with any page. Each check gives a list of faults, in words; none is an empty list."""

from itertools import pairwise

from playwright.async_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Only what was violated, as it is read here: the rest is not put together, nor sent.
BARRIERS = """async rules => (await axe.run({runOnly: rules, resultTypes: ["violations"]})).violations.flatMap(one =>
    one.nodes.map(node => `${one.id}: ${node.html.slice(0, 200)}\\n  ${node.failureSummary}`))"""
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
# Words of Chinese headings, as the browser's dictionary has them, that begin on one line and end on another.
SPLIT_WORDS = r"""() => [...document.querySelectorAll("h1:lang(zh), h2:lang(zh)")].flatMap(heading => {
    if (!heading.checkVisibility() || heading.closest(".sr")) return [];
    const places = [], walker = document.createTreeWalker(heading, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode())
        for (let at = 0; at < text.length; at++) places.push([text, at]);
    const find = ([text, at]) => {
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + 1);
        return range.getBoundingClientRect();
    };
    return [...new Intl.Segmenter("zh", {granularity: "word"}).segment(heading.textContent)].filter(one => {
        if (one.segment.length < 2 || !/\p{Script=Han}/u.test(one.segment)) return false;
        const [first, last] = [one.index, one.index + one.segment.length - 1].map(at => find(places[at]));
        return last.top > first.top + first.height / 2;
    }).map(one => `${one.segment} in ${heading.textContent.trim()}`);
})"""
UNFOLD = "document.querySelectorAll('main details').forEach(one => (one.open = true))"


async def find_barriers(page: Page, axe: str) -> list[str]:
    """What keeps somebody out, as far as axe sees it: WCAG 2.2 AA and best practice. `axe` is its source."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(axe)
    found: list[str] = await page.evaluate(BARRIERS, RULES)
    return found


async def find_width(page: Page, width: int) -> list[str]:
    wide = await page.evaluate("document.documentElement.scrollWidth")
    return [f"it is {wide} pixels wide"] if wide > width else []


async def find_split_words(page: Page) -> list[str]:
    return [f"split: {one}" for one in await page.evaluate(SPLIT_WORDS)]


async def find_disorder(page: Page, city: str) -> list[str]:
    """In a page as narrow as 320 pixels: what is cut, headings, title, what is said of it elsewhere, glued words."""
    faults = [f"sideways: {one}" for one in await page.evaluate(WIDER)] + await find_width(page, 320)
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

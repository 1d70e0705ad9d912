"""The map of reports in a browser: by keyboard, its cards and stacks, its words, and none without a script."""

import asyncio
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Open
from tests.browser.navigation import HAS_CHINESE_FONT
from tests.geo.test_gcj02 import to_gcj02

pytestmark = pytest.mark.browser

PINS = ".map .leaflet-marker-pane > [role=button]"
FOCUSED = f"{PINS}:focus"
POINTS = "**/map/points?*"
# The first pin out of sight.
OUT_OF_SIGHT = """() => {
  const map = document.querySelector(".map").getBoundingClientRect();
  return [...document.querySelectorAll(".map .leaflet-marker-pane > [role=button]")].find(one => {
    const box = one.getBoundingClientRect();
    return box.right < map.left || box.left > map.right || box.bottom < map.top || box.top > map.bottom;
  });
}"""
STOPS = """() => [...document.querySelectorAll(".map, .map *")].filter((one) => one.tabIndex >= 0).length"""


async def test_the_map_is_one_stop_and_arrows_go_on(visit: Open) -> None:
    page = await visit("/", language="zh")
    pins = page.locator(".map .leaflet-marker-pane > [role=button]")
    await expect(pins.nth(3)).to_be_attached()
    assert await page.evaluate(STOPS) == 1
    await page.locator(".map").focus()
    await page.keyboard.press("Enter")
    await expect(pins.first).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await expect(pins.nth(1)).to_be_focused()
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("Enter")
    await expect(page.locator(".leaflet-popup .pin-card").first).to_be_visible()
    names = [await one.get_attribute("title") for one in await page.locator(".leaflet-control-zoom a").all()]
    assert names == ["放大", "缩小"]
    await expect(page.locator(".legend")).to_contain_text("已逾期")


async def test_a_pin_at_the_edge_keeps_the_focus_while_the_map_moves(visit: Open) -> None:
    """Also a pin out of sight, which is there until the answer for a closer look comes."""
    page = await visit("/map", width=360)
    pins = page.locator(PINS)
    await expect(pins.nth(3)).to_be_attached()
    await page.locator(".map").focus()
    async with page.expect_response(POINTS):
        await page.keyboard.press("+")
    await page.keyboard.press("Enter")
    for _ in range(await pins.count()):
        await page.keyboard.press("ArrowRight")
        await expect(page.locator(FOCUSED)).to_have_count(1)


class Answers:
    """The answers to what a page's map asks for: each waits until it is let go."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.waiting = asyncio.Queue[Route]()

    async def hold(self) -> None:
        await self.page.route(POINTS, self.waiting.put)

    async def let_go(self, route: Route) -> None:
        """It has come, and the page has read it: another one that was asked for later has been read."""
        async with self.page.expect_event("requestfinished", lambda one: one == route.request):
            await route.continue_()
        await self.page.evaluate("fetch('/healthz').then(answer => answer.text())")


@pytest.fixture
async def closer(visit: Open) -> tuple[Page, Answers, Route]:
    """A map that somebody has just zoomed in: the answer is on its way, so that the pins are those of before. From now
    on it moves only as `page.clock` says."""
    page = await visit("/healthz", width=360, fresh=True)  # which keeps the clock that it gets
    await page.clock.install()
    await page.goto("/map")
    await expect(page.locator(PINS).nth(3)).to_be_attached()
    answers = Answers(page)
    await answers.hold()
    await page.locator(".map").focus()
    await page.keyboard.press("+")
    before = await answers.waiting.get()
    await page.wait_for_function(OUT_OF_SIGHT)
    await page.clock.pause_at(await page.evaluate("Date.now()") + 60_000)
    return page, answers, before


@pytest.mark.parametrize("first", ["the answer", "the end of the movement"])
async def test_the_answer_from_before_a_movement_takes_no_focus(
    closer: tuple[Page, Answers, Route], first: str
) -> None:
    page, answers, before = closer
    await page.evaluate(f"({OUT_OF_SIGHT})().focus()")  # as by an arrow key: the map begins to move there
    if first == "the answer":
        await answers.let_go(before)
        await page.clock.run_for(1000)
        await answers.let_go(await answers.waiting.get())
    else:
        await page.clock.run_for(1000)
        await answers.let_go(await answers.waiting.get())
        await answers.let_go(before)
    # On the pin, or on what its stack has become closer up.
    await expect(page.locator(FOCUSED)).to_be_in_viewport()


async def test_no_answer_closes_what_somebody_reads(closer: tuple[Page, Answers, Route]) -> None:
    page, answers, before = closer
    await page.locator(f"{PINS}:has(.pin)").first.evaluate("one => one.click()")
    card = page.locator(".leaflet-popup .pin-card")
    await expect(card).to_be_visible()
    await answers.let_go(before)
    await page.clock.run_for(1000)
    await expect(card).to_be_visible()
    assert answers.waiting.empty()
    # Closed by its button: the focus is the pin's again, and the map asks for what it shows now.
    await page.locator(".leaflet-popup-close-button").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(FOCUSED)).to_have_count(1)
    await answers.let_go(await answers.waiting.get())
    await expect(page.locator(FOCUSED)).to_have_count(1)


async def test_the_focus_goes_on_to_the_nearest_when_its_pin_has_gone(visit: Open) -> None:
    page = await visit("/map", width=360)
    pins = page.locator(PINS)
    await expect(pins.nth(3)).to_be_attached()
    gone: list[str] = []

    async def leave_out(route: Route) -> None:
        answer = await route.fetch()
        found = await answer.json()
        found["pins"] = [one for one in found["pins"] if one["heading"] not in gone]
        await route.fulfill(json=found)

    await page.locator(f"{PINS}:has(.pin)").first.focus()
    name = await page.locator(FOCUSED).get_attribute("title") or ""
    gone.append(name.rpartition(",")[0])
    await page.route(POINTS, leave_out)
    async with page.expect_response(POINTS):
        await page.locator(".leaflet-control-zoom-in").evaluate("one => one.click()")
    await expect(page.locator(FOCUSED)).not_to_have_attribute("title", name)


async def test_enter_on_a_cluster_comes_closer(visit: Open) -> None:
    page = await visit("/map?status=confirmed", width=360)
    clusters = page.locator(".map .cluster:not(.stack)")
    await expect(clusters.first).to_be_attached()
    await clusters.first.focus()
    before = await clusters.first.get_attribute("title")
    async with page.expect_response(POINTS):
        await page.keyboard.press("Enter")
    await expect(page.locator(FOCUSED)).not_to_have_attribute("title", before or "")


async def test_a_stack_lists_its_reports(visit: Open) -> None:
    page = await visit("/map", width=360)
    stack = page.locator(".cluster.stack").first
    number = int(await stack.inner_text())
    await stack.click()
    cards = page.locator(".leaflet-popup .pin-card")
    await expect(cards).to_have_count(number)
    await cards.first.click()
    await page.wait_for_url("**/reports/*")


async def test_without_a_script_the_list_stands_for_the_map(visit: Open) -> None:
    for path in ("/", "/map"):
        page = await visit(path, width=360, script=False)
        await expect(page.locator(".map")).to_be_hidden()
        await expect(page.locator(".legend")).to_be_hidden()
        await page.get_by_role("link", name="The list shows the same.").click()
        await page.wait_for_url("**/reports*")


DRAWN = """() => {
  const canvas = document.querySelector(".map .leaflet-tile-loaded");
  if (!canvas) return 0;
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const colours = new Set();
  for (let at = 0; at < pixels.length; at += 4) colours.add(pixels.slice(at, at + 3).join());
  return colours.size;
}"""
SHIFTS = """() => new Promise((done) => {
  const shifted = [];
  new PerformanceObserver((list) => {
    const nodes = list.getEntries().flatMap((one) => one.sources.map((source) => source.node));
    shifted.push(...nodes.filter((one) => one?.parentElement?.closest(".map")).map((one) => one.outerHTML));
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(shifted), 300);
})"""


IN_CHINESE = pytest.mark.skipif(
    not HAS_CHINESE_FONT, reason="there is no Chinese font: pages in Chinese were looked at without their base map"
)


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=IN_CHINESE)])
@pytest.mark.parametrize(("path", "scheme"), [("/map", "light"), ("/reports/new", "dark"), ("/", "light")])
async def test_the_base_map_is_drawn_below_the_pins(
    visit: Open, path: str, scheme: Literal["light", "dark"], language: str
) -> None:
    """Its script and its tiles are ours, and the page's policy has nothing to say: `visit` fails on what is logged."""
    page = await visit("/services", language=language)
    await page.emulate_media(color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(path)
    await page.wait_for_function(f"() => ({DRAWN})() > 3")
    host = urlsplit(page.url).netloc
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {host}
    assert any("/tiles/layers-" in url for url in asked)
    assert await page.evaluate(SHIFTS) == []
    await expect(page.locator(".map .leaflet-control-scale-line").first).to_contain_text("m")


async def test_the_areas_stand_for_a_base_map_that_cannot_be_drawn(visit: Open) -> None:
    """They have their names then, which else the base map has."""
    page = await visit("/services", fresh=True)
    await page.route("**/protomaps-leaflet*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    await page.goto("/map")
    names = page.locator(".map .area-name")
    await expect(names).to_have_count(5)
    assert sorted(await names.all_text_contents()) == ["Cloudridge", "Eastwharf", "Old Town", "Southpond", "Willowbank"]
    await expect(page.locator(".map.based")).to_have_count(0)


async def test_tiles_of_a_map_published_in_china_lie_where_gps_says(visit: Open) -> None:
    """Of a square that is drawn, the pixel of a position in GCJ-02 stands where the map has the position of GPS."""
    page = await visit("/map")
    await page.route("**/shifted/**", lambda route: route.fulfill(body="", content_type="image/png"))
    await page.add_script_tag(url="/static/js/gcj02.js")
    await page.evaluate(
        """() => {
            const box = document.body.appendChild(document.createElement("div"));
            Object.assign(box.style, { width: "600px", height: "400px" });
            shifted = L.map(box, { zoomAnimation: false }).setView([31.19, 118.008], 16);
            layer = shiftedTiles("/shifted/{z}/{x}/{y}", {}).addTo(shifted);
        }"""
    )
    for lat, lon in ((31.19, 118.008), (31.1885, 118.0102), (31.192, 118.03)):
        await page.evaluate("at => shifted.setView(at, 16, { animate: false })", [lat, lon])
        off = await page.evaluate(
            """([wgs, gcj]) => {
                const pixel = shifted.project(gcj, 16);
                const [x, y] = [Math.floor(pixel.x / 256), Math.floor(pixel.y / 256)];
                const { el } = layer._tiles[`${x}:${y}:16`];
                const [tile, box] = [el.getBoundingClientRect(), shifted.getContainer().getBoundingClientRect()];
                const at = shifted.latLngToContainerPoint(wgs);
                return [tile.x + pixel.x - 256 * x - box.x - at.x, tile.y + pixel.y - 256 * y - box.y - at.y];
            }""",
            [[lat, lon], to_gcj02(lat, lon)],
        )
        assert off == pytest.approx([0, 0], abs=2)  # pixels, of 2 m each; the systems lie some 500 m apart

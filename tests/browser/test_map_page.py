"""The page of the map: its list follows, its address leads back, on a phone the list is drawn up over the map."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open

pytestmark = pytest.mark.browser

PINS = ".map .leaflet-marker-pane > [role=button]"
COUNT = "#results > [role=status]"
BEFORE_THE_MAP = """() => {
  const stops = [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex]")];
  const map = document.querySelector(".map");
  return stops.filter((one) => one.tabIndex >= 0 && one.checkVisibility() && !map.contains(one) &&
    one.compareDocumentPosition(map) & Node.DOCUMENT_POSITION_FOLLOWING).length;
}"""


async def number(page: Page) -> int:
    return int((await page.locator(COUNT).inner_text()).split()[0])


async def closer(page: Page) -> None:
    async with page.expect_response("**/map/points?*"):
        await page.locator(".map").focus()
        await page.keyboard.press("+")
    await page.wait_for_function("() => location.search.includes('window=')")


async def test_side_by_side_the_list_follows_the_map_and_back_leads_there(visit: Open) -> None:
    page = await visit("/map")
    await expect(page.locator(PINS).nth(3)).to_be_attached()
    every = await number(page)
    async with page.expect_response(lambda answer: "/map?" in answer.url):
        await closer(page)
    await expect(page.locator(COUNT)).not_to_have_text(f"{every} reports")
    inside, address = await number(page), page.url
    assert 0 < inside < every
    await page.locator("#results .card a").first.click()
    await page.wait_for_url("**/reports/*")
    await page.go_back()
    await expect(page.locator(COUNT)).to_have_text(f"{inside} reports")
    assert page.url == address
    # The filters keep the window, and the list means the same by that address.
    await page.get_by_role("link", name="Overdue", exact=True).first.click()
    await page.wait_for_url("**status=overdue*")
    late = await number(page)
    await page.get_by_role("link", name="As a list").click()
    await expect(page.locator(COUNT)).to_have_text(f"{late} report{'s' if late != 1 else ''}")


async def test_on_a_phone_the_list_is_asked_for_and_drawn_up(visit: Open) -> None:
    page = await visit("/map", width=360, fresh=True)
    await expect(page.locator(PINS).nth(3)).to_be_attached()
    search, handle = page.locator("[data-search-here]"), page.locator("[data-sheet]")
    await expect(search).to_be_hidden()
    await expect(handle).to_be_in_viewport()
    every = await number(page)
    await closer(page)
    await closer(page)
    assert await number(page) == every  # until it is asked for
    async with page.expect_response(lambda answer: "/map?" in answer.url):
        await search.click()
    await expect(search).to_be_hidden()
    await expect(page.locator(COUNT)).not_to_have_text(f"{every} reports")
    await expect(handle).to_have_attribute("aria-expanded", "true")
    await expect(handle).to_have_text("Show the map")
    await handle.click()
    await expect(handle).to_have_text("Show the list")
    await expect(page.locator(".map")).to_be_in_viewport()


async def test_a_card_opens_by_key_and_escape_closes_it(visit: Open) -> None:
    page = await visit("/map")
    await expect(page.locator(PINS).nth(3)).to_be_attached()
    await page.locator(".map").focus()
    await page.keyboard.press("Enter")
    pins = await page.locator(PINS).count()
    for _ in range(pins):  # on to one that is no cluster
        if await page.locator(f"{PINS}:focus .pin").count():
            break
        await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    await expect(page.locator(".pin-card:focus")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator(".leaflet-popup")).to_have_count(0)
    await expect(page.locator(f"{PINS}:focus")).to_have_count(1)


async def test_districts_are_coloured_as_their_table_says(visit: Open) -> None:
    page = await visit("/map", language="zh")
    chip = page.locator("[data-heat]")
    await expect(page.locator(".map path.area-outline").first).to_be_attached()
    await chip.focus()
    await page.keyboard.press("Space")
    await expect(chip).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("#heat-legend li")).to_have_count(5)
    coloured = ":is(.heat-1, .heat-2, .heat-3, .heat-4)"
    await expect(page.locator(f".map path{coloured}").first).to_be_attached()
    assert await page.locator(".map path.area-outline.city[class*=heat]").count() == 0
    await chip.click()
    await expect(page.locator(".map path[class*=heat-]")).to_have_count(0)


async def test_what_fails_and_what_is_empty_is_said(visit: Open) -> None:
    page = await visit("/map?window=118.2,31.4,118.21,31.41&zoom=15")
    note = page.locator(".map-note")
    await expect(note).to_have_text("There is no report in this part of the map.")
    await expect(page.locator("#results")).to_contain_text("Look in the whole city")
    await page.route("**/map/points?*", lambda route: route.abort())
    await page.locator(".map").focus()
    await page.keyboard.press("-")
    await expect(note).to_have_text("The reports could not be loaded. Move the map to try again.")


@pytest.mark.parametrize("width", [360, 1280])
async def test_few_stops_lead_to_the_map(visit: Open, width: int) -> None:
    page = await visit("/map", width=width)
    await expect(page.locator(PINS).nth(3)).to_be_attached()
    assert await page.evaluate(BEFORE_THE_MAP) <= 25
    await page.locator("[data-heat]").focus()
    await page.keyboard.press("Tab")
    await expect(page.locator(".map")).to_be_focused()
    await page.keyboard.press("Tab")  # past everything in the map
    assert not await page.evaluate("document.querySelector('.map').contains(document.activeElement)")

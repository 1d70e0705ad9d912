"""The map of reports in a browser: by keyboard, its cards and stacks, its words, and none without a script."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open

pytestmark = pytest.mark.browser

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
    page = await visit("/map", width=360)
    pins = page.locator(".map .leaflet-marker-pane > [role=button]")
    await expect(pins.nth(3)).to_be_attached()
    await page.locator(".map").focus()
    async with page.expect_response("**/map/points?*"):
        await page.keyboard.press("+")
    await page.wait_for_load_state("networkidle")
    await page.keyboard.press("Enter")
    for _ in range(await pins.count()):
        await page.keyboard.press("ArrowRight")
        await page.wait_for_load_state("networkidle")
        await expect(page.locator(".map .leaflet-marker-pane > [role=button]:focus")).to_have_count(1)


async def test_enter_on_a_cluster_comes_closer(visit: Open) -> None:
    page = await visit("/map?status=confirmed", width=360)
    clusters = page.locator(".map .cluster:not(.stack)")
    await expect(clusters.first).to_be_attached()
    await clusters.first.focus()
    async with page.expect_response("**/map/points?*"):
        await page.keyboard.press("Enter")


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

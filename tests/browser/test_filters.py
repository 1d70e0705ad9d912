"""The long lists of the filters come when they are seen, and once; without a script a link leads to them."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_somebody_chooses_from_the_whole_list(visit: Open, width: int, language: str) -> None:
    page = await visit("/reports?category=pothole", width=width, language=language)
    category, area = page.locator("#category"), page.locator("#area")
    await expect(category).to_have_value("pothole")  # it stays chosen, in its place
    await expect(category.locator("option")).not_to_have_count(2)
    await expect(category.locator("option[value=pothole]")).to_have_count(1)
    await area.focus()
    await area.select_option("old-town")
    await page.wait_for_url("**area=old-town**")
    assert "category=pothole" in page.url
    await expect(area).to_have_value("old-town")


async def test_a_closed_panel_fetches_nothing_until_it_opens(visit: Open) -> None:
    page = await visit("/reports", width=360)
    options = page.locator("#category option")
    await expect(options).to_have_count(1)
    await page.locator(".filters > details > summary").press("Enter")
    await expect(options).not_to_have_count(1)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto("/map")
    await page.wait_for_load_state("networkidle")
    assert asked
    assert not [url for url in asked if "/reports/filters" in url]


async def test_without_a_script_a_link_leads_to_the_whole_list(visit: Open) -> None:
    page = await visit("/reports?status=open", width=360, script=False)
    await page.get_by_role("link", name="All categories, areas and departments").click()
    await page.locator("#category").select_option("pothole")
    await page.locator("form.filters button.main").click()
    assert "status=open" in page.url
    assert "category=pothole" in page.url

"""Keyboards: what had the focus may be replaced or taken away; the focus is then where one would look for it."""

from pathlib import Path

import asyncpg
import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Open
from tests.browser.navigation import quiet
from tests.live import Live

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LOST = "!document.activeElement || document.activeElement === document.body"


async def _press(page: Page, what: Locator, key: str = "Enter") -> None:
    """Press a key on it and wait until the page has what that led to."""
    await what.focus()
    await page.keyboard.press(key)
    await quiet(page)
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)


async def test_a_view_of_the_desk_keeps_the_focus(visit: Open) -> None:
    page = await visit("/desk", user="roads")
    for place in (1, 0):
        chip = page.locator("#queue .chips a").nth(place)
        await _press(page, chip)
        await expect(chip).to_have_attribute("aria-current", "true")
        await expect(chip).to_be_focused()


async def test_the_button_that_supports_keeps_the_focus(visit: Open, live_server: Live) -> None:
    connection = await asyncpg.connect(live_server.database)
    path = await connection.fetchval(
        "SELECT p.path FROM post p JOIN report r ON r.post_id = p.id JOIN case_file c ON c.id = r.case_id"
        " WHERE c.status = 'in_progress' AND r.main AND p.visibility = 'public' ORDER BY p.id LIMIT 1"
    )
    await connection.close()
    page = await visit(path, user="citizen3")
    button = page.locator("#talk button[aria-pressed]")
    was = await button.get_attribute("aria-pressed")
    for pressed in ("false", "true") if was == "true" else ("true", "false"):
        await _press(page, button)
        await expect(button).to_have_attribute("aria-pressed", pressed)
        await expect(button).to_be_focused()


async def test_a_filter_that_is_taken_away_leaves_the_focus_with_the_results(visit: Open) -> None:
    page = await visit("/search?q=light&kind=report&since=year")
    chips = page.locator("[id^=without-]")
    while count := await chips.count():
        await _press(page, chips.first)
        await expect(chips).to_have_count(count - 1)
        assert not await page.evaluate(LOST)


async def test_each_of_the_places_offered_is_reached_by_arrow_keys(visit: Open) -> None:
    page = await visit("/traffic/new")
    await page.locator("#place_text").fill("Market")
    await page.locator("#place_text").press("Enter")
    choices = page.locator("#place-choices [type=radio]")
    await expect(choices.first).to_be_visible()
    count = await choices.count()
    assert count > 2
    await choices.first.focus()
    await page.keyboard.press("Space")
    for place in range(1, count):
        await page.keyboard.press("ArrowDown")
        await quiet(page)
        await expect(choices.nth(place)).to_be_focused()
        await expect(choices.nth(place)).to_be_checked()
    await page.locator(".map").click(position={"x": 40, "y": 90})
    await expect(choices.first).to_be_hidden()


async def test_a_message_that_is_put_away_leaves_the_focus_with_the_photos(visit: Open, tmp_path: Path) -> None:
    page = await visit("/reports/new")
    wrong = tmp_path / "letter.jpg"
    wrong.write_bytes(b"no picture")
    await page.locator("#photos").set_input_files(wrong)
    await _press(page, page.locator("[data-put-away]"))
    await expect(page.locator(".photo-message")).to_have_count(0)
    await expect(page.locator("#photos")).to_be_focused()

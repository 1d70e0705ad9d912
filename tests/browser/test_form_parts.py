"""The parts of the report's form with a script: the place by device and cross, lines, questions that depend, danger."""

import asyncio
import json
import re
from urllib.parse import urlsplit

import asyncpg
import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.navigation import loads_page, quiet
from tests.live import Live
from tests.media.pictures import with_gps

pytestmark = pytest.mark.browser

BELL_TOWER = {"latitude": 31.19, "longitude": 118.008}
AT_BELL_TOWER = {"name": "hole.jpg", "mimeType": "image/jpeg", "buffer": with_gps((31, 11, 24), (118, 0, 28.8))}


async def locate(page: Page, accuracy: float) -> None:
    await page.context.grant_permissions(["geolocation"])
    await page.context.set_geolocation({**BELL_TOWER, "accuracy": accuracy})
    await page.get_by_role("button", name="Use my location").click()


async def test_how_exact_the_device_is_goes_along(visit: Open) -> None:
    page = await visit("/reports/new", width=360)
    await locate(page, 29.5)
    await expect(page.locator("#position")).to_contain_text("within 30 m")
    await page.locator("#text").fill("The bench has lost its back")
    async with loads_page(page):
        await page.get_by_role("button", name="Send the report").click()
    await expect(page.locator(".place")).to_contain_text("within 30 m")


async def test_a_device_that_is_far_off_does_not_say_the_place(visit: Open) -> None:
    page = await visit("/reports/new", width=360)
    await locate(page, 3000)
    await expect(page.locator("#position")).to_contain_text("only within 3 km")
    await expect(page.locator("#lat")).to_have_value("")
    # The map shows where about it is, and waits under the cross; the arrow keys move it.
    await expect(page.locator("#place-map")).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#located_by")).to_have_value("pin")
    await expect(page.locator("#lon")).to_have_value(re.compile(r"^118\.0"))
    await expect(page.locator("#position")).not_to_contain_text("within")


async def test_a_device_that_refuses_is_no_way_out_of_the_form(visit: Open) -> None:
    page = await visit("/reports/new", width=360)
    await page.get_by_role("button", name="Use my location").click()  # nobody was asked: it is refused
    await expect(page.locator("#position")).to_contain_text("did not give its location")
    await page.locator("#place_text").fill("Stone Bridge Road")
    await page.locator("#place_text").press("Enter")
    await expect(page.locator("#located_by")).to_have_value("address")


@pytest.mark.parametrize("late", [False, True])
async def test_a_device_that_never_answers_keeps_nobody_waiting(visit: Open, late: bool) -> None:
    """A browser waits without end for somebody who neither allows nor refuses."""
    page = await visit("/reports/new", width=360, fresh=True)  # its clock stays a false one
    await page.evaluate("navigator.geolocation.getCurrentPosition = found => { window.found = found; }")
    await page.clock.install()
    await page.get_by_role("button", name="Use my location").click()
    await expect(page.locator("#position")).to_contain_text("Looking for where you are")
    await page.clock.fast_forward(15_000)
    await expect(page.locator("#position")).to_contain_text("did not give its location")
    await page.clock.resume()
    if late:  # what comes all the same is taken
        await page.evaluate("at => found({ coords: { ...at, accuracy: 20 } })", BELL_TOWER)
        await expect(page.locator("#located_by")).to_have_value("device")
    else:
        await page.locator("#place_text").fill("Stone Bridge Road")
    await page.locator("#text").fill("The hydrant here leaks into the road")
    async with loads_page(page):
        await page.get_by_role("button", name="Send the report").click()
    assert re.search(r"/reports/\d+$", page.url), await page.locator("main").inner_text()


@pytest.mark.parametrize(("language", "said"), [("en", "No photo was taken"), ("zh", "没有拍照")])
async def test_a_camera_that_gives_nothing_is_no_way_out_of_the_form(visit: Open, language: str, said: str) -> None:
    page = await visit("/reports/new", width=360, language=language)
    note = page.locator("[data-no-photo]")
    await expect(note).to_have_text("")
    await page.locator("#camera").dispatch_event("cancel")  # as where the camera is refused
    await expect(note).to_contain_text(said)
    await page.locator("#photos").set_input_files(AT_BELL_TOWER)  # type: ignore[arg-type]
    await expect(page.locator("#kept-photos img")).to_have_count(1)
    await expect(note).to_have_text("")


async def test_a_line_is_drawn_and_shown(visit: Open) -> None:
    page = await visit("/reports/new?category=pavement&lat=31.19&lon=118.008", width=360)
    await page.get_by_role("button", name="Draw the line on the map").click()
    board = page.locator("#place-map")
    await board.click(position={"x": 100, "y": 100})
    await page.get_by_role("button", name="Add the point under the cross").click()
    await expect(page.locator("[data-points]")).to_have_text("2 points")
    await board.click(position={"x": 220, "y": 60})
    await page.get_by_role("button", name="Take the last point back").click()
    await expect(page.locator("[data-points]")).to_have_text("2 points")
    drawn = json.loads(await page.locator("input[name=shape]").input_value())
    assert (drawn["type"], len(drawn["coordinates"])) == ("LineString", 2)
    await expect(board.locator("path.shape")).to_have_count(1)
    await page.reload()  # what was drawn is kept
    await expect(board.locator("path.shape")).to_have_count(1)
    await page.locator("#text").fill("All slabs are loose along here")
    async with loads_page(page):
        await page.get_by_role("button", name="Send the report").click()
    await expect(page.locator("path.shape")).to_have_count(1)


async def test_a_question_comes_once_it_is_asked(visit: Open) -> None:
    page = await visit("/reports/new", width=360)
    await page.locator("#category").select_option("manhole")
    opened = page.get_by_role("group", name="Is the hole open?")
    guarded = page.get_by_role("group", name="Is it fenced off or marked?")
    await expect(opened).to_be_visible()
    await expect(guarded).to_be_hidden()
    await opened.get_by_text("Yes").click()
    await guarded.get_by_text("No").click()
    await opened.get_by_text("No").click()
    await expect(guarded).to_be_hidden()
    sent = await page.locator("#report-form").evaluate("form => [...new FormData(form).keys()]")
    assert "answers[open]" in sent
    assert "answers[guarded]" not in sent
    # A reload keeps the answer, and with it the question that depends on it.
    await opened.get_by_text("Yes").click()
    await page.reload()
    await expect(opened.get_by_label("Yes")).to_be_checked()
    await expect(guarded).to_be_visible()


async def test_what_others_handle_is_not_sent(visit: Open) -> None:
    page = await visit("/reports/new", width=360)
    await page.locator("#category").select_option("power-cut")
    await expect(page.get_by_role("link", name="Call 95598")).to_be_visible()
    await expect(page.get_by_role("button", name="Send the report")).to_be_hidden()
    await page.locator("#category").select_option("pothole")
    await expect(page.get_by_role("button", name="Send the report")).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
async def test_danger_brings_the_number_before_sending(visit: Open, script: bool) -> None:
    page = await visit("/reports/new?lat=31.19&lon=118.008", width=360, script=script)
    await page.locator("#text").fill("There is a smell of gas in the stairwell")
    if not script:
        async with loads_page(page):
            await page.get_by_role("button", name="Send the report").click()
    await expect(page.get_by_role("link", name="Call 119", exact=True)).to_be_visible()
    async with loads_page(page):
        await page.get_by_role("button", name="Send the report").click()
    assert re.search(r"/reports/\d+$", page.url), await page.locator("main").inner_text()


async def test_three_taps_and_a_sentence(visit: Open) -> None:
    """From the home page: report, the photo, send. The photo says where it is."""
    page = await visit("/", width=360)
    await page.evaluate("sessionStorage.setItem('taps', '0')")
    count = "document.addEventListener('pointerdown', (e) => e.isTrusted && sessionStorage.setItem('taps',"
    await page.add_init_script(f"{count} Number(sessionStorage.getItem('taps')) + 1), true)")
    await page.reload()
    async with loads_page(page):
        await page.locator("nav a.main[href='/reports/new']").click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_text("Take a photo").click()
    await (await chooser.value).set_files(AT_BELL_TOWER)  # type: ignore[arg-type]
    await expect(page.locator("#located_by")).to_have_value("photo")
    await page.locator("#text").press_sequentially("A hole in front of the gate")
    async with loads_page(page):
        await page.get_by_role("button", name="Send the report").click()
    assert re.search(r"/reports/\d+$", page.url), await page.locator("main").inner_text()
    taps = int(await page.evaluate("sessionStorage.getItem('taps')"))
    assert taps == 3


async def test_that_is_it_takes_one_tap(visit: Open) -> None:
    here = "/reports/new?lat=31.2051&lon=118.0213"
    first = await visit(here, width=360, fresh=True)
    await first.locator("#text").fill("The litter bin here has burst open")
    async with loads_page(first):
        await first.get_by_role("button", name="Send the report").click()
    page = await visit(here, width=360, fresh=True)
    offered = page.locator(f"button[formaction='{urlsplit(first.url).path}/join']")
    for _ in range(200):  # until the index has it; the bound only ends a test that would never end
        if await offered.count():
            break
        await asyncio.sleep(0.1)
        await page.reload()
    await page.locator("#photos").set_input_files(AT_BELL_TOWER)  # type: ignore[arg-type]
    await expect(page.locator("#kept-photos img")).to_have_count(1)
    async with loads_page(page):
        await offered.click()
    await expect(page.locator("main")).to_contain_text("Your receipt code")
    await expect(page.locator(".gallery img")).to_have_count(1)
    await expect(page.locator("main")).to_contain_text("Reports of the same problem")


async def test_a_lamp_near_the_place_is_chosen_by_a_tap(visit: Open, live_server: Live) -> None:
    connection = await asyncpg.connect(live_server.database)
    lamp = await connection.fetchrow("SELECT code, lat, lon FROM asset WHERE kind = 'lamp' ORDER BY code LIMIT 1")
    await connection.close()
    assert lamp
    page = await visit(f"/reports/new?lat={lamp['lat'] + 0.0002}&lon={lamp['lon']}", width=360, fresh=True)
    await page.locator("#category").select_option("street-light")
    chip = page.locator("#near-assets label", has_text=lamp["code"])
    await chip.click()
    await expect(page.locator("#located_by")).to_have_value("asset")
    await expect(page.locator("#lat")).to_have_value(f"{lamp['lat']:.6f}")
    await quiet(page)
    await expect(chip.locator("input")).to_be_checked()
    # The pin is put elsewhere: it is another one.
    await page.locator("#place_text").fill("Bell Tower Square")
    await page.locator("#place_text").press("Enter")
    await expect(page.locator("#located_by")).to_have_value("address")
    await expect(page.locator("[name=asset_near]:checked")).to_have_count(0)
    await page.locator("#asset").fill(lamp["code"].lower())
    async with page.expect_response(lambda one: f"asset={lamp['code'].lower()}" in one.url):
        await page.locator("#asset").press("Tab")  # what is open of this lamp is looked for
    await page.locator("#text").fill("This lamp is out at night")
    async with loads_page(page):
        await page.get_by_role("button", name="Send the report").click()
    await expect(page.locator("main")).to_contain_text(lamp["code"])

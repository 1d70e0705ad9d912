"""Photos sent ahead: their progress, a network that breaks, one that is slow, and what a photo says of itself."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Open
from tests.browser.navigation import loads_page
from tests.media.pictures import encoded, scene

pytestmark = pytest.mark.browser

UPLOAD = "**/reports/photos"
SLOW = "Object.defineProperty(navigator, 'connection', {value: {effectiveType: '3g', saveData: false}})"


def large_photo() -> dict[str, object]:
    """3000 px wide, lying on its side, taken at the Bell Tower on 1 November 2026 at nine in the morning."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (31, 11, 24), 3: "E", 4: (118, 0, 28.8)}
    exif[0x8769] = {0x9003: "2026:11:01 09:00:00", 0x9011: "+08:00"}
    noise = Image.effect_noise((3000, 2000), 60).convert("RGB")
    return {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": encoded(noise, exif=exif, quality=95)}


PLAIN = {"name": "plain.jpg", "mimeType": "image/jpeg", "buffer": encoded(scene())}


async def choose(page: Page, *files: object) -> None:
    await page.locator("#photos").set_input_files(list(files))  # type: ignore[arg-type]


async def test_a_broken_upload_is_tried_again_and_nothing_is_lost(visit: Open) -> None:
    page = await visit("/reports/new", width=360, fresh=True)
    await page.route(UPLOAD, lambda route: route.abort())
    await choose(page, PLAIN, {**PLAIN, "name": "second.jpg"})
    sending = page.locator(".sending li")
    await expect(sending).to_have_count(2)
    await expect(sending.first).to_contain_text("The connection broke")
    await expect(sending.first.get_by_role("progressbar", name="plain.jpg")).to_be_visible()
    # It goes with the form, should somebody send that now.
    assert await page.locator("#photos").evaluate("field => [...field.files].map(one => one.name)") == [
        "plain.jpg",
        "second.jpg",
    ]
    await page.unroute(UPLOAD)
    await sending.first.get_by_role("button", name="Try again").click()
    await expect(page.locator("#kept-photos img")).to_have_count(2)  # the second by itself
    await expect(sending).to_have_count(0)


async def test_photos_that_did_not_arrive_go_with_the_form(visit: Open) -> None:
    page = await visit("/reports/new", width=360, fresh=True)
    await page.route(UPLOAD, lambda route: route.abort())
    await choose(page, large_photo())
    await expect(page.locator(".sending li")).to_contain_text("The connection broke")
    await page.locator("#text").fill("The kerb is broken at this corner")
    await page.unroute(UPLOAD)
    async with loads_page(page):
        await page.get_by_role("button", name="Send the report").click()
    await expect(page.locator(".gallery img")).to_have_count(1)
    await expect(page.locator(".gallery")).to_contain_text(re.compile(r"Taken .*Nov.* 09:00"))


async def test_an_upload_can_be_cancelled(visit: Open) -> None:
    page = await visit("/reports/new", width=360, fresh=True)
    await page.route(UPLOAD, lambda route: None)  # no answer ever comes
    await choose(page, PLAIN)
    await page.get_by_role("button", name="Cancel: plain.jpg").click()
    await expect(page.locator(".sending li")).to_have_count(0)
    await expect(page.locator("#photos")).to_be_focused()
    assert await page.locator("#photos").evaluate("field => field.files.length") == 0
    await page.unroute_all(behavior="ignoreErrors")


async def test_a_slow_network_gets_a_smaller_photo_that_keeps_place_and_date(visit: Open) -> None:
    page = await visit("/reports/new", width=360, fresh=True)
    await page.add_init_script(SLOW)
    await page.reload()
    sent: list[bytes] = []

    async def note(route: Route) -> None:
        sent.append(route.request.post_data_buffer or b"")
        await route.continue_()

    await page.route(UPLOAD, note)
    photo = large_photo()
    await choose(page, photo)
    kept = page.locator("#kept-photos li")
    await expect(kept).to_contain_text(re.compile(r"Nov.*09:00"))
    await expect(page.locator("#lat")).to_have_value("31.190000")
    await expect(page.locator("#located_by")).to_have_value("photo")
    picture = Image.open(BytesIO(sent[0][sent[0].index(b"\xff\xd8") :]))
    assert picture.size == (1067, 1600)  # upright, as the camera meant it
    assert picture.getexif()[0x0112] == 1
    assert len(sent[0]) * 2 < len(photo["buffer"])  # type: ignore[arg-type]


async def test_a_photo_without_a_place_says_so(visit: Open) -> None:
    page = await visit("/reports/new", width=360)
    await choose(page, PLAIN)
    await expect(page.locator("#kept-photos li")).to_contain_text("This photo has no place")
    await expect(page.locator("#position")).to_contain_text("The photo has no place")


async def test_a_photo_that_cannot_be_read_any_more_keeps_nothing_back(visit: Open, tmp_path: Path) -> None:
    """It was deleted, or belongs to an app that takes it back: the others are sent, and so is the form."""
    gone = tmp_path / "gone.jpg"
    gone.write_bytes(encoded(scene()))
    page = await visit("/reports/new?lat=31.19&lon=118.008", width=360, fresh=True)
    await page.route(UPLOAD, lambda route: route.abort())
    await page.locator("#photos").set_input_files(gone)
    sending = page.locator(".sending li")
    await expect(sending).to_contain_text("The connection broke")
    gone.unlink()
    await page.unroute(UPLOAD)
    await sending.get_by_role("button", name="Try again").click()
    await expect(page.locator(".photo-message")).to_contain_text(
        "gone.jpg: your device cannot read this photo any more"
    )
    await expect(sending).to_have_count(0)
    await choose(page, PLAIN)
    await expect(page.locator("#kept-photos img")).to_have_count(1)
    await page.locator("#text").fill("The railing of the bridge is loose")
    async with loads_page(page):
        await page.get_by_role("button", name="Send the report").click()
    assert re.search(r"/reports/\d+$", page.url), await page.locator("main").inner_text()

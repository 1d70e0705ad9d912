"""The site on a home screen and for search engines: manifest, icons, robots, sitemap."""

import re
import xml.etree.ElementTree as ET
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image

from civic import timing
from civic.accounts.people import Person
from civic.posts import moderation
from civic.posts.models import Comment, Post
from civic.reports.sitemap import NOT_FOR_ROBOTS, PAGES
from tests.builders.posts import dan
from tests.builders.riverside import act_at_desk, get_case_id, send_report
from tests.clients import Client

__all__ = ["dan"]

pytestmark = pytest.mark.usefixtures("riverside")


async def test_every_page_names_a_manifest_whose_icons_there_are(client: Client) -> None:
    page = (await client.get("/reports")).text
    assert '<link rel="manifest" href="/manifest.webmanifest">' in page
    client.cookies.set("lang", "zh")
    answer = await client.get("/manifest.webmanifest")
    assert answer.headers["content-type"].startswith("application/manifest+json")
    about = answer.json()
    assert (about["name"], about["lang"], about["start_url"]) == ("河滨市", "zh", "/")
    for icon in about["icons"]:
        shown = Image.open(BytesIO((await client.get(icon["src"])).content))
        assert f"{shown.width}x{shown.height}" == icon["sizes"]
    assert (await client.get("/icons/9999.png")).status_code == 404


def with_address(client: Client) -> None:
    config = client.app.state.config
    site = config.site.model_copy(update={"url": "https://riverside.example"})
    client.app.state.config = config.model_copy(update={"site": site})


def addresses(xml: str) -> list[str]:
    return [str(one.text) for one in ET.fromstring(xml).iter() if one.tag.endswith("}loc")]  # our own


async def test_without_an_address_of_the_site_there_is_no_sitemap(client: Client) -> None:
    assert (await client.get("/sitemap.xml")).status_code == 404
    assert (await client.get("/sitemap/0.xml")).status_code == 404
    assert "Sitemap:" not in (await client.get("/robots.txt")).text


async def test_the_sitemap_leads_to_what_is_public(client: Client, dan: Person) -> None:
    shown, hidden = [(await send_report(client, text=f"A hole with a number: {n}"))["id"] for n in range(2)]
    await moderation.hide((await Post.get(path=f"/reports/{hidden}")).id, dan, "spam")
    assert 'rel="canonical"' not in (await client.get(f"/reports/{shown}")).text
    with_address(client)
    host = {"host": "riverside.example"}
    page = (await client.get(f"/reports/{shown}?before=9", headers=host)).text
    assert f'<link rel="canonical" href="https://riverside.example/reports/{shown}">' in page
    assert f'hreflang="en" href="https://riverside.example/reports/{shown}?lang=en"' in page
    robots = (await client.get("/robots.txt", headers=host)).text
    assert "Sitemap: https://riverside.example/sitemap.xml" in robots
    [part] = addresses((await client.get("/sitemap.xml", headers=host)).text)
    found = addresses((await client.get(part.removeprefix("https://riverside.example"), headers=host)).text)
    assert f"https://riverside.example/reports/{shown}" in found
    assert f"https://riverside.example/reports/{hidden}" not in found
    for page in PAGES:
        assert f"https://riverside.example{page}" in found
    assert addresses((await client.get("/sitemap/99.xml", headers=host)).text) == []
    for part in (10**9, 9 * 10**15):
        assert (await client.get(f"/sitemap/{part}.xml", headers=host)).status_code == 404


async def test_the_sitemap_says_when_a_page_last_changed(client: Client, dispatcher: Client, dan: Person) -> None:
    sent_at, commented, noted, assigned, hidden = (timing.now() + timedelta(hours=n) for n in range(5))
    with timing.at(sent_at):
        sent = await send_report(client)
        path = f"/reports/{sent['id']}"
        post, case = await Post.get(path=path), await get_case_id(sent["id"])
    assert await last_change(client, path) == f"{sent_at:%Y-%m-%dT%H:%M:%SZ}"
    with timing.at(commented):
        await dispatcher.post(f"/posts/{post.id}/comments", data={"text": "It grows."})
    assert await last_change(client, path) == f"{commented:%Y-%m-%dT%H:%M:%SZ}"
    with timing.at(noted):
        await act_at_desk(dispatcher, case, "note", text="Only for the desk.")
    assert await last_change(client, path) == f"{commented:%Y-%m-%dT%H:%M:%SZ}"
    with timing.at(assigned):
        await act_at_desk(dispatcher, case, "assign", to="roads")
    assert await last_change(client, path) == f"{assigned:%Y-%m-%dT%H:%M:%SZ}"
    with timing.at(hidden):
        await moderation.hide(post.id, dan, "spam", comment_id=(await Comment.get()).id)
    assert await last_change(client, path) == f"{hidden:%Y-%m-%dT%H:%M:%SZ}"


async def last_change(client: Client, path: str) -> str:
    """What the sitemap says of a page."""
    config = client.app.state.config
    with_address(client)
    xml = (await client.get("/sitemap/0.xml", headers={"host": "riverside.example"})).text
    client.app.state.config = config  # with an address of https nobody is signed in by a cookie of http
    return re.findall(rf"{path}</loc><lastmod>(.*?)</lastmod>", xml)[0]


async def test_robots_stay_away_from_what_is_of_one_person(client: Client) -> None:
    robots = (await client.get("/robots.txt")).text
    assert re.findall(r"^Disallow: (.+)$", robots, re.MULTILINE) == list(NOT_FOR_ROBOTS)
    for page in PAGES:
        assert not any(page.startswith(path) for path in NOT_FOR_ROBOTS)
        assert (await client.get(page)).status_code == 200

"""What is private or hidden is seen by those whom it concerns and by nobody else, wherever they look."""

import re
from typing import Any

import pytest

from civic import cache
from civic.cases.models import Case
from civic.media.models import Photo
from civic.posts.models import Post, Visibility
from civic.reports.models import Report
from tests.builders.riverside import (
    JSON,
    act_at_desk,
    change_category,
    get_case,
    get_department_id,
    send_desk_form,
    send_form,
    send_report,
    send_routed_report,
)
from tests.clients import Client
from tests.media.pictures import encoded, scene

pytestmark = pytest.mark.usefixtures("riverside")
SECRET = "A neighbour beats her child"
PHOTO = [("photos", ("a.jpg", encoded(scene()), "image/jpeg"))]
EVERYWHERE = (
    "/",
    "/reports",
    "/reports?q=neighbour",
    "/reports?near=31.19,118.008,1000",
    "/reports?sort=supported",
    "/api/v1/reports",
    "/map/points?bbox=117,31,119,32&zoom=12",
    "/api/v1/map/points?bbox=117,31,119,32&zoom=12",
)


async def assert_unseen(client: Client, url: str, word: str = "neighbour") -> None:
    """Neither in a list nor by its address, nor by what hangs on it."""
    cache.clear_caches()
    for path in EVERYWHERE:
        answer = await client.get(path)
        assert answer.status_code == 200
        found = answer.text.replace("q=neighbour", "").replace('value="neighbour"', "")
        assert word not in found, path
    post = await Post.get(path=url)
    for path in (url, f"/api/v1{url}", f"/posts/{post.id}/flag"):
        answer = await client.get(path)
        assert answer.status_code == 404, path
        assert word not in answer.text
    answer = await client.post(f"/posts/{post.id}/flag", data={"reason": "spam"})
    assert answer.status_code == 404


async def private(client: Client, **more: Any) -> str:
    """A report of a private category; its page."""
    answer = await send_form(client, text=SECRET, files=PHOTO, **more)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def photo_of(client: Client, url: str) -> dict[str, Any]:
    [one] = (await client.get(url, headers=JSON)).json()["photos"]
    return one


async def test_a_private_report(
    client: Client, stranger: Client, agent: Client, dispatcher: Client, citizen: Client
) -> None:
    async with change_category("pothole", public=False):
        url = await private(client)
        page = (await client.get(url)).text
        assert "Not public" in page
        assert SECRET in page
        assert "og:description" not in page
        assert "noindex" in page
        photo = await photo_of(client, url)
        await assert_unseen(stranger, url)
        # Its photo: by the address that its author is shown, and by no other.
        assert "signature=" in photo["urls"]["320"]
        assert (await stranger.get(photo["urls"]["320"])).status_code == 200
        assert (await stranger.get(f"/photos/{photo['name']}/320.webp")).status_code == 404
        # Staff: who has the case, and dispatchers; not any clerk of the city.
        await agent.join(await get_department_id("parks"))
        await assert_unseen(agent, url)
        assert (await dispatcher.get(url)).status_code == 200
        case = await get_case(int(url.rpartition("/")[2]))
        await act_at_desk(dispatcher, case.id, "assign", to="roads")
        assert (await agent.get(url)).status_code == 404
        await agent.join(await get_department_id("roads"))
        assert SECRET in (await agent.get(url)).text
        assert SECRET in (await agent.get(f"/desk/cases/{case.id}")).text
        # Nobody comments or votes on it.
        post = await Post.get(path=url)
        for path in (f"/posts/{post.id}/comments", f"/posts/{post.id}/vote"):
            assert (await stranger.post(path, data={"text": "x"})).status_code == 404
            assert (await agent.post(path, data={"text": "x"})).status_code == 404
        assert f"/posts/{post.id}/comments" not in (await agent.get(url)).text


async def test_photos_of_a_private_cases_history(client: Client, agent: Client) -> None:
    async with change_category("pothole", public=False):
        one = await send_routed_report(client, text=SECRET)
        await agent.join(await get_department_id("roads"))
        case = await get_case(one["id"])
        answer = await agent.post(f"/desk/cases/{case.id}/reply", data={"text": "We have seen it."}, files=PHOTO)
        assert answer.status_code == 303
        photo = await Photo.get()
        assert not photo.public
        assert f"/photos/{photo.name}/320.webp?until=" in (await client.get(one["url"])).text
        assert (await client.get(f"/photos/{photo.name}/320.webp")).status_code == 404


async def reply_with_photo(roads: Client, case_id: int) -> Photo:
    answer = await roads.post(f"/desk/cases/{case_id}/reply", data={"text": "We have seen it."}, files=PHOTO)
    assert answer.status_code == 303, answer.text
    latest = await Photo.all().order_by("-id").first()
    assert latest
    return latest


async def test_photos_of_a_history_follow_the_reports_whatever_the_category(
    client: Client, stranger: Client, agent: Client, dispatcher: Client
) -> None:
    """What was sent in private stays so under a public category, and what was hidden is hidden: so are later photos."""
    await agent.join(await get_department_id("roads"))
    async with change_category("pothole", public=False):
        one = await send_routed_report(client, text=SECRET)
    case = await get_case(one["id"])
    assert not (await reply_with_photo(agent, case.id)).public
    other = await send_routed_report(client)
    case = await get_case(other["id"])
    assert (await reply_with_photo(agent, case.id)).public
    await hide(dispatcher, other["url"])
    photo = await reply_with_photo(agent, case.id)
    assert (await stranger.get(f"/photos/{photo.name}/320.webp")).status_code == 404
    await hide(dispatcher, other["url"], "restore")
    assert (await stranger.get(f"/photos/{photo.name}/320.webp")).status_code == 200


async def test_a_report_becomes_private_with_its_category(
    client: Client, stranger: Client, dispatcher: Client, agent: Client
) -> None:
    answer = await send_form(client, text=SECRET, category=None, files=PHOTO)
    url = answer.headers["location"]
    case = await get_case(int(url.rpartition("/")[2]))
    photo = await photo_of(client, url)
    assert (await stranger.get(photo["urls"]["320"])).status_code == 200
    await act_at_desk(dispatcher, case.id, "assign", to="roads")
    await agent.join(await get_department_id("roads"))
    await agent.post(f"/desk/cases/{case.id}/reply", data={"text": "We have seen it."}, files=PHOTO)
    async with change_category("pothole", public=False):
        await act_at_desk(dispatcher, case.id, "recategorise", category="pothole")
        await assert_unseen(stranger, url)
        assert await Photo.filter(public=True).count() == 0
        assert (await client.get(url)).status_code == 200
        await act_at_desk(dispatcher, case.id, "recategorise", category="drain")
        assert (await stranger.get(url)).status_code == 200  # it was sent in public
        assert await Photo.filter(public=False).count() == 0


async def test_a_private_case_is_not_put_together_with_a_public_one(client: Client, dispatcher: Client) -> None:
    one = await send_routed_report(client)
    async with change_category("drain", public=False):
        two = await send_routed_report(client, category="drain", text=SECRET)
        for case, into in ((one, two), (two, one)):
            answer = await send_desk_form(
                dispatcher, (await get_case(case["id"])).id, "merge", into=(await get_case(into["id"])).number
            )
            assert answer.status_code == 422
            assert "One of the two is not public" in answer.text


async def hide(dispatcher: Client, url: str, act: str = "hide", **more: Any) -> None:
    post = await Post.get(path=url)
    answer = await dispatcher.post(f"/desk/moderation/{act}", data={"post": post.id, "reason": "personal_data", **more})
    assert answer.status_code == 303, answer.text


async def test_a_hidden_report_is_gone_and_comes_back(
    client: Client, stranger: Client, agent: Client, dispatcher: Client
) -> None:
    url = await private(client)
    photo = await photo_of(client, url)
    case = await get_case(int(url.rpartition("/")[2]))
    await act_at_desk(dispatcher, case.id, "assign", to="roads")
    await agent.join(await get_department_id("roads"))
    await agent.post(f"/desk/cases/{case.id}/reply", data={"text": "We have seen it."}, files=PHOTO)
    await hide(dispatcher, url)
    await assert_unseen(stranger, url)
    await assert_unseen(agent, url)
    for one in await Photo.all():
        assert (await stranger.get(f"/photos/{one.name}/320.webp")).status_code == 404
    page = (await client.get(url)).text
    assert "A moderator has hidden this report" in page
    assert SECRET in page
    assert SECRET in (await dispatcher.get(url)).text
    # The department goes on with the case, and sees that its words are hidden.
    for path in ("/desk", f"/desk/cases/{case.id}"):
        desk = (await agent.get(path)).text
        assert "neighbour" not in desk
        assert "Hidden by a moderator" in desk
        assert SECRET in (await dispatcher.get(path)).text
    await hide(dispatcher, url, "restore")
    assert SECRET in (await stranger.get("/reports")).text
    assert (await stranger.get(photo["urls"]["320"])).status_code == 404, "its old address stays dead"
    assert (await stranger.get((await photo_of(stranger, url))["urls"]["320"])).status_code == 200
    assert await Photo.filter(public=False).count() == 0


async def test_hidden_private_reports_are_private_again(client: Client, stranger: Client, dispatcher: Client) -> None:
    async with change_category("pothole", public=False):
        url = await private(client)
        await hide(dispatcher, url)
        await hide(dispatcher, url, "restore")
        await assert_unseen(stranger, url)
        assert (await Post.get(path=url)).visibility == Visibility.PRIVATE
        assert await Photo.filter(public=True).count() == 0


async def test_reports_of_one_case(client: Client, stranger: Client, dispatcher: Client) -> None:
    one, two = await send_routed_report(client), await send_routed_report(client, text=SECRET)
    case, into = await get_case(two["id"]), await get_case(one["id"])
    await act_at_desk(dispatcher, case.id, "merge", into=into.number, text="The same hole.")
    assert (await Case.get(id=case.id)).merged_into_id == into.id
    page = (await stranger.get(two["url"])).text
    assert "merged with another" in page
    assert "What happened" in page
    assert SECRET in (await stranger.get(one["url"])).text
    listed = (await stranger.get("/reports", headers=JSON)).json()["reports"]
    assert [r["id"] for r in listed] == [one["id"]]
    # The one that stands for the case is hidden: the other does.
    await hide(dispatcher, one["url"])
    listed = (await stranger.get("/reports", headers=JSON)).json()["reports"]
    assert [r["id"] for r in listed] == [two["id"]]
    assert one["url"] not in (await stranger.get(two["url"])).text.replace(two["url"], "")
    assert await Report.filter(case_id=into.id, main=True).count() == 1


async def test_internal_notes_stay_inside(client: Client, stranger: Client, agent: Client) -> None:
    one = await send_routed_report(client)
    await agent.join(await get_department_id("roads"))
    case = await get_case(one["id"])
    note = "The neighbour is known to us"
    await act_at_desk(agent, case.id, "note", text=note)
    assert note in (await agent.get(f"/desk/cases/{case.id}")).text
    for reader in (client, stranger, agent):
        for path in (one["url"], f"/api/v1{one['url']}", "/api/v1/reports", "/reports"):
            answer = await reader.get(path)
            assert note not in answer.text
            assert "note" not in re.findall(r'"kind":"(\w+)"', answer.text)
    assert "Cleo" not in (await client.get(one["url"])).text  # staff's names are for the desk


async def test_nothing_of_the_author_is_shown(client: Client, stranger: Client) -> None:
    one = await send_report(client, email="ana@example.org")
    for path in (one["url"], f"/api/v1{one['url']}", "/api/v1/reports", "/reports", "/"):
        answer = await stranger.get(path)
        assert "ana@example.org" not in answer.text
        assert one["receipt"] not in answer.text


async def test_nothing_that_can_be_hidden_stays_in_a_cache_in_front(client: Client, stranger: Client) -> None:
    """Pages, lists, maps and JSON are for one reader; a photo is asked for again each time."""
    url = await private(client)
    photo = (await photo_of(client, url))["urls"]["320"]
    search = ("/search?q=neighbour", "/api/v1/search?q=neighbour", "/reports/new/similar?text=neighbour")
    for path in (url, f"/api/v1{url}", *EVERYWHERE, *search, "/traffic", "/services", "/scores", "/data"):
        answer = await stranger.get(path)
        kept = answer.headers["cache-control"].split(", ")
        assert {"private", "no-store"} & set(kept), (path, kept)
        assert {"no-cache", "no-store"} & set(kept), (path, kept)
    assert "no-cache" in (await stranger.get(photo)).headers["cache-control"]

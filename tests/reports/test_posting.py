"""Sending a report: by form, with photos, as a program; what is refused, and that nothing is lost or doubled."""

import re
from pathlib import Path
from typing import Any

import pytest

from civic.media.models import Photo
from civic.posts.models import Post
from civic.posts.receipts import COOKIE
from civic.reports.models import Report
from tests.builders.riverside import (
    BELL_TOWER,
    CODE,
    ELSEWHERE,
    HOLE,
    JSON,
    limit_posts,
    photo_field,
    send_form,
    send_report,
)
from tests.clients import Client, make_user
from tests.media.pictures import encoded, png, scene, with_gps

pytestmark = pytest.mark.usefixtures("riverside")


AT_BELL_TOWER = with_gps((31, 11, 24), (118, 0, 28.8))


# --- what is accepted ---------------------------------------------------------


async def test_a_stranger_sends_a_form_and_holds_its_receipt(client: Client, stranger: Client) -> None:
    answer = await send_form(client)
    assert answer.status_code == 303
    page = await client.get(answer.headers["location"])
    assert page.status_code == 200
    assert HOLE in page.text
    assert re.search(f'Your receipt code: <b class="unbroken">{CODE}</b>', page.text)
    others = await stranger.get(answer.headers["location"])
    assert others.status_code == 200
    assert "Your receipt code" not in others.text


async def test_a_resident_needs_no_receipt(citizen: Client) -> None:
    answer = await send_form(citizen, email="other@example.org")
    page = await citizen.get(answer.headers["location"])
    assert "Your receipt code" not in page.text
    post = await Post.get()
    assert citizen.user
    assert (post.author_id, post.receipt_hash, post.email) == (citizen.user.id, None, "")


async def test_a_program_gets_the_report(client: Client) -> None:
    one = await send_report(
        client, answers={"lane": "cycle", "size": "basin", "unknown": "x"}, address="Bell Tower Square"
    )
    assert one["url"] == f"/reports/{one['id']}"
    assert (one["status"], one["category"], one["photos"]) == ("received", "pothole", [])
    assert one["answers"] == {"lane": "cycle", "size": "basin"}
    assert one["area"]
    assert re.fullmatch(CODE, one["receipt"])
    assert one["again"] is False
    again = await client.get(one["url"], headers=JSON)
    assert again.json()["text"] == HOLE
    assert (await Post.get()).channel == "api"


async def test_photos_come_with_the_form_in_their_order(client: Client) -> None:
    files = [
        photo_field(),
        photo_field("b.png", encoded(scene(300, 200), "PNG")),
        photo_field("c.webp", encoded(scene(), "WEBP")),
    ]
    answer = await send_form(client, files=files)
    shown = (await client.get(answer.headers["location"], headers=JSON)).json()["photos"]
    assert len(shown) == 3
    assert [(p.width, p.height) for p in await Photo.all().order_by("id")] == [(640, 480), (300, 200), (640, 480)]
    picture = await client.get(shown[1]["urls"]["320"])
    assert picture.status_code == 200
    assert picture.headers["content-type"] == "image/webp"
    assert picture.headers["cache-control"] == "public, no-cache"
    listed = (await client.get("/reports")).text
    assert f"/photos/{shown[0]['name']}/320.webp" in listed


async def test_a_photo_and_a_category_need_no_sentence(client: Client) -> None:
    answer = await send_form(client, text="", files=[photo_field()])
    assert answer.status_code == 303
    page = await client.get("/reports")
    assert "Pothole" in page.text


async def test_the_photo_says_where_it_was_taken(client: Client) -> None:
    answer = await send_form(client, lat=None, lon=None, files=[photo_field(data=AT_BELL_TOWER)])
    assert answer.status_code == 303, answer.text
    found = await Report.get()
    assert (round(found.lat, 4), round(found.lon, 4), found.located_by) == (31.19, 118.008, "photo")


async def test_a_pin_is_more_exact_than_the_photo(client: Client) -> None:
    await send_form(client, located_by="pin", lat="31.2", files=[photo_field(data=AT_BELL_TOWER)])
    assert ((await Report.get()).lat, (await Report.get()).located_by) == (31.2, "pin")


async def test_real_photos_of_phones_and_cameras(client: Client, data: Path) -> None:
    """They were taken in Arezzo, which is not in the city: the form is kept, and says so."""
    file = data / "images-exif" / "jpg" / "gps" / "DSCN0021.jpg"
    answer = await send_form(client, lat=None, lon=None, files=[photo_field(file.name, file.read_bytes())])
    assert answer.status_code == 422
    assert "outside the city" in answer.text
    answer = await send_form(client, files=[photo_field(file.name, file.read_bytes())])
    assert answer.status_code == 303


async def test_an_address_is_enough(client: Client) -> None:
    answer = await send_form(client, lat=None, lon=None, address="Bell Tower Square")
    assert answer.status_code == 303, answer.text
    found = await Report.get()
    assert (found.located_by, found.address) == ("address", "Bell Tower Square")
    assert abs(found.lat - 31.19) < 0.02


async def test_answers_are_kept_as_their_kind(client: Client) -> None:
    one = await send_report(client, category="water-quality", answers={"signs": ["smell", "colour"]})
    assert one["answers"] == {"signs": ["smell", "colour"]}
    one = await send_report(client, category="manhole", **{"answers[open]": "yes", "answers[mark]": "雨"})
    assert one["answers"] == {"open": True, "mark": "雨"}
    one = await send_report(client, category="street-light", answers={"lights": 3})
    assert one["answers"] == {"lights": 3.0}
    page = (await client.get(one["url"])).text
    assert "About how many lights are out?" in page


@pytest.mark.parametrize(
    "text",
    [
        "🕳️🚲🆘",
        "\u202eelpmaxe\u202c right to left",
        "'; DROP TABLE post; --",
        "{{ 7 * 7 }} {% raw %} ${7*7} <%= 7 %>",
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "a\r\nb\x0b\x1b[31m",
    ],
)
async def test_any_text_is_only_text(client: Client, text: str) -> None:
    one = await send_report(client, text=text, address=text, title=text)
    page = await client.get(one["url"])
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert (await client.get("/reports")).status_code == 200
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", (await Post.get()).text)


# --- what is refused ----------------------------------------------------------

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"text": ""}, "text"),
    ({"text": "  \n "}, "text"),
    ({"text": "x" * 4001}, "text"),
    ({"text": "x" * 100_000}, "text"),
    ({"text": "\x01\x02"}, "text"),
    ({"title": "x" * 201}, "title"),
    ({"lat": "", "lon": ""}, "place"),
    ({"lat": "31.19", "lon": ""}, "place"),
    ({"lat": "north"}, "place"),
    ({"lat": "nan"}, "place"),
    ({"lat": "91"}, "place"),
    ({"lat": "1e400"}, "place"),
    (ELSEWHERE, "place"),
    ({"lat": "", "lon": "", "address": "Nowhere at all 99"}, "place"),
    ({"category": "unicorn"}, "category"),
    ({"email": "not an address"}, "email"),
    ({"client_key": "a b"}, "client_key"),
    ({"client_key": "with blanks in it"}, "client_key"),
    ({"category": "manhole"}, "answers[open]"),
    ({"answers[lane]": "boat"}, "answers[lane]"),
    ({"category": "drain", "answers[depth]": "deep"}, "answers[depth]"),
    ({"category": "drain", "answers[depth]": "inf"}, "answers[depth]"),
    ({"category": "no-water", "answers[since]": "yesterday"}, "answers[since]"),
    ({"category": "dumping"}, "photos"),
]


@pytest.mark.parametrize(("wrong", "field"), WRONG)
async def test_the_field_that_is_wrong_is_named(client: Client, wrong: dict[str, Any], field: str) -> None:
    answer = await client.post(
        "/reports", json={"text": HOLE, "category": "pothole", **BELL_TOWER, **wrong}, headers=JSON
    )
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == [field]
    page = await send_form(client, **wrong)
    assert page.status_code == 422
    assert answer.json()["fields"][field] in page.text.replace("&#39;", "'")
    assert await Post.all().count() == 0


async def test_everything_wrong_is_said_at_once(client: Client) -> None:
    wrong = {"text": "", "lat": "", "email": "x", "category": "unicorn"}
    answer = await client.post("/reports", json={**BELL_TOWER, **wrong}, headers=JSON)
    assert set(answer.json()["fields"]) == {"text", "place", "email", "category"}


async def test_errors_are_in_the_readers_language(client: Client) -> None:
    client.cookies.set("lang", "zh")
    answer = await client.post("/reports", json={"text": ""}, headers=JSON)
    assert answer.json()["fields"]["text"] == "请用一句话说说出了什么问题。"


@pytest.mark.parametrize("body", ["{", "[]", '"text"', "null", '{"text": "\\ud800"}', b"\xff\xfe"])
async def test_what_is_no_object_is_a_bad_request(client: Client, body: str | bytes) -> None:
    answer = await client.post("/reports", content=body, headers={**JSON, "Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(
    "fields",
    [
        {"text": ["a", "b"], "lat": [31.19], "lon": {"x": 1}},
        {"text": {"a": "b"}, "answers": [1, 2], "category": ["pothole", "drain"]},
        {"answers": {"lane": {"x": "\x00"}, "size": ["basin", None]}, "photos": ["x"], "kept": [None, 3]},
        {"text": True, "lat": None, "client_key": 12345678, "email": 3},
    ],
)
async def test_json_of_other_shapes_is_read_or_refused(client: Client, fields: dict[str, Any]) -> None:
    answer = await client.post("/reports", json={"text": HOLE, **BELL_TOWER, **fields}, headers=JSON)
    assert answer.status_code in (201, 422), answer.text


async def test_a_form_that_is_refused_keeps_all_of_it(client: Client) -> None:
    answer = await send_form(
        client,
        text=HOLE,
        email="wrong",
        address="Behind the kiosk",
        category="manhole",
        client_key="key-of-a-form",
        files=[photo_field()],
        **{"answers[mark]": "雨"},
    )
    assert answer.status_code == 422
    page = answer.text
    for kept in (HOLE, "Behind the kiosk", 'value="31.19"', 'value="wrong"', 'value="雨"', "key-of-a-form"):
        assert kept in page
    assert '<option value="manhole" selected>' in page
    [name] = re.findall(r'name="kept" value="([\w-]{22})" checked', page)
    # Sent again with what was wrong mended: the photo needs no second upload.
    answer = await send_form(client, kept=name, category="manhole", **{"answers[open]": "no"})
    assert answer.status_code == 303, answer.text
    shown = (await client.get(answer.headers["location"], headers=JSON)).json()
    assert [one["name"] for one in shown["photos"]] == [name]


async def test_refused_photos_do_not_cost_the_others(client: Client) -> None:
    files = [
        photo_field("text.jpg", b"This is no picture."),
        photo_field(),
        photo_field("cut.jpg", encoded(scene())[:2000]),
    ]
    answer = await send_form(client, files=files)
    assert answer.status_code == 422
    assert "cut.jpg" in answer.text or "text.jpg" in answer.text
    assert HOLE in answer.text
    assert len(re.findall(r'name="kept" value="[\w-]{22}" checked', answer.text)) == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jpg", b"This is a text."),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        ("a.gif", b"GIF89a" + b"\x00" * 100),
        ("big.png", png(50_001, 50_001)),
        ("empty.jpg", b""),
        ("zip.jpg", b"PK\x03\x04" + b"\x00" * 500),
    ],
)
async def test_what_is_no_photo_is_refused_with_its_name(client: Client, name: str, data: bytes) -> None:
    answer = await client.post(
        "/reports", data={"text": HOLE, **BELL_TOWER}, files=[photo_field(name, data)], headers=JSON
    )
    assert answer.status_code == 422
    assert answer.json()["fields"]["photos"].startswith(f"{name}: ")
    assert await Post.all().count() == 0


async def test_six_photos_are_one_too_many_and_five_are_kept(client: Client) -> None:
    answer = await send_form(client, files=[photo_field(f"{n}.jpg") for n in range(6)])
    assert answer.status_code == 422
    assert "At most 5 photos" in answer.text
    assert len(re.findall(r'name="kept" value', answer.text)) == 5


async def test_a_photo_of_another_post_cannot_be_taken(client: Client, stranger: Client) -> None:
    answer = await send_form(client, files=[photo_field()])
    [name] = [one["name"] for one in (await client.get(answer.headers["location"], headers=JSON)).json()["photos"]]
    answer = await send_form(stranger, kept=name)
    assert answer.status_code == 422
    assert "no longer there" in answer.text


async def test_a_form_of_another_site_is_refused(client: Client) -> None:
    answer = await client.post(
        "/reports", data={"text": HOLE, **BELL_TOWER}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert await Post.all().count() == 0


async def test_the_limit_counts_what_was_posted_and_keeps_what_is_refused(client: Client) -> None:
    limit_posts(client, 2)
    await client.get("/reports/new")
    for number in range(2):
        assert (await send_form(client, text=f"{HOLE} {number}")).status_code == 303
    answer = await send_form(client, text="The third one", files=[photo_field()])
    assert answer.status_code == 429
    assert "The third one" in answer.text
    assert re.search(r'name="kept" value="[\w-]{22}" checked', answer.text)
    answer = await client.post("/reports", json={"text": HOLE, **BELL_TOWER}, headers=JSON)
    assert answer.status_code == 429
    assert await Post.all().count() == 2


async def test_photos_sent_ahead_have_a_limit_too(client: Client) -> None:
    limit_posts(client, 1)
    statuses = [
        (await client.post("/reports/photos", files=[photo_field(data=b"no photo")], headers=JSON)).status_code
        for _ in range(5)
    ]
    assert statuses == [422, 422, 422, 422, 429]


# --- the form -----------------------------------------------------------------


async def test_the_form_shows_the_questions_of_its_category(client: Client) -> None:
    page = (await client.get("/reports/new?category=traffic-light&lat=31.2&lon=118.01")).text
    assert "answers[fault]" in page
    assert 'value="31.2"' in page
    assert 'enctype="multipart/form-data"' in page
    part = (await client.get("/reports/new/questions?category=manhole", headers={"HX-Request": "true"})).text
    assert "answers[open]" in part
    assert "<html" not in part


async def test_without_a_script_a_button_shows_the_questions(client: Client) -> None:
    """Nothing is sent yet, nothing is wrong yet, and nothing is lost."""
    answer = await send_form(client, category="manhole", text="", lat="", show="questions", files=[photo_field()])
    assert answer.status_code == 200
    assert "answers[open]" in answer.text
    assert "correct what is marked" not in answer.text
    assert re.search(r'name="kept" value="[\w-]{22}" checked', answer.text)
    assert await Post.all().count() == 0


async def test_photos_sent_ahead_tell_where_they_were_taken(client: Client) -> None:
    answer = await client.post("/reports/photos", files=[photo_field(data=AT_BELL_TOWER)], headers=JSON)
    assert answer.status_code == 201
    assert [round(number, 4) for number in answer.json()["position"]] == [31.19, 118.008]
    part = await client.post("/reports/photos", files=[photo_field(data=AT_BELL_TOWER)])
    [place] = re.findall(r'data-place="([\d. ]+)">', part.text)
    assert [round(float(number), 4) for number in place.split()] == [31.19, 118.008]
    assert 'name="kept"' in part.text
    assert "signature=" in part.text  # nobody else sees it before it is sent
    assert re.search(COOKIE, part.headers.get("set-cookie", "")) is None
    name = answer.json()["photos"][0]["name"]
    other = photo_field(data=encoded(scene(300, 200), "PNG"))
    more = await client.post("/reports/photos", files=[other], data={"kept": name})
    assert more.text.count('name="kept"') == 1  # only what is new
    assert name not in more.text


async def test_the_language_of_the_reader_is_kept_for_messages(new_client: Any) -> None:
    client = new_client()
    client.cookies.set("lang", "zh")
    await send_report(client, email="ana@example.org")
    assert (await Post.get()).language == "zh"


async def test_who_is_signed_in_again_is_the_same_author(client: Client) -> None:
    await client.sign_in(await make_user("ana@example.org"))
    one = await send_report(client, client_key="phone-1:0001")
    assert one["receipt"] is None
    assert (await send_report(client, client_key="phone-1:0001"))["receipt"] is None


@pytest.mark.parametrize("text", [{"a": 1}, ["a", ["b"]], {"text": None}])
async def test_a_text_that_is_none_is_refused(client: Client, text: object) -> None:
    answer = await client.post("/reports", json={"text": text, "lat": 31.2, "lon": 118.01}, headers=JSON)
    assert answer.status_code == 422
    assert "text" in answer.json()["fields"]

"""Texts that speak of danger: whom to call stands there before anything is sent, in both languages."""

import pytest

from civic.city.danger_words import DANGER_WORDS, default_danger_words
from civic.reports.danger import names_danger
from tests.builders.riverside import JSON, send_form, send_report
from tests.clients import Client

DANGEROUS = [
    "I smell  GAS on the stairs",
    "A live wire hangs over the pavement",
    "The bin is on fire!",
    "楼道里有煤气味",
    "垃圾桶着火了",
    "路灯杆漏电，有人被电到",
]
HARMLESS = ["The fire hydrant has no cover", "Gaslight Street has a hole", "灯不亮了", "A wire fence is bent", ""]


@pytest.mark.parametrize("text", DANGEROUS)
def test_words_of_danger_are_found(text: str) -> None:
    assert names_danger(text, default_danger_words(("zh", "en")))


@pytest.mark.parametrize("text", HARMLESS)
def test_other_words_are_none(text: str) -> None:
    assert not names_danger(text, default_danger_words(("zh", "en")))


def test_a_language_of_a_region_has_the_words_of_the_language() -> None:
    assert default_danger_words(("zh-Hant", "xx")) == list(DANGER_WORDS["zh"])


@pytest.mark.usefixtures("riverside")
@pytest.mark.parametrize(("language", "text"), [("en", DANGEROUS[0]), ("zh", DANGEROUS[3])])
async def test_a_browser_is_shown_the_number_once(client: Client, language: str, text: str) -> None:
    client.headers["accept-language"] = language
    answer = await send_form(client, text=text)
    assert answer.status_code == 422
    assert 'href="tel:119"' in answer.text
    assert 'name="danger_seen" value="1"' in answer.text
    assert text in answer.text
    assert (await send_form(client, text=text, danger_seen="1")).status_code == 303


@pytest.mark.usefixtures("riverside")
async def test_a_program_shows_the_number_itself(client: Client) -> None:
    about = (await client.get("/api/v1/city")).json()
    assert about["emergency_phone"] == "119"
    assert "on fire" in about["danger_words"]
    assert (await send_report(client, text=DANGEROUS[2]))["status"] == "received"


@pytest.mark.usefixtures("riverside")
async def test_the_number_stands_there_while_somebody_writes(client: Client) -> None:
    told = await client.get("/reports/new/categories", params={"text": DANGEROUS[1]})
    assert 'href="tel:119"' in told.text
    calm = await client.get("/reports/new/categories", params={"text": HARMLESS[0]})
    assert "tel:" not in calm.text


@pytest.mark.usefixtures("riverside")
async def test_what_others_handle_is_refused_with_their_number(client: Client) -> None:
    fields = {"text": "The whole house is dark", "category": "power-cut", "lat": 31.19, "lon": 118.008}
    refused = await client.post("/reports", json=fields, headers=JSON)
    assert refused.status_code == 422
    assert "95598" in refused.json()["fields"]["category"]
    page = await send_form(client, category="power-cut")
    assert 'href="tel:95598"' in page.text
    assert "The power company repairs it" in page.text
    listed = (await client.get("/api/v1/city")).json()["categories"]
    assert {one["code"]: one["instead"] for one in listed}["power-cut"]["phone"] == "95598"
    offered = (await client.get("/reports/filters")).text
    assert "Power cut at home" not in offered

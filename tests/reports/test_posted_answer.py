"""What a program gets for the report that it has just posted: made of what was written, it says what the page says."""

import pytest

from tests.builders.riverside import JSON, change_category, limit_posts, photo_field, send_form, send_report
from tests.clients import Client
from tests.statements import counting

pytestmark = pytest.mark.usefixtures("riverside")


@pytest.mark.parametrize("private", [False, True])
async def test_the_answer_is_what_the_page_says(
    client: Client, citizen: Client, dispatcher: Client, private: bool
) -> None:
    async with change_category("pothole", public=not private):
        for sender in (client, citizen, dispatcher):
            photos = (await sender.post("/reports/photos", files=[photo_field()], headers=JSON)).json()["photos"]
            answer = await send_report(sender, answers={"size": "basin"}, title="Hole", kept=photos[0]["name"])
            page = (await sender.get(answer["url"], headers=JSON)).json()
            assert len(page["photos"]) == len(page["timeline"]) == 1
            assert {name: answer[name] for name in page} == page
            assert page["visibility"] == ("private" if private else "public")


async def test_the_answer_about_a_held_one_is_what_its_page_says(client: Client) -> None:
    limit_posts(client, 1, refused_above=3)
    await send_report(client)
    answer = await send_report(client)
    assert answer["held"] is True
    page = (await client.get(answer["url"], headers=JSON)).json()
    assert {name: answer[name] for name in page} == page
    assert page["visibility"] == "held"


async def test_a_report_takes_few_statements(client: Client) -> None:
    await send_report(client)
    await send_form(client)
    with counting() as by_program:
        await send_report(client, client_key="one")
    with counting() as by_form:
        await send_form(client, client_key="two", place_text="Bell Tower Square")
    assert len(by_program) <= 6
    assert len(by_form) <= 8
    assert not [one for one in by_program.texts if 'FROM "report"' in one], "it is not read back"

"""What a report keeps beside its text and place: the dates of its photos, how exact its place is, its shape."""

import pytest

from tests.builders.riverside import JSON, photo_field, send_form
from tests.clients import Client
from tests.media.pictures import encoded, scene, with_gps

pytestmark = pytest.mark.usefixtures("riverside")


async def test_the_date_of_a_photo_is_kept_and_shown(client: Client) -> None:
    taken = with_gps((31, 11, 24), (118, 0, 28.8), taken="2026:11:01 09:00:00", offset="+08:00")
    answer = await send_form(client, files=[photo_field(data=taken), photo_field(data=encoded(scene()))])
    dated, undated = (await client.get(answer.headers["location"], headers=JSON)).json()["photos"]
    assert (dated["taken_at"], undated["taken_at"]) == ("2026-11-01T01:00:00+00:00", None)
    page = await client.get(answer.headers["location"])
    assert page.text.count("Taken ") == 1
    assert "09:00" in page.text

"""Whether a report that one may not see exists, or how its case stands, is not told by what it refuses either."""

import pytest

from civic.reports.models import Report
from tests.builders.riverside import JSON, change_category, send_routed_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")


@pytest.mark.parametrize("what", ["answer", "confirm", "dispute", "rate", "doubt"])
async def test_a_private_report_is_as_one_that_there_is_not(what: str, client: Client, stranger: Client) -> None:
    async with change_category("pothole", public=False):
        one = await send_routed_report(client)
    form = {"text": "It is not fixed.", "stars": "1"}
    none = (await Report.all().order_by("-id").first()).id + 1000  # type: ignore[union-attr]
    answers = [
        await stranger.post(f"/reports/{number}/{what}", data=form, headers=JSON) for number in (one["id"], none)
    ]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(404, answers[0].json())] * 2

"""A case that nobody has looked at for ten years is shown as such."""

from datetime import UTC, datetime

import pytest

from civic import timing
from tests.builders.riverside import send_routed_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")


async def test_years_late_are_told_in_days(client: Client) -> None:
    with timing.at(datetime(2014, 3, 3, 9, tzinfo=UTC)):
        one = await send_routed_report(client)
    with timing.at(datetime(2026, 11, 20, 9, tzinfo=UTC)):
        for path in ("/", "/reports", "/reports?sort=overdue", f"/reports/{one['id']}"):
            page = await client.get(path)
            assert page.status_code == 200
            assert "working days late" in page.text

"""One reporter cannot fill a case's history, nor a desk's messages, without end."""

from typing import Any

import pytest

from civic.cases.models import CaseEvent
from civic.config import LimitsConfig
from tests.builders.riverside import JSON, send_routed_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")


async def test_answers_are_counted(client: Client) -> None:
    one = await send_routed_report(client)
    state: Any = client._transport.app.state  # type: ignore[attr-defined]
    state.config = state.config.model_copy(update={"limits": LimitsConfig(posts_per_hour=2)})
    answers = [
        await client.post(f"/reports/{one['id']}/answer", data={"text": "And another thing."}, headers=JSON)
        for _ in range(6)
    ]
    assert [answer.status_code for answer in answers] == [409] * 4 + [429] * 2
    assert await CaseEvent.filter(kind="answered").count() == 0, "nobody asked"

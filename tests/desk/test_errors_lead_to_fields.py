"""What a refused form of the desk says above it leads to the field that is wrong."""

import pytest

from tests.builders.riverside import get_case, get_department_id, send_desk_form, send_routed_report
from tests.clients import Client
from tests.page_ids import find_wrong_ids

pytestmark = pytest.mark.usefixtures("riverside")


@pytest.mark.parametrize(
    ("name", "fields", "wrong"),
    [
        ("reply", {"text": "ok"}, "text-reply"),
        ("resolve", {"text": "It is filled."}, "photos-resolve"),
        ("hand_over", {"text": "This is theirs."}, "to-hand_over"),
        ("add_support", {"text": "Please help us here.", "to": "nobody"}, "to-add_support"),
        ("recategorise", {"category": ""}, "category"),
        ("merge", {"into": "26-99999"}, "into"),
    ],
)
async def test_an_error_leads_to_its_field(
    client: Client, agent: Client, name: str, fields: dict[str, str], wrong: str
) -> None:
    roads = await agent.join(await get_department_id("roads"))
    case = await get_case((await send_routed_report(client))["id"])
    refused = await send_desk_form(roads, case.id, name, **fields)
    assert refused.status_code == 422
    assert f'<li><a href="#{wrong}">' in refused.text
    assert not find_wrong_ids(refused.text)

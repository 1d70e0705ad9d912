"""What people write stays text, on every page that shows it."""

import json
import re

import pytest

from civic.app import routes
from civic.web import GuardedRoute, Who
from tests.builders.riverside import (
    BELL_TOWER,
    act_at_desk,
    get_case_id,
    get_department_id,
    photo_field,
    send_routed_report,
)
from tests.clients import Client
from tests.indexed import indexed
from tests.security.markup import MARK, PAYLOADS, foreign_markup
from tests.security.requests import get_post_id

pytestmark = pytest.mark.usefixtures("riverside")

ALL = " ".join(PAYLOADS)
FOR_HTMX = {"HX-Request": "true"}


def test_the_reading_finds_what_is_wrong() -> None:
    """A page with any of them, unescaped in a text or in an attribute, is found out."""
    for payload in (one for one in PAYLOADS if "<" in one):
        assert foreign_markup(f"<p>{payload}</p>"), payload
    assert foreign_markup(f"<a href='x{PAYLOADS[2]}'>")
    assert foreign_markup(f'<a href="{PAYLOADS[5]}">x</a>')
    assert not foreign_markup("<p>&lt;script&gt;</p><script src='/static/x.js'></script>")


async def write_everywhere(citizen: Client, agent: Client, dispatcher: Client) -> tuple[int, int]:
    """Everything that somebody can write about a report, a traffic update, a service; a report's id, and its case's."""
    await agent.join(await get_department_id("roads"))
    await citizen.post("/account/profile", data={"name": PAYLOADS[0][:60], "language": "en"})
    one = await send_routed_report(citizen, text=ALL, title=ALL[:100], address=ALL[:150], name=PAYLOADS[1])
    report, case, post = one["id"], await get_case_id(one["id"]), await get_post_id(one["id"])
    await citizen.post(f"/posts/{post}/comments", data={"text": ALL})
    await citizen.post(f"/posts/{post}/comments", data={"text": ALL, "suggestion": "1"})
    await citizen.post(f"/posts/{post}/flag", data={"reason": "other", "text": ALL, "note": ALL})
    await citizen.post("/traffic", data={"kind": "flood", "text": ALL[:280], "place_text": ALL[:100], **BELL_TOWER})
    await act_at_desk(agent, case, "accept")
    await act_at_desk(agent, case, "note", text=ALL)
    await act_at_desk(agent, case, "reply", text=ALL)
    await act_at_desk(agent, case, "ask", text=ALL)
    answered = await citizen.post(f"/reports/{report}/answer", data={"text": ALL})
    assert answered.status_code == 303, answered.text
    done = await agent.post(f"/desk/cases/{case}/resolve", data={"text": ALL}, files=[photo_field(PAYLOADS[1])])
    assert done.status_code == 303, done.text
    await citizen.post(f"/reports/{report}/dispute", data={"text": ALL, "stars": "1"})
    await dispatcher.post(f"/posts/{post}/comments", data={"text": ALL})
    await indexed()
    return report, case


def addresses(report: int, case: int) -> list[str]:
    """Every page, with the ids of what was written; lists searched for it."""
    found = []
    for route in routes():
        if isinstance(route, GuardedRoute) and "GET" in (route.methods or ()) and not route.path.startswith("/api/"):
            path = route.path.replace("/desk/cases/{id:int}", f"/desk/cases/{case}")
            path = re.sub(r"\{id:int\}", str(report), path)
            found.append(re.sub(r"\{.*?\}", "x", path))
    return [*found, f"/search?q={MARK}", f"/search?q={MARK}&typing=1", f"/desk/search?q={MARK}", f"/reports?q={MARK}"]


async def test_what_people_write_stays_text(citizen: Client, agent: Client, dispatcher: Client, client: Client) -> None:
    report, case = await write_everywhere(citizen, agent, dispatcher)
    shown = set()
    for path in addresses(report, case):
        for who, headers in ((citizen, {}), (agent, {}), (dispatcher, {}), (dispatcher, FOR_HTMX), (client, FOR_HTMX)):
            answer = await who.get(path, headers=headers)
            assert answer.status_code < 500, path
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert foreign_markup(answer.text) == [], path
                shown |= {path} if MARK in answer.text else set()
    # It was looked at where it is shown, and not on pages that have nothing of it.
    assert {f"/reports/{report}", f"/desk/cases/{case}", "/reports", "/traffic", "/desk", "/account"} <= shown
    assert {f"/search?q={MARK}", f"/search?q={MARK}&typing=1", "/desk/moderation"} <= shown


async def test_json_is_never_taken_for_a_page(citizen: Client, agent: Client, dispatcher: Client) -> None:
    report, _case = await write_everywhere(citizen, agent, dispatcher)
    for path in (f"/api/v1/reports/{report}", "/api/v1/reports", f"/api/v1/search?q={MARK}", "/api/v1/traffic"):
        answer = await citizen.get(path, headers={"Accept": "text/html"})
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert MARK in json.dumps(answer.json())


def test_every_page_is_somebodys() -> None:
    assert {route.about.who for route in routes() if isinstance(route, GuardedRoute)} == set(Who)

"""Posting what was found, and its page."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from civic.db import fetch
from civic.errors import NotFound
from civic.posts.submission import Submission, submit
from civic.web import Who, route
from tests.search.lost_property.actions import LostPropertyForm, post_lost_property


async def form_page(sent: Submission) -> Response:
    return PlainTextResponse(str(sent.errors), status_code=sent.status)


async def post(request: Request) -> Response:
    return await submit(request, _post, form_page)


async def _post(sent: Submission) -> Response:
    form = sent.read(LostPropertyForm)
    await sent.spend_limit()
    return await sent.accepted(await post_lost_property(form, sent.person))


async def detail(request: Request) -> Response:
    sql = "SELECT p.text FROM lost_property l JOIN post p ON p.id = l.post_id WHERE l.id = $1"
    rows = await fetch(sql + " AND p.visibility = 'public'", request.path_params["id"])
    if not rows:
        raise NotFound()
    return PlainTextResponse(rows[0]["text"])


routes: list[BaseRoute] = [
    route("/lost", post, who=Who.ANYONE, methods=("POST",)),
    route("/lost/{id:int}", detail, who=Who.ANYONE),
]

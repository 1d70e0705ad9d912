"""The bare stack to compare with: the same rows from the same database, and nothing else that Civic does.

    CIVIC_DATABASE__URL=postgres://… python -m benchmarks.bare PORT PROCESSES

No language, no session, no rights, no words of the city: a statement, a template, an answer. It is no goal by itself;
it says what Starlette, asyncpg and Jinja leave possible on this machine.
"""

import json
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import uvicorn
from jinja2 import DictLoader, Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

LIST = """
SELECT r.id, c.number, c.status, p.title, left(p.text, 200) AS text, p.votes_count, c.received_at, r.address
FROM case_file c JOIN report r ON r.case_id = c.id AND r.main JOIN post p ON p.id = r.post_id
WHERE p.visibility = 'public' ORDER BY c.received_at DESC, c.id DESC LIMIT 24
"""
REPORT = """
SELECT r.id, c.id AS case_id, c.number, c.status, p.title, p.text, p.votes_count, c.received_at, r.address, r.lat, r.lon
FROM report r JOIN case_file c ON c.id = r.case_id JOIN post p ON p.id = r.post_id
WHERE r.id = $1 AND p.visibility = 'public'
"""
HISTORY = "SELECT seq, at, kind, text FROM case_event WHERE case_id = $1 AND NOT internal ORDER BY seq DESC LIMIT 50"
PINS = """
SELECT r.id, r.lat, r.lon, c.status, p.title, r.address
FROM case_file c JOIN report r ON r.case_id = c.id AND r.main JOIN post p ON p.id = r.post_id
WHERE p.visibility = 'public' AND c.status IN ('received', 'assigned', 'in_progress', 'waiting')
AND r.lat BETWEEN $1 AND $2 AND r.lon BETWEEN $3 AND $4 LIMIT 150
"""
CELLS = """
SELECT floor(r.lon / 0.02)::int AS x, floor(r.lat / 0.014)::int AS y, avg(r.lat) AS lat, avg(r.lon) AS lon,
       count(*) AS count
FROM case_file c JOIN report r ON r.case_id = c.id AND r.main JOIN post p ON p.id = r.post_id
WHERE p.visibility = 'public' AND c.status IN ('received', 'assigned', 'in_progress', 'waiting') GROUP BY 1, 2
"""
# A report as Civic's rows are: two clocks, a case, a post, a report. It has no event: a trigger would refuse one whose
# hash is not that of its content.
CLOCK = """
INSERT INTO clock (kind, target, started_at, allowance, computed, step, calendar_id)
SELECT kind, '5 d', now(), 432000, false, 0, (SELECT min(id) FROM calendar)
FROM (VALUES ('response'), ('resolution')) x (kind) RETURNING id
"""
CASE = """
INSERT INTO case_file (number, status, priority, received_at, confirmed_by, declined_reason, decline_overturned,
                       appeal_outcome, reopened, handovers, unreleased, counted, events_count, category_id,
                       response_clock_id, resolution_clock_id)
VALUES ($1, 'received', 'normal', now(), '', '', false, '', 0, 0, true, true, 1, $2, $3, $4) RETURNING id
"""
POST = """
INSERT INTO post (kind, email, title, text, language, created_at, visibility, visibility_before, made_private,
                  hidden_reason, path, votes_count, comments_count, photos_count, channel, source_url)
VALUES ('report', '', '', $1, 'en', now(), 'public', '', false, '', '', 0, 0, 0, 'web', '') RETURNING id
"""
NEW_REPORT = """
INSERT INTO report (main, lat, lon, located_by, address, place_names, answers, case_id, category_id, post_id)
VALUES (true, $1, $2, 'pin', '', '{}', '{}', $3, $4, $5) RETURNING id
"""
TEMPLATES = Environment(
    autoescape=True,
    loader=DictLoader(
        {
            "page": "<!doctype html><html lang=en><head><meta charset=utf-8><title>{% block title %}{% endblock %}"
            "</title><link rel=stylesheet href=/static/civic.css></head><body><header><a href=/>Home</a></header>"
            "<main>{% block main %}{% endblock %}</main></body></html>",
            "list": "{% extends 'page' %}{% block title %}Reports{% endblock %}{% block main %}<ul>{% for r in rows %}"
            "<li><a href=/reports/{{ r.id }}>{{ r.title or r.text }}</a> <p>{{ r.address }} · {{ r.status }} · "
            "{{ r.received_at }} · {{ r.votes_count }}</p></li>{% endfor %}</ul>{% endblock %}",
            "report": "{% extends 'page' %}{% block title %}{{ r.number }}{% endblock %}{% block main %}<h1>"
            "{{ r.title }}</h1><p>{{ r.text }}</p><p>{{ r.address }} · {{ r.status }} · {{ r.received_at }} · "
            "{{ r.votes_count }}</p><ol>{% for e in events %}<li>{{ e.at }} {{ e.kind }} {{ e.text }}</li>"
            "{% endfor %}</ol>{% endblock %}",
        }
    ),
)


def _pool(request: Request) -> asyncpg.Pool:
    return request.app.state.pool


async def listing(request: Request) -> Response:
    rows = await _pool(request).fetch(LIST)
    return HTMLResponse(TEMPLATES.get_template("list").render(rows=rows))


async def report(request: Request) -> Response:
    async with _pool(request).acquire() as connection:
        row = await connection.fetchrow(REPORT, request.path_params["id"])
        if row is None:
            return HTMLResponse("", 404)
        events = await connection.fetch(HISTORY, row["case_id"])
    return HTMLResponse(TEMPLATES.get_template("report").render(r=row, events=events))


async def points(request: Request) -> Response:
    """A window's reports one by one; from zoom 13 down the cells of the whole city, made once."""
    if int(request.query_params["zoom"]) <= 13:
        if request.app.state.cells is None:
            request.app.state.cells = _json(await _pool(request).fetch(CELLS))
        return Response(request.app.state.cells, media_type="application/json")
    west, south, east, north = map(float, request.query_params["bbox"].split(","))
    rows = await _pool(request).fetch(PINS, south, north, west, east)
    return Response(_json(rows), media_type="application/json")


def _json(rows: list[asyncpg.Record]) -> bytes:
    return json.dumps([dict(row) for row in rows], ensure_ascii=False).encode()


async def post(request: Request) -> Response:
    form = await request.form()
    category = request.app.state.category
    async with _pool(request).acquire() as connection, connection.transaction():
        clocks = await connection.fetch(CLOCK)
        case = await connection.fetchval(CASE, secrets.token_hex(6), category, *(row["id"] for row in clocks))
        made = await connection.fetchval(POST, form["text"])
        at = float(str(form["lat"])), float(str(form["lon"]))
        new = await connection.fetchval(NEW_REPORT, *at, case, category, made)
    return RedirectResponse(f"/reports/{new}", 303)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    settings = {"jit": "off", "application_name": "bare web"}
    async with asyncpg.create_pool(
        os.environ["CIVIC_DATABASE__URL"], min_size=1, max_size=10, server_settings=settings
    ) as pool:
        app.state.pool, app.state.cells = pool, None
        app.state.category = await pool.fetchval("SELECT min(id) FROM category")
        yield


def create_app() -> Starlette:
    return Starlette(
        routes=[
            Route("/healthz", lambda _request: Response("ok")),
            Route("/reports", listing),
            Route("/reports/{id:int}", report),
            Route("/map/points", points),
            Route("/reports", post, methods=["POST"]),
        ],
        lifespan=lifespan,
    )


def main() -> None:
    port, processes = map(int, sys.argv[1:])
    uvicorn.run("benchmarks.bare:create_app", factory=True, port=port, workers=processes, log_level="warning")


if __name__ == "__main__":
    main()

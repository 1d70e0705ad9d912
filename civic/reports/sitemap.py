"""For search engines: which pages there are, and which are for nobody but who asks for them."""

from datetime import UTC, datetime
from html import escape

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from civic.db import fetch, fetch_one
from civic.errors import NotFound
from civic.reports.sql import LATEST_REPORT, REPORTS_OF_SITEMAP
from civic.site import site_origin
from civic.web import Who, route

PART = 50_000  # addresses of a file: the standard's most
MAX_PART = 1_000_000
PAGES = ("/", "/reports", "/map", "/map/areas", "/traffic", "/services", "/scores", "/scores/method")
# What is of one person, or without end.
NOT_FOR_ROBOTS = ("/desk", "/account", "/me", "/r/", "/receipt", "/kept/", "/sign-in", "/sign-up", "/search", "/api/")
SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
HEADERS = {"Cache-Control": "public, max-age=3600"}


async def robots(request: Request) -> Response:
    """GET /robots.txt."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_FOR_ROBOTS)]
    if origin := site_origin(request.app.state.config):
        lines.append(f"Sitemap: {origin}/sitemap.xml")
    return PlainTextResponse("\n".join(lines) + "\n", headers=HEADERS)


async def sitemap(request: Request) -> Response:
    """GET /sitemap.xml: which parts there are. Raises NotFound where the site's address is not configured."""
    origin = _origin(request)
    latest = await fetch_one(LATEST_REPORT)
    last = (latest["id"] or 0) // PART if latest else 0
    parts = "".join(f"<sitemap><loc>{origin}/sitemap/{n}.xml</loc></sitemap>" for n in range(last + 1))
    return _xml(f'<sitemapindex xmlns="{SPACE}">{parts}</sitemapindex>')


async def sitemap_part(request: Request) -> Response:
    """GET /sitemap/N.xml: the public reports of some ids, and with the first ones the pages that always are."""
    origin, part = _origin(request), request.path_params["part"]
    if part > MAX_PART:
        raise NotFound()
    rows = await fetch(REPORTS_OF_SITEMAP, part * PART, (part + 1) * PART)
    pages = "".join(_entry(origin, path, "") for path in PAGES) if part == 0 else ""
    reports = "".join(_entry(origin, row["path"], f"<lastmod>{_write_instant(row['at'])}</lastmod>") for row in rows)
    return _xml(f'<urlset xmlns="{SPACE}">{pages}{reports}</urlset>')


def _origin(request: Request) -> str:
    origin = site_origin(request.app.state.config)
    if not origin:
        raise NotFound()
    return origin


def _write_instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _entry(origin: str, path: str, more: str) -> str:
    return f"<url><loc>{escape(origin + path)}</loc>{more}</url>"


def _xml(body: str) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'
    return Response(text, media_type="application/xml", headers=HEADERS)


routes: list[BaseRoute] = [
    route("/robots.txt", robots, who=Who.ANYONE),
    route("/sitemap.xml", sitemap, who=Who.ANYONE, counted=True),
    route("/sitemap/{part:int}.xml", sitemap_part, who=Who.ANYONE, counted=True),
]

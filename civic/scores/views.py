"""The public pages of the scores, and the files by which anybody can check them."""

import asyncio
import gzip
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic import i18n
from civic.catalogue.queries import catalogue
from civic.city.settings import INDICATORS
from civic.errors import Invalid, NotFound
from civic.i18n import gettext as _
from civic.scores import charts, pages, queries, words
from civic.scores.method import method_page
from civic.scores.periods import Span, span_of
from civic.scores.queries import Entry, Published
from civic.scores.table import write_table
from civic.web import Who, answer_json, render, route, wants_json

TYPES = {
    "release.json": "application/json",
    "stints.csv": "text/csv; charset=utf-8",
    "ratings.csv": "text/csv; charset=utf-8",
    "chains.csv": "text/csv; charset=utf-8",
}
HISTORY = 12  # periods of a department's own past
FOR_EVER = "public, max-age=31536000, immutable"


async def scores(request: Request) -> Response:
    """What a release says of all departments; the latest unless ?release= names one."""
    found = await _asked(request)
    if found is None:
        return answer_json({"release": None, "releases": []}) if wants_json(request) else _nothing(request)
    names = await _names()
    if wants_json(request):
        return answer_json(
            {"release": found.document, "names": names, "releases": [one.plain() for one in found.entries]}
        )
    return render(request, "scores/index.html", await _board(request, found, names))


async def department(request: Request) -> Response:
    """The figures behind a department's figures, and its own past."""
    slug, found, names = request.path_params["slug"], await _asked(request), await _names()
    plain = found.document["results"]["departments"].get(slug) if found else None
    if plain is None and slug not in names:
        raise NotFound()
    if found is None or plain is None:
        context = {"name": pages.name_of(slug, names), "release": found and found.entry}
        return answer_json({"department": slug, "line": None}) if wants_json(request) else _silent(request, context)
    past = queries.earlier(found.entry, found.entries)[: HISTORY - 1]
    lines = await queries.lines_of(slug, [one.id for one in past])
    if wants_json(request):
        before = [{"release": one.id, "line": lines[one.id]} for one in past if one.id in lines]
        about = {"department": slug, "names": names.get(slug, {}), "release": found.entry.plain()}
        return answer_json({**about, "line": plain, "city": found.document["results"]["city"], "before": before})
    return render(request, "scores/department.html", _profile(request, found, slug, names, past, lines))


async def method(request: Request) -> Response:
    """How scores are computed."""
    return render(request, "scores/method.html", {"text": method_page(i18n.language())})


async def download(request: Request) -> Response:
    """A file of a release, byte for byte as published."""
    release_id, name = request.path_params["release"], request.path_params["file"]
    if name == "table.csv":
        return await _table(request, release_id)
    if name not in TYPES:
        raise NotFound()
    found = await queries.file(release_id, name)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": FOR_EVER,
        "ETag": f'W/"{found.sha256}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=TYPES[name])
    plain = await asyncio.to_thread(gzip.decompress, found.packed)
    return Response(plain, headers=headers, media_type=TYPES[name])


async def proof(request: Request) -> Response:
    """That a case's history (?case=), or one event of it (&receipt=), is in a release's tree: always JSON."""
    number, receipt = request.query_params.get("case", "").strip(), request.query_params.get("receipt", "").strip()
    if not number:
        raise Invalid(fields={"case": _("Please give the number of the case.")})
    try:
        known = bytes.fromhex(receipt) if receipt else None
    except ValueError:
        known = b""
    if known is not None and len(known) != 32:
        raise Invalid(fields={"receipt": _("The receipt of an event has 64 digits from 0 to 9 and a to f.")})
    return answer_json(await queries.proof(request.path_params["release"], number, known))


# -- what the pages show ---------------------------------------------------------------------------


async def _asked(request: Request) -> Published | None:
    """The release that is asked for. Raises NotFound for one that there is not."""
    release_id = request.query_params.get("release") or None
    found = await queries.release(release_id)
    if found is None and release_id is not None:
        raise NotFound()
    return found


async def _names() -> dict[str, dict[str, str]]:
    """Of every department, also those that the pack no longer has."""
    return {one.slug: one.names for one in (await catalogue()).every_department}


async def _board(request: Request, found: Published, names: pages.Names) -> dict[str, Any]:
    before = await queries.document(found.before.id) if found.before else None
    lines = pages.lines(found.document, names)
    return {
        **_about(request, found),
        "lines": lines,
        "city_line": pages.city_line(found.document),
        "city_before": pages.city_line(before) if before else None,
        "indicators": words.NAMES,
        "story": pages.story(lines, _words(request, found.entry), before, _before_words(request, found)),
        "releases": [(one, _words(request, one)) for one in found.entries],
        "base": (request.app.state.config.site.url or str(request.base_url)).rstrip("/"),
    }


def _profile(
    request: Request,
    found: Published,
    slug: str,
    names: pages.Names,
    past: list[Entry],
    lines: Mapping[str, dict[str, Any]],
) -> dict[str, Any]:
    name = pages.name_of(slug, names)
    line = pages.line(slug, name, found.document["results"]["departments"][slug])
    told = [(one, pages.line(slug, name, lines[one.id])) for one in reversed(past) if one.id in lines]
    told.append((found.entry, line))
    history = [(entry, _words(request, entry), one) for entry, one in told]
    before = found.before and lines.get(found.before.id)
    return {
        **_about(request, found),
        "line": line,
        "city_line": pages.city_line(found.document),
        "before": pages.line(slug, name, before) if before else None,
        "ranked": sum(one["rank"] is not None for one in found.document["results"]["departments"].values()),
        "indicators": INDICATORS,
        "labels": words.NAMES,
        "mean": found.document["results"]["yardsticks"]["satisfaction"]["mean"],
        "history": history,
        "chart": charts.chart([(said, one.score, one.bar) for _entry, said, one in history]),
    }


def _about(request: Request, found: Published) -> dict[str, Any]:
    """What every page about a release says of it."""
    span = _span(request, found.entry)
    return {
        "release": found.entry,
        "document": found.document,
        "period": span.words,
        "before_period": _before_words(request, found),
        "since": span.first.isoformat(),
        "until": span.last.isoformat(),
        "latest": next(one for one in found.entries if not one.replaced_by) is found.entry,
    }


def _span(request: Request, entry: Entry) -> Span:
    return span_of((entry.starts_at, entry.ends_at), request.state.city.zone)


def _words(request: Request, entry: Entry) -> str:
    return _span(request, entry).words


def _before_words(request: Request, found: Published) -> str:
    return _words(request, found.before) if found.before else ""


def _nothing(request: Request) -> Response:
    return render(request, "scores/empty.html")


def _silent(request: Request, context: dict[str, Any]) -> Response:
    return render(request, "scores/silent.html", context)


async def _table(request: Request, release_id: str) -> Response:
    data = write_table(await queries.document(release_id), await _names())
    headers = {
        "Content-Disposition": f'attachment; filename="scores-{release_id}.csv"',
        "Vary": "Accept-Language, Cookie",
    }
    return Response(data, headers=headers, media_type="text/csv; charset=utf-8")


routes: list[BaseRoute] = [
    route("/scores", scores, who=Who.ANYONE),
    route("/scores/method", method, who=Who.ANYONE),
    route("/scores/departments/{slug:str}", department, who=Who.ANYONE),
    route("/scores/releases/{release:str}/proof", proof, who=Who.ANYONE),
    route("/scores/releases/{release:str}/{file:str}", download, who=Who.ANYONE),
]

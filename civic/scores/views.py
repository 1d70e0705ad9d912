"""The public pages of the scores, and the files with which anybody can check them."""

import asyncio
import gzip
from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic import i18n
from civic.catalogue.queries import catalogue
from civic.city.settings import INDICATORS
from civic.errors import Invalid, NotFound
from civic.i18n import gettext as _
from civic.schemas import JsonDocument
from civic.scores import proofs, queries
from civic.scores.charts import draw_chart
from civic.scores.draft import find_draft_span, load_draft
from civic.scores.explanation import explain_scores
from civic.scores.labels import INDICATOR_NAMES
from civic.scores.method.release_format import LineFigures
from civic.scores.method.spans import Span
from civic.scores.method_page import method_page
from civic.scores.periods import span_label, span_of
from civic.scores.presentation import (
    Names,
    ScoreLine,
    department_name,
    find_year_line,
    present_city,
    present_departments,
    present_line,
)
from civic.scores.queries import PublishedRelease, ReleaseEntry
from civic.scores.schemas import (
    DepartmentScoresAnswer,
    DraftAnswer,
    NoDepartmentScoresAnswer,
    NoScoresAnswer,
    PastLine,
    ScoresAnswer,
)
from civic.scores.table import write_csv_table
from civic.site import request_origin
from civic.web import Who, json_answer, render, route, wants_json

CSV_TYPE = "text/csv; charset=utf-8"
MEDIA_TYPES = {
    "release.json": "application/json",
    "assignments.csv": CSV_TYPE,
    "ratings.csv": CSV_TYPE,
    "chains.csv": CSV_TYPE,
}
MAX_PERIODS_SHOWN = 12  # of a department's history
IMMUTABLE = "public, max-age=31536000, immutable"


async def scores(request: Request) -> Response:
    """Show all departments in a release: the latest, unless ?release= names another."""
    published = await _find_release(request)
    if published is None:
        return json_answer(NoScoresAnswer()) if wants_json(request) else render(request, "scores/empty.html")
    names = await _department_names()
    if wants_json(request):
        document = JsonDocument.model_validate(published.document)
        entries = [entry.summary() for entry in published.entries]
        return json_answer(ScoresAnswer(release=document, names=names, releases=entries))
    return render(request, "scores/index.html", await _board_context(request, published, names))


async def department(request: Request) -> Response:
    """Show what the scores of a department are made of, and its earlier scores."""
    slug, published, names = request.path_params["slug"], await _find_release(request), await _department_names()
    line = published.document["results"]["departments"].get(slug) if published else None
    if line is None and slug not in names:
        raise NotFound()
    if published is None or line is None:
        return _answer_without_line(request, slug, names, published)
    past = queries.earlier_entries(published.entry, published.entries)[: MAX_PERIODS_SHOWN - 1]
    past_lines = await queries.department_lines(slug, [entry.id for entry in past])
    if wants_json(request):
        return json_answer(_department_answer(published, slug, names, line, past_lines, past))
    name = department_name(slug, names)
    lines = [(entry, present_line(slug, name, past_lines[entry.id])) for entry in past if entry.id in past_lines]
    shown = present_line(slug, name, line, find_year_line(published.document, slug))
    context = _department_context(request, published, shown, lines)
    return render(request, "scores/department.html", context)


async def draft(request: Request) -> Response:
    """Show a department the draft of its score, for its own people and for dispatchers."""
    person, known = request.state.person, await catalogue()
    own = [one for one in known.every_department if person.acts_for(one.id)]
    chosen = next((one for one in own if one.slug == request.query_params.get("department", "")), None)
    if chosen is None and len(own) == 1:
        chosen = own[0]
    try:
        span = await find_draft_span(request.query_params.get("period", ""))
    except ValueError:
        raise NotFound() from None
    found = await load_draft(span, chosen.slug) if chosen else None
    if wants_json(request):
        if chosen is None or found is None:
            raise Invalid(fields={"department": _("Please choose a department.")})
        return json_answer(DraftAnswer.of(found, chosen.slug))
    context = {"draft": found, "chosen": chosen, "own": own, "period": span_label(span), "catalogue": known}
    return render(request, "scores/draft.html", context)


async def method(request: Request) -> Response:
    """Show how scores are computed."""
    return render(request, "scores/method.html", {"text": method_page(i18n.language())})


async def download(request: Request) -> Response:
    """Send a file of a release, byte for byte as published."""
    release_id, name = request.path_params["release"], request.path_params["file"]
    if name == "table.csv":
        return await _send_table(release_id)
    if name not in MEDIA_TYPES:
        raise NotFound()
    file = await queries.get_file(release_id, name)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": IMMUTABLE,
        "ETag": f'W/"{file.sha256}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.content, headers=headers | {"Content-Encoding": "gzip"}, media_type=MEDIA_TYPES[name])
    content = await asyncio.to_thread(gzip.decompress, file.content)
    return Response(content, headers=headers, media_type=MEDIA_TYPES[name])


async def _send_table(release_id: str) -> Response:
    data = write_csv_table(await queries.get_document(release_id), await _department_names())
    headers = {
        "Content-Disposition": f'attachment; filename="scores-{release_id}.csv"',
        "Vary": "Accept-Language, Cookie",
    }
    return Response(data, headers=headers, media_type=CSV_TYPE)


# -- what the pages show ---------------------------------------------------------------------------


async def _find_release(request: Request) -> PublishedRelease | None:
    """Return the release that ?release= names, or the latest. Raises NotFound for an unknown one."""
    release_id = request.query_params.get("release") or None
    published = await queries.find_release(release_id)
    if published is None and release_id is not None:
        raise NotFound()
    return published


async def _department_names() -> dict[str, dict[str, str]]:
    """Return the names of every department, also of those that the pack no longer has."""
    return {department.slug: department.names for department in (await catalogue()).every_department}


async def _board_context(request: Request, published: PublishedRelease, names: Names) -> dict[str, object]:
    previous = await queries.get_document(published.previous.id) if published.previous else None
    lines, period = present_departments(published.document, names), _period_label(request, published.entry)
    return {
        **_release_context(request, published),
        "lines": lines,
        "city_line": present_city(published.document),
        "city_before": present_city(previous) if previous else None,
        "indicators": INDICATOR_NAMES,
        "explanation": explain_scores(lines, period, previous, _previous_label(request, published)),
        "releases": [(entry, _period_label(request, entry)) for entry in published.entries],
        "base": request_origin(request.scope, request.app.state.config),
    }


def _answer_without_line(request: Request, slug: str, names: Names, published: PublishedRelease | None) -> Response:
    if wants_json(request):
        return json_answer(NoDepartmentScoresAnswer(department=slug))
    context = {"name": department_name(slug, names), "release": published and published.entry}
    return render(request, "scores/silent.html", context)


def _department_answer(
    published: PublishedRelease,
    slug: str,
    names: Names,
    line: LineFigures,
    past_lines: Mapping[str, LineFigures],
    past: Sequence[ReleaseEntry],
) -> DepartmentScoresAnswer:
    return DepartmentScoresAnswer(
        department=slug,
        names=names.get(slug, {}),
        release=published.entry.summary(),
        line=JsonDocument.model_validate(line),
        city=JsonDocument.model_validate(published.document["results"]["city"]),
        before=[
            PastLine(release=entry.id, line=JsonDocument.model_validate(past_lines[entry.id]))
            for entry in past
            if entry.id in past_lines
        ],
    )


def _department_context(
    request: Request, published: PublishedRelease, line: ScoreLine, past: Sequence[tuple[ReleaseEntry, ScoreLine]]
) -> dict[str, object]:
    """`past`: the department's lines in earlier releases, the latest first."""
    results, previous = published.document["results"], published.previous
    in_order = [*reversed(past), (published.entry, line)]
    history = [(entry, _period_label(request, entry), past_line) for entry, past_line in in_order]
    return {
        **_release_context(request, published),
        "line": line,
        "city_line": present_city(published.document),
        "before": next((past_line for entry, past_line in past if entry is previous), None),
        "indicators": INDICATORS,
        "labels": INDICATOR_NAMES,
        "mean": results["yardsticks"]["satisfaction"]["mean"],
        "history": history,
        "chart": draw_chart([(label, past_line.score, past_line.bar) for _entry, label, past_line in history]),
    }


def _release_context(request: Request, published: PublishedRelease) -> dict[str, object]:
    """What every page about a release says of it."""
    span = _span(request, published.entry)
    return {
        "release": published.entry,
        "document": published.document,
        "period": span_label(span),
        "before_period": _previous_label(request, published),
        "since": span.first.isoformat(),
        "until": span.last.isoformat(),
        "latest": published.is_latest,
    }


def _span(request: Request, entry: ReleaseEntry) -> Span:
    return span_of((entry.starts_at, entry.ends_at), request.state.city.zone)


def _period_label(request: Request, entry: ReleaseEntry) -> str:
    return span_label(_span(request, entry))


def _previous_label(request: Request, published: PublishedRelease) -> str:
    return _period_label(request, published.previous) if published.previous else ""


routes: list[BaseRoute] = [
    route("/scores", scores, who=Who.ANYONE, answers=ScoresAnswer | NoScoresAnswer),
    route("/scores/method", method, who=Who.ANYONE),
    route("/scores/draft", draft, who=Who.STAFF, answers=DraftAnswer),
    route(
        "/scores/departments/{slug:str}",
        department,
        who=Who.ANYONE,
        answers=DepartmentScoresAnswer | NoDepartmentScoresAnswer,
    ),
    *proofs.routes,
    route("/scores/releases/{release:str}/{file:str}", download, who=Who.ANYONE),
]

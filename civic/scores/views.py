"""The public pages of the scores, and the files with which anybody can check them."""

import asyncio
import gzip
from collections.abc import Mapping, Sequence
from itertools import islice

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic import i18n
from civic.catalogue.queries import catalogue
from civic.errors import Invalid, NotFound
from civic.i18n import gettext as _
from civic.scores import labels, proofs, queries
from civic.scores.answers import answer_cases, answer_department, answer_scores
from civic.scores.case_list import (
    FIGURES,
    RATED_FIGURE,
    CaseLine,
    ListWanted,
    count_answers,
    cut_page,
    list_cases,
    list_rated,
    read_department_ratings,
    read_rows,
)
from civic.scores.charts import draw_chart
from civic.scores.draft import find_draft_span, load_draft
from civic.scores.explanation import (
    describe_city,
    describe_department,
    explain_changes,
    explain_standings,
)
from civic.scores.method.files import ASSIGNMENTS_FILE, RATINGS_FILE
from civic.scores.method.release_format import LineFigures
from civic.scores.method.spans import Span
from civic.scores.method_page import method_page
from civic.scores.pages import ScoreSource, find_source, list_periods
from civic.scores.periods import span_label, span_of
from civic.scores.presentation import (
    Names,
    ScoreLine,
    department_name,
    present_city,
    present_department,
    present_departments,
    present_line,
    present_shares,
)
from civic.scores.queries import ReleaseEntry
from civic.scores.schemas import (
    CasesAnswer,
    DepartmentScoresAnswer,
    DraftAnswer,
    NoDepartmentScoresAnswer,
    NoScoresAnswer,
    ProvisionalScoresAnswer,
    ScoresAnswer,
)
from civic.scores.table import write_csv_history, write_csv_table
from civic.site import request_origin
from civic.spreadsheets import CSV_TYPE
from civic.web import Who, json_answer, render, route, wants_json

MEDIA_TYPES = {
    "release.json": "application/json",
    "assignments.csv": CSV_TYPE,
    "ratings.csv": CSV_TYPE,
    "chains.csv": CSV_TYPE,
}
MAX_PERIODS_SHOWN = 12  # of a department's history
CASES_PER_PAGE = 100
MAX_START_DIGITS = 9  # of ?after=
IMMUTABLE = "public, max-age=31536000, immutable"


async def scores(request: Request) -> Response:
    """Show all departments: in the latest release, unless ?release= or ?period= names another."""
    source = await _find_source(request)
    names = await _department_names()
    if wants_json(request):
        return json_answer(answer_scores(source, request.state.city, names))
    if source is None:
        return render(request, "scores/empty.html")
    return render(request, "scores/index.html", await _board_context(request, source, names))


async def department(request: Request) -> Response:
    """Show what the scores of a department are made of, and its earlier scores."""
    slug, source, names = request.path_params["slug"], await _find_source(request), await _department_names()
    line = source.results["departments"].get(slug) if source else None
    if line is None and slug not in names:
        raise NotFound()
    if source is None or line is None:
        return _answer_without_line(request, slug, names, source)
    past = await _past_lines(source, slug)
    if wants_json(request):
        return json_answer(answer_department(source, slug, names.get(slug, {}), past))
    return render(request, "scores/department.html", _department_context(request, source, slug, names, past))


async def department_history(request: Request) -> Response:
    """Send the figures of a department over its periods, the earliest first, as a table for people."""
    slug, source, names = request.path_params["slug"], await _find_source(request), await _department_names()
    if source is None or slug not in source.results["departments"]:
        raise NotFound()
    history = _history(request, source, slug, names, await _past_lines(source, slug))
    rows = [
        (entry.id if entry else "", span.first.isoformat(), span.last.isoformat(), line)
        for entry, span, line in ((one, _entry_span(request, one) if one else source.span, row) for one, row in history)
    ]
    return _send_table(write_csv_history(rows), f"scores-{slug}.csv")


async def cases(request: Request) -> Response:
    """List the cases behind a figure (?figure=) of a department (?department=), or of the city; ?answer= narrows it."""
    query, source = request.query_params, await _find_source(request)
    figure, slug, answer = query.get("figure", ""), query.get("department", ""), query.get("answer", "")
    is_of_city = not slug and figure not in labels.SHARE_NAMES
    if source is None or figure not in FIGURES or not (is_of_city or slug in source.results["departments"]):
        raise NotFound()
    every = await _list_cases(source, figure, slug)
    counts, chosen = count_answers(every), [line for line in every if answer in ("", line.answer)]
    start = int(text) if (text := query.get("after", "")).isdecimal() and len(text) < MAX_START_DIGITS else 0
    shown, following = cut_page(chosen, start, CASES_PER_PAGE)
    if wants_json(request):
        return json_answer(answer_cases(source, slug, figure, counts, shown, following))
    context = await _cases_context(source, slug, figure)
    context |= {"answer": answer, "counts": counts, "lines": shown, "next": following}
    context["links"] = await queries.find_case_links([line.case for line in shown])
    return render(request, "scores/cases.html", context)


async def table(request: Request) -> Response:
    """Send the table of all departments for people: of the latest release, or as ?release= or ?period= say."""
    source = await _find_source(request)
    if source is None:
        raise NotFound()
    name = source.release.id if source.release else f"{source.span.id}-provisional"
    return _send_table(write_csv_table(source.results, await _department_names(), source.year), f"scores-{name}.csv")


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


def _send_table(data: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Vary": "Accept-Language, Cookie"}
    return Response(data, headers=headers, media_type=CSV_TYPE)


# -- what the pages show ---------------------------------------------------------------------------


async def _find_source(request: Request) -> ScoreSource | None:
    """Return what ?release= or ?period= names, or the latest release."""
    query = request.query_params
    return await find_source(request.state.city, release_id=query.get("release", ""), period=query.get("period", ""))


async def _department_names() -> dict[str, dict[str, str]]:
    """Return the names of every department, also of those that the pack no longer has."""
    return {department.slug: department.names for department in (await catalogue()).every_department}


async def _past_lines(source: ScoreSource, slug: str) -> list[tuple[ReleaseEntry, LineFigures]]:
    """Return a department's lines in the releases to compare with, the latest first."""
    past = list(islice(source.before, MAX_PERIODS_SHOWN - 1))
    lines = await queries.department_lines(slug, [entry.id for entry in past])
    return [(entry, lines[entry.id]) for entry in past if entry.id in lines]


async def _list_cases(source: ScoreSource, figure: str, slug: str) -> list[CaseLine]:
    """List all cases of a figure: from the files of the release, or what is known now."""
    wanted = ListWanted(slug, figure, source.counted_period, source.results["yardsticks"]["speed"].keys())
    if source.provisional is not None:
        rows = source.provisional.rows
        if figure == RATED_FIGURE:
            return await asyncio.to_thread(list_rated, rows.ratings, wanted)
        return await asyncio.to_thread(list_cases, rows.clocks, wanted)
    assert source.release is not None
    if figure == RATED_FIGURE:
        packed = (await queries.get_file(source.release.id, RATINGS_FILE)).content
        return await asyncio.to_thread(lambda: list_rated(read_department_ratings(packed, slug), wanted))
    packed = (await queries.get_file(source.release.id, ASSIGNMENTS_FILE)).content
    return await asyncio.to_thread(lambda: list_cases(read_rows(packed, slug), wanted))


async def _board_context(request: Request, source: ScoreSource, names: Names) -> dict[str, object]:
    years = present_departments(source.year, names) if source.year else []
    lines, city = present_departments(source.results, names, years), request.state.city
    sentences = explain_standings(lines)
    previous = await queries.get_document(source.before[0].id) if source.published and source.before else None
    if previous is not None:
        before = _entry_label(request, source.before[0])
        sentences += explain_changes(lines, previous["results"], before)
    open_ones, releases = list_periods(city, source.entries)
    return {
        **_source_context(source),
        "lead": describe_city(source.results, source.label),
        "sentences": sentences,
        "lines": lines,
        "city_line": present_city(source.results),
        "year_lines": [line for line in years if line.has_score],
        "year_city": present_city(source.year) if source.year else None,
        "year_period": _year_label(request, source),
        "open_periods": open_ones,
        "releases": releases,
        "base": request_origin(request.scope, request.app.state.config),
    }


async def _cases_context(source: ScoreSource, slug: str, figure: str) -> dict[str, object]:
    return {
        **_source_context(source),
        "name": department_name(slug, await _department_names()) if slug else _("The whole city"),
        "slug": slug,
        "figure": figure,
        "figure_label": labels.figure_label(figure),
        "categories": (await catalogue()).category_by_code,
        "answer_labels": labels.label_answers(figure),
        "verdicts": labels.VERDICTS,
        "ends": labels.END_NAMES,
        "mark_labels": labels.SHARE_NAMES,
    }


def _answer_without_line(request: Request, slug: str, names: Names, source: ScoreSource | None) -> Response:
    if wants_json(request):
        return json_answer(NoDepartmentScoresAnswer(department=slug))
    context = {"name": department_name(slug, names), "source": source}
    return render(request, "scores/silent.html", context)


def _department_context(
    request: Request,
    source: ScoreSource,
    slug: str,
    names: Names,
    past: Sequence[tuple[ReleaseEntry, LineFigures]],
) -> dict[str, object]:
    """`past`: the department's lines in earlier releases, the latest first."""
    line = present_department(slug, names, source.results, source.year)
    history = _history(request, source, slug, names, past)
    labelled = [(entry, _entry_label(request, entry) if entry else source.label, row) for entry, row in history]
    return {
        **_source_context(source),
        "line": line,
        "story": describe_department(line),
        "city_line": present_city(source.results),
        "shares": list(present_shares(source.results["departments"][slug]["shares"])),
        "city_shares": list(present_shares(source.results["city"]["shares"])),
        "year_period": _year_label(request, source),
        "before": labelled[-2] if len(labelled) > 1 else None,
        "history": labelled,
        "charts": _draw_charts([(label, row) for entry, label, row in labelled if entry]),
    }


def _history(
    request: Request,
    source: ScoreSource,
    slug: str,
    names: Names,
    past: Sequence[tuple[ReleaseEntry, LineFigures]],
) -> list[tuple[ReleaseEntry | None, ScoreLine]]:
    """Return a department's lines, the earliest first; the last is the one shown, without a release if provisional."""
    name = department_name(slug, names)
    lines = [(entry, present_line(slug, name, data)) for entry, data in reversed(past)]
    return [*lines, (source.release, present_department(slug, names, source.results, source.year))]


def _draw_charts(history: Sequence[tuple[str, ScoreLine]]) -> Mapping[str, object]:
    """Draw what happened over time, and the score, by the label of each chart; nothing of a single period."""
    if len(history) < 2:
        return {}
    shares = {
        str(labels.INDICATOR_NAMES[name]): draw_chart(
            [(label, line.figures[name].text, line.figures[name].bar) for label, line in history]
        )
        for name in ("response", "resolution")
    }
    return shares | {_("Score"): draw_chart([(label, line.score, line.bar) for label, line in history])}


def _source_context(source: ScoreSource) -> dict[str, object]:
    """What every page about figures says of them."""
    return {
        "source": source,
        "release": source.release,
        "document": source.published.document if source.published else None,
        "period": source.label,
        "indicators": labels.INDICATOR_NAMES,
        "left_out_cases": labels.LEFT_OUT_CASES,
        "left_out_ratings": labels.LEFT_OUT_RATINGS,
    }


def _year_label(request: Request, source: ScoreSource) -> str:
    return span_label(span_of(source.year_period, request.state.city.zone)) if source.year_period else ""


def _entry_span(request: Request, entry: ReleaseEntry) -> Span:
    return span_of((entry.starts_at, entry.ends_at), request.state.city.zone)


def _entry_label(request: Request, entry: ReleaseEntry) -> str:
    return span_label(_entry_span(request, entry))


routes: list[BaseRoute] = [
    route("/scores", scores, who=Who.ANYONE, answers=ScoresAnswer | ProvisionalScoresAnswer | NoScoresAnswer),
    route("/scores/table.csv", table, who=Who.ANYONE),
    route("/scores/cases", cases, who=Who.ANYONE, answers=CasesAnswer, counted=True),
    route("/scores/method", method, who=Who.ANYONE),
    route("/scores/draft", draft, who=Who.STAFF, answers=DraftAnswer),
    route(
        "/scores/departments/{slug:str}",
        department,
        who=Who.ANYONE,
        answers=DepartmentScoresAnswer | NoDepartmentScoresAnswer,
    ),
    route("/scores/departments/{slug:str}/history.csv", department_history, who=Who.ANYONE),
    *proofs.routes,
    route("/scores/releases/{release:str}/{file:str}", download, who=Who.ANYONE),
]

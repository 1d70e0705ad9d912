"""The public side of reports: home, list, map, and a report's page with what its author can do there."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.cases.proofs import build_history_file
from civic.cases.status import StatusGroup
from civic.catalogue.queries import catalogue
from civic.cookies import LARGE_PRINT, read_cookie
from civic.errors import CivicError, Invalid, NotFound, SignInNeeded
from civic.geo import queries as geo
from civic.geo.cells import CellWindow
from civic.geo.maps import MapWindow
from civic.geo.near import parse_near
from civic.i18n import gettext as _
from civic.i18n import language, use_language
from civic.languages import find_language
from civic.posts.models import REASONS
from civic.posts.places import name_position
from civic.posts.queries import Viewer
from civic.posts.schemas import SentBeforeAnswer
from civic.posts.submission import FormView, Submission, submit
from civic.posts.uploads import photo_url_for
from civic.posts.views import viewer
from civic.reports import actions, additions, pages, pictures, queries, receipts, sitemap, submission
from civic.reports.choices import ADDRESS, choices
from civic.reports.filters import ReportFilters, describe_filters, read_filters
from civic.reports.forms import FollowUpForm, ReportForm
from civic.reports.joining import JoinForm
from civic.reports.maps import answers
from civic.reports.maps.areas import count_by_area
from civic.reports.queries import ReportCard, Speaker
from civic.reports.schemas import (
    AreaCountsAnswer,
    PostedReportAnswer,
    QuestionsAnswer,
    ReportAnswer,
    ReportCardAnswer,
    ReportListAnswer,
    ReportMapAnswer,
    UploadedPhotosAnswer,
)
from civic.schemas import JsonDocument
from civic.search.lag import count_waiting_changes
from civic.search.pages import format_distance
from civic.static import ASK_AGAIN, FOR_EVER
from civic.web import NO_STORE, GuardedRoute, Who, json_answer, parse_id, render, route, see_other, wants_json

MAX_HOME_CARDS, MAX_MAP_CARDS = 8, 12
HOME_CHOICE = 3  # of how many times as many of the newest reports these are chosen
FOLLOW_UPS_PER_POST = 2  # times as many as posts in an hour


async def _near(filters: ReportFilters) -> dict[str, str]:
    """What the filter by place says: the words that were typed, or those for a position."""
    typed = filters.raw.get("near", "")
    if filters.near is None or parse_near(typed) is None:
        return {"near_words": typed, "around": ""}
    lat, lon, metres = filters.near
    place = await name_position(lat, lon) or _("outside the city")
    return {
        "near_words": "",
        "around": _("Within %(distance)s: %(place)s", distance=format_distance(metres), place=place),
    }


async def _names() -> dict[str, Any]:
    """The catalogue, areas and choices: the names on cards and filters."""
    return {"catalogue": await catalogue(), "by_area": await geo.areas(), "choices": await choices()}


async def home(request: Request) -> Response:
    """What the city is fixing now; in large print the page of the four ways (`easy`)."""
    if read_cookie(request, LARGE_PRINT) == "large":
        return render(request, "easy.html")
    page = await queries.list_reports(ReportFilters(), size=MAX_HOME_CARDS * HOME_CHOICE)
    page = replace(page, cards=_choose_own_language(page.cards, request.state.city.languages)[:MAX_HOME_CARDS])
    context = {"page": page, "counts": await queries.home_counts(), "filters": ReportFilters(), **await _names()}
    return render(request, "reports/home.html", context)


def _choose_own_language(cards: Sequence[ReportCard], known: Sequence[str]) -> list[ReportCard]:
    """Those in the reader's language first, each part in its order."""
    return sorted(cards, key=lambda card: bool(find_language(card.title or card.text, language(), known)))


async def listing(request: Request) -> Response:
    filters = await read_filters(request)
    if wants_json(request):
        size = request.app.state.config.limits.page
        page = await queries.list_reports(filters, size=size, cursor=request.query_params.get("page", ""))
        catching_up = await count_waiting_changes() if filters.q else 0
        known, by_area = await catalogue(), await geo.areas()
        reports = [ReportCardAnswer.of(one, known, by_area) for one in page.cards]
        return json_answer(
            ReportListAnswer(count=page.count, reports=reports, next=page.next or None, catching_up=catching_up)
        )
    return render(request, "reports/list.html", await _list_context(request, filters), fragment="reports/_list.html")


async def _list_context(request: Request, filters: ReportFilters, most: int = 1000) -> dict[str, Any]:
    """What a page with a list of reports shows, at most so many at once."""
    size = min(most, request.app.state.config.limits.page)
    names = await _names()
    return {
        "page": await queries.list_reports(filters, size=size, cursor=request.query_params.get("page", "")),
        "filters": filters,
        "narrowed": describe_filters(filters, names["catalogue"], names["by_area"]),
        "counted": queries.MAX_COUNT,
        "catching_up": await count_waiting_changes() if filters.q else 0,
        **await _near(filters),
        **names,
    }


async def filters_page(request: Request) -> Response:
    """The filters with all options, as the list and the map offer them by a script alone; `on` says for which."""
    filters = await read_filters(request)
    action = "/map" if request.query_params.get("on") == "map" else "/reports"
    context = {"filters": filters, "action": action, **await _near(filters), **await _names()}
    return render(request, "reports/filters.html", context)


async def filter_options(request: Request) -> Response:
    """What the long filters offer in a language, for static/js/filters.js.

    A browser keeps it: when it changes, so does its address.
    """
    code = request.path_params["language"]
    if code not in request.state.city.languages:
        raise NotFound()
    with use_language(code):
        offered = await choices()
        current = offered.address == f"{request.url.path}?{request.url.query}"
        headers = {"Cache-Control": FOR_EVER if current else ASK_AGAIN}
        return render(request, "reports/_offered.html", {"choices": offered}, headers=headers | {"Vary": ""})


async def map_page(request: Request) -> Response:
    """The map with the list of what its window shows; open cases, unless the address names a status."""
    filters = await read_filters(request, status=StatusGroup.OPEN)
    context = await _list_context(request, filters, MAX_MAP_CARDS) | pictures.ways_on(request)
    return render(request, "reports/map.html", context, fragment="reports/_list.html")


async def area_counts(request: Request) -> Response:
    """How many reports each area has, as a table and, for the colours of the map, as JSON."""
    filters = await read_filters(request, status=StatusGroup.OPEN)
    counts = await count_by_area(filters)
    if wants_json(request):
        return json_answer(counts)
    return render(request, "reports/map_areas.html", {"filters": filters, "counts": counts, **await _names()})


async def map_points(request: Request) -> Response:
    """ReportMapAnswer as kept bytes: see maps/answers.py."""
    asked = language(), request.scope["query_string"], wants_json(request), request.state.city.version
    question = answers.find_question(asked)
    if question is None:
        window = MapWindow.read(request.query_params.get("bbox", ""), request.query_params.get("zoom", ""))
        filters = await read_filters(request, status=StatusGroup.OPEN)
        question = answers.keep_question(asked, filters, CellWindow.around(window), window.zoom)
    return answers.send(request, await answers.answer_question(question))


async def detail(request: Request) -> Response:
    return await _detail(await Submission.of_page(request))


async def _detail(sent: Submission) -> Response:
    """A report's page, with what was typed there and why it was refused."""
    before = parse_id(sent.request.query_params.get("before"))
    page = await pages.report_page(sent.request.path_params["id"], viewer(sent.request), before)
    headers = NO_STORE if page.for_one_reader else {}
    if wants_json(sent.request):
        return json_answer(ReportAnswer.of(page, photo_url_for(sent.request)), headers=headers)
    mail = sent.request.query_params.get("mail", "")
    context = {"page": page, "mail": mail, "moderation_reasons": REASONS}
    return sent.form_page("reports/detail.html", context, fragment="reports/_received.html", headers=headers)


async def keep_history(request: Request) -> Response:
    """The history of the report's case as a file to keep, for whoever may see the report."""
    page = await pages.report_page(request.path_params["id"], viewer(request))
    document = JsonDocument.model_validate(await build_history_file(page.case))
    headers = {"Content-Disposition": f'attachment; filename="history-{page.case.number}.json"'}
    return json_answer(document, headers=headers | (NO_STORE if page.for_one_reader else {}))


@dataclass(frozen=True)
class FollowUp:
    """Something that people say of a report later, at /reports/ID/NAME: who may say it, and who may call the address.

    Whether somebody may say it comes before what is wrong with the form.
    """

    name: str
    act: Callable[[Submission, Speaker, FollowUpForm], Awaitable[None]]
    find_speaker: Callable[[int, Viewer], Awaitable[Speaker]] = queries.get_author
    who: Who = Who.ANYONE  # the author: signed in, or holding the report's receipt
    photos: bool = False  # it takes some

    async def _find_speaker(self, sent: Submission, report_id: int) -> Speaker:
        """Who speaks. A page of a report that is not public asks somebody unknown to sign in first."""
        try:
            return await self.find_speaker(report_id, viewer(sent.request))
        except NotFound:
            if wants_json(sent.request) or sent.person.signed_in:
                raise
            raise SignInNeeded() from None

    def route(self) -> GuardedRoute:
        view, path = self.view(), f"/reports/{{id:int}}/{self.name}"
        return route(
            path,
            view,
            who=self.who,
            methods=("POST",),
            takes=FollowUpForm,
            answers=ReportAnswer,
            refused=view,
            photos=self.photos,
        )

    def view(self) -> FormView:
        """Limited like posts: each is a public line of the case's history, and notifies its department."""

        async def act(sent: Submission) -> Response:
            report_id = sent.request.path_params["id"]
            speaker = await self._find_speaker(sent, report_id)
            if self.photos:
                await sent.take_photos()
            form = sent.read(FollowUpForm)
            await sent.act_once(lambda _held: self.act(sent, speaker, form), "deed", FOLLOW_UPS_PER_POST)
            return await _detail(sent) if wants_json(sent.request) else see_other(f"/reports/{report_id}")

        async def view(request: Request, refused: CivicError | None = None) -> Response:
            return await submit(request, act, _detail, refused=refused)

        view.__name__ = self.name  # names the route
        return view


async def answer(sent: Submission, by: Speaker, form: FollowUpForm) -> None:
    await actions.answer_question(by, form.text, sent.uploads.photos)


async def confirm(_sent: Submission, by: Speaker, form: FollowUpForm) -> None:
    await actions.confirm_resolution(by, form.stars, form.text)


async def dispute(_sent: Submission, by: Speaker, form: FollowUpForm) -> None:
    if not form.text:
        raise Invalid(fields={"text": _("Please say what is still wrong.")})
    await actions.dispute_resolution(by, form.text, form.stars)


async def appeal(_sent: Submission, by: Speaker, form: FollowUpForm) -> None:
    if not form.text:
        raise Invalid(fields={"text": _("Please say why it should not have been declined.")})
    await actions.appeal_decline(by, form.text)


async def rate(_sent: Submission, by: Speaker, form: FollowUpForm) -> None:
    if form.stars is None:
        raise Invalid(fields={"stars": _("Please choose one to five stars.")})
    await actions.rate_handling(by, form.stars, form.text)


async def doubt(_sent: Submission, by: Speaker, form: FollowUpForm) -> None:
    await actions.doubt_resolution(by, form.text)


async def add_photos(sent: Submission, by: Speaker, _form: FollowUpForm) -> None:
    await additions.add_photos(by, sent.uploads.photos)


FOLLOW_UPS = (
    FollowUp("photos", add_photos, photos=True),
    FollowUp("answer", answer, photos=True),
    FollowUp("confirm", confirm),
    FollowUp("dispute", dispute),
    FollowUp("appeal", appeal),
    FollowUp("rate", rate),
    FollowUp("doubt", doubt, queries.get_supporter, Who.SIGNED_IN),
)


routes: list[BaseRoute] = [
    route("/", home, who=Who.ANYONE, shared=True),
    route("/reports", listing, who=Who.ANYONE, answers=ReportListAnswer, shared=True),
    route(
        "/reports",
        submission.submit_report,
        who=Who.ANYONE,
        methods=("POST",),
        takes=ReportForm,
        answers=PostedReportAnswer | SentBeforeAnswer,
        status=201,
        photos=True,
    ),
    route("/reports/new", submission.new_report, who=Who.ANYONE),
    route("/offline/form", submission.offline_form, who=Who.ANYONE, shared=True),
    route("/offline/questions", submission.all_questions, who=Who.ANYONE, answers=QuestionsAnswer, shared=True),
    route("/reports/new/questions", submission.category_questions, who=Who.ANYONE),
    route("/a/{kind:str}/{code:path}", submission.asset_page, who=Who.ANYONE),
    route("/reports/new/assets", submission.near_assets, who=Who.ANYONE, counted=True),
    route("/reports/new/categories", submission.fitting_categories, who=Who.ANYONE, counted=True),
    route("/reports/new/similar", submission.similar_reports, who=Who.ANYONE, counted=True),
    route(
        "/reports/photos",
        submission.upload_photos,
        who=Who.ANYONE,
        methods=("POST",),
        answers=UploadedPhotosAnswer,
        status=201,
        photos=True,
    ),
    route(ADDRESS, filters_page, who=Who.ANYONE, shared=True),
    route(ADDRESS + "/{language:str}", filter_options, who=Who.ANYONE),
    route("/reports/{id:int}", detail, who=Who.ANYONE, answers=ReportAnswer, shared=True),
    route("/reports/{id:int}/history.json", keep_history, who=Who.ANYONE, answers=JsonDocument, counted=True),
    route(
        "/reports/{id:int}/join",
        submission.join_report,
        who=Who.ANYONE,
        methods=("POST",),
        takes=JoinForm,
        answers=PostedReportAnswer | SentBeforeAnswer,
        status=201,
        photos=True,
    ),
    *(one.route() for one in FOLLOW_UPS),
    route("/map", map_page, who=Who.ANYONE, shared=True),
    route("/map/areas", area_counts, who=Who.ANYONE, answers=AreaCountsAnswer, counted=True),
    route("/map/points", map_points, who=Who.ANYONE, answers=ReportMapAnswer, counted=True),
    *receipts.routes,
    *sitemap.routes,
    *pictures.routes,
]

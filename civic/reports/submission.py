"""Sending a report: the form's page, its photos sent ahead, and the report itself."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from civic.catalogue.catalogue import CategoryView
from civic.catalogue.queries import NearAsset, catalogue, find_asset, find_asset_of_kind, nearest_assets
from civic.errors import Invalid, NotFound
from civic.forms import clean_text
from civic.geo.near import DEFAULT_RADIUS_METRES, parse_near
from civic.geo.positions import LatLon
from civic.geo.queries import areas, geocode
from civic.geo.shapes import make_line
from civic.i18n import gettext as _
from civic.offline import asked_print
from civic.posts.actions import Posted
from civic.posts.places import FormPlace, read_address
from civic.posts.queries import Viewer
from civic.posts.submission import MAX_FORM_FILES, Submission, submit
from civic.posts.uploads import photo_url_for
from civic.reports import actions, joining, pages
from civic.reports.actions import NewReport
from civic.reports.danger import SEEN, find_emergency_phone
from civic.reports.forms import ReportForm, read_answers
from civic.reports.joining import JoinForm
from civic.reports.pages import ReportPage
from civic.reports.schemas import PostedReportAnswer, QuestionsAnswer, ReportAnswer, UploadedPhotosAnswer
from civic.reports.similar import SimilarPosts, find_common_categories, find_similar
from civic.routing.deciding import MAX_SUGGESTIONS
from civic.routing.queries import find_fitting_categories
from civic.search.pages import format_distance
from civic.templates import get_template
from civic.web import json_answer, page_context, read_form, render, see_other, wants_json

MAX_NEAR_ASSETS = 6  # that the form offers


async def new_report(request: Request) -> Response:
    """The empty form; `category`, `lat` and `lon` may be given in the address."""
    return await _form_page(await Submission.of_page(request, fields=True))


async def offline_form(request: Request) -> Response:
    """GET /offline/form: the empty form as it is for everybody, which a phone keeps: without key and person."""
    return await _form_page(Submission(request), **asked_print(request))


async def all_questions(request: Request) -> Response:
    """GET /offline/questions: the questions of each category by its code, as HTML for the form that a phone keeps."""
    known, template = await catalogue(), get_template("reports/_questions.html")
    pages = {
        one.code: template.render({**page_context(request), "category": one, "answers": {}, "errors": {}})
        for group in known.form_groups
        for one in group.categories
    }
    return json_answer(QuestionsAnswer(pages))


async def _form_page(sent: Submission, **look: object) -> Response:
    """The form with everything that was typed, every photo that was taken, similar reports and fitting categories."""
    _choose_category(sent)
    await _find_asset(sent)
    await sent.find_place(named=True)
    typed, known = sent.typed, await catalogue()
    context = {
        "answers": read_answers(sent.form),
        "groups": known.form_groups,
        "category": known.category_by_code.get(typed.get("category", "")),
        "similar": await _find_similar(sent.request, typed),
        "looked": typed.get("show") == "similar",
        "near_assets": await _near(typed),
        "fitting": await _find_categories(typed),
        "asked_categories": typed.get("show") == "categories",
        "emergency_phone": await find_emergency_phone(typed.get("text", "")),
        "distance": format_distance,
        **look,
    }
    return sent.form_page("reports/new.html", context, fragment="reports/_form.html")


def _choose_category(sent: Submission) -> None:
    """Without a script a button with one of the fitting categories sends the form, and chooses it."""
    what, _colon, code = str(sent.form.get("show") or "").partition(":")
    if what == "category" and code:
        kept = [(name, value) for name, value in sent.form.multi_items() if name != "category"]
        sent.form = FormData([*kept, ("category", code)])


async def fitting_categories(request: Request) -> Response:
    """Categories that what is being written may belong to (htmx), unless one is chosen; and whom to call in danger."""
    typed = request.query_params
    context = {
        "fitting": await _find_categories(typed),
        "asked_categories": False,
        "emergency_phone": await find_emergency_phone(typed.get("text", "")),
    }
    return render(request, "reports/_fitting.html", context)


async def _find_categories(typed: Mapping[str, str]) -> list[CategoryView]:
    """By the words, then by what is reported around the place; at most three, none once one is chosen."""
    if typed.get("category"):
        return []
    found = await find_fitting_categories(typed.get("text", ""))
    near = parse_near(f"{typed.get('lat')};{typed.get('lon')}")
    around = await find_common_categories(*near[:2]) if near and len(found) < MAX_SUGGESTIONS else []
    return [*found, *(one for one in around if one not in found)][:MAX_SUGGESTIONS]


async def asset_page(request: Request) -> Response:
    """GET /a/KIND/NUMBER, the address on the sticker of a thing: the form with it filled in.

    Raises NotFound for what is not there any more, and for a kind of which nothing is reported.
    """
    kind, code = request.path_params["kind"], request.path_params["code"]
    asset = await find_asset_of_kind(kind, code)
    groups = (await catalogue()).form_groups
    category = next((one for group in groups for one in group.categories if kind in one.assets), None)
    if asset is None or category is None:
        raise NotFound(_("We know nothing with the number %(code)s. You can report it with its place.", code=code))
    fields = {"category": category.code, "asset": asset.code, "lat": asset.lat, "lon": asset.lon, "located_by": "asset"}
    return see_other("/reports/new?" + urlencode(fields))


async def category_questions(request: Request) -> Response:
    """The questions of the category that was just chosen (htmx)."""
    typed = request.query_params
    category = (await catalogue()).category_by_code.get(typed.get("category", ""))
    context: dict[str, Any] = {"category": category, "answers": {}, "errors": {}, "near_assets": await _near(typed)}
    return render(request, "reports/_questions.html", context)


async def near_assets(request: Request) -> Response:
    """The numbered things near the place that was just set, which a report of the category may name (htmx)."""
    typed = request.query_params
    return render(request, "reports/_near_assets.html", {"near_assets": await _near(typed), "typed": typed})


async def _near(typed: Mapping[str, str]) -> list[NearAsset]:
    category = (await catalogue()).category_by_code.get(typed.get("category", ""))
    near = parse_near(f"{typed.get('lat')};{typed.get('lon')}")
    return (await nearest_assets(category, *near[:2]))[:MAX_NEAR_ASSETS] if category and near else []


async def _find_asset(sent: Submission) -> NearAsset | None:
    """The thing whose number was typed or chosen. It is where it stands, so that is the place of the report."""
    place = await sent.find_place()
    asset = await _named_asset(sent.form, place.position[:2] if place.position else None)
    if asset:
        sent.place = FormPlace((asset.lat, asset.lon, "asset"), settled=True)
    return asset


async def _named_asset(typed: Mapping[str, Any], near: tuple[float, float] | None) -> NearAsset | None:
    category = (await catalogue()).category_by_code.get(str(typed.get("category")))
    code = clean_text(typed.get("asset") or typed.get("asset_near"))
    return await find_asset(category, code, near) if category else None


async def similar_reports(request: Request) -> Response:
    """Reports that the one being written may repeat (htmx): by text, category, lat, lon, place_text."""
    similar = await _find_similar(request, request.query_params)
    return render(request, "reports/_similar.html", {"similar": similar, "looked": False, "distance": format_distance})


async def _find_similar(request: Request, typed: Mapping[str, str]) -> SimilarPosts:
    """By what was typed so far; without a place only the services."""
    text = typed.get("text", "")
    near = parse_near(f"{typed.get('lat')};{typed.get('lon')}")
    if asset := await _named_asset(typed, near[:2] if near else None):
        near = (asset.lat, asset.lon, DEFAULT_RADIUS_METRES)
    if near is None and (address := read_address(typed)):
        hits = await geocode(address, request.app.state.config.geocoder, limit=1)
        near = (hits[0].lat, hits[0].lon, DEFAULT_RADIUS_METRES) if hits and hits[0].sure else None
    if not text and not near:
        return SimilarPosts()
    category_ids = (await catalogue()).category_ids(typed.get("category", ""))
    return await find_similar(text, near, category_ids, request.app.state.meili, asset_id=asset.id if asset else None)


async def upload_photos(request: Request) -> Response:
    """Photos sent ahead, while the form is still being filled in: [{name, url}] and where they were taken.

    htmx gets those that are new, for the form's list, each with its place.
    """
    sent = Submission(request, await read_form(request, max_files=MAX_FORM_FILES))
    await sent.take_photos()
    uploads = sent.uploads
    if wants_json(request):
        body = UploadedPhotosAnswer.of(uploads)
        return json_answer(body, 422 if uploads.errors and not uploads.photos else 201)
    kept = sent.form.getlist("kept")
    new = [one for one in uploads.photos if one.name not in kept]
    return render(request, "reports/_photos.html", {**sent.context(), "photos": new, "added": True})


async def submit_report(request: Request) -> Response:
    """POST /reports: 303 to the report's page, or 201 and the report for a program; 422 with the fields by name."""
    return await submit(request, _submit_report, _form_page)


async def join_report(request: Request) -> Response:
    """POST /reports/ID/join: "that is it" of the form, with its text and photos; answers as a new report does."""
    return await submit(request, _join_report, _form_page)


async def _join_report(sent: Submission) -> Response:
    await sent.take_photos()
    form = sent.read(JoinForm, {**sent.form, "photos": sent.uploads.count})
    held, codes = await sent.spend_limit(), sent.codes(form.client_key)
    posted = await joining.join_report(
        sent.request.path_params["id"],
        form,
        sent.person,
        photos=sent.uploads.photos,
        channel=sent.channel,
        codes=codes,
        held=held,
    )
    return await sent.accepted(posted, partial(_answer, posted, sent))


async def _submit_report(sent: Submission) -> Response:
    await sent.take_photos()
    asset = await _find_asset(sent)
    named = sent.form.get("asset") or sent.form.get("asset_near")
    given = {"answers": read_answers(sent.form), "photos": sent.uploads.count, "shape": await _shape(sent)}
    form = sent.read(
        ReportForm,
        {**sent.form, **given, "asset": named},
        catalogue=await catalogue(),
        areas=await areas(),
        place=await sent.find_place(),
        asset=asset,
    )
    await _show_emergency_phone(sent, form.text)
    held, codes = await sent.spend_limit(), sent.codes(form.client_key)
    posted = await actions.post_report(
        form, sent.person, photos=sent.uploads.photos, channel=sent.channel, codes=codes, held=held
    )
    return await sent.accepted(posted, partial(_answer, posted, sent))


async def _answer(posted: Posted[NewReport], sent: Submission) -> PostedReportAnswer:
    page = await _page_of(posted, sent)
    return PostedReportAnswer.of_posted(ReportAnswer.of(page, photo_url_for(sent.request)), posted)


async def _shape(sent: Submission) -> object:
    """What was drawn; without a script, a straight line to the other end that is given in words.

    Raises Invalid for an end that is not known.
    """
    drawn, end, place = sent.form.get("shape"), clean_text(sent.form.get("shape_end")), await sent.find_place()
    if drawn or not end or place.position is None:
        return drawn
    hits = await geocode(end, sent.request.app.state.config.geocoder, limit=1)
    if not hits or not hits[0].sure:
        message = _("We do not know this address. Try the name of a street or a stop nearby.")
        raise Invalid(fields={"shape_end": message})
    return make_line(LatLon(*place.position[:2]), LatLon(hits[0].lat, hits[0].lon))


async def _show_emergency_phone(sent: Submission, text: str) -> None:
    """Raises Invalid if a text speaks of danger and its writer, no program, has not been shown the number to call."""
    if sent.channel == "api" or sent.form.get(SEEN):
        return
    if phone := await find_emergency_phone(text):
        raise Invalid(fields={"danger": _("Is somebody in danger? Call %(phone)s first, then send.", phone=phone)})


async def _page_of(posted: Posted[NewReport], sent: Submission) -> ReportPage:
    """The report's page for its author: of what was written, or read if it had been sent before."""
    new, author = posted.row, Viewer.of(sent.person, filter(None, [posted.receipt]))
    if new.event is None:
        return await pages.report_page(new.report.id, author)
    return await pages.new_report_page(new.report, new.event, sent.uploads.photos, author)

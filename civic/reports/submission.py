"""Taking a report in: the form's page, its draft photos, and the post itself."""

import json
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from civic.catalogue.queries import catalogue
from civic.errors import CivicError, Conflict, Invalid, TooMany
from civic.geo.near import DEFAULT_RADIUS_METRES, parse_near
from civic.posts import receipts
from civic.posts.queries import Viewer
from civic.posts.uploads import Uploads, geocode_address, photo_links, read_uploads, spend_post_limit
from civic.reports import actions, forms, pages
from civic.reports.similar import SimilarPosts, find_similar
from civic.search.pages import format_distance
from civic.web import answer_json, read_form, render, see_other, wants_json

# A gallery lets somebody choose more than a report takes; those above the limit are not read, and the page says so.
MAX_FILES_AHEAD = 50


async def new_report(request: Request) -> Response:
    """The empty form; `category`, `lat` and `lon` may be given in the address."""
    return await form_page(request, dict(request.query_params), Uploads(), {})


async def form_page(
    request: Request, typed: dict[str, Any], taken: Uploads, errors: dict[str, object], status: int = 200
) -> Response:
    """The form with everything that was typed, every photo that was taken, and what it may already be."""
    if taken.position and not (typed.get("lat") and typed.get("lon")):
        typed["lat"], typed["lon"], typed["located_by"] = map(str, taken.position)
    found = await catalogue()
    category = found.category_by_code.get(str(typed.get("category") or ""))
    context = {
        "typed": typed,
        "answers": forms.read_answers(typed) or typed.get("_answers", {}),
        "groups": found.groups,
        "category": category,
        "photos": taken.photos,
        "errors": errors,
        "client_key": typed.get("client_key") or secrets.token_urlsafe(18),
        "limits": request.app.state.config.limits,
        "similar": await _similar(request, typed),
        "looked": typed.get("show") == "similar",
        "distance": format_distance,
        **photo_links(request),
    }
    return render(request, "reports/new.html", context, fragment="reports/_form.html", status=status)


async def category_questions(request: Request) -> Response:
    """The questions of the category that was just chosen (htmx)."""
    found = await catalogue()
    category = found.category_by_code.get(request.query_params.get("category", ""))
    context: dict[str, Any] = {"category": category, "answers": {}, "errors": {}}
    return render(request, "reports/_questions.html", context)


async def similar_reports(request: Request) -> Response:
    """What the report that is being written may already be, as one types (htmx): text, category, lat, lon, address."""
    found = await _similar(request, dict(request.query_params))
    return render(request, "reports/_similar.html", {"similar": found, "looked": False, "distance": format_distance})


async def _similar(request: Request, typed: dict[str, Any]) -> SimilarPosts:
    """By what was typed so far; without a place only the services."""
    text = str(typed.get("text") or "")
    near = parse_near(f"{typed.get('lat')},{typed.get('lon')}")
    if near is None and (position := await geocode_address(request, typed)):
        near = (position[0], position[1], DEFAULT_RADIUS_METRES)
    if not text and not near:
        return SimilarPosts()
    category_ids = (await catalogue()).category_ids(str(typed.get("category") or ""))
    return await find_similar(text, near, category_ids, request.app.state.meili)


async def upload_photos(request: Request) -> Response:
    """Photos sent ahead, while the form is still being filled in: [{name, url}] and where they were taken.

    htmx gets those that are new, for the form's list, and the event *photos-kept* with the place {lat, lon}, if any.
    """
    form = await read_form(request, max_files=MAX_FILES_AHEAD)
    taken = await read_uploads(request, form)
    if wants_json(request):
        return answer_json(
            {
                "photos": [{"name": p.name, "width": p.width, "height": p.height} for p in taken.photos],
                "position": taken.position[:2] if taken.position else None,
                "errors": {k: str(v) for k, v in taken.errors.items()},
            },
            422 if taken.errors and not taken.photos else 201,
        )
    kept = form.getlist("kept")
    context = {
        "photos": [photo for photo in taken.photos if photo.name not in kept],
        "errors": taken.errors,
        **photo_links(request),
    }
    place = dict(zip(("lat", "lon"), taken.position or (), strict=False))
    return render(request, "reports/_photos.html", context, headers={"HX-Trigger": json.dumps({"photos-kept": place})})


async def submit_report(request: Request) -> Response:
    """POST /reports: 303 to the report's page, or 201 and the report for a program; 422 with the fields by name.

    Whatever is refused, the page keeps what was typed and the photos that were taken.
    """
    form = await read_form(request, max_files=request.app.state.config.limits.photos + 5)
    taken = Uploads()
    if form.get("show") and not wants_json(request):  # without a script: the category's questions, or what is similar
        return await form_page(request, _typed(form), await read_uploads(request, form), {})
    try:
        taken = await read_uploads(request, form)
        posted = await _post(request, form, taken)
    except (Invalid, Conflict, TooMany) as error:
        if wants_json(request):
            raise
        return await _refused(request, form, taken, error)
    if wants_json(request):
        viewer = Viewer.of(request.state.person, [posted.receipt] if posted.receipt else [])
        page = await pages.report_page(posted.report.id, viewer)
        body = pages.as_json(page, photo_links(request)["photo_url"])
        body |= {"receipt": posted.receipt, "again": posted.again}
        response: Response = answer_json(body, 201)
    else:
        response = see_other(f"/reports/{posted.report.id}")
    if posted.receipt:
        secure = request.app.state.config.sign_in.secure_cookies
        receipts.remember_code(request, response, posted.receipt, secure=secure)
    return response


def _typed(form: Any) -> dict[str, Any]:
    """What was typed, to be shown again; `_answers` are those to the category's questions."""
    typed: dict[str, Any] = {name: value for name, value in form.items() if isinstance(value, str)}
    return typed | {"_answers": forms.read_answers(form)}


async def _refused(request: Request, form: Any, taken: Uploads, error: CivicError) -> Response:
    typed = _typed(form)
    if isinstance(error, Conflict):  # somebody went back and wrote another report into the form of the first
        typed.pop("client_key", None)
    return await form_page(request, typed, taken, {**error.fields} or {"text": error.message}, error.status)


async def _post(request: Request, form: Any, taken: Uploads) -> actions.Posted:
    config = request.app.state.config
    try:
        data = forms.read_report(
            form,
            await catalogue(),
            photos=len(taken.photos),
            found=taken.position or await geocode_address(request, form),
            longest=config.limits.text,
            signed_in=request.state.person.signed_in,
        )
    except Invalid as error:
        raise Invalid(fields={**error.fields, **taken.errors}) from None
    if taken.errors:
        raise Invalid(fields=taken.errors)
    await spend_post_limit(request, taken)
    receipt = receipts.code_for(request.app.state.secret, data.client_key) if data.client_key else None
    return await actions.post_report(
        data,
        request.state.person,
        photos=taken.photos,
        channel="api" if wants_json(request) else "web",
        receipt=receipt,
    )

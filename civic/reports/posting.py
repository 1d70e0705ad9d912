"""Taking a report in: the form's page, its draft photos, and the post itself."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from civic.accounts.limits import spend
from civic.departments.queries import catalogue
from civic.errors import CivicError, Invalid
from civic.geo import queries as geo
from civic.i18n import gettext as _
from civic.media import actions as media
from civic.media.links import photo_url
from civic.media.models import Photo
from civic.media.queries import drafts
from civic.posts import receipts
from civic.posts.queries import Viewer
from civic.reports import actions, forms, pages
from civic.web import answer_json, read_form, render, see_other, wants_json

Position = tuple[float, float, str]


@dataclass
class Taken:
    """Photos of a form: those that were kept from an earlier try and those that came now."""

    photos: list[Photo] = field(default_factory=list)
    position: Position | None = None  # where the first photo that knows says it was taken
    errors: dict[str, object] = field(default_factory=dict)


async def take_photos(request: Request, form: Any) -> Taken:
    """Take in the uploads of a form (`photos`) and those kept (`kept`); refused ones are told, the others stay."""
    taken = Taken()
    most = request.app.state.config.limits.photos
    names = [str(name) for name in _all(form, "kept")]
    try:
        taken.photos = list(await drafts(names[:most]))
    except Invalid as error:
        taken.errors.update(error.fields)
    uploads = [f for f in _all(form, "photos") if isinstance(f, UploadFile) and f.filename]
    for upload in uploads[: max(0, most - len(taken.photos))]:
        await _take(request, upload, taken)
    if len(uploads) + len(names) > most:
        taken.errors["photos"] = _("At most %(n)s photos; the first ones were kept.", n=most)
    return taken


def _all(form: Any, name: str) -> list[Any]:
    return form.getlist(name) if isinstance(form, FormData) else []


async def _take(request: Request, upload: UploadFile, taken: Taken) -> None:
    state = request.app.state
    try:
        photo, gps, _when = await media.add_photo(
            await upload.read(), state.store, state.decoder, zone=request.state.city.zone
        )
    except CivicError as error:
        taken.errors["photos"] = f"{upload.filename}: {error.message}"
        return
    taken.photos.append(photo)
    if gps and taken.position is None:
        taken.position = (gps.lat, gps.lon, "photo")


async def new(request: Request) -> Response:
    """The empty form; `category`, `lat` and `lon` may be given in the address."""
    return await form_page(request, dict(request.query_params), Taken(), {})


async def form_page(request: Request, typed: dict[str, Any], taken: Taken, errors: dict[str, object]) -> Response:
    """The form with everything that was typed and every photo that was taken."""
    if taken.position and not (typed.get("lat") and typed.get("lon")):
        typed["lat"], typed["lon"], typed["located_by"] = map(str, taken.position)
    found = await catalogue()
    category = found.category_by_code.get(str(typed.get("category") or ""))
    context = {
        "typed": typed,
        "answers": forms.given_answers(typed) or typed.get("_answers", {}),
        "groups": found.groups,
        "category": category,
        "photos": taken.photos,
        "errors": errors,
        "client_key": typed.get("client_key") or secrets.token_urlsafe(18),
        "limits": request.app.state.config.limits,
        **_photo_urls(request),
    }
    return render(request, "reports/new.html", context, fragment="reports/_form.html", status=422 if errors else 200)


async def questions(request: Request) -> Response:
    """The questions of the category that was just chosen (htmx)."""
    found = await catalogue()
    category = found.category_by_code.get(request.query_params.get("category", ""))
    context: dict[str, Any] = {"category": category, "answers": {}, "errors": {}}
    return render(request, "reports/_questions.html", context)


async def draft_photos(request: Request) -> Response:
    """Photos sent ahead, while the form is still being filled in: [{name, url}] and where they were taken."""
    form = await read_form(request, max_files=request.app.state.config.limits.photos + 1)
    taken = await take_photos(request, form)
    if wants_json(request):
        return answer_json(
            {
                "photos": [{"name": p.name, "width": p.width, "height": p.height} for p in taken.photos],
                "position": taken.position[:2] if taken.position else None,
                "errors": {k: str(v) for k, v in taken.errors.items()},
            },
            422 if taken.errors and not taken.photos else 201,
        )
    found = {"X-Position": f"{taken.position[0]},{taken.position[1]}"} if taken.position else {}
    context = {"photos": taken.photos, "errors": taken.errors, **_photo_urls(request)}
    return render(request, "reports/_photos.html", context, headers=found)


def _photo_urls(request: Request) -> dict[str, Any]:
    """Addresses of drafts are signed: only the browser that sent them sees them."""
    return {"photo_url": lambda photo, size: photo_url(photo, size, secret=request.app.state.secret)}


async def post(request: Request) -> Response:
    """POST /reports: 303 to the report's page, or 201 and the report for a program; 422 with the fields by name."""
    form = await read_form(request, max_files=request.app.state.config.limits.photos + 5)
    taken = await take_photos(request, form)
    try:
        posted = await _post(request, form, taken)
    except Invalid as error:
        if wants_json(request):
            raise
        typed: dict[str, Any] = {name: value for name, value in form.items() if isinstance(value, str)}
        typed["_answers"] = forms.given_answers(form)
        return await form_page(request, typed, taken, {**error.fields} or {"text": error.message})
    if wants_json(request):
        viewer = Viewer.of(request.state.person, [posted.receipt] if posted.receipt else [])
        page = await pages.report_page(posted.report.id, viewer)
        body = pages.as_json(page, _photo_urls(request)["photo_url"])
        body |= {"receipt": posted.receipt, "again": posted.again}
        response: Response = answer_json(body, 201)
    else:
        response = see_other(f"/reports/{posted.report.id}")
    if posted.receipt:
        secure = request.app.state.config.sign_in.secure_cookies
        receipts.remember(request, response, posted.receipt, secure=secure)
    return response


async def _post(request: Request, form: Any, taken: Taken) -> actions.Posted:
    config = request.app.state.config
    try:
        data = forms.read_report(
            form,
            await catalogue(),
            photos=len(taken.photos),
            found=taken.position or await _by_address(request, form),
            longest=config.limits.text,
            signed_in=request.state.person.signed_in,
        )
    except Invalid as error:
        raise Invalid(fields={**error.fields, **taken.errors}) from None
    if taken.errors:
        raise Invalid(fields=taken.errors)
    await spend("post", sender(request), config.limits.posts_per_hour)
    receipt = receipts.code_for(request.app.state.secret, data.client_key) if data.client_key else None
    return await actions.post_report(
        data,
        request.state.person,
        photos=taken.photos,
        channel="api" if wants_json(request) else "web",
        receipt=receipt,
    )


def sender(request: Request) -> str:
    """Whom limits are counted for: the person, else the address that the request came from."""
    person = request.state.person
    return f"user {person.id}" if person.signed_in else request.client.host if request.client else ""


async def _by_address(request: Request, form: Any) -> Position | None:
    address = str(form.get("address") or "").strip()
    if not address or (form.get("lat") and form.get("lon")):
        return None
    hits = await geo.geocode(address, request.app.state.config.geocoder, limit=1)
    return (hits[0].lat, hits[0].lon, "address") if hits else None

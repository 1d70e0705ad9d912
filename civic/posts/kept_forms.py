"""Forms that wait: carried out once their sender has signed in, or shown again in another language or print."""

from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Message

from civic import cookies
from civic.accounts import kept_forms
from civic.accounts.kept_forms import UnsentForm, is_filled_in
from civic.errors import NotFound
from civic.posts.submission import MAX_FORM_FILES, Submission, keep_sent_form
from civic.web import GuardedRoute, Who, local_path, read_form, render, route, see_other, text_items

YEAR_SECONDS = 365 * 86400


async def _find(request: Request) -> UnsentForm:
    if unsent := await kept_forms.find_kept_form(request, request.path_params["token"]):
        return unsent
    raise NotFound()


async def show_kept_form(request: Request) -> Response:
    """GET /kept/TOKEN: to sign in, or a button that sends it. Opening it sends nothing."""
    unsent = await _find(request)
    if not request.state.person.signed_in:
        return see_other("/sign-in?" + urlencode({"next": unsent.path}))
    return render(request, "posts/kept_form.html", {"unsent": unsent})


async def send_kept_form(request: Request) -> Response:
    """POST /kept/TOKEN, which signing in, or a receipt code, leads to: carry out what waits, in that name.

    What cannot be carried out stays: the answer has the form with its text, and so has the address for a day.
    """
    token = request.path_params["token"]
    unsent = await kept_forms.claim_kept_form(request, token)
    if unsent is None:
        raise NotFound()
    response = await _send(request, unsent)
    if response.status_code < 400:
        await kept_forms.forget_kept_form(request, token)
    return response


async def _send(request: Request, unsent: UnsentForm) -> Response:
    """Call the view of the form's address as if the browser had sent the form there now."""
    body = urlencode(unsent.fields).encode()
    headers = [(name, value) for name, value in request.scope["headers"] if not name.startswith(b"content-")]
    headers += [(b"content-type", b"application/x-www-form-urlencoded"), (b"content-length", b"%d" % len(body))]
    scope = {**request.scope, "path": unsent.address, "raw_path": unsent.address.encode(), "query_string": b""}
    scope["headers"] = headers

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    for one in request.app.routes:
        match, found = one.matches(scope)
        if match is Match.FULL and isinstance(one, GuardedRoute):
            return await one.guard(Request({**scope, **found}, receive))
    raise NotFound()


async def forget_kept_form(request: Request) -> Response:
    """Its sender does not want it any more: back to its page."""
    unsent = await _find(request)
    await kept_forms.forget_kept_form(request, unsent.token)
    return see_other(unsent.page)


async def switch(request: Request) -> Response:
    """POST /switch: another language (`switch` is `lang:zh`) or print (`print:large`), of the form's `page`.

    With neither (`keep:`) what is written is only kept, at an address that may be loaded again.
    The button belongs to a form, so that what is written there comes along.
    """
    form = await read_form(request, max_files=MAX_FORM_FILES)
    sent = Submission(request, form)
    page = local_path(str(form.get("page") or ""))
    if is_filled_in(text_items(form)) or sent.has_files:
        unsent = await keep_sent_form(sent)
        page = _with_kept_form(page, unsent)
    response = see_other(page)
    _remember(request, response, form)
    cookies.mark_browser(request, response)
    return response


def _with_kept_form(page: str, unsent: UnsentForm) -> str:
    path, hash_mark, anchor = page.partition("#")
    return f"{path}{'&' if '?' in path else '?'}{urlencode({'kept-form': unsent.token})}{hash_mark}{anchor}"


def _remember(request: Request, response: Response, form: FormData) -> None:
    what, _colon, value = str(form.get("switch") or "").partition(":")
    if what == "lang" and value in request.state.city.languages:
        cookies.set_cookie(request, response, cookies.LANGUAGE, value, YEAR_SECONDS, http_only=False)
    elif what == "print" and value == "large":
        cookies.set_cookie(request, response, cookies.LARGE_PRINT, "large", YEAR_SECONDS)
    elif what == "print":
        cookies.delete_cookie(request, response, cookies.LARGE_PRINT)


routes: list[BaseRoute] = [
    route("/kept/{token:str}", show_kept_form, who=Who.ANYONE),
    # What waits may be sent by a receipt too: the view of its address says who may do it.
    route("/kept/{token:str}", send_kept_form, who=Who.ANYONE, methods=("POST",)),
    route("/kept/{token:str}/forget", forget_kept_form, who=Who.ANYONE, methods=("POST",)),
    route("/switch", switch, who=Who.ANYONE, methods=("POST",), photos=True),
]

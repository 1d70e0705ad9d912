"""Signing up, in and out, and one's own account."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from civic import cookies, i18n
from civic.accounts import actions, confirmation, mailed_links, queries
from civic.accounts.actions import SignedIn
from civic.accounts.confirmation import Confirmed
from civic.accounts.devices import read_known, remember_browser
from civic.accounts.forms import EnterForm, MailedLinkForm, NewPasswordForm, ProfileForm, SignInForm, SignUpForm
from civic.accounts.kept_forms import find_kept_form
from civic.accounts.mailed_links import LINK_GOOD_FOR, OldLink
from civic.accounts.people import STAFF
from civic.accounts.schemas import SignedInAnswer, SignedOutAnswer
from civic.accounts.user_agents import browser_name
from civic.config import Config
from civic.errors import CivicError, Invalid, TooMany
from civic.web import (
    KEPT_FORMS,
    NO_STORE,
    Who,
    is_kept_form,
    json_answer,
    local_path,
    read_form,
    render,
    route,
    see_other,
    wants_json,
)

DAY_SECONDS = 86400
NEXT = "next"  # the cookie that says where somebody goes on who signs in by a mail


@dataclass(frozen=True)
class AccountSection:
    """A part of the account page that another domain adds: a title, and a template with what it gets."""

    id: str
    title: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)


# What app.state.account_sections holds: domains below this one know what a person has there, this one does not.
AccountSections = list[Callable[[Request], Awaitable[AccountSection]]]


def _config(request: Request) -> Config:
    config: Config = request.app.state.config
    return config


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


async def sign_in_form(request: Request) -> Response:
    if request.state.person.signed_in:
        return see_other(local_path(request.query_params.get("next"), "/account"))
    return await _entry_page(request, "accounts/sign_in.html", request.query_params)


async def sign_up_form(request: Request) -> Response:
    if request.state.person.signed_in:
        return see_other("/account")
    return await _entry_page(request, "accounts/sign_up.html", request.query_params)


async def _entry_page(request: Request, template: str, typed: Any, error: CivicError | None = None) -> Response:
    """One of the two forms, with all that was typed but the password, and what is sent once somebody has signed in."""
    following = local_path(typed.get("next"), "")
    waits = is_kept_form(following)
    if again := await find_kept_form(request, request.query_params.get("kept-form", "")):
        typed = dict(again.fields)
    context = {
        "email": typed.get("email", ""),
        "name": typed.get("name", ""),
        "next": following,
        "page": request.url.path + ("?" + urlencode({"next": following}) if following else ""),
        "errors": error.fields if error else {},
        "message": error.message if error else "",
        "confirmed": typed.get("confirmed", ""),
        "unsent": await find_kept_form(request, following.removeprefix(KEPT_FORMS)) if waits else None,
    }
    return render(request, template, context, status=error.status if error else 200)


async def sign_in(request: Request) -> Response:
    form, config = await read_form(request), _config(request)
    try:
        done = await actions.sign_in(
            SignInForm.read(form),
            address=_address(request),
            known=read_known(request),
            browser=browser_name(request.headers.get("user-agent", "")),
            attempts=config.limits.sign_ins_per_hour,
            earlier=request.state.person.session_id,
        )
    except (Invalid, TooMany) as error:
        if wants_json(request):
            raise
        return await _entry_page(request, "accounts/sign_in.html", form, error)
    home = "/desk" if done.user.role in STAFF else "/"
    return _welcome(request, done, local_path(str(form.get("next", "")), home))


async def ask_for_link_form(request: Request) -> Response:
    """GET /sign-in/mail"""
    return await _entry_page(request, "accounts/ask_for_link.html", request.query_params)


async def ask_for_link(request: Request) -> Response:
    """POST /sign-in/mail: mail a link, if an account has the address; the answer is the same if none has."""
    form = await read_form(request)
    try:
        entry = MailedLinkForm.read(form)
        await mailed_links.ask_for_link(entry, address=_address(request))
    except (Invalid, TooMany) as error:
        return await _entry_page(request, "accounts/ask_for_link.html", form, error)
    response = render(request, "accounts/link_sent.html", {"email": entry.email}, headers=NO_STORE)
    if following := local_path(str(form.get("next", "")), ""):
        cookies.set_cookie(request, response, NEXT, quote(following), int(LINK_GOOD_FOR.total_seconds()))
    return response


async def enter_form(request: Request) -> Response:
    """GET /sign-in/mail/TOKEN, the link of a mail: a button. Opening it changes nothing."""
    return await _link_page(request)


async def _link_page(request: Request, error: CivicError | None = None) -> Response:
    user = None
    try:
        user = await mailed_links.find_linked_user(request.path_params["token"])
    except OldLink as old:
        error = old
    context = {
        "user": None if isinstance(error, OldLink) else user,
        "errors": error.fields if error else {},
        "message": error.message if error else "",
        "page": request.url.path,
    }
    return render(request, "accounts/link.html", context, status=error.status if error else 200, headers=NO_STORE)


async def enter(request: Request) -> Response:
    """POST /sign-in/mail/TOKEN: sign in, with a new password or without; on to where somebody had been."""
    form, token = await read_form(request), request.path_params["token"]
    try:
        user = await mailed_links.find_linked_user(token)
        done = await mailed_links.enter(
            user,
            token,
            EnterForm.read(form, email=user.email),
            browser=browser_name(request.headers.get("user-agent", "")),
            earlier=request.state.person.session_id,
        )
    except (Invalid, OldLink) as error:
        return await _link_page(request, error)
    home = "/desk" if done.user.role in STAFF else "/"
    following = local_path(unquote(cookies.read_cookie(request, NEXT)), home)
    response = _welcome(request, done, following)
    cookies.delete_cookie(request, response, NEXT)
    return response


async def sign_up(request: Request) -> Response:
    form = await read_form(request)
    try:
        done = await actions.sign_up(
            SignUpForm.read(form),
            address=_address(request),
            browser=browser_name(request.headers.get("user-agent", "")),
            language=i18n.language(),
            earlier=request.state.person.session_id,
        )
    except (Invalid, TooMany) as error:
        if wants_json(request):
            raise
        return await _entry_page(request, "accounts/sign_up.html", form, error)
    return _welcome(request, done, local_path(str(form.get("next", "")), "/"))


def _welcome(request: Request, done: SignedIn, to: str) -> Response:
    """On with the new session's cookie; to a form that waits by a POST (307), as it is carried out there."""
    user = done.user
    response: Response = RedirectResponse(to, 307) if is_kept_form(to) else see_other(to)
    if wants_json(request):
        response = json_answer(SignedInAnswer.model_validate(user))
    _set_session(request, response, done.token)
    remember_browser(request, response, user.id)
    return response


def _set_session(request: Request, response: Response, token: str) -> None:
    days = _config(request).sign_in.session_days
    cookies.set_cookie(request, response, cookies.SESSION, token, days * DAY_SECONDS)


async def sign_out(request: Request) -> Response:
    person = request.state.person
    if person.signed_in:
        await actions.end_session(person.id, person.session_id)
    response = json_answer(SignedOutAnswer()) if wants_json(request) else see_other("/")
    cookies.delete_cookie(request, response, cookies.SESSION)
    # A shared counter's computer: no page of theirs comes back by the back button.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


async def account(request: Request) -> Response:
    unsent = await find_kept_form(request, request.query_params.get("kept-form", ""))
    return await _account(request, None, **dict(unsent.fields) if unsent else {})


async def _account(request: Request, error: Invalid | TooMany | None = None, **typed: str) -> Response:
    person = request.state.person
    context = {
        "sessions": await queries.list_sessions(person, _config(request).sign_in.session_days),
        "sections": [await section(request) for section in request.app.state.account_sections],
        "errors": error.fields if error else {},
        "message": error.message if error else "",
        "name": typed.get("name", person.name),
        "language": typed.get("language", person.language),
        "saved": request.query_params.get("saved", ""),
    }
    return render(
        request,
        "accounts/account.html",
        context,
        status=error.status if error else 200,
        headers=NO_STORE,
    )


async def change_profile(request: Request) -> Response:
    form = await read_form(request)
    try:
        entry = ProfileForm.read(form, languages=request.state.city.languages)
        await actions.change_profile(request.state.person, entry)
    except Invalid as error:
        return await _account(request, error, name=str(form.get("name", "")), language=str(form.get("language", "")))
    response = see_other("/account?saved=profile")
    if entry.language:
        cookies.set_cookie(request, response, cookies.LANGUAGE, entry.language, 365 * DAY_SECONDS, http_only=False)
    return response


async def change_password(request: Request) -> Response:
    form, person = await read_form(request), request.state.person
    try:
        token = await actions.change_password(
            person, NewPasswordForm.read(form, email=person.email), attempts=_config(request).limits.sign_ins_per_hour
        )
    except (Invalid, TooMany) as error:
        return await _account(request, error)
    response = see_other("/account?saved=password")
    _set_session(request, response, token)
    return response


async def ask_again(request: Request) -> Response:
    """Another mail to confirm the address of one's account."""
    try:
        await confirmation.ask_again(request.state.person)
    except TooMany as error:
        return await _account(request, error)
    return see_other("/account?saved=asked")


async def confirm_form(request: Request) -> Response:
    """GET /account/confirm/TOKEN, the link of a mail: a button. Opening it changes nothing."""
    context = {"token": request.path_params["token"], "done": None}
    return render(request, "accounts/confirm.html", context, headers=NO_STORE)


async def confirm_email(request: Request) -> Response:
    """The button of the link: the address is the account's. Says why not, if it is not."""
    done = await confirmation.confirm_email(request.path_params["token"])
    if done is Confirmed.YES:
        return see_other("/account?saved=confirmed" if request.state.person.signed_in else "/sign-in?confirmed=yes")
    context = {"token": "", "done": done}
    return render(request, "accounts/confirm.html", context, status=409, headers=NO_STORE)


async def end_session(request: Request) -> Response:
    await actions.end_session(request.state.person.id, request.path_params["id"])
    return see_other("/account?saved=session#sessions")


routes: list[BaseRoute] = [
    route("/sign-in", sign_in_form, who=Who.ANYONE),
    route("/sign-in", sign_in, who=Who.ANYONE, methods=("POST",), takes=SignInForm, answers=SignedInAnswer),
    route("/sign-in/mail", ask_for_link_form, who=Who.ANYONE),
    route("/sign-in/mail", ask_for_link, who=Who.ANYONE, methods=("POST",)),
    route("/sign-in/mail/{token:str}", enter_form, who=Who.ANYONE),
    route("/sign-in/mail/{token:str}", enter, who=Who.ANYONE, methods=("POST",)),
    route("/sign-up", sign_up_form, who=Who.ANYONE),
    route("/sign-up", sign_up, who=Who.ANYONE, methods=("POST",), takes=SignUpForm, answers=SignedInAnswer),
    route("/sign-out", sign_out, who=Who.ANYONE, methods=("POST",), answers=SignedOutAnswer),
    route("/account", account, who=Who.SIGNED_IN),
    route("/account/profile", change_profile, who=Who.SIGNED_IN, methods=("POST",)),
    route("/account/password", change_password, who=Who.SIGNED_IN, methods=("POST",)),
    route("/account/confirm", ask_again, who=Who.SIGNED_IN, methods=("POST",)),
    route("/account/confirm/{token:str}", confirm_form, who=Who.ANYONE),
    route("/account/confirm/{token:str}", confirm_email, who=Who.ANYONE, methods=("POST",)),
    route("/account/sessions/{id:int}/end", end_session, who=Who.SIGNED_IN, methods=("POST",)),
]

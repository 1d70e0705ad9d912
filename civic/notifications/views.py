"""A person's messages, on their account page and on a page of their own; and stopping mails."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.accounts.views import AccountSection
from civic.errors import NotFound
from civic.i18n import gettext as _
from civic.notifications import actions, addresses, queries
from civic.notifications.schemas import MessageAnswer, MessagesAnswer
from civic.web import Who, json_answer, read_form, render, route, see_other, wants_json

MAX_ON_ACCOUNT_PAGE = 5


async def messages(request: Request) -> AccountSection:
    """The latest, for the account page."""
    person = request.state.person
    context = {
        "messages": await queries.list_inbox(person, MAX_ON_ACCOUNT_PAGE),
        "unread": await queries.count_unread(person),
    }
    return AccountSection("messages", _("Messages"), "notifications/_latest.html", context)


async def inbox(request: Request) -> Response:
    """GET /account/messages: the latest fifty; reading the page marks them as read."""
    person = request.state.person
    shown = await queries.list_inbox(person)
    if request.method == "GET":
        await actions.mark_read(person)
    if wants_json(request):
        return json_answer(
            MessagesAnswer(
                [
                    MessageAnswer(subject=one.subject, text=one.body, url=one.url, at=one.at, read=one.read)
                    for one in shown
                ]
            )
        )
    return render(request, "notifications/inbox.html", {"messages": shown}, headers={"Cache-Control": "no-store"})


def _mails(request: Request) -> tuple[str, str]:
    """The address and what its mails are about, by the link of a mail. Raises NotFound."""
    mails = addresses.read_stop_token(request.path_params["token"])
    if mails is None:
        raise NotFound()
    return mails


async def stop_page(request: Request) -> Response:
    """GET /mail/stop/TOKEN, the link at the foot of every mail: buttons. Opening it changes nothing."""
    context = {
        "stopped": await addresses.is_stopped(*_mails(request)),
        "token": request.path_params["token"],
        "saved": request.query_params.get("saved", ""),
    }
    return render(request, "notifications/stop.html", context, headers={"Cache-Control": "no-store"})


async def stop_mails(request: Request) -> Response:
    """Stop the mails about `what` (one, all), or allow them `again`. Mail programs send no `what`: RFC 8058."""
    address, about = _mails(request)
    what = str((await read_form(request)).get("what") or "one")
    if what == "again":
        await addresses.allow_mails(address, about)
    else:
        await addresses.stop_mails(address, addresses.EVERYTHING if what == "all" else about)
    return see_other(f"/mail/stop/{request.path_params['token']}?saved={'again' if what == 'again' else 'stopped'}")


routes: list[BaseRoute] = [
    route("/account/messages", inbox, who=Who.SIGNED_IN, answers=MessagesAnswer),
    route("/mail/stop/{token:str}", stop_page, who=Who.ANYONE),
    route("/mail/stop/{token:str}", stop_mails, who=Who.ANYONE, methods=("POST",)),
]

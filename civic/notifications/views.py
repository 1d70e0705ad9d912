"""A person's messages, on their account page and on a page of their own."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.accounts.views import AccountSection
from civic.i18n import gettext as _
from civic.notifications import actions, queries
from civic.notifications.schemas import MessageAnswer, MessagesAnswer
from civic.web import Who, json_answer, render, route, wants_json

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


routes: list[BaseRoute] = [route("/account/messages", inbox, who=Who.SIGNED_IN, answers=MessagesAnswer)]

"""What somebody posted: a section of their account page, and the posts without an account that this device sent.

A device knows its posts by the receipt codes in its cookie; the server keeps no list of devices.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic import cookies
from civic.accounts.devices import KNOWN
from civic.accounts.views import AccountSection
from civic.i18n import gettext as _
from civic.posts.queries import list_own_posts, list_posts_of_device
from civic.posts.receipts import COOKIE
from civic.web import NO_STORE, Who, render, route, see_other


async def my_posts_section(request: Request) -> AccountSection:
    """The latest fifty posts of the person who is signed in."""
    posts = await list_own_posts(request.state.person.id)
    return AccountSection("posts", _("What I posted"), "posts/_own.html", {"posts": posts})


async def device_section(request: Request) -> AccountSection:
    """What this device sent without an account."""
    posts = await list_posts_of_device(request.state.receipts)
    return AccountSection("device", _("On this device"), "posts/_device.html", {"posts": posts})


async def show_device(request: Request) -> Response:
    """GET /me, signed out: what this device sent, and the way to sign in."""
    if request.state.person.signed_in:
        return see_other("/account")
    context = {"section": await device_section(request), "forgotten": request.query_params.get("forgotten", "")}
    return render(request, "posts/device.html", context, headers=NO_STORE)


async def forget_device(request: Request) -> Response:
    """POST /me/forget: this browser holds no receipts any more, is known to no account, and has no drafts."""
    response = see_other("/account" if request.state.person.signed_in else "/me?forgotten=yes")
    for name in (COOKIE, KNOWN, cookies.BROWSER):
        cookies.delete_cookie(request, response, name)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


routes: list[BaseRoute] = [
    route("/me", show_device, who=Who.ANYONE),
    route("/me/forget", forget_device, who=Who.ANYONE, methods=("POST",)),
]

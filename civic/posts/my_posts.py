"""A person's own posts, as a section of their account page."""

from starlette.requests import Request

from civic.accounts.views import AccountSection
from civic.i18n import gettext as _
from civic.posts.queries import list_own_posts


async def my_posts_section(request: Request) -> AccountSection:
    """The latest fifty posts of the person who is signed in."""
    posts = await list_own_posts(request.state.person.id)
    return AccountSection("posts", _("What I posted"), "posts/_own.html", {"posts": posts})

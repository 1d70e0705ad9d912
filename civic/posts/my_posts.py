"""A person's own posts, as a section of their account page."""

from starlette.requests import Request

from civic import db
from civic.accounts.views import AccountSection
from civic.i18n import gettext as _

MY_POSTS = """
SELECT kind, path, coalesce(nullif(title, ''), left(text, 80)) AS heading, created_at, votes_count, comments_count,
       visibility
FROM post WHERE author_id = $1 ORDER BY created_at DESC, id DESC LIMIT 50
"""


async def my_posts_section(request: Request) -> AccountSection:
    """The latest fifty."""
    rows = await db.fetch(MY_POSTS, request.state.person.id)
    return AccountSection("posts", _("What I posted"), "posts/_own.html", {"posts": rows})

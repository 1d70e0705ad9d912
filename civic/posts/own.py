"""A person's own posts, as a section of their account page."""

from starlette.requests import Request

from civic import db
from civic.accounts.views import Section
from civic.i18n import gettext as _

OWN = """
SELECT kind, path, coalesce(nullif(title, ''), left(text, 80)) AS heading, created_at, votes_count, comments_count,
       visibility
FROM post WHERE author_id = $1 ORDER BY created_at DESC, id DESC LIMIT 50
"""


async def own_posts(request: Request) -> Section:
    """The latest fifty."""
    rows = await db.fetch(OWN, request.state.person.id)
    return Section("posts", _("What I posted"), "posts/_own.html", {"posts": rows})

"""GET /photos/{name}/{edge}.webp, and 1600.jpg."""

import re

from starlette.requests import Request
from starlette.responses import Response

from civic.conditional import is_known
from civic.errors import NotFound
from civic.media.links import is_public, seconds_left
from civic.media.models import Photo
from civic.media.store import Store
from civic.web import Who, route

MEDIA_TYPES = {"webp": "image/webp", "jpg": "image/jpeg"}
NAME = re.compile(r"[A-Za-z0-9_-]{22}")
# Whoever keeps a copy asks before showing it: what is hidden must not be shown on from a cache. The answer is 304 then.
PUBLIC_COPY, OWN_COPY = "public, no-cache", "private, no-cache"


async def photo(request: Request) -> Response:
    """A variant. One that is not public needs a signed address (see links.photo_url).

    `request.app.state` has `store` (a Store) and `secret` (Config.secret()).
    """
    name, edge = request.path_params["name"], str(request.path_params["edge"])
    row = await Photo.get_or_none(name=name) if NAME.fullmatch(name) else None
    if row is None or edge not in row.sizes:
        raise NotFound()
    if is_public(row):
        cache = PUBLIC_COPY
    elif seconds_left(name, request.query_params, request.app.state.secret):
        cache = OWN_COPY
    else:
        raise NotFound()
    key = str(row.sizes[edge][3])
    ending = request.path_params["ending"]
    if not key.endswith("." + ending):
        raise NotFound()
    headers = {
        "Cache-Control": cache,
        "ETag": f'"{key}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'",
    }
    if is_known(headers["ETag"], request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    store: Store = request.app.state.store
    data = await store.get(key)
    if data is None:
        raise NotFound()
    return Response(data, headers=headers, media_type=MEDIA_TYPES[ending])


routes = [route("/photos/{name}/{edge:int}.{ending}", photo, who=Who.ANYONE)]

"""Files of static/ under addresses that change with their content, so that browsers may keep them for ever."""

import hashlib
import os
from functools import lru_cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent.parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


@lru_cache(maxsize=500)
def _hash(path: Path, modified: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def file_version(name: str) -> str:
    """Twelve digits that change with the file's content; nothing for a file that is not there (yet)."""
    path = FOLDER / name
    try:
        return _hash(path, os.stat(path).st_mtime_ns)
    except FileNotFoundError:
        return ""


def static_url(name: str) -> str:
    """The address of a file of static/: `/static/css/base.css?v=…`."""
    found = file_version(name)
    return f"/static/{name}" + (f"?v={found}" if found else "")


class VersionedFiles(StaticFiles):
    """static/: kept for ever when asked for by the version that is served, else asked for again each time."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        asked = scope["query_string"].decode("latin-1").removeprefix("v=")
        response.headers["Cache-Control"] = FOR_EVER if asked and asked == file_version(path) else ASK_AGAIN
        return response

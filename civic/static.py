"""Files of static/ under addresses that change with their content, so that browsers may keep them for ever."""

import hashlib
import os
import time
from functools import lru_cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent.parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
LOOK_SECONDS = 1.0  # after which it is looked whether a file changed


@lru_cache(maxsize=500)
def _hash(path: Path, modified: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


_looked: dict[str, tuple[float, str]] = {}  # by name: when the file was looked at, and its version


def file_version(name: str) -> str:
    """Twelve digits that change with the file's content; nothing for a file that is not there (yet).

    A page names a dozen files, and they hardly ever change: each is looked at once a second.
    """
    looked, version = _looked.get(name, (0.0, ""))
    if not version or time.monotonic() - looked > LOOK_SECONDS:
        version = _read_version(FOLDER / name)
        if version:  # of what anybody may ask for, nothing is remembered
            _looked[name] = time.monotonic(), version
    return version


def _read_version(path: Path) -> str:
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

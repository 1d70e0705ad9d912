"""Files of static/ under addresses that change with their content, so that browsers may keep them for ever."""

import hashlib
import os
import re
import time
from functools import lru_cache
from pathlib import Path

from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent.parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
COMMENT_LINES = re.compile(rb"^[ \t]*//.*\n", re.MULTILINE)
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


@lru_cache(maxsize=100)
def _read_script(path: Path, modified: int) -> bytes:
    """A script of ours without its lines of comment, which are a seventh of it and are not for the browser."""
    return COMMENT_LINES.sub(b"", path.read_bytes())


class VersionedFiles(StaticFiles):
    """static/: kept for ever when asked for by the version that is served, else asked for again each time."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        path = Path(full_path)
        if not isinstance(response, FileResponse) or path.suffix != ".js" or path.parent.name != "js":
            return response
        kept = {name: value for name, value in response.headers.items() if name in ("etag", "last-modified")}
        body = _read_script(path, stat_result.st_mtime_ns)
        return Response(body, status_code, kept, "text/javascript")

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        asked = scope["query_string"].decode("latin-1").removeprefix("v=")
        response.headers["Cache-Control"] = FOR_EVER if asked and asked == file_version(path) else ASK_AGAIN
        return response

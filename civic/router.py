"""Finds the route of an address among those that can match it: Starlette alone tries all two hundred in turn."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Lifespan, Receive, Scope, Send


def _first_part(path: str) -> str:
    """The first part of a path: "reports" of "/reports/17"."""
    return path[1:].partition("/")[0]


def _can_match(one: BaseRoute, path: str | None, first: str) -> bool:
    """Whether a route can match `path`, or, for None, any path whose first part is `first`."""
    if path is not None and isinstance(one, Route | Mount):
        return one.path_regex.match(path) is not None
    own = _first_part(getattr(one, "path", "/{any}"))
    return own == first or "{" in own


class PathRouter(Router):
    """Starlette's router over few routes: those of the very address, else those with the same first part.

    They stand in the order of all routes, so the one that is found is the one that Starlette would find.
    """

    def __init__(self, routes: Sequence[BaseRoute], lifespan: Lifespan[Starlette]) -> None:
        super().__init__(routes, redirect_slashes=False, lifespan=lifespan)
        self._indexed = 0  # routes
        self._by_path: dict[str, Router] = {}  # of addresses without parameters
        self._by_first_part: dict[str, Router] = {}

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Starlette's hook: handle a request."""
        if scope["type"] != "http" or scope.get("root_path"):
            return await super().app(scope, receive, send)
        if self._indexed != len(self.routes):
            self._index()
        scope["router"] = self
        path: str = scope["path"]
        few = self._by_path.get(path) or self._by_first_part.get(_first_part(path)) or self._by_first_part[""]
        await few.app(scope, receive, send)

    def _index(self) -> None:
        paths = {str(getattr(one, "path", "{")) for one in self.routes}
        self._by_path = {path: self._those(path, "") for path in paths if "{" not in path}
        firsts = {_first_part(path) for path in paths} | {""}
        self._by_first_part = {first: self._those(None, first) for first in firsts if "{" not in first}
        self._indexed = len(self.routes)

    def _those(self, path: str | None, first: str) -> Router:
        return Router([one for one in self.routes if _can_match(one, path, first)], redirect_slashes=False)

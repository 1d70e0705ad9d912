"""Lines of the history on a post's page, as moderation knows them: public texts that are neither post nor comment.

Posts know no histories. The domain that keeps them registers itself (civic/composition.py), and calls each line by a
name of its own, such as "26-118340-4", which is all that flags and the moderation log hold of it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from civic.errors import NotFound


@dataclass(frozen=True)
class Line:
    """A line, and whom it concerns. `post_ids`: the posts on whose pages it stands, or would stand."""

    name: str
    post_ids: tuple[int, ...]
    anchor: str  # what follows the path of the page in its address: "?before=5#event-4"
    text: str
    shown: bool  # everybody who sees the page reads it now
    hidden: bool
    user_id: int | None  # who wrote it, unless that was a department
    author_of: int | None  # the post whose author wrote it, where that is somebody without an account
    department_id: int | None  # for which it was written


class LineKeeper(Protocol):
    """What a domain with histories does for moderation, each in the transaction in hand.

    `hide`, `restore` and `erase` raise Conflict for a line that is so already.
    """

    async def find(self, names: Collection[str]) -> Mapping[str, Line]: ...
    async def hide(self, name: str, reason: str) -> None: ...
    async def restore(self, name: str) -> None: ...
    async def erase(self, name: str) -> None: ...


_keeper: LineKeeper | None = None


def register_line_keeper(keeper: LineKeeper) -> None:
    """Say who keeps the histories; every program does so once, at its start."""
    global _keeper
    _keeper = keeper


def line_keeper() -> LineKeeper:
    if _keeper is None:
        raise RuntimeError("This program moderates posts and has not called register_line_keeper.")
    return _keeper


async def find_lines(names: Collection[str]) -> Mapping[str, Line]:
    """The lines of these names; what there is not is left out."""
    return await line_keeper().find(names) if names else {}


async def get_line(name: str) -> Line:
    """Raises NotFound."""
    line = (await find_lines([name])).get(name)
    if line is None or not line.post_ids:
        raise NotFound()
    return line

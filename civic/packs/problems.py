"""Collecting the problems of a pack, so that all of them are reported at once."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from civic.errors import SetupError
from civic.i18n import gettext as _
from civic.i18n import ngettext

MAX_LISTED_PROBLEMS = 200  # a wrong column can cause one on every line


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `line` is 0 if unknown; `where` is the key or the feature; `unreadable`: the whole file
    cannot be read, so that others may follow from it."""

    file: str
    line: int
    where: str
    message: str
    unreadable: bool = False

    @property
    def order(self) -> tuple[object, ...]:
        """What cannot be read comes first; feature 2 before feature 10."""
        where = [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", self.where)]
        return not self.unreadable, self.file, self.line, where, self.message

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.where}: {self.message}" if self.where else f"{place}: {self.message}"


class PackError(SetupError):
    """The pack is wrong; `problems` has everything, what cannot be read first, then by file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda one: one.order))
        n = len(self.problems)
        lines = [
            ngettext(
                "The pack has %(n)s problem. Nothing was changed.",
                "The pack has %(n)s problems. Nothing was changed.",
                n,
            )
        ]
        lines += [f"  {problem}" for problem in self.problems[:MAX_LISTED_PROBLEMS]]
        if n > MAX_LISTED_PROBLEMS:
            lines.append("  " + _("… and %(n)s more.", n=n - MAX_LISTED_PROBLEMS))
        super().__init__("\n".join(lines))


class Problems:
    """The list to which every part of the reader adds."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(
        self, file: str, message: str, *, where: str = "", line: int | None = None, unreadable: bool = False
    ) -> None:
        self.found.append(Problem(file, line or 0, where, message, unreadable))

    def raise_any(self) -> None:
        """Raise PackError if there are any."""
        if self.found:
            raise PackError(self.found)

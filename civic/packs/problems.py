"""What is wrong with a pack, collected so that all of it can be said at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from civic.errors import SetupError
from civic.i18n import gettext as _
from civic.i18n import ngettext

MAX_LISTED_PROBLEMS = 200  # problems that are listed; a wrong mapping can make one of every line


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong: `where` is a line, a key or both."""

    file: str
    line: int
    where: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.where}: {self.message}" if self.where else f"{place}: {self.message}"


class PackError(SetupError):
    """The pack is wrong; `problems` is all of it, in the order of files and lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
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
    """The list that every part of the reading adds to."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, file: str, message: str, *, where: str = "", line: int | None = None) -> None:
        self.found.append(Problem(file, line or 0, where, message))

    def raise_any(self) -> None:
        """Raises PackError if anything was found."""
        if self.found:
            raise PackError(self.found)

"""What a status is, and an event's kind, is known in one table each: no other file spells the codes."""

import re
from collections.abc import Iterator
from pathlib import Path

from civic.cases.status import Status
from tests.source import ROOT

CODE = re.compile("""(["'])(""" + "|".join(Status) + r")\1")
ADDRESS = "whether its owner confirmed an e-mail address"
# Files and folders in which such a word is a code of something else.
OTHER_MEANINGS = {
    "civic/accounts": ADDRESS,
    "civic/cli/users.py": ADDRESS,
    "civic/reports/confirmation.py": ADDRESS,
    "civic/reports/receipts.py": ADDRESS,
    "templates/accounts": ADDRESS,
    "templates/reports/_mail.html": ADDRESS,
    "civic/cases/status.py": "the table",
    "civic/cases/event_kinds.py": "kinds of events: the other table",
    "civic/cases/models.py": "outcomes of assignments, and the name of a relation",
    "civic/demo": "plans of the made-up city, and columns of its file of history",
    "civic/imports": "columns of a file of history, and what its statuses mean",
    "civic/migrations": "a column's default, and a relation's name",
    "civic/scores": "figures, and why an assignment ended, in the files of a release",
    "civic/search/feed.py": "how many documents wait",
    "civic/traffic": "how sure an update is",
    "templates/scores": "figures, and why an assignment ended",
    "templates/traffic": "how sure an update is",
}


def spelled() -> Iterator[str]:
    """Every place that writes a status code as a text, as "file:line"."""
    for folder, suffixes in (
        ("civic", (".py", ".sql")),
        ("workers", (".py",)),
        ("templates", ("",)),
        ("static/js", (".js",)),
    ):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.name.endswith(suffixes) and not _exempt(path.relative_to(ROOT)):
                lines = path.read_text("utf-8").splitlines()
                yield from (
                    f"{path.relative_to(ROOT)}:{n}: {line}" for n, line in enumerate(lines, 1) if CODE.search(line)
                )


def _exempt(path: Path) -> bool:
    return bool({str(path), *map(str, path.parents)} & set(OTHER_MEANINGS))


def test_a_status_is_spelled_in_one_file() -> None:
    assert list(spelled()) == []

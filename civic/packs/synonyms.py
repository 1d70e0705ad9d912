"""Reading synonyms.csv: each line has words or phrases that mean the same in a search, in any language."""

import csv
import io
from pathlib import Path

from civic.i18n import gettext as _
from civic.packs.files import read_text
from civic.packs.problems import Problems
from civic.search.text import runs
from civic.text import CONTROL_CHARACTERS

FILE_NAME = "synonyms.csv"
MAX_PHRASE_CHARS, MAX_PHRASES = 60, 20  # phrases of a line


def read_synonyms(folder: Path, problems: Problems) -> tuple[tuple[str, ...], ...]:
    """Read the groups of phrases; empty if there is no such file."""
    path = folder / FILE_NAME
    if not path.exists() or (text := read_text(path, problems)) is None:
        return ()
    reader = csv.reader(io.StringIO(text), strict=True)
    groups = []
    try:
        for row in reader:
            if group := tuple(dict.fromkeys(phrase.strip() for phrase in row if phrase.strip())):
                _check(group, reader.line_num, problems)
                groups.append(group)
    except csv.Error as error:
        problems.add(FILE_NAME, _("This is not valid CSV: %(error)s", error=error), line=reader.line_num)
    return tuple(groups)


def _check(group: tuple[str, ...], line: int, problems: Problems) -> None:
    if len({tuple(runs(phrase)) for phrase in group}) < 2:
        problems.add(FILE_NAME, _("A line needs at least two different words or phrases."), line=line)
    if len(group) > MAX_PHRASES:
        problems.add(FILE_NAME, _("This line has more than %(n)s phrases.", n=MAX_PHRASES), line=line)
    for phrase in group:
        if not any(runs(phrase)):
            problems.add(FILE_NAME, _("“%(phrase)s” has neither letters nor digits.", phrase=phrase), line=line)
        if len(phrase) > MAX_PHRASE_CHARS:
            problems.add(FILE_NAME, _("This is longer than %(n)s characters.", n=MAX_PHRASE_CHARS), line=line)
        if CONTROL_CHARACTERS.search(phrase):
            problems.add(FILE_NAME, _("This contains a control character."), line=line)

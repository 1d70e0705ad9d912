"""Every text that people see, where it stands, and its translations. As a program: prints what lacks one.

python -m tests.texts        # blocks to paste into civic/locale/zh/<domain>.po, and entries that nothing uses
"""

import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.pofile import normalize, read_po
from jinja2.ext import babel_extract

from civic.db import DOMAINS
from civic.i18n import LOCALE, SOURCE_LANGUAGE, available_languages
from tests.source import ROOT, relative

KEYWORDS = {"_": None, "gettext": None, "lazy": None, "ngettext": (1, 2)}
TEMPLATES = (".html", ".txt", ".xml")
LANGUAGES = [code for code in available_languages() if code != SOURCE_LANGUAGE]
Id = str | tuple[str, str]


@dataclass
class Text:
    """A text as the source has it: the message id, or singular and plural."""

    id: Id
    domain: str
    places: list[str] = field(default_factory=list)


def sources() -> Iterator[Path]:
    for folder in ("civic", "workers"):
        yield from sorted((ROOT / folder).rglob("*.py"))
    yield from (path for path in sorted((ROOT / "templates").rglob("*")) if path.suffix in TEMPLATES)


def domain_of(path: Path) -> str:
    """Whose catalogue the texts of a file belong to; what belongs to no domain is in civic.po."""
    folder = path.relative_to(ROOT).parts[1]
    return folder if folder in DOMAINS else "civic"


def texts() -> dict[Id, Text]:
    """Every text of the program by its id."""
    found: dict[Id, Text] = {}
    for path in sources():
        with path.open("rb") as file:
            extract = extract_python if path.suffix == ".py" else babel_extract
            options = {"encoding": "utf-8", "extensions": "jinja2.ext.i18n", "silent": "false", "trimmed": "true"}
            for line, function, messages, _ in extract(file, list(KEYWORDS), [], options):
                if message := _id(function, messages):
                    text = found.setdefault(message, Text(message, domain_of(path)))
                    text.places.append(f"{relative(path)}:{line}")
    return found


def _id(function: str, messages: object) -> Id | None:
    """The id of a call that names its text; None for `_(variable)`, whose texts stand elsewhere."""
    if isinstance(messages, str):
        return messages or None
    if not isinstance(messages, list | tuple):
        return None
    if function == "ngettext":
        one, many = messages[:2]
        return (one, many) if isinstance(one, str) and isinstance(many, str) else None
    return messages[0] if messages and isinstance(messages[0], str) else None


def catalogues(language: str) -> dict[Path, Catalog]:
    found = {}
    for path in sorted((LOCALE / language).glob("*.po")):
        with path.open("rb") as file:
            found[path] = read_po(file, locale=language, abort_invalid=True)
    return found


def entries(language: str) -> Iterator[tuple[Path, Message]]:
    """Every entry of a language but the headers."""
    for path, catalogue in catalogues(language).items():
        yield from ((path, message) for message in catalogue if message.id)


def id_of(message: Message) -> Id:
    return message.id if isinstance(message.id, str) else (message.id[0], message.id[1])


def translated(message: Message) -> bool:
    strings = (message.string,) if isinstance(message.string, str) else message.string
    return bool(strings) and all(strings) and not message.fuzzy


def missing(language: str) -> list[Text]:
    """Texts that have no translation."""
    there = {id_of(message) for _, message in entries(language) if translated(message)}
    return [text for text in texts().values() if text.id not in there]


def stale(language: str) -> list[str]:
    """Entries that no text of the program uses any more."""
    used = texts()
    return [f"{relative(path)}: {id_of(m)!r}" for path, m in entries(language) if id_of(m) not in used]


def as_po(text: Text) -> str:
    lines = [f"#: {place}" for place in text.places[:3]]
    if isinstance(text.id, tuple):
        lines += [f"msgid {normalize(text.id[0])}", f"msgid_plural {normalize(text.id[1])}", 'msgstr[0] ""']
    else:
        lines += [f"msgid {normalize(text.id)}", 'msgstr ""']
    return "\n".join(lines) + "\n"


def main() -> None:
    for language in LANGUAGES:
        by_domain = defaultdict(list)
        for text in missing(language):
            by_domain[text.domain].append(text)
        for name, lacking in sorted(by_domain.items()):
            sys.stdout.write(f"\n# {len(lacking)} missing in civic/locale/{language}/{name}.po\n\n")
            sys.stdout.write("\n".join(map(as_po, lacking)))
        for line in stale(language):
            sys.stdout.write(f"# not used any more: {line}\n")


if __name__ == "__main__":
    main()

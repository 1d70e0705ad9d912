"""A table of a TOML file, read key by key: what is wrong is noted and something harmless given instead."""

from collections.abc import Collection, Iterator
from typing import Any

from civic.i18n import gettext as _
from civic.packs.files import Key, TomlFile
from civic.sla.targets import parse_target
from civic.suggestions import did_you_mean, unknown_name
from civic.text import CONTROL_CHARACTERS, SLUG

REQUIRED: Any = object()


class Table:
    """A table with its place in the file. `close` reports the keys that nobody asked for."""

    def __init__(self, source: TomlFile, data: dict[str, Any], key: Key = (), languages: Collection[str] = ()) -> None:
        self.source, self.data, self.key, self.languages = source, data, key, languages
        self._asked: set[str] = set()

    def problem(self, name: str, message: str) -> None:
        """Note what is wrong with the key `name` of this table (or with the table itself: "")."""
        key = (*self.key, *name.split(".")) if name else self.key
        self.source.problems.add(self.source.name, message, where=_written(key), line=self.source.line_of(key))

    def value(self, name: str, kind: type | tuple[type, ...], default: Any, kind_name: str) -> Any:
        """The value of a key if it is of this kind, else its default (None for one that is required)."""
        self._asked.add(name)
        empty = None if default is REQUIRED else default
        if name not in self.data:
            if default is REQUIRED:
                self.problem(name, _("This key is missing."))
            return empty
        found = self.data[name]
        wrong_bool = isinstance(found, bool) and kind is not bool
        if wrong_bool or not isinstance(found, kind):
            self.problem(name, _("This has to be %(kind)s.", kind=kind_name))
            return empty
        return found

    def text(self, name: str, default: Any = REQUIRED, *, longest: int = 500) -> str:
        text = (self.value(name, str, default, _("a text")) or "").strip()
        if not text and default is REQUIRED and name in self.data and isinstance(self.data[name], str):
            self.problem(name, _("This is empty."))
        self._check_text(name, text, longest)
        return text

    def _check_text(self, name: str, text: str, longest: int) -> None:
        if len(text) > longest:
            self.problem(name, _("This is longer than %(n)s characters.", n=longest))
        if CONTROL_CHARACTERS.search(text):
            self.problem(name, _("This holds a control character."))

    def slug(self, name: str) -> str:
        """A short name that stands in addresses: letters, digits, `-`, `_` and `.`."""
        text = self.text(name)
        if text and not SLUG.fullmatch(text):
            self.problem(name, not_a_slug(text))
        return text

    def flag(self, name: str, default: bool = False) -> bool:
        return bool(self.value(name, bool, default, _("true or false")))

    def number(self, name: str, default: Any, least: float, most: float, *, whole: bool = False) -> Any:
        kind_name = _("a whole number") if whole else _("a number")
        found = self.value(name, int if whole else (int, float), default, kind_name)
        if found is not None and not least <= found <= most:
            self.problem(name, _("This has to be from %(least)s to %(most)s.", least=least, most=most))
            return None if default is REQUIRED else default
        return found

    def one_of(self, name: str, allowed: Collection[str], default: str) -> str:
        text = self.text(name, default)
        if text not in allowed:
            self.problem(name, unknown_name(text, allowed))
        return text

    def target(self, name: str, default: str) -> str:
        """A target as sla.targets writes it, so that two ways to write one are the same."""
        text = self.text(name, default)
        try:
            return str(parse_target(text))
        except ValueError as error:
            self.problem(name, str(error))
            return default

    def names(self, name: str = "names", *, required: bool = True, longest: int = 200) -> dict[str, str]:
        """A text for each language of the city; `{}` where it is not given and need not be."""
        found = self.value(name, dict, REQUIRED if required else {}, _("a table with a text for each language"))
        if not found:
            if found == {} and required:
                self.problem(name, _("This is empty."))
            return {}
        for language, text in found.items():
            self._check_name(name, language, text, longest)
        if missing := [one for one in self.languages if one not in found]:
            self.problem(name, _("The text is missing in: %(languages)s.", languages=", ".join(missing)))
        return {language: str(text).strip() for language, text in found.items()}

    def _check_name(self, name: str, language: str, text: object, longest: int) -> None:
        if self.languages and language not in self.languages:
            message = _("%(language)s is not a language of the city.", language=language)
            self.problem(name, message + did_you_mean(language, self.languages))
        if not isinstance(text, str) or not text.strip():
            self.problem(f"{name}.{language}", _("This has to be a text."))
        else:
            self._check_text(f"{name}.{language}", text, longest)

    def list(self, name: str, default: Any = ()) -> list[Any]:
        return list(self.value(name, list, default, _("a list")) or ())

    def slugs(self, name: str) -> tuple[str, ...]:
        """A list of short names of other things."""
        found = self.list(name)
        if not all(isinstance(one, str) for one in found):
            self.problem(name, _("This has to be a list of texts."))
        return tuple(one for one in found if isinstance(one, str))

    def table(self, name: str, *, required: bool = False) -> "Table":
        """The table under a key; an empty one where there is none."""
        found = self.value(name, dict, REQUIRED if required else {}, _("a table"))
        return Table(self.source, found or {}, (*self.key, name), self.languages)

    def tables(self, name: str) -> Iterator["Table"]:
        """The tables of an array of tables (`[[name]]`)."""
        for index, data in enumerate(self.list(name)):
            key = (*self.key, name, index)
            if isinstance(data, dict):
                yield Table(self.source, data, key, self.languages)
            else:
                Table(self.source, {}, key).problem("", _("This has to be %(kind)s.", kind=_("a table")))

    def close(self) -> None:
        """Report keys that nobody asked for, with the nearest right one."""
        for name in self.data:
            if name not in self._asked:
                self.problem(name, _("There is no such key here.") + did_you_mean(name, self._asked))


def not_a_slug(text: str) -> str:
    return _("“%(text)s” is no short name: at most 64 of a–z, 0–9, “-”, “_” and “.”.", text=text[:80])


def _written(key: Key) -> str:
    """category[3].names: counted from 1, as people do."""
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in key]
    return "".join(parts).lstrip(".")

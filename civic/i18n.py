"""Texts in the reader's language: gettext catalogues, one .po per domain and language, merged when first used.

The language of the request in hand stands in a context variable; code calls `gettext` (or `lazy` where the text is
made before a reader is known: class attributes, constants) and templates call `_`, `ngettext`, `pgettext`.
English is the language of the message ids, so it needs no catalogue.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import LazyProxy, NullTranslations, Translations

LOCALE = Path(__file__).parent / "locale"
SOURCE_LANGUAGE = "en"

_language: ContextVar[str] = ContextVar("language", default=SOURCE_LANGUAGE)


@cache
def available_languages() -> list[str]:
    """Language codes that the program itself speaks, English first."""
    return [SOURCE_LANGUAGE, *sorted(p.name for p in LOCALE.iterdir() if p.is_dir())]


@cache
def catalogue(language: str) -> NullTranslations:
    """All of a language's .po files as one catalogue; a language without any speaks English."""
    merged: Translations | None = None
    for path in sorted((LOCALE / language).glob("*.po")):
        with path.open("rb") as file:
            po = read_po(file, locale=language)
        compiled = io.BytesIO()
        write_mo(compiled, po)
        compiled.seek(0)
        one = Translations(compiled)
        merged = merged.merge(one) if merged else one
    return merged or NullTranslations()


def language() -> str:
    """The language of the request in hand."""
    return _language.get()


def spoken_language() -> str:
    """The language in which the program speaks to the reader: that of the request, or English where it has no texts."""
    return language() if language() in available_languages() else SOURCE_LANGUAGE


def set_language(code: str) -> None:
    _language.set(code)


@contextmanager
def use_language(code: str) -> Iterator[None]:
    """Within the block, texts are in this language: a message to somebody, a command, a test."""
    token = _language.set(code)
    try:
        yield
    finally:
        _language.reset(token)


def gettext(message: str, **values: object) -> str:
    """`message` in the reader's language; `values` fill its %(name)s places."""
    text = catalogue(_language.get()).gettext(message)
    return text % values if values else text


def ngettext(singular: str, plural: str, n: int, **values: object) -> str:
    text = catalogue(_language.get()).ngettext(singular, plural, n)
    return text % ({"n": n, "num": n} | values)


def lazy(message: str, **values: object) -> LazyProxy:
    """A text that is looked up when it is shown."""
    return LazyProxy(gettext, message, enable_cache=False, **values)


def pick(names: dict[str, str] | None, code: str | None = None) -> str:
    """The name of a thing of the pack in the reader's language, else in English, else in any it has."""
    if not names:
        return ""
    return names.get(code or _language.get()) or names.get(SOURCE_LANGUAGE) or next(iter(names.values()))

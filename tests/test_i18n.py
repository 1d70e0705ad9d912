"""Every text has a translation, and every translation a text."""

import re

import pytest

from civic import i18n
from tests.texts import LANGUAGES, as_po, entries, id_of, missing, stale, texts, translated

PLACE = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}|%%")
# Punctuation of the Latin script right after a Chinese character.
NARROW = re.compile(r"[\u4e00-\u9fff][,.!?;:](?!\w)")
LATIN_ENDS, CHINESE_ENDS = (".", "?", "!", ":"), ("。", "？", "！", "：", "）", "”")


def strings(message: object) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(message)  # type: ignore[call-overload]


def test_there_are_texts_and_another_language() -> None:
    assert "zh" in LANGUAGES
    assert len(texts()) > 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    lacking = missing(language)
    assert not lacking, f"{len(lacking)} texts have no translation (make messages):\n" + "\n".join(map(as_po, lacking))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_is_used(language: str) -> None:
    left = stale(language)
    assert not left, "\n".join(left)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_half_translated(language: str) -> None:
    wrong = [f"{path.name}: {id_of(message)!r}" for path, message in entries(language) if not translated(message)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_places_for_values(language: str) -> None:
    wrong = [
        f"{path.name}: {id_of(message)!r} -> {string!r}"
        for path, message in entries(language)
        for string in strings(message.string)
        if set(PLACE.findall(string)) != set(PLACE.findall(strings(message.id)[-1]))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_translated_in_one_way(language: str) -> None:
    """Catalogues are merged, so that the same text in two of them would be said by the one that comes last."""
    seen: dict[object, object] = {}
    wrong = [
        f"{path.name}: {id_of(message)!r}"
        for path, message in entries(language)
        if seen.setdefault(id_of(message), message.string) != message.string
    ]
    assert not wrong, "\n".join(wrong)


def test_chinese_has_chinese_punctuation() -> None:
    wrong = [
        f"{path.name}: {string!r}"
        for path, message in entries("zh")
        for string, said in [(strings(message.string)[-1], strings(message.id)[-1])]
        if NARROW.search(string)
        or (said.endswith(LATIN_ENDS) and not said.endswith("...") and not string.endswith(CHINESE_ENDS))
    ]
    assert not wrong, "\n".join(wrong)


def test_the_reader_s_language_is_spoken() -> None:
    message = next(text.id for text in texts().values() if isinstance(text.id, str) and "%" not in text.id)
    assert isinstance(message, str)
    assert i18n.gettext(message) == message
    with i18n.use_language("zh"):
        assert i18n.gettext(message) != message


def test_a_language_without_catalogue_speaks_english() -> None:
    with i18n.use_language("eo"):
        assert i18n.gettext("Please sign in first.") == "Please sign in first."

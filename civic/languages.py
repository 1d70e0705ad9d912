"""In which language somebody wrote, as far as the letters tell: screen readers then read it with the right voice.

Nothing is kept: the letters of a text are always the same. What the letters do not tell (English or Hungarian) is left
to the page's own language, if that is written with them, else to the first of the city's that is.
"""

import re
from collections.abc import Iterable
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from civic import i18n

MAX_CHARS = 600  # characters of a text that are counted
MIN_LETTERS = 2  # fewer tell nothing
HAN_LETTERS = 3  # letters that a Chinese character says as much as
_SCRIPTS = {
    "Kana": "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f",
    "Hangul": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
    "Han": "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f",
    "Latin": "A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff",
    "Cyrillic": "\u0400-\u052f",
    "Greek": "\u0370-\u03ff\u1f00-\u1fff",
    "Arabic": "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc",
    "Hebrew": "\u0590-\u05ff",
    "Devanagari": "\u0900-\u097f",
    "Thai": "\u0e00-\u0e7f",
}
LETTERS = {name: re.compile(f"[{chars}]") for name, chars in _SCRIPTS.items()}
BEYOND_LATIN = re.compile("[\u0370-\U0010ffff]")  # Greek is the first script after it
# Languages not written in Latin letters. Where the city has none of a script, the script tells the first of these.
LANGUAGES = {
    "Han": ("zh", "yue"),
    "Kana": ("ja",),
    "Hangul": ("ko",),
    "Cyrillic": ("ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn", "tg"),
    "Greek": ("el",),
    "Arabic": ("ar", "fa", "ur", "ps", "ug"),
    "Hebrew": ("he", "yi"),
    "Devanagari": ("hi", "mr", "ne"),
    "Thai": ("th",),
}
_SCRIPT_OF = {language: script for script, languages in LANGUAGES.items() for language in languages}
TAGS = re.compile(r"<[^>]*>")
LONG_PHRASE = re.compile(f"([{_SCRIPTS['Han']}]{{8,}})")  # longer than a narrow line in large print


def find_script(text: str) -> str:
    """The script that most of a text is written in; "" if it has hardly a letter."""
    shown = text[:MAX_CHARS]
    if not BEYOND_LATIN.search(shown):
        return "Latin" if len(LETTERS["Latin"].findall(shown)) >= MIN_LETTERS else ""
    counts = {name: len(letters.findall(shown)) for name, letters in LETTERS.items()}
    counts["Han"] *= HAN_LETTERS
    if counts["Kana"]:  # Japanese has both
        counts["Kana"] += counts.pop("Han")
    script = max(counts, key=lambda name: counts[name])
    return script if counts[script] >= MIN_LETTERS else ""


def find_language(text: str, page: str, known: Iterable[str]) -> str:
    """The language that a text is written in if it is not the page's; "" if it is, or nothing tells.

    `known` are the city's languages.
    """
    script = find_script(text)
    if not script or script_of(page) == script:
        return ""
    own = next((one for one in known if script_of(one) == script), "")
    return own or next(iter(LANGUAGES.get(script, ())), "")


def script_of(language: str) -> str:
    """The script of a language, by its code, "pt-BR" too."""
    return _SCRIPT_OF.get(language.partition("-")[0].lower(), "Latin")


@pass_context
def lang_attribute(context: Context, text: Any) -> Markup:
    """` lang="zh"` for an element that shows what somebody wrote; nothing where it is the page's language."""
    shown = TAGS.sub("", str(text)) if isinstance(text, Markup) else str(text or "")
    found = find_language(shown, i18n.language(), getattr(context.get("city"), "languages", ()))
    return Markup(' lang="{}"').format(found) if found else Markup("")


def break_headline(text: Any) -> Markup:
    """A headline whose lines may end within a long Chinese phrase, but never before the mark that closes it.

    Shorter phrases stay whole (base.css keeps them together). One that fits no line would else be broken wherever the
    line is full, be it before a comma.
    """
    parts = LONG_PHRASE.split(str(text or ""))
    return Markup().join(Markup("<wbr>").join(part) if at % 2 else escape(part) for at, part in enumerate(parts))

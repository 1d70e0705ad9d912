"""Text as people type it: folded to compare it, cleaned to keep it, shortened to a slug for addresses."""

import hashlib
import re
import unicodedata

# What a database cannot keep or nobody sees: control characters (but tab and line feed), halves of surrogate pairs.
CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
NOT_LATIN = re.compile("[^\x00-\x7f\u0300-\u034e\u0350-\u036f]")  # neither ASCII nor an accent
# What takes no room on a page: the characters that Unicode calls default-ignorable (joiners, marks of direction,
# variation selectors, fillers of Korean syllables, tags), and those that are drawn as a blank without being one.
UNSEEN_CHARACTERS = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U00013441\U00013442\U00016fe4\U0001bca0-\U0001bca3\U0001d159"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
EAST_ASIAN_LETTER = re.compile(
    "[\u1100-\u11ff\u3005-\u3007\u3040-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff"
    "\uf900-\ufaff\uff66-\uffdc\U0001aff0-\U0001b16f\U00020000-\U0003ffff]"
)
# Letters that Unicode does not take apart, as people write them who lack the key.
UNDIVIDED_LETTERS = str.maketrans(
    {
        **dict(zip("łøđðħŧıŋəƀɨɓɗƙ", "loddhtinebibdk", strict=True)),
        **{"æ": "ae", "œ": "oe", "þ": "th"},
    }
)
UNDIVIDED_LETTER = re.compile(f"[{''.join(map(chr, UNDIVIDED_LETTERS))}]")
# Scripts whose letters look otherwise beside a joiner: Arabic and its kin, those of India and their kin to Java,
# Mongolian. Only Malayalam ends words with one.
JOINING_SCRIPTS = (
    "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1a20-\u1bff\ua840-\ua9df\ufb50-\ufdff\ufe70-\ufefc"
)
JOINERS = "\u200c\u200d"
REPEATED_JOINER = re.compile(f"([{JOINERS}])[{JOINERS}]+")
UNNEEDED_JOINER = re.compile(f"(?<![{JOINING_SCRIPTS}])[{JOINERS}]|(?<!\u0d4d)[{JOINERS}](?![{JOINING_SCRIPTS}])")
MIN_LETTERS, MIN_EAST_ASIAN_LETTERS = 10, 4  # of a public word (CLOCK-AND-SCORES 2)
MAX_SLUG_CHARS = 64
SLUG = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{MAX_SLUG_CHARS - 1}}}")


def fold(text: str) -> str:
    """How texts are compared and found: lower case, half width, without accents and strokes; Korean stays composed.

    Chinese stays as it is written, traditional or simplified.
    """
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", UNSEEN_CHARACTERS.sub("", text)).casefold()
    if UNDIVIDED_LETTER.search(plain):
        plain = plain.translate(UNDIVIDED_LETTERS)
    if not NOT_LATIN.search(plain):  # the rest is quicker for texts that are Latin letters with accents
        return plain.encode("ascii", "ignore").decode("ascii")
    # No mark stands before U+0300, which spares nearly every letter the look-up.
    kept = [c for c in plain if c < "\u0300" or not unicodedata.combining(c) or _is_voicing_mark(c)]
    return unicodedata.normalize("NFC", "".join(kept))


def clean_lines(text: str) -> str:
    """A text as it is kept: one character for a line end, no control characters, no blanks at its ends.

    A text of which nothing can be seen is none: "".
    """
    kept = CONTROL_CHARACTERS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return kept if is_seen(kept) else ""


def drop_unseen(text: str) -> str:
    """The text without what takes no room, but with the joiners between letters of scripts that need them."""
    shown = UNSEEN_CHARACTERS.sub(lambda found: found[0] if found[0] in JOINERS else "", text)
    return UNNEEDED_JOINER.sub("", REPEATED_JOINER.sub(r"\1", shown))


def find_letters(text: str) -> str:
    """The letters and digits of a text that can be seen, and nothing else; an accent is part of its letter.

    What only lengthens or modifies a letter ("ー", "ـ", "ː") is none by itself.
    """
    seen = unicodedata.normalize("NFC", UNSEEN_CHARACTERS.sub("", text))
    return "".join(c for c in seen if c.isalnum() and unicodedata.category(c) != "Lm")


def is_seen(text: str) -> bool:
    """Whether a reader of the text sees anything: a letter, a digit or a sign; blanks and lone accents are nothing."""
    return any(unicodedata.category(c)[0] in "LNPS" for c in UNSEEN_CHARACTERS.sub("", text))


def is_public_word(text: str) -> bool:
    """Whether a text says enough to stand as a public word: ten letters or digits that can be seen.

    Four are enough where Chinese, Japanese or Korean characters are among them.
    """
    letters = find_letters(text)
    return len(letters) >= (MIN_EAST_ASIAN_LETTERS if EAST_ASIAN_LETTER.search(letters) else MIN_LETTERS)


def _is_voicing_mark(mark: str) -> bool:
    """The voicing marks are part of a kana, not an accent."""
    return mark in "\u3099\u309a"


def make_slug(name: str) -> str:
    """A slug of ASCII letters, digits and `-` for any name: always the same one, and hardly ever that of another."""
    slug = re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")
    if slug and len(slug) <= MAX_SLUG_CHARS:
        return slug
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{slug[: MAX_SLUG_CHARS - 9].strip('-')}-{digest}".lstrip("-")

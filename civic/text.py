"""Text as people type it: folded to compare it, cleaned to keep it, shortened to a slug for addresses."""

import hashlib
import re
import unicodedata

# What a database cannot keep or nobody sees: control characters (but tab and line feed), halves of surrogate pairs.
CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
NOT_LATIN = re.compile("[^\x00-\x7f\u0300-\u034e\u0350-\u036f]")  # neither ASCII nor an accent
MAX_SLUG_CHARS = 64
SLUG = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{MAX_SLUG_CHARS - 1}}}")


def fold(text: str) -> str:
    """Lower case, half width, without accents; Korean stays composed."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text).casefold()
    if not NOT_LATIN.search(plain):  # the rest is quicker for texts that are Latin letters with accents
        return plain.encode("ascii", "ignore").decode("ascii")
    # No mark stands before U+0300, which spares nearly every letter the look-up.
    kept = [c for c in plain if c < "\u0300" or not unicodedata.combining(c) or _is_voicing_mark(c)]
    return unicodedata.normalize("NFC", "".join(kept))


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

"""Numbers as people type them: with a comma or a point, in full-width or Arabic digits, with any sign for minus."""

import re
import unicodedata

# Besides what compatibility folding (NFKC) makes ASCII of: full-width digits, commas, points and signs.
_SIGNS = str.maketrans({"−": "-", "–": "-", "‒": "-", "﹣": "-", "٫": ".", "，": ",", "．": ".", "。": "."})
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)")
EXPONENT_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)[eE][+-]?\d{1,3}")
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
MAX_NUMBER_CHARS = 40


def fold_digits(text: str) -> str:
    """The text in plain characters: every script's digits as 0 to 9, one sign for minus, point and comma."""
    plain = unicodedata.normalize("NFKC", text).translate(_SIGNS)
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain)


def parse_number(text: str, *, exponent: bool = False) -> float:
    """The number that was typed; `,` and `.` both stand before the decimals, and nothing groups digits.

    `exponent`: a program may have written it ("3.118e1"). Raises ValueError for anything else, also for what Python
    alone takes for a number: "1_000", "nan", "inf".
    """
    plain = fold_digits(text[: MAX_NUMBER_CHARS + 1]).strip()
    fits = NUMBER.fullmatch(plain) or (exponent and EXPONENT_NUMBER.fullmatch(plain))
    if not fits or len(plain) > MAX_NUMBER_CHARS:
        raise ValueError("not a number")
    return float(plain.replace(",", "."))


def is_grouped(text: str) -> bool:
    """Whether a comma may stand for thousands: "1,500" is 1.5 for some and 1500 for others."""
    return GROUPED.fullmatch(fold_digits(text[: MAX_NUMBER_CHARS + 1]).strip()) is not None

"""Positions as people write them: degrees in any notation, plus codes, geo: addresses and links of maps."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from civic.geo.map_links import find_link_positions
from civic.geo.plus_codes import find_codes
from civic.numbers import fold_digits, parse_number

MAX_POSITION_CHARS = 2000  # of a text in which a position is looked for; links are long
MIN_DECIMALS = 2  # of degrees without a sign or a letter: "12, 14" are two house numbers

# One coordinate without its letter: degrees, and perhaps minutes and seconds, apart by their signs or by blanks.
_PARTS = re.compile(
    r"""([+-]?)(\d{1,3}(?:[.,]\d+)?)(?:[°º˚d度\s]+(\d{1,2}(?:[.,]\d+)?))?"""
    r"""(?:['m分\s]+(\d{1,2}(?:[.,]\d+)?))?[°º˚d度'"ms分秒\s]*"""
)
_LETTER = re.compile(r"[NSEW]", re.IGNORECASE)
_SIGNS = str.maketrans({**dict.fromkeys("′‘’´ʹ＇", "'"), **dict.fromkeys("″“”ʺ＂", '"')})
_PLAIN_PAIR = re.compile(r"([+-]?\d{1,3}(?:\.\d+)?)\s*[,;/&、\s]\s*([+-]?\d{1,3}(?:\.\d+)?)")
_COMMA_PAIR = re.compile(r"([+-]?\d{1,3},\d+)\s*(?:[;/、]|,\s|\s)\s*([+-]?\d{1,3},\d+)")
# What people put around coordinates; in Chinese the words stand where others write a letter.
_WORDS = re.compile(
    r"(?i)\b(lat(itude)?|lon(g(itude)?)?|lng|coordinates?|gps|wgs-?84)\b\s*[:=]?|[纬緯经經]度?[:：=]?|坐标[:：]?"
)
_LETTERS = {"北": "N", "南": "S", "东": "E", "東": "E", "西": "W"}


class LatLon(NamedTuple):
    """WGS-84 degrees."""

    lat: float
    lon: float


def read_position(text: str, centre: LatLon, inside: Callable[[float, float], bool]) -> LatLon | None:
    """The position that a text consists of, or that its link names; None for a text that is an address.

    `centre` completes short plus codes. Where a pair can be read in two orders, the one that lies in the city is
    meant (`inside`), else latitude first.
    """
    text = text[:MAX_POSITION_CHARS].strip()
    found = [
        LatLon(*pair)
        for pair in (*find_link_positions(text), *find_codes(fold_digits(text), centre))
        if _is_on_earth(*pair)
    ]
    if not found and "://" not in text:
        found = [pair for pair in _typed_pairs(text) if _is_on_earth(*pair)]
    return next((pair for pair in found if inside(*pair)), found[0] if found else None)


def parse_degrees(text: str, limit: float) -> float:
    """Degrees of one coordinate as typed: "31,18", "31.18° N", "31°10'55\"S". Raises ValueError beyond `limit`."""
    try:
        value = parse_number(text)
    except ValueError:
        plain = _plain(text)
        letter = next((one for one in (plain[:1], plain[-1:]) if _LETTER.fullmatch(one)), "")
        value = _degrees(plain.removeprefix(letter).removesuffix(letter), letter)
    if not abs(value) <= limit:
        raise ValueError("out of range")
    return value


def _is_on_earth(lat: float, lon: float) -> bool:
    return abs(lat) <= 90 and abs(lon) <= 180


def _plain(text: str) -> str:
    """Without words and brackets, with letters for the points of the compass; digits are plain."""
    bare = _WORDS.sub(" ", fold_digits(text.translate(_SIGNS)))
    for word, letter in _LETTERS.items():
        bare = bare.replace(word, letter)
    return bare.strip(" \t\n()[]{}<>@:")


def _typed_pairs(text: str) -> Iterator[LatLon]:
    """What a pair of coordinates may be, most likely first; nothing for other texts."""
    plain = _plain(text)
    for pattern in (_PLAIN_PAIR, _COMMA_PAIR):
        if (pair := pattern.fullmatch(plain)) and all(_is_exact(one) for one in pair.groups()):
            first, second = (parse_number(one) for one in pair.groups())
            yield LatLon(first, second)
            yield LatLon(second, first)
    yield from _lettered_pair(plain)


def _is_exact(degrees: str) -> bool:
    return len(re.split("[.,]", degrees + ".")[1]) >= MIN_DECIMALS


def _lettered_pair(plain: str) -> Iterator[LatLon]:
    """The pair of a text such as 31°10'55"N 118°1'11"E or N31.2 E118.1, where both coordinates have their letter."""
    letters = list(_LETTER.finditer(plain))
    if len(letters) != 2:
        return
    first, second = letters
    before = first.start() == 0
    parts = (
        (plain[1 : second.start()], plain[second.end() :])
        if before
        else (plain[: first.start()], plain[first.end() : second.start()])
    )
    if not before and plain[second.end() :].strip():
        return
    try:
        one, other = (
            _degrees(part.strip(" ,;/、"), letter.group()) for part, letter in zip(parts, letters, strict=True)
        )
    except ValueError:
        return
    if (names := first.group().upper() + second.group().upper()) in ("NE", "NW", "SE", "SW"):
        yield LatLon(one, other)
    elif names[::-1] in ("NE", "NW", "SE", "SW"):
        yield LatLon(other, one)


def _degrees(text: str, letter: str) -> float:
    """Raises ValueError."""
    match = _PARTS.fullmatch(text.strip())
    if not match:
        raise ValueError("not degrees")
    minutes, seconds = parse_number(match[3] or "0"), parse_number(match[4] or "0")
    if minutes >= 60 or seconds >= 60:
        raise ValueError("not minutes or seconds")
    value = parse_number(match[2]) + minutes / 60 + seconds / 3600
    other_side = bool(letter) and letter in "SsWw"
    return -value if (match[1] == "-") != other_side else value

"""Canonical JSON: RFC 8785 (JCS), in plain Python. Two programs that hash the same value get the same bytes.

What can be written are the values of I-JSON (RFC 7493): whole numbers of at most 53 bits, finite doubles, text without
lone surrogates, keys that occur once. The module needs the standard library alone: it is a part of `verify.py`.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from json.encoder import encode_basestring as write_text
from typing import Any, NoReturn

MAX_WHOLE_NUMBER = 2**53 - 1
MAX_JSON_DEPTH = 100
HALF_CHARACTER = "a text holds half a character (a lone surrogate)"

_MAX_PLAIN_POWER = 21  # ECMAScript writes 1e+21 with an exponent, and 1e+20 without
_MIN_PLAIN_POWER = -6  # and 1e-7 with an exponent, and 0.000001 without


def encode_canonical_json(value: object) -> bytes:
    """Return the canonical UTF-8 JSON text of a value: keys in the order of UTF-16, no spaces, numbers as ECMAScript.

    A float without a fraction is written as a whole number, so that a value read back from a `jsonb` column gives the
    same bytes. Raises TypeError for what JSON cannot hold, ValueError for NaN, infinities, whole numbers beyond 53
    bits, lone surrogates, and what is nested deeper than MAX_JSON_DEPTH.
    """
    text = "".join(_write_value(value, 0))
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ValueError(HALF_CHARACTER) from None


def parse_json(data: bytes | str) -> Any:
    """Parse strict JSON: UTF-8, each key once in its object; a number of more than 53 bits is the double next to it.

    Raises ValueError for anything else, whatever the bytes are, and for half a surrogate pair, which no UTF-8 holds.
    """
    text = data if isinstance(data, str) else data.decode()
    try:
        value = _DECODER.decode(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError(HALF_CHARACTER) from None
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value


def format_number(number: int | float) -> str:
    """Write a number as ECMAScript does: the shortest digits that give the same double back.

    Raises ValueError for NaN, infinities and whole numbers beyond 53 bits.
    """
    if isinstance(number, int):
        if abs(number) > MAX_WHOLE_NUMBER:
            raise ValueError(f"a whole number has at most 53 bits; this one has {number.bit_length()}")
        return int.__repr__(number)
    if not math.isfinite(number):
        raise ValueError("NaN and infinities are no JSON")
    if number == 0:
        return "0"  # minus zero too
    sign = "-" if number < 0 else ""
    digits, power = _split_number(abs(number))
    return sign + _place_point(digits, power)


def _split_number(number: float) -> tuple[str, int]:
    """Return the digits of a positive number, and the power with number = 0.DIGITS * 10**power."""
    mantissa, _, exponent = float.__repr__(number).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading_zeros = len(whole) + len(fraction) - len(digits)
    return digits.rstrip("0"), len(whole) - leading_zeros + int(exponent or 0)


def _place_point(digits: str, power: int) -> str:
    if len(digits) <= power <= _MAX_PLAIN_POWER:
        return digits.ljust(power, "0")
    if 0 < power <= _MAX_PLAIN_POWER:
        return f"{digits[:power]}.{digits[power:]}"
    if _MIN_PLAIN_POWER < power <= 0:
        return f"0.{'0' * -power}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{power - 1:+d}"


def _write_value(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield write_text(value)
    elif value is None:
        yield "null"
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, int | float):
        yield format_number(value)
    elif depth >= MAX_JSON_DEPTH:
        raise ValueError("nested too deep")
    elif isinstance(value, Mapping):
        yield from _write_object(value, depth + 1)
    elif isinstance(value, list | tuple):
        yield from _write_list(value, depth + 1)
    else:
        raise TypeError(f"JSON cannot hold {type(value).__name__}")


def _write_object(value: Mapping[str, object], depth: int) -> Iterator[str]:
    if not all(isinstance(key, str) for key in value):
        raise TypeError("keys must be text")
    before = "{"
    for key in sorted(value, key=_order_key):
        yield f"{before}{write_text(key)}:"
        yield from _write_value(value[key], depth)
        before = ","
    yield "}" if value else "{}"


def _write_list(value: Sequence[object], depth: int) -> Iterator[str]:
    before = "["
    for item in value:
        yield before
        yield from _write_value(item, depth)
        before = ","
    yield "]" if value else "[]"


def _order_key(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _build_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    built = dict(pairs)
    if len(built) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return built


def _read_int(digits: str) -> int | float:
    """Read a whole number; one beyond 53 bits as the double that other programs read (and thousands of digits fast)."""
    if len(digits) <= len(str(-MAX_WHOLE_NUMBER)) and abs(int(digits)) <= MAX_WHOLE_NUMBER:
        return int(digits)
    return _read_float(digits)


def _read_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number that no double holds")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_build_object, parse_int=_read_int, parse_float=_read_float, parse_constant=_refuse_constant
)

"""Canonical JSON, against the vectors of RFC 8785 and the package rfc8785, which somebody else wrote."""

import json
import struct
from collections.abc import Callable

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from civic.canonical_json import MAX_JSON_DEPTH, MAX_WHOLE_NUMBER, encode_canonical_json, format_number, parse_json

# RFC 8785, appendix B: the bits of a double, and how it is written.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}
# RFC 8785, 3.2.2 to 3.2.4: the example, and its bytes.
EXAMPLE = r"""{
  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}"""
EXAMPLE_BYTES = bytes.fromhex(
    "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e33333333333333"
    "2c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e412742"
    "5c225c5c5c5c5c222f227d"
)
# RFC 8785, 3.2.3: keys in the order of their UTF-16 code units.
KEYS = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]

TEXTS = st.text(st.characters(codec="utf-8"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)


def result_of(encode: Callable[[object], bytes], value: object) -> bytes | None:
    """The bytes, or None for a value that is refused."""
    try:
        return encode(value)
    except ValueError:
        return None


@given(VALUES)
def test_a_value_is_written_as_another_writer_writes_it(value):
    assert result_of(encode_canonical_json, value) == result_of(rfc8785.dumps, value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_written_as_another_writer_writes_it_and_reads_back(number):
    assert format_number(number) == rfc8785.dumps(number).decode()
    assert parse_json(format_number(number)) == number


@given(VALUES.filter(lambda value: result_of(encode_canonical_json, value) is not None))
def test_what_is_written_reads_back_and_is_written_the_same(value):
    text = encode_canonical_json(value)
    assert parse_json(text) == value
    assert encode_canonical_json(parse_json(text)) == text


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_a_number_is_written_as_in_the_standard(bits, text):
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert format_number(number) == text


def test_the_example_of_the_standard_has_its_bytes():
    assert encode_canonical_json(parse_json(EXAMPLE)) == EXAMPLE_BYTES


def test_keys_have_the_order_of_utf_16():
    written = encode_canonical_json({key: at for at, key in enumerate(reversed(KEYS))})
    assert list(json.loads(written)) == KEYS


def test_a_number_does_not_depend_on_how_it_was_kept():
    assert encode_canonical_json({"b": 1.0, "a": [-0.0]}) == encode_canonical_json({"a": [0], "b": 1})


def nest(depth: int) -> object:
    value: object = 0
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"x": float("nan")}, "NaN"),
        ({"x": float("-inf")}, "infinities"),
        (MAX_WHOLE_NUMBER + 1, "53 bits"),
        (-(10**400), "53 bits"),
        ("\ud800", "surrogate"),
        ({"\udfff": 1}, "surrogate"),
        (nest(MAX_JSON_DEPTH + 1), "deep"),
    ],
)
def test_a_value_that_not_every_program_reads_alike_is_refused(value, error):
    with pytest.raises(ValueError, match=error):
        encode_canonical_json(value)


@pytest.mark.parametrize("value", [{"x": object()}, {1: "x"}, {b"x"}, b"x"])
def test_what_is_no_json_is_refused(value):
    with pytest.raises(TypeError):
        encode_canonical_json(value)


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": 1, "a": 1}',
        b'[{"b": {"a": 1, "a": 2}}]',
        b"[NaN]",
        b"-Infinity",
        b"1e400",
        b"9" * 400,
        b"9" * 100_000,
        b"\xff",
        b'"\xed\xa0\x80"',
        rb'["\ud800"]',
        rb'{"\udc00x": 1}',
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b"",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_a_text_that_is_no_strict_json_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


def test_a_long_whole_number_is_the_double_next_to_it():
    assert parse_json(f"[{2**53}, {2**53 - 1}, {-(10**22)}]") == [float(2**53), 2**53 - 1, -1e22]

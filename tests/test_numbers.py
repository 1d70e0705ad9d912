"""Numbers as people type them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic.numbers import is_grouped, parse_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("31.18", 31.18), ("31,18", 31.18), (" 31 ", 31.0), ("+5", 5.0), ("5.", 5.0), (".5", 0.5), (",5", 0.5)),
        *(("３１．１８", 31.18), ("３１，１８", 31.18), ("٣١٫١٨", 31.18), ("৩১.৫", 31.5), ("１", 1.0)),
        *(("-31.2", -31.2), ("−31.2", -31.2), ("–31,2", -31.2), ("－３", -3.0), ("0007", 7.0)),
    ],
)
def test_a_number(text: str, number: float) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "x",
            "31.1_8",
            "1_000",
            "nan",
            "inf",
            "-Infinity",
            "0x10",
            "1e3",
            "1e999",
            "1.2.3",
            "1,2,3",
            "1.2,3",
        ),
        *("--5", "5-", "½", "Ⅷ", "1 000", "9" * 41),
    ],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        parse_number(text)


def test_programs_write_powers_of_ten() -> None:
    assert parse_number("3.118E1", exponent=True) == 31.18
    assert parse_number("3,118e+01", exponent=True) == 31.18
    with pytest.raises(ValueError, match="not a number"):
        parse_number("1e1000", exponent=True)


@given(st.floats(-1e6, 1e6), st.sampled_from(".,，．٫"), st.integers(0, 9))
def test_every_notation_is_the_same_number(value: float, point: str, digits: int) -> None:
    written = f"{value:.{digits}f}"
    assert parse_number(written.replace(".", point)) == float(written)
    full_width = written.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789.-"})
    assert parse_number(full_width) == float(written)


@given(st.text(max_size=60))
def test_no_text_is_anything_but_a_number_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert abs(parse_number(text)) < 1e41


@pytest.mark.parametrize(("text", "grouped"), [("1,500", True), ("1,500,000", True), ("1,50", False), ("0,500", False)])
def test_thousands(text: str, grouped: bool) -> None:
    assert is_grouped(text) == grouped

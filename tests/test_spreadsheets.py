"""Tables that people open: nothing in them is run, and Chinese can be read."""

import csv
import io

import pytest

from civic.spreadsheets import escape_cell, write_spreadsheet


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@x",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
        "\u200b=1",
        "\ufeff=1",
        "\u3000＝1",
    ],
)
def test_a_text_that_a_spreadsheet_would_run(text: str) -> None:
    assert escape_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "cell"), [("Roads", "Roads"), ("a=b", "a=b"), (-0.5, "-0.5"), (None, ""), ("", ""), ("路灯", "路灯")]
)
def test_anything_else_stays(value: object, cell: str) -> None:
    assert escape_cell(value) == cell  # type: ignore[arg-type]


def test_the_file_says_its_encoding_and_reads_back() -> None:
    data = write_spreadsheet([{"name": "照明,“灯”", "n": 1}, {"name": "=HYPERLINK()", "more": "two\nlines"}])
    assert data.startswith(b"\xef\xbb\xbf")
    assert list(csv.DictReader(io.StringIO(data.decode("utf-8-sig")))) == [
        {"name": "照明,“灯”", "n": "1", "more": ""},
        {"name": "'=HYPERLINK()", "n": "", "more": "two\nlines"},
    ]

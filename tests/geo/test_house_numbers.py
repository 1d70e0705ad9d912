"""House numbers as maps write them and as people type them."""

import pytest

from civic.geo.gazetteer import compact, fold_name
from civic.geo.house_numbers import name_address, read_numbers, typed_numbers


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("5", [("5", "5")]),
        ("5 A", [("5a", "5 A")]),
        ("36b", [("36b", "36b")]),
        ("12号", [("12", "12")]),
        ("12弄3号", [("12弄3", "12弄3")]),
        ("3-7", [("3", "3-7"), ("5", "3-7"), ("7", "3-7")]),
        ("3–4", [("3", "3–4"), ("4", "3–4")]),
        ("5 A; 7", [("5a", "5 A"), ("7", "7")]),
        ("2, 2. krs./Floor 2", [("2", "2")]),
        ("29-27", [("29", "29-27")]),
        ("1-90000", [("1", "1-90000")]),
        ("none", []),
    ],
)
def test_numbers_of_a_tag(written: str, numbers: list[tuple[str, str]]) -> None:
    assert list(read_numbers(written)) == numbers


@pytest.mark.parametrize(
    ("typed", "street", "keys"),
    [
        ("Mannerheimintie 5", "Mannerheimintie", ["5"]),
        ("Mannerheimintie 5 A 12, Helsinki", "Mannerheimintie", ["5a", "5"]),
        ("12b Main Street", "Main Street", ["12b", "12"]),
        ("Apt 7, 12 Main St", "Main Street", ["12"]),
        ("人民路12号", "人民路", ["12"]),
        ("湖滨区人民路12弄3号", "人民路", ["12弄3", "12"]),
        ("Manerheimintie 007", "Mannerheimintie", ["7"]),
        ("Mannerheimintie", "Mannerheimintie", []),
        ("Rue du 8 mai 5", "Rue du 8 mai", ["5"]),
    ],
)
def test_the_number_beside_a_street(typed: str, street: str, keys: list[str]) -> None:
    assert typed_numbers(fold_name(typed), compact(street)) == keys


def test_names_of_houses() -> None:
    assert name_address("Mannerheimintie", "5 A", "fi") == "Mannerheimintie 5 A"
    assert name_address("Main Street", "12", "en") == "12 Main Street"
    assert name_address("人民路", "12", "zh") == name_address("人民路", "12号", "en") == "人民路12号"

"""Text and names: how they are folded and shortened, and what was meant by a wrong one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic.i18n import use_language
from civic.suggestions import did_you_mean, nearest_name, unknown_name
from civic.text import CONTROL_CHARACTERS, MAX_SLUG_CHARS, SLUG, fold, make_slug


def test_folded_texts_are_compared_without_case_width_and_accents() -> None:
    assert fold("Ｃａｆé") == fold("CAFE") == "cafe"
    assert fold("ガ") != fold("カ")


@given(st.text(min_size=1, max_size=200))
def test_every_name_has_one_slug(name: str) -> None:
    slug = make_slug(name)
    assert SLUG.fullmatch(slug)
    assert len(slug) <= MAX_SLUG_CHARS
    assert make_slug(name) == slug


def test_slugs_that_people_can_read() -> None:
    assert make_slug("Zaj & bűz") == "zaj-buz"
    assert make_slug("水务局") != make_slug("水利局")


def test_control_characters_are_all_but_tab_and_line_feed() -> None:
    assert not CONTROL_CHARACTERS.search("a\tb\nc “路” 🚲")
    assert all(CONTROL_CHARACTERS.search(char) for char in "\0\r\x1b\x7f\x85\ud800")


@pytest.mark.parametrize(
    ("name", "nearest"), [("langauges", "languages"), ("zon", "zone"), ("server.prt", "server.port"), ("qqq", None)]
)
def test_the_nearest_name(name: str, nearest: str | None) -> None:
    assert nearest_name(name, ["zone", "languages", "server", "server.port"]) == nearest


def test_what_was_meant_is_said_in_the_reader_s_language() -> None:
    assert did_you_mean("ofice", ["office"]) == " Did you mean office?"
    assert did_you_mean("24h", ["office"]) == ""
    assert unknown_name("24h", ["office", "duty"]) == "There is no “24h”. There is: duty, office."
    assert unknown_name("24h", []) == "There is no “24h”. There is: —."
    with use_language("zh"):
        assert unknown_name("ofice", ["office"]) == "没有“ofice”。 您是不是想写“office”？"

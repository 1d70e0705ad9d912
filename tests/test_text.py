"""Text and names: how they are folded and shortened, and what was meant by a wrong one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic.accounts.forms import clean_name
from civic.geo.gazetteer import compact
from civic.i18n import use_language
from civic.search.text import runs
from civic.suggestions import did_you_mean, nearest_name, unknown_name
from civic.text import CONTROL_CHARACTERS, MAX_SLUG_CHARS, SLUG, drop_unseen, fold, make_slug


def test_folded_texts_are_compared_without_case_width_and_accents() -> None:
    assert fold("Ｃａｆé") == fold("CAFE") == "cafe"
    assert fold("ガ") != fold("カ")


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Łódź", "lodz"),
        ("Østergade", "ostergade"),
        ("Straße", "strasse"),
        ("Diyarbakır", "diyarbakir"),
        ("İSTANBUL", "istanbul"),
        ("Ærø", "aero"),
        ("Cœur", "coeur"),
        ("Đà Nẵng", "da nang"),
        ("Þingvellir", "thingvellir"),
        ("Ħamrun", "hamrun"),
        ("Ｍａｉｎ　Ｓｔ", "main st"),
        ("soft\u00adhyphen", "softhyphen"),
        ("می\u200cخواهم", "میخواهم"),
    ],
)
def test_letters_are_found_as_people_type_them(written: str, typed: str) -> None:
    """In search and in names of places alike, which both fold by this."""
    assert fold(written) == fold(written.upper()) == typed
    assert list(runs(written)) == typed.split()
    assert compact(written) == compact(typed)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("می\u200cخواهم", "می\u200cخواهم"),  # Persian
        ("क्\u200dष", "क्\u200dष"),  # Hindi
        ("ශ්\u200dරී", "ශ්\u200dරී"),  # Sinhala
        ("മോഹന്\u200d", "മോഹന്\u200d"),  # Malayalam ends words with it
        ("می\u200c\u200c\u200bخ", "می\u200cخ"),
        ("A\u200dna\u200c", "Ana"),
        ("\u200cمی\u200c", "می"),
        ("市\u200d政", "市政"),
    ],
)
def test_joiners_stay_in_the_scripts_that_need_them(name: str, kept: str) -> None:
    assert drop_unseen(name) == clean_name(name) == kept


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

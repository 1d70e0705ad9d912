"""Everything that can be wrong with a pack is said at once, with file and line or key, and nothing changes."""

import json
from pathlib import Path

import pytest

from civic import db, i18n
from civic.catalogue.models import Category
from civic.packs.actions import load_pack
from civic.packs.files import key_lines
from civic.packs.problems import PackError
from civic.packs.reader import read_pack
from tests.packs.conftest import WritePack, added, changed, collection, feature, problems
from tests.packs.mistakes import WRONG


def test_the_small_pack_is_sound(write_pack: WritePack) -> None:
    pack = read_pack(write_pack())
    assert [area.slug for area in pack.areas] == ["small", "west", "east"]
    assert pack.bbox == [118.0, 31.0, 118.2, 31.1]  # the city's outline is that of its parts
    assert pack.city.settings.response == "2 working days"


@pytest.mark.parametrize(("files", "said"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
def test_what_is_wrong_is_said(write_pack: WritePack, files: dict[str, str | bytes | None], said: str) -> None:
    found = problems(write_pack(files))
    assert any(said in problem for problem in found), found


def test_a_file_that_cannot_be_read_is_the_only_problem(write_pack: WritePack) -> None:
    """What it would have given is not missed in the other files."""
    for name in ("departments.toml", "calendars.toml", "categories.toml"):
        assert len(problems(write_pack(added(name, "[[")))) == 1


def test_everything_is_said_at_once(write_pack: WritePack) -> None:
    files = {
        **changed("city.toml", "Asia/Shanghai", "Nowhere"),
        **changed("departments.toml", 'calendar = "office"\n', ""),
        **added("categories.toml", 'response = "soon"\nresolution = "later"\n'),
        "areas.geojson": collection(feature("small", None, {}), feature("west", "smal", {})),
    }
    found = problems(write_pack(files))
    files_named = [problem.split(".")[0] for problem in found]
    assert files_named == ["areas", "areas", "areas", "categories", "categories", "city", "departments"]


async def test_nothing_changes_unless_all_is_right(database: str, write_pack: WritePack) -> None:
    await load_pack(write_pack())
    assert (await Category.get(code="pothole")).response_target == "2 working days"  # the city's
    tables = ("city", "area", "category", "department", "calendar", "calendar_interval")
    before = [await db.fetch(f"SELECT * FROM {table} ORDER BY 1") for table in tables]
    wrong = {**changed("city.toml", "小城", "大城"), **added("categories.toml", 'response = "soon"\n')}
    with pytest.raises(PackError, match=r"1 problem\. Nothing was changed"):
        await load_pack(write_pack(wrong))
    assert [await db.fetch(f"SELECT * FROM {table} ORDER BY 1") for table in tables] == before


def test_problems_are_told_in_chinese(write_pack: WritePack) -> None:
    with i18n.use_language("zh"):
        found = problems(write_pack({"areas.geojson": None}))
    assert found == ["areas.geojson: 缺少这个文件。"]


def test_no_such_folder(tmp_path: Path) -> None:
    assert problems(tmp_path / "none") == [f"{tmp_path / 'none'}: There is no such folder."]


def test_where_keys_stand_in_toml() -> None:
    text = '''a = 1
[t]
"b.c" = """
x = 1
"""
d = [
  { x = 1 }, # ]
  "]",
]
e.f = 2
[[list]]
g = 1
[list.sub]
h = '"'
[[list.more]]
i = 1
[[list]]
[[list.more]]
j = 1
'''
    lines = dict(key_lines(text))
    assert lines["a",] == 1
    assert lines["t", "b.c"] == 3
    assert lines["t", "d"] == 6
    assert lines["t", "e", "f"] == 10
    assert lines["list", 0, "sub", "h"] == 14
    assert lines["list", 0, "more", 0, "i"] == 16
    assert lines["list", 1, "more", 0, "j"] == 19
    assert ("t", "x") not in lines
    assert json.dumps(sorted(set(lines.values())))

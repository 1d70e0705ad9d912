"""The demo city's pack: sound, loaded in place, changed by nothing but a change."""

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

import civic.demo
from civic import db, timing
from civic.catalogue import queries as departments
from civic.catalogue.models import Calendar, Category
from civic.city.queries import city, city_version
from civic.geo import queries as geo
from civic.packs.actions import load_pack
from civic.packs.reader import read_pack
from civic.routing.facts import Facts
from civic.routing.queries import decide

PACK = Path(civic.demo.__file__).parent / "pack"
NOON = datetime(2026, 11, 13, 4, tzinfo=UTC)


def test_the_pack_is_sound_and_whole() -> None:
    pack = read_pack(PACK)
    assert [len(pack.areas), len(pack.groups), len(pack.services)] == [20, 6, 10]
    assert len(pack.categories) >= 25
    assert len(pack.places) >= 60
    assert {one.level for one in pack.areas} == {0, 1, 2}


async def test_everybody_finds_what_was_loaded(database: str) -> None:
    summary = await load_pack(PACK)
    assert summary.changed
    view = await city()
    assert (view.names["zh"], view.languages) == ("河滨市", ("zh", "en"))
    areas = await geo.areas()
    square = (await geo.geocode("钟楼广场"))[0]
    found = areas.at(square.lat, square.lon)
    assert [area.slug for area in areas.path(found and found.id)] == ["bell-tower", "old-town", "riverside"]
    west, south, east, north = view.bbox
    assert west < square.lon < east
    assert south < square.lat < north


async def test_the_old_town_has_its_own_patrol(database: str) -> None:
    await load_pack(PACK)
    catalogue, areas = await departments.catalogue(), await geo.areas()

    async def department(area: str | None) -> str:
        path = areas.path(areas.by_slug[area].id) if area else ()
        facts = Facts("noise", tuple(one.slug for one in path), "Music all night.", {}, "web", NOON)
        decision = await decide(facts)
        assert decision.step == "category"
        assert decision.department_id is not None
        return catalogue.department_by_id[decision.department_id].slug

    assert await department("bell-tower") == "old-town-urban"
    assert await department("docks") == "urban-management"
    assert await department(None) == "urban-management"
    assert [one.slug for one in catalogue.children(catalogue.department_by_slug["water"].id)] == ["drainage"]
    assert catalogue.groups[0].code == "roads"
    assert sum(len(group.categories) for group in catalogue.form_groups) == len(catalogue.categories)
    # What others handle is offered in the form, and nowhere else.
    helped = {one.code for one in catalogue.categories if one.instead}
    assert helped == {"power-cut"}
    assert not helped & {one.code for group in catalogue.groups for one in group.categories}


async def test_loading_again_changes_nothing(database: str) -> None:
    with timing.at(NOON):
        await load_pack(PACK)
    before = await snapshot()
    summary = await load_pack(PACK)
    assert not summary.changed
    assert not any(tally.touched for tally in summary.kinds.values())
    assert await snapshot() == before


async def snapshot() -> list[object]:
    """Everything that a pack writes."""
    tables = "city area place calendar department category category_department service rule calendar_interval"
    return [await db.fetch(f"SELECT * FROM {table} ORDER BY 1") for table in tables.split()]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACK, tmp_path / "pack"))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


async def test_a_change_is_made_in_place(database: str, copy: Path) -> None:
    await load_pack(copy)
    before = await Category.get(code="pothole")
    edit(
        copy / "categories.toml",
        'names = { zh = "路面坑洼", en = "Pothole" }',
        'names = { zh = "坑洼", en = "Pothole" }',
    )
    version = await city_version()
    summary = await load_pack(copy)
    assert await city_version() == version + 1
    assert summary.kinds["categories"].changed == 1
    assert summary.kinds["areas"].touched == 0
    after = await Category.get(code="pothole")
    assert (after.id, after.names["zh"]) == (before.id, "坑洼")
    assert (await departments.catalogue()).category_by_code["pothole"].names["zh"] == "坑洼"


async def test_what_left_the_pack_is_retired_and_comes_back_as_the_same(database: str, copy: Path) -> None:
    await load_pack(copy)
    original = (copy / "rules.toml").read_text("utf-8"), (copy / "categories.toml").read_text("utf-8")
    bikes = await Category.get(code="shared-bikes")
    block = original[1].split('[[category]]\ncode = "shared-bikes"')
    rest = block[1].split("[[category]]\n", 1)[1]
    (copy / "categories.toml").write_text(block[0] + "[[category]]\n" + rest, "utf-8")
    assert (await load_pack(copy)).kinds["categories"].retired == 1
    catalogue = await departments.catalogue()
    assert "shared-bikes" not in catalogue.category_by_code
    assert catalogue.category_by_id[bikes.id].retired
    (copy / "categories.toml").write_text(original[1], "utf-8")
    await load_pack(copy)
    assert (await departments.catalogue()).category_by_code["shared-bikes"].id == bikes.id


async def test_what_no_pack_brought_is_left_alone(database: str) -> None:
    await load_pack(PACK)
    await Category.create(
        code="imported", names={"en": "Imported"}, response_target="1 day", resolution_target="2 days"
    )
    await load_pack(PACK)
    assert (await Category.get(code="imported")).retired_at is None


async def test_a_calendar_that_changed_gets_new_hours(database: str, copy: Path) -> None:
    await load_pack(copy)
    office = await Calendar.get(slug="office")
    monday = datetime(2026, 11, 16, tzinfo=UTC)
    hours = "SELECT working_seconds($1::bigint, $2::timestamptz, $2::timestamptz + interval '1 day') AS s"
    assert await db.fetch_one(hours, office.id, monday) == {"s": 7 * 3600}
    edit(copy / "calendars.toml", "2026-01-04, 2026-02-14", "2026-02-14")
    edit(copy / "calendars.toml", "2027-01-01, ", "2027-01-01, 2026-11-16, ")
    await load_pack(copy)
    assert await db.fetch_one(hours, office.id, monday) == {"s": 0}


async def test_hours_that_end_too_early_are_extended(database: str, copy: Path) -> None:
    """As of a calendar that was loaded years ago: loading the same pack again makes its table long enough."""
    await load_pack(copy)
    rows = "SELECT count(*) AS n, max(local_date) AS last FROM calendar_interval"
    whole = await db.fetch_one(rows)
    await db.execute("DELETE FROM calendar_interval WHERE local_date > '2030-01-01'")
    await load_pack(copy)
    assert await db.fetch_one(rows) == whole


async def test_two_loads_at_once_are_one_after_the_other(database: str) -> None:
    summaries = await asyncio.gather(load_pack(PACK), load_pack(PACK))
    assert [one.changed for one in summaries].count(True) == 1
    assert await Category.all().count() == len(read_pack(PACK).categories)

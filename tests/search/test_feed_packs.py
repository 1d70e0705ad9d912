"""What a pack renames, moves or retires, and what an import brings, is in the index under its new name."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from civic.accounts.people import Person
from civic.catalogue.queries import catalogue
from civic.db import connect, execute, fetch
from civic.imports.actions import import_file
from civic.imports.mapping import ImportMapping
from civic.packs.actions import load_pack
from civic.search.documents import Query
from civic.search.postgres.engine import PostgresEngine
from civic.search.queries import find
from civic.search.rebuild import rebuild
from civic.search.verify import check
from tests.builders.posts import make_person, make_rating, make_report, make_update
from tests.indexed import indexed
from tests.packs.conftest import WritePack, changed, collection, feature, square, write_pack
from tests.search.feeding import documents, finds, finds_on_desk, whole

__all__ = ["write_pack"]

pytestmark = pytest.mark.usefixtures("database")

WEST = {"lat": 31.05, "lon": 118.05}
SERVICES = """
[[service]]
slug = "permits"
names = { zh = "许可", en = "Permits" }
department = "roads"
place = { lat = 31.05, lon = 118.05 }
[service.guide.zh]
purpose = "挖路"
[service.guide.en]
purpose = "To dig up a road"
"""
FULL: dict[str, Any] = {"services.toml": SERVICES}


@pytest.fixture
async def ana(database: str, write_pack: WritePack) -> Person:
    await load_pack(write_pack(FULL))
    return await make_person("ana@example.org")


async def reloaded(write_pack: WritePack, files: dict[str, Any]) -> None:
    """Another version of the pack: what it changes is on its way, then it is there."""
    assert (await load_pack(write_pack(FULL | files))).changed
    assert (await check(PostgresEngine())).keys() == [], "on its way"
    await whole()


async def test_an_empty_city() -> None:
    assert await rebuild(PostgresEngine()) == 0
    assert (await check(PostgresEngine())).compared == 0
    assert (await find(Query(text="hole"))).hits == []
    assert (await find(Query())).hits == []


async def test_a_service_is_found_once_its_pack_is_loaded(ana: Person) -> None:
    await whole()
    [service] = await documents()
    assert await finds("permits") == await finds("许可") == await finds("dig up") == {f"service:{service.item_id}"}
    areas = {row["slug"]: row["id"] for row in await fetch("SELECT slug, id FROM area")}
    assert service.area_ids == (areas["west"], areas["small"])


async def test_a_category_renamed(ana: Person, write_pack: WritePack) -> None:
    one = await make_report(ana, "Dear city", **WEST)
    await whole()
    assert await finds("pothole") == {f"report:{one.post_id}"}
    await reloaded(write_pack, changed("categories.toml", 'en = "Pothole"', 'en = "Crater"'))
    assert await finds("pothole") == set()
    assert await finds("crater") == {f"report:{one.post_id}"}
    assert await finds_on_desk("crater") == {one.case_id}


async def test_a_group_renamed(ana: Person, write_pack: WritePack) -> None:
    one = await make_report(ana, "Dear city", **WEST)
    await whole()
    await reloaded(write_pack, changed("categories.toml", 'en = "Group"', 'en = "Highways"'))
    assert await finds("highways") == {f"report:{one.post_id}"}


async def test_a_category_that_only_the_report_has(ana: Person, write_pack: WritePack) -> None:
    one = await make_report(ana, "Dear city", **WEST)
    await execute("UPDATE case_file SET category_id = NULL")
    await whole()
    await reloaded(write_pack, changed("categories.toml", 'en = "Pothole"', 'en = "Crater"'))
    assert await finds("crater") == {f"report:{one.post_id}"}


async def test_a_category_retired(ana: Person, write_pack: WritePack) -> None:
    one = await make_report(ana, "Dear city", **WEST)
    await whole()
    other = changed("categories.toml", 'code = "pothole"', 'code = "crater"')
    await reloaded(write_pack, other)
    assert await finds("pothole") == {f"report:{one.post_id}"}, "old reports keep what they were sent as"


async def test_a_department_renamed(ana: Person, write_pack: WritePack) -> None:
    one = await make_report(ana, "Dear city", **WEST)
    await whole()
    assert await finds("dear roads") == {f"report:{one.post_id}"}
    await reloaded(write_pack, changed("departments.toml", 'en = "Roads"', 'en = "Highways"'))
    [service] = [d for d in await documents() if d.kind == "service"]
    assert await finds("highways") == {f"report:{one.post_id}", f"service:{service.item_id}"}
    assert await finds_on_desk("highways") == {one.case_id}


async def test_an_area_renamed(ana: Person, write_pack: WritePack) -> None:
    one, flood = await make_report(ana, "Dear city", **WEST), await make_update(ana, "Water", **WEST)
    await whole()
    areas = areas_with(feature("west", "small", square(118.0, 31.0), en="Harbour", zh="港"))
    await reloaded(write_pack, areas)
    assert await finds("harbour") == {f"report:{one.post_id}", f"traffic:{flood.post_id}"}
    assert await finds_on_desk("harbour") == {one.case_id}


def areas_with(*features: Any, names: dict[str, str] | None = None) -> dict[str, Any]:
    top = feature("small", None, None, **(names or {}))
    return {"areas.geojson": collection(top, *features, feature("east", "small", square(118.1, 31.0)))}


async def test_an_area_moved_under_another(ana: Person, write_pack: WritePack) -> None:
    one = await make_report(ana, "Dear city", **WEST)
    await whole()
    north = feature("north", "small", square(118.0, 31.0, 0.1), en="Northside", zh="北")
    west = feature("west", "north", square(118.0, 31.0, 0.1))
    await reloaded(write_pack, areas_with(north, west))
    assert f"report:{one.post_id}" in await finds("northside")
    ids = {row["slug"]: row["id"] for row in await fetch("SELECT slug, id FROM area")}
    assert {f"{d.kind}:{d.item_id}" for d in await documents() if ids["north"] in d.area_ids} == {
        f"report:{one.post_id}",
        f"service:{(await catalogue()).services[0].id}",
    }


async def test_an_area_retired(ana: Person, write_pack: WritePack) -> None:
    one = await make_report(ana, "Dear city", **WEST)
    await whole()
    await reloaded(write_pack, areas_with(feature("wild", "small", square(118.0, 31.0), en="Wildwest", zh="野")))
    [found] = [d for d in await documents() if d.kind == "report"]
    service = next(d for d in await documents() if d.kind == "service")
    wild = (await fetch("SELECT id FROM area WHERE slug = 'wild'"))[0]["id"]
    assert found.item_id == one.post_id
    assert wild in found.area_ids, "it is found by the area that holds its place now"
    assert f"report:{one.post_id}" in await finds("wildwest")
    assert wild in service.area_ids, "it is where it is"


async def test_an_outline_moved(ana: Person, write_pack: WritePack) -> None:
    await whole()
    await reloaded(write_pack, areas_with(feature("west", "small", square(118.0, 31.0, 0.02))))
    [service] = await documents()
    assert len(service.area_ids) < 2


async def test_a_service_renamed_and_retired(ana: Person, write_pack: WritePack) -> None:
    one = await make_rating(ana, "permits", "Friendly people")
    await whole()
    service = (await catalogue()).services[0].id
    assert await finds("permits") == {f"service:{service}", f"rating:{one.post_id}"}
    await reloaded(write_pack, {"services.toml": SERVICES.replace('"Permits"', '"Licences"')})
    assert await finds("permits") == set()
    assert await finds("licences") == {f"service:{service}", f"rating:{one.post_id}"}
    await reloaded(write_pack, {"services.toml": SERVICES.replace('"To dig up a road"', '"To fell a tree"')})
    assert await finds("fell tree") == {f"service:{service}"}
    await load_pack(write_pack({"services.toml": None}))
    (Path(write_pack(FULL)) / "services.toml").unlink()
    await load_pack(write_pack())
    await whole()
    assert await documents() == []
    await load_pack(write_pack(FULL))
    await whole()
    assert await finds("permits") == {f"service:{service}", f"rating:{one.post_id}"}


async def test_synonyms_of_a_pack(ana: Person, write_pack: WritePack) -> None:
    one = await make_report(ana, "The bin is full", **WEST)
    await whole()
    assert await finds("trash") == set()
    await load_pack(write_pack(FULL | {"synonyms.csv": "bin,trash,垃圾桶\n"}))
    assert await finds("trash") == await finds("垃圾桶") == {f"report:{one.post_id}"}
    await whole()


async def test_a_pack_loaded_by_another_process(ana: Person, database: str, write_pack: WritePack) -> None:
    """What is kept in memory of the pack is older than the mark."""
    one = await make_report(ana, "Dear city", **WEST)
    await whole()
    await catalogue()
    await execute("""UPDATE category SET names = '{"en": "Crater"}'""")
    await execute("UPDATE city SET version = version + 1")
    await indexed()
    assert await finds("crater") == {f"report:{one.post_id}"}


COLUMNS = ("id", "text", "category", "department", "lat", "lon", "status", "received", "first_answer", "resolved")
MAPPING = {
    "name": "old",
    "language": "en",
    "times": {"zone": "UTC", "formats": ["iso"]},
    "columns": {name: name for name in COLUMNS},
    "history": {"statuses": {"resolved": "resolved", "open": "open"}},
    "texts": {"replied": "Answerable", "resolved": "Mended"},
    "departments": {"create": True, "calendar": "office"},
    "categories": {"create": True, "response": "3 days", "resolution": "9 days"},
}


async def test_an_import(ana: Person, tmp_path: Path) -> None:
    await whole()
    rows = [
        {
            "id": str(n), "text": f"Imported number{n}", "category": f"Kind {n % 3}",
            "department": f"Body{'ABCD'[n % 4]}",
            "status": "resolved" if n % 2 else "open", "received": "2026-03-02T10:00:00",
            "first_answer": "2026-03-03T10:00:00", "resolved": "2026-03-04T10:00:00" if n % 2 else "", **WEST,
        }
        for n in range(40)
    ]  # fmt: skip
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    progress = await import_file(file, ImportMapping.model_validate(MAPPING), tmp_path / "refused.jsonl", batch=7)
    assert progress.imported == 40, progress
    assert (await check(PostgresEngine())).keys() == []
    found = await whole()
    assert found.compared >= 40
    assert len(await finds("imported")) == 40
    assert len(await finds("imported bodyd")) == 10
    assert len(await finds("answerable")) == 40


@pytest.fixture
def made_up_city(make_city: Callable[[str], tuple[Path, str]]) -> str:
    return make_city("indexing")[1]


@pytest.mark.slow
async def test_the_made_up_city(made_up_city: str) -> None:
    """All its stories, its imported past, its traffic and its ratings."""
    async with connect(made_up_city, pool=5):
        found = await whole()
        assert found.compared > 1400
        assert {one.kind for one in await documents()} == {"report", "traffic", "service", "rating"}
        before = await documents()
        await rebuild(PostgresEngine())
        assert await documents() == before
        assert (await find(Query(text="路灯"))).total > 50

"""Real cities' boundaries and targets, made into packs on the way: they load, and points fall where they should.

The data is no part of the project; without it these tests are skipped.
"""

import csv
import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shapely.geometry import shape

from civic import db
from civic.catalogue import queries as departments
from civic.geo import gcj02
from civic.geo import queries as geo
from civic.packs.actions import load_pack
from civic.packs.problems import PackError
from civic.packs.reader import read_pack
from civic.routing.facts import Facts
from civic.routing.queries import decide
from tests.packs.conftest import WritePack

TARGETS = {"WORK_DAY": "working days", "CALENDAR_DAY": "days"}


def city_toml(name: str, language: str, zone: str, areas: str, more: str = "") -> str:
    return (
        f'names = {{ {language} = "{name}" }}\nlanguages = ["{language}"]\nzone = "{zone}"\n'
        f'calendar = "office"\n{more}\n[areas]\n{areas}\n'
    )


def plain_files(language: str) -> dict[str, str]:
    """The small pack's texts are in two languages; these cities have one."""
    named = f'names = {{ {language} = "X" }}'
    return {
        "departments.toml": f'[[department]]\nslug = "works"\n{named}\ncalendar = "office"\n',
        "categories.toml": f'[[group]]\ncode = "g"\n{named}\n[[category]]\ncode = "c"\ngroup = "g"\n{named}\n',
    }


async def test_boston_s_neighbourhoods_under_one_city(database: str, write_pack: WritePack, data: Path) -> None:
    files = plain_files("en")
    files["city.toml"] = city_toml(
        "Boston", "en", "America/New_York", 'id = "name"\nname = "name"\nroot = "boston"\nrepair = true'
    )
    files["areas.geojson"] = (data / "geo-us" / "boston.geojson").read_text("utf-8")
    summary = await load_pack(write_pack(files))
    assert summary.kinds["areas"].added == 27
    areas = await geo.areas()
    assert len(areas.children(areas.by_slug["boston"].id)) == 26
    found = areas.at(42.3098, -71.1144)
    assert [area.slug for area in areas.path(found and found.id)] == ["jamaica-plain", "boston"]
    inside = Counter(bool((area := areas.at(*point)) and area.level) for point in boston_points(data))
    assert inside[True] / inside.total() > 0.99
    assert len(json.dumps(areas.outlines)) < 150_000  # of 1.3 MB


def boston_points(data: Path) -> list[tuple[float, float]]:
    """Where Bostonians reported, (lat, lon)."""
    points = []
    with gzip.open(data / "boston-open311" / "unsafe_dangerous.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row.get("lat") and row.get("long"):
                points.append((float(row["lat"]), float(row["long"])))
    return points[:2000]


def datav(code: str, name: str) -> dict[str, str]:
    keys = f'id = "adcode"\nname = "name"\nparent = "parent.adcode"\nroot = "{code}"\nrepair = true'
    return {**plain_files("zh"), "city.toml": city_toml(name, "zh", "Asia/Shanghai", keys, 'crs = "gcj02"')}


async def test_xinzhou_is_moved_from_gcj_02_to_where_gps_says(database: str, write_pack: WritePack, data: Path) -> None:
    text = (data / "geo-china" / "datav_140900_full.json").read_text("utf-8")
    await load_pack(write_pack({**datav("140900", "忻州市"), "areas.geojson": text}))
    areas = await geo.areas()
    assert [area.names["zh"] for area in areas.path(areas.at(38.4167, 112.7340).id)] == ["忻府区", "忻州市"]  # type: ignore[union-attr]
    published = shape(next(f["geometry"] for f in json.loads(text)["features"] if f["properties"]["adcode"] == 140902))
    lon, lat = published.representative_point().coords[0]
    assert areas.at(*gcj02.to_wgs84(lat, lon)) is areas.by_slug["140902"]
    moved = areas.by_slug["140902"].geometry.centroid.distance(published.centroid)
    assert 0.003 < moved < 0.008  # degrees: some hundreds of metres


def test_every_chinese_boundary_file_is_read(write_pack: WritePack, data: Path) -> None:
    """17 cities and provinces: none is refused for the rounding of its publisher once hair cracks are mended."""
    read: dict[str, int] = {}
    refused: list[str] = []
    for path in sorted((data / "geo-china").glob("datav_*_full.json")):
        code = path.name.split("_")[1]
        files = {**datav(code, code), "areas.geojson": path.read_text("utf-8")}
        try:
            read[code] = len(read_pack(write_pack(files)).areas) - 1
        except PackError as error:
            refused += [f"{code}: {problem}" for problem in error.problems]
    assert refused == []
    assert (len(read), read["140900"], read["370200"], read["310000"]) == (17, 14, 10, 16)


def named(name: str) -> str:
    return f"names = {{ nl = {json.dumps(name or 'zonder naam')} }}\n"


def amsterdam(data: Path) -> dict[str, str]:
    folder = data / "sla-amsterdam"
    with (folder / "departments.csv").open(encoding="utf-8") as file:
        departments_toml = "".join(
            f'[[department]]\nslug = "{row["code"]}"\ncalendar = "office"\n{named(row["name"])}'
            for row in csv.DictReader(file)
        )
    with (folder / "categories_sla.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    groups = list(dict.fromkeys(row["main_category"] for row in rows))
    text = "".join(f'[[group]]\ncode = "g{n}"\n{named(name)}' for n, name in enumerate(groups))
    text += "".join(amsterdam_category(row, groups.index(row["main_category"])) for row in rows)
    areas = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name": "Amsterdam"}}]}
    ring = [[4.72, 52.27], [5.08, 52.27], [5.08, 52.43], [4.72, 52.43], [4.72, 52.27]]
    areas["features"][0]["geometry"] = {"type": "Polygon", "coordinates": [ring]}  # type: ignore[index]
    keys = 'id = "name"\nname = "name"'
    return {
        "city.toml": city_toml("Amsterdam", "nl", "Europe/Amsterdam", keys),
        "areas.geojson": json.dumps(areas),
        "departments.toml": departments_toml,
        "categories.toml": text,
    }


def amsterdam_category(row: dict[str, str], group: int) -> str:
    fields: dict[str, Any] = {
        "code": row["slug"],
        "group": f"g{group}",
        "resolution": f"{row['sla_days']} {TARGETS[row['day_type']]}",
    }
    if first := row["department_codes"].split(",")[0]:
        fields["department"] = first
    text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in fields.items())
    return f"[[category]]\n{text}{named(row['sub_category'] or row['slug'])}"


async def test_amsterdam_s_categories_and_targets(database: str, write_pack: WritePack, data: Path) -> None:
    await load_pack(write_pack(amsterdam(data)))
    catalogue = await departments.catalogue()
    assert len(catalogue.departments) == 16
    targets = Counter(one.resolution_target for one in catalogue.categories)
    assert targets == {"3 working days": 43, "5 working days": 31, "21 days": 17, "21 working days": 2}
    decision = await decide(Facts("veeg-zwerfvuil", (), "Zwerfvuil", {}, "web", datetime(2026, 11, 13, tzinfo=UTC)))
    assert decision.department_id is not None
    assert catalogue.department_by_id[decision.department_id].names == {"nl": "CCA"}
    assert await db.fetch_one("SELECT count(*) AS n FROM category WHERE retired_at IS NULL") == {"n": 93}

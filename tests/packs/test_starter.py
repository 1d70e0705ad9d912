"""`civic pack new`: packs written from extracts, of several countries, whole and cut, and what is refused."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from civic.__main__ import build
from civic.catalogue.models import Asset
from civic.geo import queries
from civic.geo.models import Area
from civic.packs.actions import load_pack
from civic.packs.base_map import EXTRACT, TilesPlace
from civic.packs.doubts import find_doubts, find_promise_doubts
from civic.packs.reader import read_pack
from tests.clients import Client
from tests.geo.extracts import write_city, write_extract

RUNNER = CliRunner()
FINNISH = {"name": "Kylä", "name:fi": "Kylä", "name:sv": "Byn"}
JSON = {"accept": "application/json"}


def make(folder: Path, extract: Path, *more: str) -> dict[str, object]:
    """Write a pack by the command; what it answers."""
    said = RUNNER.invoke(build(), ["pack", "new", str(folder), "--osm", str(extract), "--json", *more])
    assert said.exit_code == 0, said.output
    answer: dict[str, object] = json.loads(said.stdout)
    return answer


async def test_helsinki_from_the_extract_to_its_first_report(
    client: Client, data: Path, tmp_path: Path, config: object
) -> None:
    """The walk of docs/start.md: three commands, then a report at an address, named in three languages."""
    folder = tmp_path / "helsinki"
    made = await asyncio.to_thread(make, folder, data / "osm/Helsinki.osm.pbf")
    assert made["languages"] == ["fi", "sv", "en"]
    assert (made["country"], made["zone"]) == ("FI", "Europe/Helsinki")
    summary = await load_pack(folder, tiles=TilesPlace(tmp_path / "var/tiles"))
    assert summary.kinds["areas"].added == 7
    assert await Asset.filter(kind="highway=street_lamp").count() == 586
    assert {area.names["sv"] for area in await Area.filter(level=1)} >= {"Gloet", "Kronohagen", "Kampen"}
    (house,) = await queries.geocode("Mannerheimintie 5")
    answer = await client.post(
        "/reports",
        json={"text": "Kuoppa suojatien edessä.", "category": "pothole", "lat": house.lat, "lon": house.lon},
        headers=JSON,
    )
    assert answer.status_code == 201, answer.text
    shown = {}
    for language in ("fi", "sv", "en"):
        page = await client.get(f"/reports/{answer.json()['id']}", headers={"accept-language": language})
        shown[language] = page.text
    assert "Kluuvi" in shown["fi"]
    assert "Gloet" in shown["sv"]
    assert "Hål i vägen" in shown["sv"]
    assert "Pothole" in shown["en"]
    assert "Mannerheimvägen 5" in shown["sv"]
    page = await client.get("/map")
    assert page.status_code == 200


@pytest.mark.parametrize(
    ("names", "corner", "country", "languages", "zone"),
    [
        (FINNISH, (25.0, 60.2), "FI", ["fi", "sv", "en"], "Europe/Helsinki"),
        (
            {"name": "小镇", "name:zh": "小镇", "name:en": "Little Town"},
            (118.0, 31.0),
            "CN",
            ["zh", "en"],
            "Asia/Shanghai",
        ),
        ({"name": "Dorf"}, (9.0, 50.0), "DE", ["de", "en"], "Europe/Berlin"),
        ({"name": "Town"}, (-118.3, 34.0), "US", ["en"], "America/Los_Angeles"),
        ({"name": "Ville"}, (6.1, 46.2), "CH", ["de", "en"], "Europe/Zurich"),
        ({"name": "قرية", "name:ar": "قرية"}, (31.2, 30.0), "EG", ["ar", "en"], "Africa/Cairo"),
    ],
)
def test_a_pack_of_any_country_loads(
    tmp_path: Path, names: dict[str, str], corner: tuple[float, float], country: str, languages: list[str], zone: str
) -> None:
    extract = write_city(tmp_path / "a.osm.pbf", *corner, names, country=country)
    made = make(tmp_path / "pack", extract)
    assert (made["country"], made["languages"], made["zone"]) == (country, languages, zone)
    pack = read_pack(tmp_path / "pack")
    assert [area.level for area in pack.areas] == [0, 1, 1]
    assert not find_doubts(pack)
    assert not find_promise_doubts(pack)
    assert (tmp_path / "pack" / EXTRACT).read_bytes() == extract.read_bytes()
    text = (tmp_path / "pack/categories.toml").read_text("utf-8")
    assert ("not translated to: " in text) == bool(set(languages) - {"zh", "en", "fi", "sv"})
    for file in ("departments.toml", "categories.toml", "services.toml", "calendars.toml", "city.toml"):
        assert (tmp_path / "pack" / file).read_text("utf-8").startswith("# "), file


def test_boundaries_are_closed_at_the_box_of_a_cut_extract(tmp_path: Path) -> None:
    extract = write_city(tmp_path / "a.osm.pbf", 25.0, 60.2, FINNISH, cut=True, country="FI")
    made = make(tmp_path / "pack", extract)
    pack = read_pack(tmp_path / "pack")
    assert sorted(round(area.geometry.area * 1e6) for area in pack.areas) == [110, 110, 220]
    west = next(area for area in pack.areas if area.slug == "kyla-west")
    assert west.names == {"fi": "Kylä West", "sv": "Byn West", "en": "Kylä West"}
    assert [round(edge, 3) for edge in west.geometry.bounds] == [25.0, 60.2, 25.01, 60.211]
    assert "Areas: closed at the extract's box" in str(made["notes"])


def test_country_name_and_link_can_be_said(tmp_path: Path) -> None:
    extract = write_city(tmp_path / "a.osm.pbf", 25.0, 60.2, FINNISH)
    made = make(tmp_path / "pack", extract, "--country", "se", "--name", "byn", "--link")
    assert (made["country"], made["zone"], made["languages"]) == ("SE", "Europe/Stockholm", ["sv", "en"])
    assert (tmp_path / "pack" / EXTRACT).resolve() == extract
    assert "country = " in (tmp_path / "pack/calendars.toml").read_text("utf-8")
    guessed = make(tmp_path / "other", extract)
    assert guessed["country"] == "FI"
    assert "Country: FI" in str(guessed["notes"])


def refuse(folder: Path, extract: Path, *more: str) -> str:
    said = RUNNER.invoke(build(), ["pack", "new", str(folder), "--osm", str(extract), *more])
    assert said.exit_code == 2, said.output
    return said.output


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    extract = write_city(tmp_path / "a.osm.pbf", 25.0, 60.2, FINNISH)
    (tmp_path / "pack").mkdir()
    assert "is there already" in refuse(tmp_path / "pack", extract)
    assert list((tmp_path / "pack").iterdir()) == []


def test_what_no_pack_can_be_made_of(tmp_path: Path) -> None:
    good = write_city(tmp_path / "a.osm.pbf", 25.0, 60.2, FINNISH)
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes(good.read_bytes()[:-200])
    empty = tmp_path / "empty.osm.pbf"
    empty.write_bytes(b"")
    no_streets = write_extract(tmp_path / "bare.osm.pbf", 25.0, 60.2, streets=False)
    nameless = write_extract(tmp_path / "nameless.osm.pbf", 25.0, 60.2)
    for extract, said in (
        (cut, "damaged or cut short"),
        (empty, "damaged or cut short"),
        (tmp_path / "none.osm.pbf", "There is no file"),
        (no_streets, "no street with a name"),
        (nameless, "give its name with --name"),
    ):
        assert said in refuse(tmp_path / "pack", extract)
        assert not (tmp_path / "pack").exists()
    assert "There is no country “XX”" in refuse(tmp_path / "pack", good, "--country", "XX")
    assert "The extract has no city “Kyla”. Did you mean Kylä?" in refuse(tmp_path / "pack", good, "--name", "Kyla")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".new-pack")]


async def test_the_street_is_found_in_both_languages(database: str, tmp_path: Path) -> None:
    extract = write_city(tmp_path / "a.osm.pbf", 25.0, 60.2, FINNISH)
    await asyncio.to_thread(make, tmp_path / "pack", extract, "--country", "FI")
    await load_pack(tmp_path / "pack")
    for typed in ("Kylä", "byn"):
        assert (await queries.geocode(typed))[0].sure

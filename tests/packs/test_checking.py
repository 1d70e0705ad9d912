"""`civic pack check`: what `civic load` checks, without a database, for a city's own checks; and its warnings."""

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from civic import timing
from civic.__main__ import build
from civic.geo.coordinates import position_converter
from civic.packs.actions import load_pack
from civic.packs.doubts import find_doubts, find_promise_doubts
from civic.packs.problems import PackError
from civic.packs.reader import read_pack
from tests.packs.conftest import SOUND, WritePack, added, changed, collection, feature, problems, square

RUNNER = CliRunner()
NOWHERE = {"CIVIC_DATABASE__URL": "postgres://nobody@127.0.0.1:1/none"}


def test_a_right_pack_and_a_wrong_one(write_pack: WritePack) -> None:
    done = RUNNER.invoke(build(), ["pack", "check", str(write_pack())], env=NOWHERE)
    assert (done.exit_code, done.output.splitlines()[0].startswith("The pack is right: 3 areas, ")) == (0, True)
    folder = write_pack(changed("city.toml", "Asia/Shanghai", "Asia/Peking"))
    wrong = RUNNER.invoke(build(), ["pack", "check", str(folder), "--json"], env=NOWHERE)
    assert wrong.exit_code == 2
    [problem] = json.loads(wrong.output)["problems"]
    assert (problem["file"], problem["line"]) == ("city.toml", 3)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            added("categories.toml", 'response = "5 working days"\nresolution = "2 hours"\n'),
            "Category “pothole”: the answer is promised within 5 working days, later than the solution within 2 hours.",
        ),
        (
            added("departments.toml", 'contacts = { email = "not an address" }\n'),
            "Department “roads”: “not an address” is no email address.",
        ),
        (
            {"places.csv": "lat,lon,name_zh,name_en\n31.05,118.05,近,Near\n31.5,118.05,远,Far\n"},
            "1 places lie more than 20 km outside the city: 远 …",
        ),
        (
            changed("calendars.toml", "[calendar.weekly]", "workdays = [2026-11-30]\n[calendar.weekly]"),
            "Calendar “office”: 2026-11-30 of workdays is an ordinary working day.",
        ),
    ],
    ids=["response later than resolution", "email", "far place", "needless workday"],
)
async def test_what_is_probably_not_meant_is_a_warning(
    database: str, write_pack: WritePack, files: dict[str, str | bytes | None], said: str
) -> None:
    folder = write_pack(files)
    assert find_doubts(read_pack(folder)) == [said]
    assert said in (await load_pack(folder)).warnings
    assert said in RUNNER.invoke(build(), ["pack", "check", str(folder)], env=NOWHERE).output


async def test_promises_are_checked_as_the_load_does(database: str, write_pack: WritePack) -> None:
    calendar = changed("calendars.toml", "[calendar.weekly]", "holidays = [2026-10-01]\n[calendar.weekly]")
    folder = write_pack(calendar | added("categories.toml", 'response = "4 hours"\n'))
    with timing.at(datetime(2026, 12, 20, tzinfo=UTC)):
        alone, loaded = find_promise_doubts(read_pack(folder)), (await load_pack(folder)).warnings
    assert alone == loaded
    assert len(alone) == 2


def test_what_cannot_be_read_comes_first_and_nothing_follows_from_it(write_pack: WritePack) -> None:
    features = [feature(f"a{number}", "small", square(118.0 + number, 31.0)) for number in range(1, 12)]
    for one in features:
        one["properties"]["names"] = {"zh": ""}
    areas = collection(feature("small", None, None), *features).replace("\n", " ")
    wrong: dict[str, str | bytes | None] = {"areas.geojson": areas, "rules.toml": "[[rule]\n"}
    found = problems(write_pack(wrong))
    assert found[0].startswith("rules.toml:1: This is not valid TOML")
    order = [line.split("(")[1].split(")")[0] for line in found[1:]]
    assert order == [f"a{number}" for number in range(1, 12)]
    for city in (b"\xef\xbb\xbf" + SOUND["city.toml"].encode(), SOUND["city.toml"].encode() + b"[x\n"):
        [only] = problems(write_pack(wrong | {"city.toml": city, "rules.toml": ""}))
        assert only.startswith("city.toml:")


def test_hints_for_what_people_bring_from_elsewhere(write_pack: WritePack) -> None:
    lines = '{"type": "Feature", "properties": {}, "geometry": null}\n' * 2
    assert "jq -s" in problems(write_pack({"areas.geojson": lines}))[0]
    contacts = added("departments.toml", 'contacts = { tel = "12345" }\n')
    assert problems(write_pack(contacts | {"areas.geojson": SOUND["areas.geojson"]}))[0].endswith("Did you mean phone?")


def test_positions_of_baidu_are_converted(write_pack: WritePack) -> None:
    """Tian'anmen: by Baidu 39.915, 116.404; by GPS some 1.2 km to the southwest."""
    lat, lon = position_converter("bd09")(39.915, 116.404)
    assert (round(lat, 3), round(lon, 3)) == (39.907, 116.391)
    folder = write_pack(added("city.toml", 'crs = "bd09"\n'))
    west = read_pack(folder).bbox[0]
    assert 117.98 < west < 118.0
    with pytest.raises(PackError, match="Did you mean bd09"):
        read_pack(write_pack(added("city.toml", 'crs = "bd-09"\n')))

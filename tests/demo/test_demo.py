"""The made-up city: it is whole, it is alive, and it is made once."""

import io
from datetime import date

import pytest
from PIL import Image

from civic.config import Config
from civic.db import fetch, fetch_one
from civic.demo.actions import make_demo
from civic.demo.drawing import SCENES, draw_photo
from civic.demo.history import quarters
from civic.demo.scenarios import PLANS, read_scenarios
from civic.errors import Conflict


def test_every_scene_can_be_drawn_and_no_two_are_alike() -> None:
    drawn = {name: draw_photo(name, 1) for name in SCENES}
    assert len(set(drawn.values())) == len(SCENES)
    assert draw_photo("pothole", 1) == draw_photo("pothole", 1) != draw_photo("pothole", 2)
    assert all(Image.open(io.BytesIO(data)).size == (960, 720) for data in drawn.values())


def test_scenarios_name_scenes_and_plans_that_there_are() -> None:
    told = read_scenarios()
    assert len(told) == 60
    assert {one.scene for one in told} <= set(SCENES)
    assert {one.plan for one in told} == set(PLANS)
    assert {one.language for one in told} == {"zh", "en"}
    assert len({one.text for one in told}) == len(told)


@pytest.mark.parametrize(
    ("today", "before", "last"),
    [
        (date(2026, 11, 22), "2026-q2", "2026-q3"),
        (date(2026, 1, 1), "2025-q3", "2025-q4"),
        (date(2026, 4, 30), "2025-q4", "2026-q1"),
    ],
)
def test_the_two_quarters_before_this_one(today: date, before: str, last: str) -> None:
    assert [span.id for span in quarters(today)] == [before, last]


@pytest.mark.slow
async def test_the_city_is_alive(database: None, config: Config) -> None:
    made = await make_demo(config)
    assert len(made.password) >= 10
    found = await fetch_one(
        "SELECT count(*) AS n, count(*) FILTER (WHERE p.photos_count > 0) AS shown FROM report r"
        " JOIN post p ON p.id = r.post_id WHERE p.channel = 'demo'"
    )
    assert found == {"n": 60, "shown": 60}
    statuses = {row["status"] for row in await fetch("SELECT DISTINCT status FROM case_file")}
    assert statuses >= {"received", "assigned", "in_progress", "waiting", "resolved", "confirmed", "declined"}
    releases = await fetch("SELECT document #>> '{results,city,composite}' AS score FROM release")
    assert len(releases) == 2
    assert all(float(row["score"]) > 0 for row in releases)
    assert await fetch("SELECT 1 FROM traffic_update")
    assert await fetch("SELECT 1 FROM rating")
    with pytest.raises(Conflict):
        await make_demo(config)

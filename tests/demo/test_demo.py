"""The made-up city: it is whole, it is alive, and it is made once."""

import io
import random
import re
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from structlog.testing import capture_logs

from civic import cache, timing
from civic.city.models import City
from civic.config import Config
from civic.db import connect, fetch, fetch_one
from civic.demo.actions import make_demo
from civic.demo.history import quarters
from civic.demo.live import LiveCity
from civic.demo.people import EMAIL_HOST
from civic.demo.phrases import LANGUAGES, ReportWriter, phrases
from civic.demo.playing import PLANS
from civic.demo.scenarios import PAST_COUNT, RECENT_COUNT, SCENE_BY_CATEGORY, read_scenarios
from civic.demo.scenes import SCENES, draw_photo
from civic.errors import Conflict
from civic.media.decoder import Decoder
from civic.media.store import Store
from tests.clients import make_user

SCENARIO_COUNT = 60 + RECENT_COUNT + PAST_COUNT
TABLES_OF_LIFE = ("report", "case_event", "vote", "comment", "traffic_update", "traffic_confirmation")


def test_every_scene_can_be_drawn_and_no_two_are_alike() -> None:
    drawn = {name: draw_photo(name, 1) for name in SCENES}
    assert len(set(drawn.values())) == len(SCENES)
    assert draw_photo("pothole", 1) == draw_photo("pothole", 1) != draw_photo("pothole", 2)
    assert all(Image.open(io.BytesIO(data)).size == (960, 720) for data in drawn.values())


def test_a_repair_is_shown_where_the_damage_was() -> None:
    """The same street, from the same side, without what was wrong: a lamp that burns, not asphalt."""
    for name in SCENES:
        before, after = (Image.open(io.BytesIO(draw_photo(name, 5, mended=mended))) for mended in (False, True))
        differ = ImageChops.difference(before, after).convert("L").point(lambda value: 255 * (value > 40))
        assert differ.getbbox(), name
        assert differ.histogram()[255] < before.width * before.height * 0.7, name


def test_what_is_written_fits_the_kind_of_report() -> None:
    """Each category has sentences of its own, enough of them for a past in which nothing is said twice."""
    for language in LANGUAGES:
        writer = ReportWriter(random.Random(1), language)
        for category in SCENE_BY_CATEGORY:
            assert len(phrases()["comment_on"][category][language]) >= 2
            written = {writer.write(category, "X") for _ in range(90)}
            assert len(written) == 90
            assert writer.write(category, "X")  # and then everything once more
    assert not [
        text for text in phrases()["comment"]["en"] if re.search("fell|tripped|night|bicycle|side of the road", text)
    ]


def test_scenarios_name_scenes_and_plans_that_there_are() -> None:
    told = read_scenarios()
    assert len(told) == SCENARIO_COUNT
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


@pytest.fixture(scope="module")
def city_url(make_city: Callable[[str], tuple[Path, str]]) -> str:
    """The database of the made-up city, as `civic demo` makes it; the tests of this file share it."""
    return make_city("demo")[1]


@pytest.fixture
async def city(city_url: str) -> AsyncIterator[None]:
    """Connected to the made-up city."""
    cache.clear_caches()
    async with connect(city_url, 2):
        yield
    cache.clear_caches()


async def number(sql: str) -> float:
    row = await fetch_one(sql)
    assert row is not None
    return float(row["n"])


@pytest.mark.slow
async def test_cases_are_in_every_state_and_all_played_ones_are_shown(city: None) -> None:
    found = await fetch_one(
        "SELECT count(*) AS n, count(*) FILTER (WHERE p.photos_count > 0) AS shown FROM report r"
        " JOIN post p ON p.id = r.post_id WHERE p.channel = 'demo'"
    )
    assert found == {"n": SCENARIO_COUNT, "shown": SCENARIO_COUNT - PAST_COUNT}
    statuses = {row["status"] for row in await fetch("SELECT DISTINCT status FROM case_file")}
    assert statuses >= {"received", "assigned", "in_progress", "waiting", "resolved", "confirmed", "declined"}


@pytest.mark.slow
async def test_three_quarters_are_in_time_and_departments_differ(city: None) -> None:
    rows = await fetch("SELECT document -> 'results' AS results FROM release ORDER BY ends_at")
    assert len(rows) == 2
    for row in rows:
        whole = row["results"]["city"]["indicators"]
        assert 0.68 <= whole["response"]["value"] <= 0.82
        assert 0.68 <= whole["resolution"]["value"] <= 0.82
    shares = [one["indicators"]["response"]["value"] for one in rows[-1]["results"]["departments"].values()]
    known = [share for share in shares if share is not None]
    assert min(known) < 0.6
    assert max(known) > 0.9


@pytest.mark.slow
async def test_every_figure_tells_departments_apart(city: None) -> None:
    """Cases are passed on, by some more than by others, and reporters say whether they were mended."""
    rows = await fetch("SELECT document -> 'results' AS results FROM release ORDER BY ends_at")
    for row in rows:
        kept = [one["indicators"]["ownership"]["value"] for one in row["results"]["departments"].values()]
        known = [share for share in kept if share is not None]
        assert len(set(known)) >= 4
        assert min(known) < 0.97 < max(known)
        said = [one["shares"]["confirmed"]["count"] for one in row["results"]["departments"].values()]
        assert sum(count or 0 for count in said) >= 20


@pytest.mark.slow
async def test_few_open_cases_are_overdue_and_none_for_long(city: None) -> None:
    opened = "FROM case_file WHERE status IN ('received', 'assigned', 'in_progress', 'waiting')"
    late = f"{opened} AND due_at < now()"
    assert await number(f"SELECT count(*) AS n {late}") <= await number(f"SELECT count(*) AS n {opened}") / 3
    assert await number(f"SELECT coalesce(max(extract(epoch FROM now() - due_at)), 0) AS n {late}") < 5 * 86400


@pytest.mark.slow
async def test_clocks_took_their_steps_at_their_instants(city: None) -> None:
    """What the history says of lateness is what the page says, and no worker has anything to make up for."""
    events = "case_event e JOIN case_file c ON c.id = e.case_id WHERE e.kind = 'overdue'"
    assert await number(f"SELECT count(*) AS n FROM {events}") > 0
    made = "(SELECT max(at) FROM case_event WHERE kind = 'received')"
    assert await number(f"SELECT count(*) AS n FROM {events} AND e.at > {made}") == 0
    assert await number(f"SELECT count(*) AS n FROM clock WHERE step_at <= {made}") == 0


@pytest.mark.slow
async def test_services_have_from_bad_to_very_good_stars(city: None) -> None:
    rows = await fetch("SELECT avg(stars)::float8 AS mean FROM rating GROUP BY service_id ORDER BY 1")
    assert 2.2 < rows[0]["mean"] < 3.0
    assert rows[-1]["mean"] > 4.5


@pytest.mark.slow
async def test_people_take_part(city: None) -> None:
    assert await number("SELECT count(*) AS n FROM traffic_confirmation") >= 20
    assert await number("SELECT count(*) AS n FROM comment WHERE suggestion") >= 5
    answered = "comment c JOIN comment d USING (post_id) WHERE c.suggestion AND d.department_id IS NOT NULL"
    assert await number(f"SELECT count(*) AS n FROM {answered}") >= 5


async def count_same(rows: str) -> float:
    """How often the text that is there most often is there."""
    return await number(f"SELECT max(n) AS n FROM (SELECT count(*) AS n FROM {rows} GROUP BY text) t")


@pytest.mark.slow
async def test_nothing_is_said_a_dozen_times(city: None) -> None:
    assert await count_same("post WHERE kind = 'report'") == 1
    assert await count_same("post WHERE kind = 'rating' AND text <> ''") < 12
    assert await count_same("case_event WHERE text <> ''") < 24
    reasons = await fetch("SELECT DISTINCT data -> 'reason' ->> 'step' AS step FROM case_event WHERE kind = 'assigned'")
    assert "import" not in {row["step"] for row in reasons}


@pytest.mark.slow
async def test_a_release_covers_the_history_of_every_case(city: None) -> None:
    """So that the page that checks a kept history calls none of them missing."""
    cases = await number("SELECT count(*) AS n FROM case_file")
    assert await number("SELECT min((document->'chains'->>'size')::int) AS n FROM release") == cases


@pytest.mark.slow
async def test_it_is_made_once(city: None, config: Config) -> None:
    with pytest.raises(Conflict):
        await make_demo(config)


async def count_rows() -> dict[str, float]:
    return {table: await number(f"SELECT count(*) AS n FROM {table}") for table in TABLES_OF_LIFE}


@pytest.mark.slow
async def test_it_lives_on(city: None, config: Config) -> None:
    """Things of each kind happen, and little of it is refused."""
    before, living, steps = await count_rows(), await LiveCity.make(random.Random(3)), 0
    store = Store(config.media_folder)
    async with Decoder(processes=1, waiting=2) as decoder:
        with capture_logs() as logs:
            while any(after == before[table] for table, after in (await count_rows()).items()):
                steps += 1
                assert steps < 300
                await living.step(store, decoder)
    assert sum(line["event"] == "refused" for line in logs) <= steps / 4


async def test_only_the_demo_city_lives_on(database: str) -> None:
    with pytest.raises(Conflict, match="not the demo city"):
        await LiveCity.make(random.Random(3))


async def test_nothing_is_made_up_in_a_city_that_took_the_place_of_the_demo(database: str, config: Config) -> None:
    """Neither by who runs it there, whatever people call themselves, nor by one that still runs when it is loaded."""
    await City.create(id=1, names={}, languages=["en"], zone="UTC", pack_hash="", loaded_at=timing.now())
    await make_user(f"citizen1@{EMAIL_HOST}")
    with pytest.raises(Conflict, match="not the demo city"):
        await LiveCity.make(random.Random(3))
    await City.filter(id=1).update(demo=True)
    living = await LiveCity.make(random.Random(3))
    await City.filter(id=1).update(demo=False)
    async with Decoder(processes=1, waiting=2) as decoder:
        with pytest.raises(Conflict, match="not the demo city"):
            await living.step(Store(config.media_folder), decoder)

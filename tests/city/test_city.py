"""The city as every page reads it, and the version that says when to read again."""

from datetime import UTC, datetime

import pytest

from civic.catalogue.actions import add_category, add_department
from civic.catalogue.models import Calendar
from civic.catalogue.queries import catalogue
from civic.city.actions import bump_version
from civic.city.models import City
from civic.city.queries import city, city_version
from civic.city.settings import DEFAULT_WEIGHTS, INDICATORS, CitySettings
from civic.db import execute

NOON = datetime(2026, 11, 13, 12, tzinfo=UTC)


async def create_city() -> None:
    await City.create(
        id=1,
        names={"en": "Riverside"},
        languages=["zh", "en"],
        zone="Asia/Shanghai",
        settings={"confirm_days": 7, "from_an_older_version": 1},
        bbox=[118.0, 31.0, 118.4, 31.4],
        pack_hash="x",
        loaded_at=NOON,
    )


async def test_without_a_pack_pages_still_have_a_city(database: str) -> None:
    view = await city()
    assert (view.loaded_at, view.version) == (None, 0)
    assert view.name == "Civic"
    assert view.settings.confirm_days == 10


async def test_the_city_as_its_pack_says(database: str) -> None:
    await create_city()
    view = await city()
    assert (view.name, view.languages, str(view.zone)) == ("Riverside", ("zh", "en"), "Asia/Shanghai")
    assert view.settings.confirm_days == 7
    assert view.centre == pytest.approx((31.2, 118.2))
    assert view.local(NOON).hour == 20


def test_settings_are_kept_as_plain_data() -> None:
    settings = CitySettings(confirm_days=7, weights={**DEFAULT_WEIGHTS, "speed": 0})
    assert CitySettings.model_validate(settings.model_dump()) == settings
    assert tuple(CitySettings().weights) == INDICATORS


async def test_the_version_rises_with_every_addition(database: str) -> None:
    """So every process reads the catalogue again, and a load of a pack is not the only thing that it hears of."""
    await create_city()
    await catalogue()
    before, loaded_at = await city_version(), (await city()).loaded_at
    calendar = await Calendar.create(slug="office", zone="UTC", spec={})
    slug = {"names": {"en": "Roads"}, "calendar_id": calendar.id}
    await add_department("roads", **slug)  # type: ignore[arg-type]
    assert await city_version() == before + 1
    assert "roads" in (await catalogue()).department_by_slug
    await add_department("roads", **slug)  # type: ignore[arg-type]
    assert await city_version() == before + 1  # there was nothing to add
    targets = {"response": "1 day", "resolution": "2 days"}
    await add_category("pothole", names={"en": "Pothole"}, group="g", group_names={"en": "Group"}, **targets)
    assert await city_version() == before + 2
    assert (await city()).loaded_at == loaded_at


async def test_what_another_process_adds_is_read(database: str) -> None:
    await create_city()
    assert (await catalogue()).calendars == {}
    await Calendar.create(slug="office", zone="UTC", spec={})
    assert (await catalogue()).calendars == {}
    await execute("UPDATE city SET version = version + 1")
    city.clear()  # as after its two seconds
    assert list((await catalogue()).calendars) == ["office"]


async def test_a_version_without_a_city(database: str) -> None:
    await bump_version()
    assert await city_version() == 0

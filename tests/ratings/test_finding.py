"""Finding a service by what people would say."""

import pytest

from civic.ratings.queries import list_services
from tests.indexed import indexed

pytestmark = pytest.mark.usefixtures("riverside")


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("给孩子上户口", "newborn-registration"),
        ("driving licence lost", "driving-licence"),
        ("驾照 驾驶证丢了", "driving-licence"),
        ("结婚", "marriage"),
        ("marri", "marriage"),
        ("Shop licence", "small-business"),
        ("ID CARD", "id-card"),
        ("身份证丢失", "id-card"),
    ],
)
async def test_the_first_is_what_was_meant(query: str, slug: str) -> None:
    await indexed()
    found = [line.service.slug for line in await list_services(query, "")]
    assert found[0] == slug


@pytest.mark.parametrize("query", ["zzz", "量子力学", "!!!zzz", "'; DROP TABLE zzz --"])
async def test_nothing_is_found_for_nonsense(query: str) -> None:
    await indexed()
    assert await list_services(query, "") == []


async def test_without_words_all_stand_in_the_pack_s_order() -> None:
    everything = await list_services("", "")
    assert [line.service.position for line in everything] == sorted(line.service.position for line in everything)
    assert len(everything) == 10
    assert await list_services(" 。", "") == everything


async def test_the_filter_by_department_includes_those_below() -> None:
    found = await list_services("", "traffic-police")
    assert [line.service.slug for line in found] == ["driving-licence", "resident-parking"]
    assert await list_services("", "no-such") == []

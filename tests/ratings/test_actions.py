"""One rating a person and service in 30 days counts, and the stars are those of what counts."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from civic import timing
from civic.accounts.models import Role
from civic.accounts.people import NOBODY, Person
from civic.catalogue.queries import catalogue
from civic.db import fetch
from civic.errors import Conflict, NotAllowed
from civic.posts import moderation
from civic.posts.models import Post
from civic.ratings import actions, queries
from civic.ratings.forms import RatingForm
from civic.ratings.models import Rating
from tests.clients import make_user

pytestmark = pytest.mark.usefixtures("riverside")
DAY = datetime(2026, 11, 13, 4, tzinfo=UTC)


async def person(name: str, role: Role = Role.CITIZEN, *departments: int) -> Person:
    user = await make_user(f"{name}@example.org", role)
    return Person(id=user.id, role=role, departments=frozenset(departments))


async def rate(by: Person, stars: int, *, days: float = 0, key: str | None = None, slug: str = "id-card") -> Rating:
    with timing.at(DAY + timedelta(days=days)):
        rated = await actions.rate_service(
            await queries.get_service(slug), RatingForm(stars=stars, text=f"{stars} stars", client_key=key), by
        )
    return rated.row.rating


async def counted() -> dict[int, int]:
    """Stars of all services as the database counts them; checked against the ratings themselves."""
    kept = await fetch("SELECT stars, sum(n)::int AS n FROM service_stars GROUP BY 1 HAVING sum(n) <> 0 ORDER BY 1")
    true = await fetch(
        "SELECT r.stars, count(*)::int AS n FROM rating r JOIN post p ON p.id = r.post_id"
        " WHERE r.replaced_at IS NULL AND p.visibility = 'public' GROUP BY 1 ORDER BY 1"
    )
    assert kept == true
    return {row["stars"]: row["n"] for row in kept}


async def test_a_new_rating_replaces_the_one_of_the_last_thirty_days() -> None:
    ana = await person("ana")
    first = await rate(ana, 1)
    await rate(ana, 4, days=29.9)
    assert await counted() == {4: 1}
    assert (await Rating.get(id=first.id)).replaced_at == DAY + timedelta(days=29.9)
    await rate(ana, 5, days=60)
    assert await counted() == {4: 1, 5: 1}


async def test_other_people_and_other_services_are_left_alone() -> None:
    ana, bo = await person("ana"), await person("bo")
    await rate(ana, 2)
    await rate(bo, 3)
    await rate(ana, 5, slug="marriage")
    assert await counted() == {2: 1, 3: 1, 5: 1}


async def test_of_many_sent_at_once_one_counts() -> None:
    ana, bo = await person("ana"), await person("bo")
    ratings = [rate(one, stars) for stars in (1, 2, 3, 4, 5) for one in (ana, bo)]
    await asyncio.gather(*ratings)
    assert sum((await counted()).values()) == 2
    for one in (ana, bo):
        assert await Rating.filter(post__author_id=one.id, replaced_at=None).count() == 1
    assert await Post.all().count() == 10


async def test_sent_twice_under_one_key_is_one_rating() -> None:
    ana = await person("ana")
    done = await asyncio.gather(*(rate(ana, 3, key="key-of-ana") for _ in range(4)))
    assert len({one.id for one in done}) == 1
    assert await counted() == {3: 1}
    with pytest.raises(Conflict):
        await rate(ana, 4, key="key-of-ana")
    with pytest.raises(Conflict):
        await rate(ana, 3, key="key-of-ana", slug="marriage")


async def test_hidden_ratings_do_not_count_until_they_are_restored() -> None:
    ana, bo, dan = await person("ana"), await person("bo"), await person("dan", Role.DISPATCHER)
    one = await rate(ana, 1)
    await rate(bo, 5)
    await moderation.hide(one.post_id, dan, "abuse")
    assert await counted() == {5: 1}
    assert [view.stars for view in (await queries.list_ratings(one.service_id, size=9))[0]] == [5]
    await moderation.restore(one.post_id, dan, "other")
    assert await counted() == {1: 1, 5: 1}


async def test_hiding_and_replacing_in_any_order_counts_right() -> None:
    ana, dan = await person("ana"), await person("dan", Role.DISPATCHER)
    one = await rate(ana, 1)
    await moderation.hide(one.post_id, dan, "abuse")
    await rate(ana, 2, days=1)
    await moderation.restore(one.post_id, dan, "other")
    assert await counted() == {2: 1}


async def test_hiding_and_replacing_at_once_counts_right() -> None:
    dan = await person("dan", Role.DISPATCHER)
    for n in range(8):
        ana = await person(f"ana{n}")
        one = await rate(ana, 1)
        await asyncio.gather(moderation.hide(one.post_id, dan, "abuse"), rate(ana, 5, days=1))
        assert await counted() == {5: n + 1}


async def test_who_may_not() -> None:
    service = await queries.get_service("id-card")
    department = (await catalogue()).department_by_id[service.department_id]
    with pytest.raises(NotAllowed):
        await rate(NOBODY, 5)
    with pytest.raises(NotAllowed):
        await rate(await person("cleo", Role.AGENT, department.id), 5)
    assert await counted() == {}


async def test_the_mean_is_shrunk_towards_the_city_s() -> None:
    for n in range(6):
        await rate(await person(f"p{n}"), 5)
    await rate(await person("q"), 1, slug="marriage")
    lines = {line.service.slug: line.stars for line in await queries.list_services("", "")}
    city = 31 / 7
    assert lines["id-card"].mean == 5
    assert lines["id-card"].shrunk == pytest.approx((10 * city + 30) / 16)
    assert lines["marriage"].shrunk == pytest.approx((10 * city + 1) / 11)
    assert lines["driving-licence"].shrunk is None
    assert lines["id-card"].bars[0] == (5, 6, 1.0)

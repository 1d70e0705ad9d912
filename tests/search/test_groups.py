"""Ratings stand under their service: in the results, in the box while one types, and for programs."""

import re

import pytest

from civic.accounts.people import Person
from civic.search.postgres.vocabulary import count_words
from tests.builders.posts import ana, bo, make_person, make_rating, make_report
from tests.builders.riverside import JSON, database_dsn, empty, riverside
from tests.clients import Client
from tests.indexed import indexed

__all__ = ["ana", "bo", "database_dsn", "empty", "riverside"]
pytestmark = pytest.mark.usefixtures("riverside")
ASKED = "/search?q=lost+driving+licence"
SERVICE = "/services/driving-licence"


@pytest.fixture
async def rated(ana: Person, bo: Person) -> None:
    for person, text in ((ana, "I lost my driving licence, quick"), (bo, "Lost licence, polite people")):
        await make_rating(person, "driving-licence", text)
    await make_rating(await make_person("cy@example.org"), "driving-licence", "My lost driving licence took long", 2)
    await make_report(bo, "Somebody lost a driving licence here", "pothole")
    await indexed()
    await count_words()


@pytest.mark.usefixtures("rated")
async def test_in_the_results(client: Client) -> None:
    page = (await client.get(ASKED)).text
    assert page.count('<li class="hit"') == len(re.findall(r"<h3 ", page.partition('<ol class="hits')[2]))
    titles = re.findall(r'<h3 [^>]*><a href="([^"]+)"', page)
    assert titles.count(SERVICE) == 1
    assert not [one for one in titles if one.startswith(f"{SERVICE}?")]
    assert len(re.findall(rf'<li><a href="{SERVICE}\?rating=\d+#rating-\d+"', page)) == 3
    assert "3 ratings" in page


@pytest.mark.usefixtures("rated")
async def test_in_the_box_while_one_types(client: Client) -> None:
    box = (await client.get(f"{ASKED}&typing=1", headers={"HX-Request": "true"})).text
    options = re.findall(r'role="option" id="find-\d+" href="([^"]+)"', box)
    assert options.count(SERVICE) == 1
    assert not [one for one in options if one.startswith(f"{SERVICE}?")]
    assert [one for one in options if one.startswith("/reports/")]
    assert "3 ratings" in box


@pytest.mark.usefixtures("rated")
async def test_for_programs(client: Client) -> None:
    results = (await client.get(ASKED, headers=JSON)).json()["results"]
    groups = {(one["kind"], one["group"]) for one in results}
    assert {("service", SERVICE), ("rating", SERVICE), ("report", None)} <= groups
    assert results[0]["url"] == SERVICE


@pytest.mark.usefixtures("rated")
async def test_ratings_alone_are_one_hit(client: Client) -> None:
    page = (await client.get(f"{ASKED}&kind=rating")).text
    assert page.count('<li class="hit"') == 1
    assert "2 ratings" in page

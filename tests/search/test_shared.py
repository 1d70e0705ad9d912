"""A case of which a report says all is found on the desk by the report's words; any other has words of its own."""

import pytest

from civic.accounts.models import Role
from civic.accounts.people import Person
from civic.cases import actions as cases
from civic.cases.actors import Actor, ActorKind
from civic.db import fetch
from civic.posts import moderation
from civic.reports.merging import merge_reports
from civic.search.documents import Query
from civic.search.queries import find_on_desk
from tests.builders.posts import ana, get_holder, make_person, make_report
from tests.builders.riverside import database_dsn, empty, get_department_id, riverside
from tests.search.feeding import finds, finds_on_desk, whole

__all__ = ["ana", "database_dsn", "empty", "riverside"]

pytestmark = pytest.mark.usefixtures("riverside")

OFFICE = Actor(ActorKind.DISPATCHER)


@pytest.fixture
async def dan(ana: Person) -> Person:
    return await make_person("dan@example.org", Role.DISPATCHER)


async def own_cases() -> set[int]:
    """The cases that have words of their own in the desk's index."""
    return {row["item_id"] for row in await fetch("SELECT item_id FROM search_desk_document")}


async def test_one_public_report_is_enough(ana: Person) -> None:
    one = await make_report(ana, "A deep hole")
    await whole()
    assert await own_cases() == set()
    assert await finds("deep hole") == {f"report:{one.post_id}"}
    assert await finds_on_desk("deep hole") == {one.case_id}
    [hit] = (await find_on_desk(Query(text="deep hole"))).hits
    assert (hit.document.kind, hit.document.url) == ("case", f"/desk/cases/{one.case_id}")


async def test_only_its_departments_find_it(ana: Person) -> None:
    one = await make_report(ana, "A deep hole")
    holder = (await get_holder(one.case_id)).department_id
    assert holder
    other = await get_department_id("water")
    assert other != holder
    await whole()
    assert await finds_on_desk("hole", [holder]) == {one.case_id}
    assert await finds_on_desk("hole", [other]) == set()
    assert await finds_on_desk("hole", []) == set()


async def test_an_internal_note_has_words_of_its_own(ana: Person) -> None:
    one = await make_report(ana, "A deep hole")
    await whole()
    await cases.add_note(one.case_id, by=await get_holder(one.case_id), text="Noteworthy")
    await whole()
    assert await own_cases() == {one.case_id}
    assert await finds_on_desk("noteworthy hole") == {one.case_id}
    assert await finds_on_desk("hole") == {one.case_id}, "once"
    assert await finds("noteworthy") == set()
    assert await finds("hole") == {f"report:{one.post_id}"}


async def test_a_hidden_report_leaves_its_case(ana: Person, dan: Person) -> None:
    one = await make_report(ana, "Slanderous words")
    await whole()
    await moderation.hide(one.post_id, dan, "abuse")
    assert await finds_on_desk("slanderous") == set(), "at once"
    await whole()
    assert await own_cases() == {one.case_id}
    [row] = await fetch("SELECT number FROM case_file WHERE id = $1", one.case_id)
    assert await finds_on_desk(row["number"]) == {one.case_id}
    await moderation.restore(one.post_id, dan, "other")
    await whole()
    assert await own_cases() == set()
    assert await finds_on_desk("slanderous") == {one.case_id}


async def test_two_reports_of_one_case(ana: Person) -> None:
    first, second = await make_report(ana, "A deep hole"), await make_report(ana, "Where cars fall in")
    await whole()
    [row] = await fetch("SELECT number FROM case_file WHERE id = $1", first.case_id)
    await merge_reports(second.case_id, row["number"], by=OFFICE, seen=None, text="")
    await whole()
    assert await own_cases() == {first.case_id, second.case_id}
    assert await finds_on_desk("hole cars") == {first.case_id}

"""The rows of a period from the database, field by field, over a small history made by the cases' own actions."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from civic.cases import actions
from civic.cases.models import Case
from civic.catalogue.models import Membership
from civic.scores import extract
from civic.scores.inclusion import ownership_met, response_met
from civic.scores.periods import parse_span
from civic.scores.rows import ClockRow, RatingRow, write_assignments, write_ratings
from tests.builders.histories import HISTORIES
from tests.builders.town import Town, at, database_dsn, empty, local_time, make_town, receive_assigned_case  # noqa: F401  # fixtures

NOVEMBER = parse_span("2026-11").instants(ZoneInfo("Asia/Shanghai"))


@pytest.fixture
async def town(database: str) -> Town:
    return await make_town()


async def rows_of(case: Case) -> list[ClockRow]:
    """The rows of one case: its assignments by their start, then its own."""
    rows = [row for row in await extract.extract_clocks(NOVEMBER) if row.case == case.number]
    return sorted(rows, key=lambda row: (row.clock_of == "case", row.started_at, int(row.id) if row.department else 0))


def tuesday(text: str) -> datetime:
    return local_time(f"2026-11-10 {text}")


OPEN_ASSIGNMENT = ClockRow(
    clock_of="assignment",
    id="",
    case="",
    department="roads",
    category="pothole",
    role="lead",
    started_at=tuesday("09:00"),
    response_due=tuesday("14:30"),
    first_word_at=None,
    resolution_due=local_time("2026-11-13 17:30"),
    resolved_at=None,
    standing=False,
    ended_at=None,
    end_reason="open",
    misrouted=False,
    decline_overturned=False,
    handovers=0,
    worked_s=None,
)
OPEN_CASE = replace(OPEN_ASSIGNMENT, clock_of="case", department="", role="")


async def expect(town: Town, name: str, *expected: ClockRow) -> None:
    """The rows of such a case are these, but for the ids of assignments."""
    case = await HISTORIES[name](town)
    found = await rows_of(case)
    ids = [row.id if row.clock_of == "assignment" else case.number for row in found]
    assert found == [replace(row, id=id_, case=case.number) for row, id_ in zip(expected, ids, strict=True)]


async def test_waiting_is_left_out_and_moves_the_due_instant(town: Town) -> None:
    resolved = {
        "first_word_at": tuesday("10:00"),
        "resolution_due": local_time("2026-11-16 17:30"),
        "resolved_at": local_time("2026-11-11 11:00"),
        "ended_at": local_time("2026-11-11 11:00"),
        "standing": True,
        "end_reason": "resolved",
        "worked_s": 2 * 3600,
    }
    await expect(town, "solved", replace(OPEN_ASSIGNMENT, **resolved), replace(OPEN_CASE, **resolved))


async def test_working_time_of_a_target_of_elapsed_days(town: Town) -> None:
    resolved = {
        "response_due": local_time("2026-11-12 09:00"),
        "first_word_at": tuesday("11:00"),
        "resolution_due": local_time("2026-11-16 07:30"),
        "resolved_at": local_time("2026-11-11 10:00"),
        "ended_at": local_time("2026-11-11 10:00"),
        "standing": True,
        "end_reason": "resolved",
        "worked_s": 2 * 3600 + 1800,
    }
    await expect(town, "waited", replace(OPEN_ASSIGNMENT, **resolved), replace(OPEN_CASE, **resolved))


async def test_a_disputed_resolution_stands_no_longer(town: Town) -> None:
    first = replace(
        OPEN_ASSIGNMENT,
        first_word_at=tuesday("10:00"),
        resolved_at=tuesday("10:00"),
        ended_at=tuesday("10:00"),
        end_reason="resolved",
        worked_s=3600,
    )
    second = replace(OPEN_ASSIGNMENT, started_at=tuesday("11:00"), response_due=tuesday("16:30"))
    case = replace(OPEN_CASE, first_word_at=tuesday("10:00"))
    await expect(town, "disputed", first, second, case)


async def test_who_passed_it_on_and_who_got_it_wrongly(town: Town) -> None:
    roads = replace(OPEN_ASSIGNMENT, ended_at=tuesday("10:00"), end_reason="handed_over", handovers=1)
    parks = replace(
        OPEN_ASSIGNMENT,
        department="parks",
        started_at=tuesday("10:00"),
        response_due=tuesday("15:30"),
        ended_at=tuesday("10:30"),
        end_reason="returned",
        misrouted=True,
    )
    # Water is open in the afternoon only.
    water = replace(OPEN_ASSIGNMENT, department="water", started_at=tuesday("11:00"), response_due=tuesday("17:30"))
    await expect(
        town,
        "passed on",
        *(roads, parks, water),
        replace(OPEN_CASE, handovers=1),
    )


async def test_declined_and_upheld(town: Town) -> None:
    declined = {"first_word_at": tuesday("10:00"), "ended_at": tuesday("10:00"), "end_reason": "declined"}
    await expect(town, "declined", replace(OPEN_ASSIGNMENT, **declined), replace(OPEN_CASE, **declined))
    again = replace(
        OPEN_ASSIGNMENT,
        started_at=tuesday("14:00"),
        response_due=local_time("2026-11-11 09:30"),
    )
    await expect(
        town,
        "upheld",
        replace(OPEN_ASSIGNMENT, **declined, decline_overturned=True),
        again,
        replace(OPEN_CASE, first_word_at=tuesday("10:00"), decline_overturned=True),
    )


async def test_a_supporter_resolves_nothing_and_who_waits_has_no_due_instant(town: Town) -> None:
    parks = replace(
        OPEN_ASSIGNMENT,
        department="parks",
        role="support",
        started_at=tuesday("10:00"),
        response_due=tuesday("15:30"),
        resolution_due=None,
    )
    waiting = {"first_word_at": tuesday("10:00"), "resolution_due": None}
    rows = replace(OPEN_ASSIGNMENT, **waiting), parks, replace(OPEN_CASE, **waiting)
    await expect(town, "helped", *rows)


async def test_a_helper_that_gets_the_case_owes_one_answer(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-10 09:30"):
        await actions.add_support(case.id, town.parks.id, by=town.of(town.roads), text="A tree is there.")
    with at("2026-11-10 10:00"):
        await actions.hand_over(case.id, town.parks.id, by=town.of(town.roads), text="It is all yours.")
    with at("2026-11-10 10:30"):
        await actions.reply(case.id, by=town.of(town.parks), text="We cut it down.")
    _roads, helped, leads, _case = await rows_of(case)
    assert (helped.department, helped.role, helped.end_reason) == ("parks", "support", "reassigned")
    assert (leads.department, leads.role) == ("parks", "lead")
    assert [response_met(row, NOVEMBER) for row in (helped, leads)] == [None, True]
    assert ownership_met(helped, NOVEMBER) is True


async def test_a_case_that_no_department_had(town: Town) -> None:
    await expect(town, "untouched", OPEN_CASE)


@pytest.mark.parametrize("name", ["of september", "merged", "spam", "own"])
async def test_what_is_in_no_row(town: Town, name: str) -> None:
    await HISTORIES[name](town)
    assert list(await extract.extract_clocks(NOVEMBER)) == []
    assert list(await extract.extract_ratings(NOVEMBER)) == []


async def test_a_clock_counts_by_any_of_its_instants(town: Town) -> None:
    await HISTORIES["of september"](town)
    for month, rows in (("2026-09", 2), ("2026-10", 0)):
        period = parse_span(month).instants(ZoneInfo("Asia/Shanghai"))
        assert len(list(await extract.extract_clocks(period))) == rows


async def test_another_department_answers_for_what_it_was_given(town: Town) -> None:
    """What somebody of water reports counts for roads, and so does the case."""
    await HISTORIES["own"](town)
    await Membership.exclude(department_id=town.water.id).delete()
    assert [row.department for row in await extract.extract_clocks(NOVEMBER)] == ["roads", ""]
    assert [row.departments for row in await extract.extract_ratings(NOVEMBER)] == [("roads",)]


async def test_ratings_and_what_the_writers_take(town: Town) -> None:
    """The latest of each reporter; of each case, the departments that had closed it by then."""
    cases = {name: await live(town) for name, live in HISTORIES.items()}
    found = {row.case: row for row in await extract.extract_ratings(NOVEMBER)}
    expected = [
        RatingRow("", cases["solved"].number, ("roads",), 5, local_time("2026-11-12 12:00")),
        RatingRow("", cases["declined"].number, ("roads",), 1, tuesday("12:00")),
        RatingRow("", cases["upheld"].number, ("roads",), 1, tuesday("12:00")),
    ]
    assert found == {row.case: replace(row, id=found[row.case].id) for row in expected}
    assert write_ratings(found.values()).count(b"\n") == 1 + 3
    assert write_assignments(await extract.extract_clocks(NOVEMBER)).count(b"\n") == 1 + 12 + 8

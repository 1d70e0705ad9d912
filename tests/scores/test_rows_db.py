"""The rows of a period from the database, field by field, over a small history made by the cases' own actions."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from civic.cases import actions
from civic.cases.models import Assignment, Case, Handling, Wait
from civic.catalogue.models import Membership
from civic.db import execute
from civic.scores.extract import ExtractedRows, extract_rows
from civic.scores.method.files import write_assignments, write_ratings
from civic.scores.method.inclusion import include_assignment
from civic.scores.method.rows import ClockRow, RatingRow
from civic.scores.periods import parse_span
from tests.builders.histories import HISTORIES, make_report
from tests.builders.town import REPORTER, Town, at, database_dsn, empty, local_time, make_town, receive_assigned_case  # noqa: F401  # fixtures

ZONE = ZoneInfo("Asia/Shanghai")
NOVEMBER = parse_span("2026-11").instants(ZONE)


@pytest.fixture
async def town(database: str) -> Town:
    return await make_town()


async def november_rows() -> ExtractedRows:
    return await extract_rows(NOVEMBER, ZONE, local_time("2026-12-15 08:00"))


async def rows_of(case: Case) -> list[ClockRow]:
    """The rows of one case: its assignments in their order, then its own."""
    rows = [row for row in (await november_rows()).clocks if row.case == case.number]
    return sorted(rows, key=lambda row: (row.clock_of == "case", row.given_at, int(row.id) if row.department else 0))


def tuesday(text: str) -> datetime:
    return local_time(f"2026-11-10 {text}")


NINE = tuesday("09:00")
OPEN = {
    "department": "roads",
    "category": "pothole",
    "role": "lead",
    "added_by": "system",
    "received_at": NINE,
    "started_at": NINE,
    "given_at": NINE,
    "response_due": tuesday("14:30"),
    "response_half": tuesday("11:00"),
    "response_counts_at": tuesday("14:30"),
    "resolution_due": local_time("2026-11-13 17:30"),
    "resolution_counts_at": local_time("2026-11-13 17:30"),
    "resolved_at": None,
    "standing": False,
    "ended_at": None,
    "end_reason": "open",
    "ended_by": "",
    "misrouted": False,
    "came_back": False,
    "decline_stands": False,
    "waited_s": 0,
    "handovers": 0,
}


def expect(row: ClockRow, **parts: Any) -> None:
    """The row is that of an assignment that roads got at nine, but for these parts."""
    for name, value in (OPEN | parts).items():
        assert getattr(row, name) == value, name


def expect_case(row: ClockRow, **parts: Any) -> None:
    case = {"department": "", "role": "", "added_by": "", "response_half": None, "ended_by": ""}
    expect(row, **case | parts)


async def test_waits_that_count_are_left_out(town: Town) -> None:
    """Of the assignment's clock and of the case's, each as long as it paused; a wait that does not count is none."""
    case = await HISTORIES["solved"](town)
    assignment = await Assignment.get(case_id=case.id)
    await Wait.filter(case_id=case.id).delete()
    [row, _case] = await rows_of(case)
    assert (row.paused, row.waited_s) == (False, 0)
    for counts, hour, paused, case_paused in ((True, 10, 11, 12), (True, 13, None, 14), (False, 15, 17, 17)):
        await Wait.create(
            case_id=case.id,
            assignment_id=assignment.id,
            started_at=tuesday(f"{hour}:00"),
            ends_at=local_time("2026-11-20 10:00"),
            ended_at=tuesday(f"{hour + 1}:00"),
            counts=counts,
            assignment_paused_until=paused and tuesday(f"{paused}:00"),
            case_paused_until=case_paused and tuesday(f"{case_paused}:00"),
        )
    [row, case_row] = await rows_of(case)
    assert (row.paused, row.waited_s, case_row.waited_s) == (True, 3600, 3 * 3600)


async def test_an_answered_question_moves_the_due_instant(town: Town) -> None:
    """Asked on Tuesday at 10:00, answered a day later."""
    at_eleven = local_time("2026-11-11 11:00")
    resolved = {"first_word_at": tuesday("10:00"), "resolved_at": at_eleven, "ended_at": at_eleven, "standing": True}
    assignment, case = await rows_of(await HISTORIES["solved"](town))
    moved = dict.fromkeys(("resolution_due", "resolution_counts_at"), assignment.resolution_due)
    assert assignment.resolution_due == local_time("2026-11-16 17:30")
    rest = {"end_reason": "resolved", "waited_s": 24 * 3600, **moved}
    expect(assignment, **resolved, **rest, ended_by="department", paused=True, rated=False)
    expect_case(case, **resolved, **rest)


async def test_a_department_that_recategorises_is_judged_by_the_category_at_the_start(town: Town) -> None:
    """The case has the new category, its assignment the one that it began with."""
    assignment, case = await rows_of(await HISTORIES["waited"](town))
    assert (assignment.category, case.category) == ("lamp", "pothole")


async def test_a_disputed_resolution_stands_no_longer(town: Town) -> None:
    first, second, case = await rows_of(await HISTORIES["disputed"](town))
    ten = {"first_word_at": tuesday("10:00"), "resolved_at": tuesday("10:00"), "ended_at": tuesday("10:00")}
    expect(first, **ten, end_reason="resolved", ended_by="department")
    assert (second.started_at, second.given_at) == (tuesday("11:00"), tuesday("11:00"))
    expect_case(case, first_word_at=tuesday("10:00"))


async def test_who_passed_it_on_and_who_got_it_wrongly(town: Town) -> None:
    roads, parks, water, case = await rows_of(await HISTORIES["passed on"](town))
    expect(roads, ended_at=tuesday("10:00"), end_reason="handed_over", ended_by="department")
    assert (parks.department, parks.ended_at, parks.end_reason) == ("parks", tuesday("10:30"), "returned")
    assert (parks.misrouted, parks.added_by, parks.received_at) == (True, "department", NINE)
    assert (water.department, water.given_at, water.added_by) == ("water", tuesday("11:00"), "dispatcher")
    expect_case(case, handovers=1)


async def test_a_decline_stands_until_an_appeal_is_upheld(town: Town) -> None:
    declined = {"first_word_at": tuesday("10:00"), "ended_at": tuesday("10:00"), "end_reason": "declined"}
    assignment, case = await rows_of(await HISTORIES["declined"](town))
    expect(assignment, **declined, decline_stands=True, ended_by="department")
    expect_case(case, **declined, decline_stands=True)
    first, _again, reopened = await rows_of(await HISTORIES["upheld"](town))
    expect(first, **declined, ended_by="department")
    expect_case(reopened, first_word_at=tuesday("10:00"))


async def test_an_appeal_that_nobody_decides_counts_as_upheld(town: Town) -> None:
    case = await HISTORIES["declined"](town)
    for due, stands in (("2026-12-15 07:59", False), ("2026-12-15 08:01", True)):
        appealed = {"appealed_at": local_time("2026-11-11 09:00"), "appeal_due_at": local_time(due)}
        await Case.filter(id=case.id).update(**appealed)
        assert [row.decline_stands for row in await rows_of(case)] == [stands, stands]
    await Case.filter(id=case.id).update(appeal_outcome="rejected", appeal_due_at=local_time("2026-11-12 09:00"))
    assert [row.decline_stands for row in await rows_of(case)] == [True, True]


async def test_who_waits_has_no_due_instant_and_a_supporter_resolves_nothing(town: Town) -> None:
    roads, parks, case = await rows_of(await HISTORIES["helped"](town))
    assert roads.resolution_due is roads.resolution_counts_at is case.resolution_due is None
    assert (parks.role, parks.added_by, parks.resolution_due) == ("support", "department", None)
    assert include_assignment(parks, NOVEMBER)[:2] == (None, None)


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
    assert [include_assignment(row, NOVEMBER).response for row in (helped, leads)] == [None, True]
    assert include_assignment(helped, NOVEMBER).ownership is None


async def test_a_case_that_no_department_had(town: Town) -> None:
    [case] = await rows_of(await HISTORIES["untouched"](town))
    expect_case(case)


@pytest.mark.parametrize(
    ("name", "left_out"),
    [("of september", {}), ("spam", {"spam": 1}), ("own", {"own": 1})],
)
async def test_what_is_in_no_row(town: Town, name: str, left_out: dict[str, int]) -> None:
    await HISTORIES[name](town)
    found = await november_rows()
    assert found.clocks == found.ratings == []
    assert {reason: count for reason, count in found.left_out["cases"].items() if count} == left_out


async def test_a_merged_case_has_no_row_and_its_assignment_has_one(town: Town) -> None:
    """It is judged by the resolution of the case that goes on; and what was merged into a test is left out with it."""
    case = await Case.get(id=(await HISTORIES["merged"](town)).id)
    assert (await november_rows()).clocks == []
    into = await Case.get(id=case.merged_into_id)
    with at("2026-11-10 11:00"):
        await actions.include(into.id, by=town.desk)
        await actions.assign(into.id, town.parks.id, by=town.desk, reason="It lies in the park.")
    with at("2026-11-10 12:00"):
        await actions.resolve(into.id, by=town.of(town.parks), text="We filled it in.")
    found = await november_rows()
    assert found.left_out["cases"]["merged"] == 1
    [merged] = await rows_of(case)
    assert (merged.end_reason, merged.ended_by, merged.standing) == ("merged", "dispatcher", True)
    assert (merged.ended_at, merged.resolved_at) == (tuesday("10:00"), tuesday("12:00"))
    assert [row.clock_of for row in await rows_of(into)] == ["assignment", "case"]


async def test_a_case_near_an_earlier_one_of_the_day_does_not_count(town: Town) -> None:
    """Within 50 m, of the same category, first department and local day: splitting a job adds nothing."""
    places = {"first": 31.2, "near": 31.2004, "apart": 31.2006, "lamp": 31.2}
    cases = {}
    for name, lat in places.items():
        cases[name] = await receive_assigned_case(town, "2026-11-10 09:00", town.lamp if name == "lamp" else None)
        report = await make_report(cases[name])
        report.lat = lat
        await report.save()
    cases["next day"] = await receive_assigned_case(town, "2026-11-11 00:00")
    await make_report(cases["next day"])
    found = await november_rows()
    counted = {row.case for row in found.clocks}
    assert {name for name, case in cases.items() if case.number in counted} == {"first", "apart", "lamp", "next day"}
    assert found.left_out["cases"]["nearby"] == 1


async def test_a_clock_counts_by_any_of_its_instants(town: Town) -> None:
    await HISTORIES["of september"](town)
    for month, rows in (("2026-09", 2), ("2026-10", 0)):
        period = parse_span(month).instants(ZONE)
        assert len((await extract_rows(period, ZONE, local_time("2026-12-15 08:00"))).clocks) == rows
    await execute("UPDATE clock SET moved_at = $1 WHERE kind = 'resolution'", local_time("2026-10-05 09:00"))
    found = await extract_rows(parse_span("2026-10").instants(ZONE), ZONE, local_time("2026-12-15 08:00"))
    assert [row.resolution_counts_at for row in found.clocks] == [local_time("2026-10-05 09:00")] * 2


async def test_another_department_answers_for_what_it_was_given(town: Town) -> None:
    """What somebody of water reports counts for roads, and so does the case."""
    await HISTORIES["own"](town)
    await Membership.exclude(department_id=town.water.id).delete()
    found = await november_rows()
    assert [row.department for row in found.clocks] == ["roads", ""]
    assert [row.department for row in found.ratings] == ["roads"]


async def test_ratings_come_from_a_confirmed_address(town: Town) -> None:
    """The latest of each reporter; it belongs to the department that resolved or declined the case last before it."""
    cases = {name: await HISTORIES[name](town) for name in ("solved", "declined", "upheld")}
    found = await november_rows()
    assert found.ratings == []
    assert found.left_out["ratings"] == {"unconfirmed": 3, "own": 0, "case": 0}
    assert not any(row.rated for row in found.clocks)
    await execute("UPDATE post SET email_confirmed_at = created_at")
    found = await november_rows()
    [rating] = found.ratings
    assert rating == RatingRow(rating.id, cases["solved"].number, NINE, "roads", 5, local_time("2026-11-12 12:00"))
    assert [row.case for row in found.clocks if row.rated] == [cases["solved"].number]
    with at("2026-11-13 09:00"):
        await actions.dispute(cases["solved"].id, by=REPORTER, text="The hole is there again.")
        await actions.hand_over(
            cases["solved"].id, town.parks.id, by=town.of(town.roads), text="It is a matter of parks."
        )
        await actions.resolve(cases["solved"].id, by=town.of(town.parks), text="We filled it in.")
    with at("2026-11-13 10:00"):
        await actions.rate_handling(cases["solved"].id, rater=(await Handling.all())[0].rater, stars=3)
    assert [(row.department, row.stars) for row in (await november_rows()).ratings] == [("parks", 3)]
    october = parse_span("2026-11-01..2026-11-12").instants(ZONE)
    assert [row.stars for row in (await extract_rows(october, ZONE, local_time("2026-12-15 08:00"))).ratings] == [5]


async def test_the_same_first_words_share_a_number(town: Town) -> None:
    for minute, text in enumerate(("We filled it in.", "we filled  it in!", "It was a lamp, we mended it.")):
        case = await receive_assigned_case(town, f"2026-11-10 09:0{minute}")
        with at("2026-11-10 10:00"):
            await actions.resolve(case.id, by=town.of(town.roads), text=text)
    rows = [row for row in (await november_rows()).clocks if row.department]
    assert sorted((row.same_word or 0) for row in rows) == [0, 1, 1]


async def test_what_the_writers_take(town: Town) -> None:
    for live in HISTORIES.values():
        await live(town)
    await execute("UPDATE post SET email_confirmed_at = created_at")
    found = await november_rows()
    assert write_assignments(found.clocks).count(b"\n") == 1 + len(found.clocks) > 20
    assert write_ratings(found.ratings).count(b"\n") == 1 + len(found.ratings) > 1

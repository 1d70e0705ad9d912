"""Made-up cases in the small city of tests/builders/town.py: every way that a row of the scores can come out."""

from collections.abc import Awaitable, Callable

from civic.accounts.models import User
from civic.cases import actions
from civic.cases.models import Case
from civic.posts.models import Post, Visibility
from civic.reports.models import KIND, Report
from tests.builders.town import REASON, REPORTER, Town, at, receive_assigned_case, receive_case

MONDAY, TUESDAY, WEDNESDAY = "2026-11-09", "2026-11-10", "2026-11-11"


async def make_report(case: Case, author: User | None = None, *, spam: bool = False) -> Report:
    """The main report of a case, by somebody without an account unless said."""
    post = await Post.create(
        kind=KIND,
        author=author,
        text="A hole.",
        created_at=case.received_at,
        visibility=Visibility.HIDDEN if spam else Visibility.PUBLIC,
        hidden_reason="spam" if spam else "",
    )
    return await Report.create(post=post, case=case, lat=31.2, lon=121.5)


async def _solved(town: Town) -> Case:
    """Asked on Tuesday at 10:00, answered on Wednesday at 10:00, resolved at 11:00: 2 of 9 hours were worked."""
    case = await receive_assigned_case(town, f"{TUESDAY} 09:00")
    report_of = await make_report(case)
    with at(f"{TUESDAY} 10:00"):
        await actions.ask(case.id, by=town.of(town.roads), text="Where exactly?")
    with at(f"{WEDNESDAY} 10:00"):
        await actions.answer(case.id, by=REPORTER, text="There.")
    with at(f"{WEDNESDAY} 11:00"):
        await actions.resolve(case.id, by=town.of(town.roads), text="We filled it in.")
    for day, stars in ((WEDNESDAY, 2), ("2026-11-12", 5)):
        with at(f"{day} 12:00"):
            await actions.rate_handling(case.id, rater=f"post:{report_of.post_id}", stars=stars)
    return case


async def _waited_for_days(town: Town) -> Case:
    """A target of elapsed days, and a pause in it: the working time still leaves out what was waited."""
    case = await receive_assigned_case(town, f"{TUESDAY} 09:00", town.lamp)
    with at(f"{TUESDAY} 11:00"):
        await actions.ask(case.id, by=town.of(town.roads), text="Which lamp is it?")
    with at(f"{WEDNESDAY} 09:30"):
        await actions.answer(case.id, by=REPORTER, text="That one.")
    with at(f"{WEDNESDAY} 10:00"):
        await actions.recategorise(case.id, town.pothole, by=town.of(town.roads))
        await actions.resolve(case.id, by=town.of(town.roads), text="It is lit again.")
    return case


async def _disputed(town: Town) -> Case:
    case = await receive_assigned_case(town, f"{TUESDAY} 09:00")
    with at(f"{TUESDAY} 10:00"):
        await actions.resolve(case.id, by=town.of(town.roads), text="We filled it in.")
    with at(f"{TUESDAY} 11:00"):
        await actions.dispute(case.id, by=REPORTER, text="No, it is not fixed.")
    return case


async def _passed_on(town: Town) -> Case:
    """Roads hands it to parks, which gives it back, as misrouted; then water has it."""
    case = await receive_assigned_case(town, f"{TUESDAY} 09:00")
    with at(f"{TUESDAY} 10:00"):
        await actions.hand_over(case.id, town.parks.id, by=town.of(town.roads), text="This is yours.")
    with at(f"{TUESDAY} 10:30"):
        await actions.give_back(case.id, by=town.of(town.parks), text="This is not ours.")
    with at(f"{TUESDAY} 11:00"):
        await actions.assign(case.id, town.water.id, by=town.desk, reason=REASON, misrouted=True)
    return case


async def _declined(town: Town) -> Case:
    case = await receive_assigned_case(town, f"{TUESDAY} 09:00")
    with at(f"{TUESDAY} 10:00"):
        await actions.decline(case.id, by=town.of(town.roads), reason="not_public", text="Private ground.")
    with at(f"{TUESDAY} 12:00"):
        await actions.rate_handling(case.id, rater="post:999999", stars=1)
    return case


async def _upheld(town: Town) -> Case:
    case = await _declined(town)
    with at(f"{TUESDAY} 14:00"):
        await actions.uphold(case.id, by=town.desk, text="It is public ground.")
    return case


async def _helped(town: Town) -> Case:
    """Parks helps roads; both still at work; roads waits for the reporter."""
    case = await receive_assigned_case(town, f"{TUESDAY} 09:00")
    with at(f"{TUESDAY} 10:00"):
        await actions.accept(case.id, by=town.of(town.roads))
        await actions.add_support(case.id, town.parks.id, by=town.of(town.roads), text="There is a tree, too.")
        await actions.ask(case.id, by=town.of(town.roads), text="Where exactly?")
    return case


async def _untouched(town: Town) -> Case:
    return await receive_case(town, f"{TUESDAY} 09:00")


async def _of_september(town: Town) -> Case:
    case = await receive_assigned_case(town, "2026-09-08 09:00")
    with at("2026-09-08 10:00"):
        await actions.resolve(case.id, by=town.of(town.roads), text="We filled it in.")
    return case


async def _merged(town: Town) -> Case:
    into = await receive_case(town, f"{MONDAY} 09:00")
    case = await receive_assigned_case(town, f"{TUESDAY} 09:00")
    with at(f"{TUESDAY} 10:00"):
        await actions.merge(case.id, into.id, by=town.desk, text="It is the same one.")
        await actions.exclude(into.id, by=town.desk)
    return case


async def _spam(town: Town) -> Case:
    case = await receive_assigned_case(town, f"{TUESDAY} 09:00")
    await make_report(case, spam=True)
    return case


async def _own(town: Town) -> Case:
    """Reported by somebody of the departments to themselves, and rated so."""
    case = await receive_assigned_case(town, f"{TUESDAY} 09:00")
    main = await make_report(case, town.agent)
    with at(f"{TUESDAY} 10:00"):
        await actions.resolve(case.id, by=town.of(town.roads), text="We filled it in.")
        await actions.rate_handling(case.id, rater=f"post:{main.post_id}", stars=5)
    return case


HISTORIES: dict[str, Callable[[Town], Awaitable[Case]]] = {
    "solved": _solved,
    "waited": _waited_for_days,
    "disputed": _disputed,
    "passed on": _passed_on,
    "declined": _declined,
    "upheld": _upheld,
    "helped": _helped,
    "untouched": _untouched,
    "of september": _of_september,
    "merged": _merged,
    "spam": _spam,
    "own": _own,
}

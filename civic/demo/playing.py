"""Playing a scenario: one report and what becomes of it, by the actions that people use, at the times given."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from civic import timing
from civic.accounts.people import Person
from civic.cases import actions as cases
from civic.cases.actors import Actor, ActorKind
from civic.cases.models import Assignment, Case
from civic.cases.status import Status
from civic.catalogue.queries import catalogue
from civic.db import fetch_one
from civic.demo.city_plan import street_map
from civic.demo.phrases import choose, choose_about
from civic.demo.scenarios import Scenario
from civic.demo.scenes import draw_photo
from civic.demo.sql import NEXT_STEP
from civic.geo.queries import search_places
from civic.i18n import use_language
from civic.media import actions as media
from civic.media.decoder import Decoder
from civic.media.models import Photo
from civic.media.store import Store
from civic.posts import actions as posts
from civic.posts.forms import CommentForm
from civic.reports import actions as reports
from civic.reports.forms import ReportForm
from civic.reports.models import Report
from civic.reports.moderation import judge_event_photos

T = TypeVar("T")
# In these plans the department adds a photo of the repair.
PLANS_WITH_PROOF = ("resolved", "confirmed", "disputed", "closed", "passed")
MANY_VOTES, VERY_MANY_VOTES = 12, 24  # from which on a report has a comment, and a suggestion that is taken up


@dataclass(frozen=True)
class ScenarioContext:
    """What every scenario needs: who plays the citizens, and the photos by scenario number and whether it is mended."""

    citizens: list[Person]
    staff: Mapping[int, Person]  # who writes for a department, by its id
    photos: Mapping[tuple[int, bool], Photo]


async def make_photos(scenarios: Sequence[Scenario], store: Store, decoder: Decoder) -> dict[tuple[int, bool], Photo]:
    """Store the photos of all scenarios and of the repairs: before any is played, as decoding takes long."""
    known, every = (await catalogue()).category_by_code, list(enumerate(scenarios, start=1))
    wanted = [(number, one.scene, False) for number, one in every if one.photo]
    wanted += [
        (number, one.scene, True)
        for number, one in every
        if one.plan in PLANS_WITH_PROOF and (one.photo or known[one.category].evidence_required)
    ]

    async def take(number: int, scene: str, mended: bool) -> Photo:
        data = await asyncio.to_thread(draw_photo, scene, number, mended=mended)
        made, _gps, _taken = await media.add_photo(data, store, decoder)
        return made

    made: dict[tuple[int, bool], Photo] = {}
    for some in batched(wanted, 16):
        photos = await asyncio.gather(*(take(*one) for one in some))
        made |= {(number, mended): photo for (number, _scene, mended), photo in zip(some, photos, strict=True)}
    return made


def batched(every: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (every[at : at + size] for at in range(0, len(every), size))


class ScenarioRun:
    """One scenario being played: its case, its author, and when it began."""

    def __init__(self, scenario: Scenario, context: ScenarioContext, number: int, now: datetime) -> None:
        self.scenario, self.context, self.number = scenario, context, number
        self.began = now - timedelta(days=scenario.days)
        self.now = now
        self.author = context.citizens[number % len(context.citizens)]
        self.case_id = 0
        self.report: Report | None = None

    def words(self, of: str, more: int = 0) -> str:
        return choose(of, self.scenario.language, self.number + more)

    def words_about(self, of: str, more: int = 0) -> str:
        return choose_about(of, self.scenario.category, self.scenario.language, self.number + more)

    async def at(self, hours: float, do: Callable[[], Awaitable[object]]) -> None:
        """Do something so many hours after the report, or `slow` times as many, unless that is in the future."""
        then = self.began + timedelta(hours=hours * self.scenario.slow)
        await self._let_clocks_run(min(then, self.now))
        if then < self.now:
            with timing.at(then), use_language(self.scenario.language):
                await do()

    async def _let_clocks_run(self, until: datetime) -> None:
        """Let the clocks take the steps that a worker would have taken until then, at their instants."""
        while (row := await fetch_one(NEXT_STEP, until)) and row["at"]:
            with timing.at(row["at"]):
                await cases.escalate_next_clock()

    async def play(self) -> None:
        """Post the report, route it, then follow its plan."""
        await self.at(0, self._post)
        await self.at(0.01, lambda: reports.route_case(self.case_id))
        await PLANS[self.scenario.plan](self)
        await self._vote_and_comment()
        await self._let_clocks_run(self.now)

    def _pictures(self, *, mended: bool) -> list[Photo]:
        photo = self.context.photos.get((self.number, mended))
        return [photo] if photo else []

    async def _post(self) -> None:
        pictures = self._pictures(mended=False)
        scenario, categories = self.scenario, (await catalogue()).category_by_code
        place = (await search_places(scenario.place, limit=1))[0]
        wobble = (self.number % 7 - 3) * 0.0006
        lat, lon = street_map().nearest(place.lat + wobble, place.lon - wobble / 2)
        data = ReportForm(
            text=scenario.text,
            category=categories.get(scenario.category),
            lat=lat,
            lon=lon,
            located_by="photo",
            answers=dict(scenario.answers),
        )
        posted = await reports.post_report(data, self.author, photos=pictures, channel="demo")
        self.report, self.case_id = posted.row.report, posted.row.report.case_id

    async def actor(self) -> Actor:
        """The department that has the case, as an actor."""
        case = await Case.get(id=self.case_id)
        return Actor(ActorKind.DEPARTMENT, None, case.department_id)

    async def _vote_and_comment(self) -> None:
        """Votes, as many as there are citizens, and comments of neighbours."""
        if self.report is None:
            return
        post_id = self.report.post_id
        neighbours = [one for one in self.context.citizens if one.id != self.author.id]
        for one in neighbours[: self.scenario.votes]:
            await self.at(1 + one.id % 5, partial(posts.vote, post_id, one))
        if self.scenario.votes >= MANY_VOTES:
            comment = CommentForm(text=self.words_about("comment"))
            await self.at(2, partial(posts.add_comment, post_id, neighbours[self.number % 7], comment))
        if self.scenario.votes >= VERY_MANY_VOTES:
            await self._suggest(post_id, neighbours[7 + self.number % 7])

    async def _suggest(self, post_id: int, neighbour: Person) -> None:
        """A neighbour suggests something, and the department says that it takes it up."""
        another = CommentForm(text=self.words_about("comment", more=1))
        await self.at(3, partial(posts.add_comment, post_id, neighbour, another))
        suggestion = CommentForm(text=self.words_about("suggestion"), suggestion=True)
        await self.at(4, partial(posts.add_comment, post_id, neighbour, suggestion))

        async def take_up() -> None:
            department = (await Case.get(id=self.case_id)).department_id
            if department is not None and (staff := self.context.staff.get(department)):
                adopted = CommentForm(text=self.words("adopted"), department=department)
                await posts.add_comment(post_id, staff, adopted)

        await self.at(9, take_up)

    async def accept(self) -> None:
        async def do() -> None:
            await cases.accept(self.case_id, by=await self.actor(), text=self.words("accept"))

        await self.at(1.5, do)

    async def reply(self) -> None:
        async def do() -> None:
            await cases.reply(self.case_id, by=await self.actor(), text=self.words("reply"))

        await self.at(3, do)

    async def ask(self) -> None:
        async def do() -> None:
            await cases.ask(self.case_id, by=await self.actor(), text=self.words("ask"))

        await self.at(2.5, do)

    async def resolve(self) -> None:
        await self.reply()
        proof = self._pictures(mended=True)

        async def do() -> None:
            text = self.words("resolve" if proof else "resolve_plain")
            await cases.resolve(self.case_id, by=await self.actor(), text=text, photos=proof)
            await judge_event_photos([self.case_id])

        await self.at(20, do)

    async def confirm(self) -> None:
        await self.resolve()
        await self._say_that_it_is_fixed()

    async def _say_that_it_is_fixed(self) -> None:
        stars = self.scenario.stars or 3 + self.number % 3

        async def do() -> None:
            if (await Case.get(id=self.case_id)).status == Status.RESOLVED and self.report is not None:
                await cases.confirm(self.case_id, by=Actor.reporter(self.author))
                await cases.rate_handling(self.case_id, rater=f"post:{self.report.post_id}", stars=stars)

        await self.at(26, do)

    async def dispute(self) -> None:
        await self.resolve()
        await self.at(
            44, lambda: cases.dispute(self.case_id, by=Actor.reporter(self.author), text=self.words("dispute"))
        )

    async def wait_for_closing(self) -> None:
        """The reporter does not answer: the worker closes the case when the time is over."""
        await self.resolve()

    async def decline(self) -> None:
        async def do() -> None:
            text = self.words("decline")
            await cases.decline(self.case_id, by=await self.actor(), reason="no_action_needed", text=text)

        await self.at(5, do)

    async def hand_over(self) -> None:
        await self._change_department()
        await self.reply()

    async def _change_department(self) -> None:
        async def do() -> None:
            to, by = (await catalogue()).department_by_slug[self.scenario.to].id, await self.actor()
            if by.department_id != to:  # an area may have a department of its own
                await cases.hand_over(self.case_id, to, by=by, text=self.words("hand_over"))

        await self.at(2, do)

    async def pass_on(self) -> None:
        """The first department hands it over, the second solves it, and the reporter agrees."""
        await self._change_department()
        await self.confirm()

    async def add_support(self) -> None:
        await self.accept()

        async def do() -> None:
            to = (await catalogue()).department_by_slug[self.scenario.to].id
            # A rule may have added them already.
            if not await Assignment.exists(case_id=self.case_id, department_id=to):
                await cases.add_support(self.case_id, to, by=await self.actor(), text=self.words("add_support"))

        await self.at(2, do)

    async def do_nothing(self) -> None:
        """Nothing has been done yet."""


PLANS: dict[str, Callable[[ScenarioRun], Awaitable[None]]] = {
    "fresh": ScenarioRun.do_nothing,
    "triage": ScenarioRun.do_nothing,
    "silent": ScenarioRun.do_nothing,
    "accepted": ScenarioRun.accept,
    "replied": ScenarioRun.reply,
    "asked": ScenarioRun.ask,
    "resolved": ScenarioRun.resolve,
    "confirmed": ScenarioRun.confirm,
    "closed": ScenarioRun.wait_for_closing,
    "disputed": ScenarioRun.dispute,
    "declined": ScenarioRun.decline,
    "handed": ScenarioRun.hand_over,
    "passed": ScenarioRun.pass_on,
    "helped": ScenarioRun.add_support,
}

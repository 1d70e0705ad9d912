"""The demo city lives on: people post, support and comment, and departments work, at a made-up pace, for showing.

Everything is done by the actions that people use, so that workers, messages, the index and the live board follow.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial

from civic import timing
from civic.accounts.models import User
from civic.accounts.people import Person
from civic.cases import actions as cases
from civic.cases.actors import Actor, ActorKind
from civic.cases.status import Status
from civic.catalogue.queries import catalogue
from civic.city.models import City
from civic.config import Config
from civic.db import fetch_one
from civic.demo.city_plan import street_map
from civic.demo.people import EMAIL_HOST
from civic.demo.phrases import LANGUAGES, ReportWriter, choose, choose_about, choose_traffic, phrases
from civic.demo.scenarios import SCENE_BY_CATEGORY
from civic.demo.scenes import draw_photo
from civic.demo.sql import ANY_REPORT, ANY_UPDATE, NEXT_CASE
from civic.errors import CivicError, Conflict
from civic.geo.models import Place
from civic.i18n import gettext as _
from civic.i18n import use_language
from civic.logs import get_logger
from civic.media import actions as media
from civic.media.decoder import Decoder
from civic.media.models import Photo
from civic.media.store import Store
from civic.posts import actions as posts
from civic.posts.forms import CommentForm
from civic.reports import actions as reports
from civic.reports.forms import ReportForm
from civic.reports.moderation import judge_event_photos
from civic.traffic import actions as traffic
from civic.traffic.forms import UpdateForm
from civic.traffic.models import TrafficKind

log = get_logger(__name__)

WITH_PHOTO = 0.6  # the share of reports that come with a picture


class LiveCity:
    """The demo city, in which something happens at each `step`."""

    def __init__(self, chance: random.Random, citizens: list[Person], places: list[Place]) -> None:
        self._chance, self._citizens, self._places = chance, citizens, places
        self._writers = {language: ReportWriter(chance, language) for language in LANGUAGES}
        self._number = 0

    @classmethod
    async def make(cls, chance: random.Random) -> "LiveCity":
        """The city in the database. Raises Conflict if it is not the demo city."""
        await refuse_real_city()
        users = await User.filter(email__startswith="citizen", email__endswith=f"@{EMAIL_HOST}").order_by("id")
        citizens = [Person(id=one.id, name=one.name, confirmed=True) for one in users]
        return cls(chance, citizens, await Place.all().order_by("id"))

    async def step(self, store: Store, decoder: Decoder) -> None:
        """Let one thing happen, as often as such things happen in a city. What is refused is logged and left.

        Raises Conflict where a city was loaded in place of the demo: departments would answer real people.
        """
        await refuse_real_city()
        deeds: list[tuple[Callable[[], Awaitable[object]], int]] = [
            (partial(self._report, store, decoder), 3),
            (partial(self._work, store, decoder), 6),
            (self._support, 5),
            (self._comment, 2),
            (self._post_traffic, 1),
            (self._confirm_traffic, 3),
        ]
        [deed] = self._chance.choices([one for one, _weight in deeds], [weight for _one, weight in deeds])
        self._number += 1
        with use_language(self._chance.choice(LANGUAGES)):
            try:
                await deed()
            except CivicError as error:
                log.info("refused", why=str(error))

    def _citizen(self) -> Person:
        return self._chance.choice(self._citizens)

    async def _report(self, store: Store, decoder: Decoder) -> None:
        language, place = self._chance.choice(LANGUAGES), self._chance.choice(self._places)
        wobble = self._chance.uniform(-0.001, 0.001), self._chance.uniform(-0.001, 0.001)
        lat, lon = street_map().nearest(place.lat + wobble[0], place.lon + wobble[1])
        code = self._chance.choice(list(SCENE_BY_CATEGORY))
        photos = []
        if self._chance.random() < WITH_PHOTO:
            picture = await asyncio.to_thread(draw_photo, SCENE_BY_CATEGORY[code], self._chance.randrange(10**9))
            photos = [(await media.add_photo(picture, store, decoder))[0]]
        form = ReportForm(
            text=self._writers[language].write(code, place.names.get(language) or next(iter(place.names.values()))),
            category=(await catalogue()).category_by_code.get(code),
            lat=lat,
            lon=lon,
            located_by="photo",
        )
        with use_language(language):
            await reports.post_report(form, self._citizen(), photos=photos, channel="demo")

    async def _work(self, store: Store, decoder: Decoder) -> None:
        """The department that has a case goes one step on with it, or its reporter confirms the solution."""
        row = await fetch_one(NEXT_CASE)
        if row is None:
            return
        language, by = row["language"], Actor(ActorKind.DEPARTMENT, None, row["department_id"])
        if row["status"] == Status.ASSIGNED:
            await cases.reply(row["id"], by=by, text=choose("reply", language, self._number))
        elif row["status"] == Status.IN_PROGRESS:
            proof = await self._prove(row["category"] or "", store, decoder)
            text = choose("resolve" if proof else "resolve_plain", language, self._number)
            await cases.resolve(row["id"], by=by, text=text, photos=proof)
            await judge_event_photos([row["id"]])
        elif author := next((one for one in self._citizens if one.id == row["author_id"]), None):
            await cases.confirm(row["id"], by=Actor.reporter(author))

    async def _prove(self, category: str, store: Store, decoder: Decoder) -> list[Photo]:
        """A picture of the place once all is well; none of what cannot be drawn."""
        scene = SCENE_BY_CATEGORY.get(category)
        if scene is None:
            return []
        picture = await asyncio.to_thread(draw_photo, scene, self._chance.randrange(10**9), mended=True)
        return [(await media.add_photo(picture, store, decoder))[0]]

    async def _support(self) -> None:
        if row := await fetch_one(ANY_REPORT, self._chance.randrange(30)):
            await posts.vote(row["id"], self._citizen())

    async def _comment(self) -> None:
        if row := await fetch_one(ANY_REPORT, self._chance.randrange(30)):
            kind, number = self._chance.choice(["comment", "comment", "suggestion"]), self._chance.randrange(100)
            spoken = row["language"] if row["language"] in LANGUAGES else LANGUAGES[0]
            text = choose_about(kind, row["category"] or "", spoken, number)
            await posts.add_comment(row["id"], self._citizen(), CommentForm(text=text, suggestion=kind == "suggestion"))

    async def _post_traffic(self) -> None:
        language, place = self._chance.choice(LANGUAGES), self._chance.choice(self._places)
        kind = self._chance.choice(list(phrases()["traffic"]))
        text = choose_traffic(kind, language, self._number)
        lat, lon = street_map().nearest(place.lat, place.lon)
        form = UpdateForm(kind=TrafficKind(kind), text=text, lat=lat, lon=lon, address="")
        with use_language(language):
            await traffic.post_update(form, self._citizen(), channel="demo")

    async def _confirm_traffic(self) -> None:
        if row := await fetch_one(ANY_UPDATE, timing.now()):
            await traffic.confirm_update(row["id"], self._citizen())


async def refuse_real_city() -> None:
    """Raises Conflict unless the city in the database is the demo's. By its mark: anybody can take a citizen's name."""
    if not await City.exists(id=1, demo=True):
        raise Conflict(_("This is not the demo city: civic demo makes it, in an empty database."))


async def keep_alive(config: Config, every: float, on_step: Callable[[int], None] = lambda number: None) -> None:
    """Let something happen every so many seconds, at random but so often on average, until the task is cancelled."""
    chance = random.Random()  # noqa: S311  # a made-up life, not a secret
    living = await LiveCity.make(chance)
    async with Decoder(processes=1, waiting=4) as decoder:
        store, number = Store(config.media_folder), 0
        while True:
            await living.step(store, decoder)
            number += 1
            on_step(number)
            await asyncio.sleep(chance.expovariate(1 / every))

"""Making the demo city: its pack, people, posts of every kind, cases at work, and two releases of its scores."""

import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle
from pathlib import Path

from civic import timing
from civic.accounts.models import Role
from civic.accounts.people import Person
from civic.catalogue.queries import catalogue
from civic.config import Config
from civic.db import execute, fetch_one, in_transaction, retry_transaction
from civic.demo.city_plan import street_map
from civic.demo.history import make_history, publish_history
from civic.demo.people import EMAIL_HOST, SHOWN, make_people
from civic.demo.phrases import LANGUAGES, choose_rating
from civic.demo.playing import ScenarioContext, ScenarioRun, make_photos
from civic.demo.scenarios import Scenario, read_scenarios
from civic.errors import Conflict
from civic.geo.base_map import tiles_folder
from civic.geo.queries import search_places
from civic.i18n import gettext as _
from civic.i18n import use_language
from civic.media.decoder import Decoder
from civic.media.store import Store
from civic.packs.actions import load_pack
from civic.packs.base_map import TilesPlace
from civic.ratings import actions as ratings
from civic.ratings.forms import RatingForm
from civic.traffic import actions as traffic
from civic.traffic.forms import UpdateForm
from civic.traffic.models import TrafficKind

PACK = Path(__file__).parent / "pack"

# Kind, place, language, text, how many minutes ago, and how many say that it is still there.
TRAFFIC = [
    ("jam", "解放桥", "zh", "桥上堵死了，建议绕行东埠大桥。", 12, 6),
    ("roadworks", "人民路", "zh", "半幅封闭施工，到下周五。", 2000, 14),
    ("accident", "高新大道", "en", "Two cars, right lane blocked, police are there.", 25, 9),
    ("flood", "西湾大桥", "zh", "桥下积水，小车过不去。", 90, 4),
    ("signal", "学府路", "en", "Traffic lights out, drive slowly.", 140, 7),
    ("obstacle", "环湖路", "zh", "路上掉了一袋水泥。", 40, 2),
    ("jam", "南站路", "en", "Slow from the station to the bridge, about ten minutes.", 18, 3),
    ("roadworks", "码头路", "en", "One lane at a time until Friday.", 900, 5),
]
# How good a service is, in mean stars: from good to bad, in the order of the pack.
SERVICE_STARS = (4.4, 4.1, 3.2, 5.0, 3.6, 3.9, 4.5, 4.7, 3.4, 2.4)
SAYING = 0.7  # the share of ratings that come with a sentence


@dataclass(frozen=True)
class DemoAccounts:
    """Accounts to sign in with, and their common password."""

    password: str
    accounts: list[str]


@retry_transaction
async def make_demo(config: Config, on_step: Callable[[str], None] = lambda step: None) -> DemoAccounts:
    """Fill an empty database with the demo city. Raises Conflict if there are posts already."""
    if await fetch_one("SELECT 1 AS x FROM post LIMIT 1"):
        raise Conflict(_("There are posts already: the demo city is only made in an empty database."))
    on_step(_("Loading the city …"))
    await load_pack(PACK, demo=True, tiles=TilesPlace(tiles_folder(config)))
    password = secrets.token_urlsafe(9)
    people = await make_people(password)
    on_step(_("Three quarters of the past …"))
    now = timing.now()
    await make_history(now)
    on_step(_("Photos …"))
    scenarios = read_scenarios()
    async with Decoder(processes=config.media.processes, waiting=64) as decoder:
        photos = await make_photos(scenarios, Store(config.media_folder), decoder)
    async with in_transaction():  # one transaction for all, so that it waits for the disk once
        await _play(scenarios, ScenarioContext(people.citizens, people.staff, photos), on_step)
        await _traffic(people.citizens)
        await _ratings(people.citizens)
    on_step(_("Two releases of the scores …"))
    await publish_history(now)
    async with in_transaction():
        # Nobody is mailed about the past, and every report is routed already: no job is left to do.
        await execute("DELETE FROM pgqueuer WHERE status = 'queued'")
    await execute("ANALYZE")
    shown = ("citizen1", *SHOWN, Role.DISPATCHER.value, Role.ADMIN.value)
    return DemoAccounts(password, [f"{name}@{EMAIL_HOST}" for name in shown])


async def _play(scenarios: Sequence[Scenario], context: ScenarioContext, on_step: Callable[[str], None]) -> None:
    now = timing.now()
    for number, scenario in enumerate(scenarios, start=1):
        on_step(_("Playing scenario %(n)s of %(all)s …", n=number, all=len(scenarios)))
        await ScenarioRun(scenario, context, number, now).play()


async def _traffic(citizens: list[Person]) -> None:
    for number, (kind, place, language, text, minutes, still) in enumerate(TRAFFIC):
        position = (await search_places(place, limit=1))[0]
        lat, lon = street_map().nearest(position.lat, position.lon)
        data = UpdateForm(kind=TrafficKind(kind), text=text, lat=lat, lon=lon, address="")
        began = timing.now() - timedelta(minutes=minutes)
        with timing.at(began), use_language(language):
            posted = await traffic.post_update(data, citizens[number], channel="demo")
        for later, person in enumerate(citizens[20 : 20 + still], start=1):
            with timing.at(began + timedelta(minutes=minutes * later / (still + 1))):
                await traffic.confirm_update(posted.row.id, person)


async def _ratings(citizens: list[Person]) -> None:
    """Ratings by citizens of each service, about as good as it is; no sentence twice for one service."""
    chance = random.Random(5)  # noqa: S311  # made-up opinions, not a secret
    for service, mean in zip((await catalogue()).services, cycle(SERVICE_STARS)):
        for number, person in enumerate(chance.sample(citizens, chance.randint(14, 26))):
            stars = min(5, max(1, round(chance.gauss(mean, 0.8))))
            language = LANGUAGES[number % 2]
            text = choose_rating(stars, language, number // 2) if chance.random() < SAYING else ""
            with timing.at(timing.now() - timedelta(days=1 + chance.random() * 60)), use_language(language):
                await ratings.rate_service(service, RatingForm(stars=stars, text=text), person, channel="demo")

"""Making the demo city: its pack, people, posts of every kind, cases at work, and two releases of its scores."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from civic import timing
from civic.accounts.forms import SignUpForm
from civic.accounts.models import Role
from civic.accounts.people import Person
from civic.catalogue.members import add_user
from civic.catalogue.queries import catalogue
from civic.config import Config
from civic.db import execute, fetch_one, in_transaction, retry_transaction
from civic.demo.history import make_history
from civic.demo.scenarios import Scenario, ScenarioContext, ScenarioRun, make_photos, read_scenarios
from civic.errors import Conflict
from civic.geo.queries import search_places
from civic.i18n import gettext as _
from civic.i18n import use_language
from civic.media.decoder import Decoder
from civic.media.store import Store
from civic.packs.actions import load_pack
from civic.ratings import actions as ratings
from civic.ratings.forms import RatingForm
from civic.traffic import actions as traffic
from civic.traffic.forms import UpdateForm
from civic.traffic.models import TrafficKind

PACK = Path(__file__).parent / "pack"
CITIZENS = ("李晓雯", "Maya Chen", "王建国", "Tom Baker", "陈阿姨", "Ying", "老周", "Sam", "小林", "Ada")
EMAIL_HOST = "riverside.example"

TRAFFIC = [
    ("jam", "解放桥", "zh", "桥上堵死了，建议绕行东埠大桥。", 12),
    ("roadworks", "人民路", "zh", "半幅封闭施工，到下周五。", 2000),
    ("accident", "高新大道", "en", "Two cars, right lane blocked, police are there.", 25),
    ("flood", "西湾大桥", "zh", "桥下积水，小车过不去。", 90),
    ("signal", "学府路", "en", "Traffic lights out, drive slowly.", 140),
    ("obstacle", "环湖路", "zh", "路上掉了一袋水泥。", 40),
]
RATINGS = {
    5: ["办得很快，窗口的同志特别耐心。", "Ten minutes and done. Thank you!", "材料清单写得清楚，一次办好。"],
    4: ["整体不错，就是排队久了点。", "Friendly, but the signs could be better."],
    3: ["网上说不用带复印件，到了又要。", "It worked at the second try."],
    2: ["网上预约系统老是打不开。", "Waited two hours."],
    1: ["说是全程网办，最后还是跑了三趟。"],
}


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
    await load_pack(PACK, demo=True)
    password = secrets.token_urlsafe(9)
    citizens, accounts = await _people(password)
    on_step(_("Three quarters of the past, and two releases of the scores …"))
    await make_history(timing.now())
    on_step(_("Photos …"))
    scenarios = read_scenarios()
    async with Decoder(processes=config.media.processes, waiting=64) as decoder:
        photos = await make_photos(scenarios, Store(config.media_folder), decoder)
    async with in_transaction():  # one transaction for all, so that it waits for the disk once
        await _play(scenarios, ScenarioContext(citizens, photos), on_step)
        await _traffic(citizens)
        await _ratings(citizens)
        # Nobody is mailed about the past, and every report is routed already: no job is left to do.
        await execute("DELETE FROM pgqueuer WHERE status = 'queued'")
    await execute("ANALYZE")
    return DemoAccounts(password, accounts)


async def _people(password: str) -> tuple[list[Person], list[str]]:
    citizens = []
    for number, name in enumerate(CITIZENS, start=1):
        user = await add_user(
            SignUpForm(email=f"citizen{number}@{EMAIL_HOST}", password=password, name=name), Role.CITIZEN
        )
        citizens.append(Person(id=user.id, name=name))
    accounts = [f"citizen1@{EMAIL_HOST}"]
    for slug in ("roads", "water", "sanitation", "parks", "lighting"):
        email = f"{slug}@{EMAIL_HOST}"
        await add_user(SignUpForm(email=email, password=password, name=slug.title()), Role.LEAD, [slug])
        accounts.append(email)
    for role in (Role.DISPATCHER, Role.ADMIN):
        email = f"{role.value}@{EMAIL_HOST}"
        await add_user(SignUpForm(email=email, password=password, name=role.value.title()), role)
        accounts.append(email)
    return citizens, accounts


async def _play(scenarios: Sequence[Scenario], context: ScenarioContext, on_step: Callable[[str], None]) -> None:
    now = timing.now()
    for number, scenario in enumerate(scenarios, start=1):
        on_step(_("Playing scenario %(n)s of %(all)s …", n=number, all=len(scenarios)))
        await ScenarioRun(scenario, context, number, now).play()


async def _traffic(citizens: list[Person]) -> None:
    for number, (kind, place, language, text, minutes) in enumerate(TRAFFIC):
        position = (await search_places(place, limit=1))[0]
        data = UpdateForm(kind=TrafficKind(kind), text=text, lat=position.lat, lon=position.lon, address="")
        with timing.at(timing.now() - timedelta(minutes=minutes)), use_language(language):
            await traffic.post_update(data, citizens[number], channel="demo")


async def _ratings(citizens: list[Person]) -> None:
    """Ratings by citizens, each of most of the services."""
    pattern = (5, 4, 5, 3, 5, 2, 4, 1, 5, 4)
    for place, service in enumerate((await catalogue()).services):
        for number, person in enumerate(citizens):
            if (place * 3 + number) % 4 == 0:
                continue
            stars = pattern[(place + number) % len(pattern)]
            text = RATINGS[stars][(place + number) % len(RATINGS[stars])]
            with timing.at(timing.now() - timedelta(days=1 + (place * 7 + number * 3) % 60)):
                await ratings.rate_service(service, RatingForm(stars=stars, text=text), person, channel="demo")

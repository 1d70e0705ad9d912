"""What is played in the made-up city: the scenarios of scenarios.toml, and more at random, but the same each time."""

import csv
import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from civic.demo.history import PERFORMANCE, Performance
from civic.demo.phrases import LANGUAGES, ReportWriter

SCENARIOS_FILE = Path(__file__).with_name("scenarios.toml")
PLACES_FILE = Path(__file__).with_name("pack") / "places.csv"

# What is drawn for a report of a category.
SCENE_BY_CATEGORY = {
    "pothole": "pothole",
    "street-light": "lamp",
    "bin": "rubbish",
    "missed-collection": "rubbish",
    "tree": "tree",
    "water-leak": "leak",
    "illegal-parking": "parking",
    "road-sign": "sign",
    "green-space": "flowers",
    "drain": "flood",
}
# The department that a case of a category comes to, and another that it may be passed on to.
PASSED_ON = {
    "pothole": ("roads", "urban-management"),
    "street-light": ("lighting", "urban-management"),
    "bin": ("sanitation", "parks"),
    "missed-collection": ("sanitation", "urban-management"),
    "tree": ("parks", "lighting"),
    "water-leak": ("water", "roads"),
    "illegal-parking": ("traffic-police", "urban-management"),
    "road-sign": ("traffic-police", "roads"),
    "green-space": ("parks", "water"),
    "drain": ("drainage", "water"),
}
RECENT_COUNT = 36
RECENT_DAYS = 19.0
PAST_COUNT = 96
PAST_DAYS = (21.0, 240.0)
SLOW = 12.0  # times as long, where a department is late
# What ends the reports that are made here, so that none says what an imported one says.
RECENT_END = {"zh": "请尽快处理。", "en": " Please see to it."}
PAST_END = {"zh": "谢谢。", "en": " Thank you."}


@dataclass(frozen=True)
class Scenario:
    """One of scenarios.toml: what was reported, and by `plan` how far it has come.

    `slow`: how many times as long as usual each step takes. `stars` for the handling; 0: as it comes. `photo`: it has
    pictures.
    """

    scene: str
    place: str
    language: str
    days: float
    plan: str
    text: str
    votes: int
    category: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    to: str = ""
    slow: float = 1.0
    stars: int = 0
    photo: bool = True


def read_places() -> list[dict[str, str]]:
    """The names of the pack's places, by language."""
    rows = csv.DictReader(PLACES_FILE.read_text("utf-8").splitlines())
    return [{language: row[f"name_{language}"] for language in LANGUAGES} for row in rows]


def read_scenarios() -> list[Scenario]:
    """All scenarios, the oldest first, so that report numbers grow with time."""
    scenarios = [Scenario(**one) for one in tomllib.loads(SCENARIOS_FILE.read_text("utf-8"))["scenario"]]
    return sorted(scenarios + make_recent() + make_past(), key=lambda one: -one.days)


def make_recent() -> list[Scenario]:
    """More reports of the last weeks, at random, but the same each time. What is older than its promise is solved."""
    chance = random.Random(7)  # noqa: S311  # made-up reports, not a secret
    writers = {language: ReportWriter(chance, language) for language in LANGUAGES}
    places, made = read_places(), []
    for number in range(RECENT_COUNT):
        language, category = LANGUAGES[number % 2], chance.choice(list(SCENE_BY_CATEGORY))
        place, days = chance.choice(places), RECENT_DAYS * (number + chance.random()) / RECENT_COUNT
        plans = (
            ("fresh", "accepted")
            if days < 0.4
            else ("replied", "resolved")
            if days < 1.5
            else ("resolved", "confirmed")
        )
        made.append(
            Scenario(
                scene=SCENE_BY_CATEGORY[category],
                category=category,
                place=place["zh"],
                language=language,
                days=days,
                plan=chance.choice(plans),
                text=writers[language].write(category, place[language]) + RECENT_END[language],
                votes=int(chance.expovariate(0.15)),
            )
        )
    return made


def make_past() -> list[Scenario]:
    """Reports of people with an account in the months that are published: they say whether it was mended.

    Some are passed on, more of them by departments that work less well. An import tells neither.
    """
    chance = random.Random(11)  # noqa: S311
    writers = {language: ReportWriter(chance, language) for language in LANGUAGES}
    places = read_places()
    return [_make_past_one(chance, writers[LANGUAGES[number % 2]], places, number) for number in range(PAST_COUNT)]


def _make_past_one(chance: random.Random, writer: ReportWriter, places: list[dict[str, str]], number: int) -> Scenario:
    category, place = list(PASSED_ON)[number % len(PASSED_ON)], chance.choice(places)
    first, second = PASSED_ON[category]
    how: Performance = PERFORMANCE[first]
    passes, late = chance.random() > how.kept, chance.random() > how.solved
    nearest, farthest = PAST_DAYS
    return Scenario(
        scene=SCENE_BY_CATEGORY[category],
        category=category,
        place=place["zh"],
        language=writer.language,
        days=nearest + (farthest - nearest) * (number + chance.random()) / PAST_COUNT,
        plan="passed" if passes else "confirmed",
        text=writer.write(category, place[writer.language]) + PAST_END[writer.language],
        votes=int(chance.expovariate(0.3)),
        to=second if passes else "",
        slow=SLOW if late else 1.0,
        stars=min(5, max(1, round(chance.gauss(how.stars, 0.8)))),
        photo=False,
    )

"""The demo city's past: reports of the last three quarters, imported as a city would, and two releases."""

import json
import random
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from civic import timing
from civic.cases import actions as cases
from civic.catalogue.queries import catalogue
from civic.city.queries import city
from civic.db import fetch, in_transaction, retry_transaction
from civic.geo.queries import areas
from civic.imports.actions import import_file
from civic.imports.mapping import ImportMapping
from civic.posts.models import Post
from civic.scores.actions import publish_release
from civic.scores.method.spans import Span
from civic.scores.models import Release

REPORT_COUNT = 900
RATING_COUNT = 420
# How long a department takes compared with the others (1 is average), so that the scores differ.
PACE_BY_DEPARTMENT = {
    "water": 0.5,
    "parks": 0.8,
    "lighting": 0.9,
    "sanitation": 1.0,
    "traffic-police": 1.2,
    "roads": 1.6,
}
DEFAULT_PACE = 1.3
# Departments that share a kind of work: without that, the case mix would make all of them look alike.
DEPARTMENTS_BY_CATEGORY = {
    "pothole": ("roads", "urban-management"),
    "street-light": ("lighting", "urban-management"),
    "bin": ("sanitation", "parks"),
    "missed-collection": ("sanitation", "old-town-urban"),
    "tree": ("parks", "sanitation"),
    "water-leak": ("water", "drainage"),
    "illegal-parking": ("traffic-police", "urban-management"),
    "road-sign": ("traffic-police", "roads"),
    "green-space": ("parks", "sanitation"),
    "drain": ("drainage", "water", "roads"),
}
TEXTS = {
    "pothole": ["路面有坑，请修补。", "Pothole, please mend it."],
    "street-light": ["路灯不亮。", "The street light is out."],
    "bin": ["垃圾桶满了。", "The bin is full."],
    "missed-collection": ["垃圾没有收走。", "Rubbish was not collected."],
    "tree": ["树枝断了，有危险。", "A branch hangs loose."],
    "water-leak": ["水管漏水。", "A pipe is leaking."],
    "illegal-parking": ["车辆乱停。", "Cars parked where they must not."],
    "road-sign": ["标线看不清了。", "Road markings cannot be seen."],
    "green-space": ["草坪需要养护。", "The lawn needs care."],
    "drain": ["下水口堵了。", "The drain is blocked."],
}
MAPPING = {
    "name": "demo",
    "language": "zh",
    "times": {"zone": "Asia/Shanghai", "formats": ["%Y-%m-%d %H:%M"]},
    "columns": {
        name: name
        for name in (
            "id",
            "text",
            "category",
            "department",
            "lat",
            "lon",
            "status",
            "received",
            "first_answer",
            "resolved",
        )
    },
    "history": {"statuses": {"resolved": "resolved", "open": "open"}},
    "texts": {"replied": "我们已收到并安排处理。", "resolved": "已处理完毕。"},
}


def quarters(today: date) -> tuple[Span, Span]:
    """The two whole quarters before this one, the earlier first."""
    first = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    spans = []
    for _ in range(2):
        last = first - timedelta(days=1)
        first = date(last.year, last.month - 2, 1)
        spans.append(Span(first, last))
    return spans[1], spans[0]


async def make_history(now: datetime) -> list[Release]:
    """Import the past and publish both quarters."""
    view = await city()
    # The latest release is of a quarter in which every solution is confirmed or disputed by now.
    settled = now - timedelta(days=view.settings.confirm_days + 1)
    before, last = quarters(settled.astimezone(view.zone).date())
    start = before.instants(view.zone)[0]
    rows = await _rows(start, now - timedelta(days=20), view.zone)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "past.jsonl"
        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        await import_file(file, await _mapping(), Path(folder) / "refused.jsonl")
    await _rate()
    return [await publish_release(span) for span in (before, last)]


async def _mapping() -> ImportMapping:
    loaded = await catalogue()
    values = {one.slug: {"slug": one.slug} for one in loaded.departments}
    codes = {one.code: {"code": one.code} for one in loaded.categories}
    return ImportMapping.model_validate({**MAPPING, "departments": {"values": values}, "categories": {"values": codes}})


async def _rows(start: datetime, end: datetime, zone: ZoneInfo) -> list[dict[str, object]]:
    """Rows as a city would export them, at random, but the same each time."""
    chance = random.Random(20)  # noqa: S311  # a made-up past, not a secret
    places = [area for area in (await areas()).all if area.level > 1]
    rows = []
    for number in range(REPORT_COUNT):
        code = chance.choice(list(TEXTS))
        area = chance.choice(places)
        lat, lon = area.centre
        slug = chance.choice(DEPARTMENTS_BY_CATEGORY[code])
        pace = PACE_BY_DEPARTMENT.get(slug, DEFAULT_PACE)
        received = start + (end - start) * chance.random()
        received = received.astimezone(zone).replace(hour=chance.randint(7, 20), minute=chance.randint(0, 59))
        answered = received + timedelta(hours=pace * chance.lognormvariate(1.4, 1.0))
        resolved = answered + timedelta(hours=pace * chance.lognormvariate(3.2, 1.0))
        done = chance.random() > 0.03 * pace and resolved < end
        rows.append(
            {
                "id": str(number),
                "text": chance.choice(TEXTS[code]),
                "category": code,
                "department": slug,
                "lat": lat + chance.uniform(-0.004, 0.004),
                "lon": lon + chance.uniform(-0.004, 0.004),
                "status": "resolved" if done else "open",
                "received": f"{received:%Y-%m-%d %H:%M}",
                "first_answer": f"{answered:%Y-%m-%d %H:%M}" if answered < end else "",
                "resolved": f"{resolved:%Y-%m-%d %H:%M}" if done else "",
            }
        )
    return sorted(rows, key=lambda row: str(row["received"]))


@retry_transaction
async def _rate() -> None:
    """Rate some of the resolved cases, one day after."""
    rows = await fetch(
        "SELECT c.id, r.post_id, c.resolved_at, d.slug FROM case_file c JOIN report r ON r.case_id = c.id"
        " JOIN department d ON d.id = c.department_id WHERE c.resolved_at IS NOT NULL ORDER BY hashint8(c.id) LIMIT $1",
        RATING_COUNT,
    )
    chance = random.Random(21)  # noqa: S311
    async with in_transaction():
        await Post.filter(id__in=[row["post_id"] for row in rows]).update(email_confirmed_at=timing.now())
        for row in rows:
            stars = min(5, max(1, round(chance.gauss(4.9 - PACE_BY_DEPARTMENT.get(row["slug"], DEFAULT_PACE), 0.9))))
            with timing.at(row["resolved_at"] + timedelta(days=1)):
                await cases.rate_handling(row["id"], rater=f"post:{row['post_id']}", stars=stars)

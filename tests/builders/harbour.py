"""A made-up town whose old system gives its reports away as JSON lines, and the mapping that reads them."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from civic import cache, timing
from civic.geo.models import Area
from civic.imports.actions import Progress, import_file
from civic.imports.mapping import read_mapping

# A Friday. What the rows below are told until.
NOW = datetime(2026, 11, 13, 12, 0, tzinfo=UTC)

MAPPING = """
name = "harbour"
language = "en"

[times]
zone = "Europe/Paris"
formats = ["iso", "%d.%m.%Y"]
slack_minutes = 30

[columns]
id = { column = "url", pattern = '/(\\d+)$' }
title = "title"
text = ["text", "summary"]
category = "kind"
department = "body"
address = "street"
lat = "lat"
lon = "lon"
status = "state"
received = { column = "sent", time = "09:00" }
first_answer = { column = "answered", time = "12:00", optional = true }
resolved = { column = "done", time = "15:00", optional = true }
reopened = { column = "again", time = "16:00", optional = true }
first_resolved = { column = "first_done", time = "15:00", optional = true }
answer_text = { column = "answer", optional = true }
resolution_text = { column = "note", optional = true }

[history.statuses]
fixed = "resolved"
open = "open"
unclear = "triage"
refused = { outcome = "declined", reason = "not_feasible" }

[[history.when]]
column = "note"
contains = "same as another"
statuses = ["fixed"]
outcome = "declined"
reason = "no_action_needed"

[departments]
create = true
calendar = "office"
values.Roads = { slug = "roads", names = { en = "Roads", zh = "道路处" } }
values.Parks = { slug = "parks", names = { en = "Parks" }, calendar = "mornings" }

[categories]
create = true
response = "2 working days"
resolution = "10 working days"
values.Hole = { code = "hole", names = { en = "Hole" }, response = "4 working hours", resolution = "3 working days" }
values.Lamp = { code = "lamp", names = { en = "Lamp" }, response = "48 hours", resolution = "5 days" }

[city]
names = { en = "Harbour" }
zone = "Europe/Paris"
bbox = [2.0, 48.0, 3.0, 49.0]
calendar = "office"

[calendars.office]
zone = "Europe/Paris"
holidays = [2026-05-01]
weekly = { mon = [["09:00", "12:00"], ["13:30", "17:30"]], tue = [["09:00", "17:00"]], wed = [["09:00", "17:00"]], \
thu = [["09:00", "17:00"]], fri = [["09:00", "16:00"]] }

[calendars.mornings]
zone = "Europe/Paris"
weekly = { mon = [["08:00", "12:00"]], wed = [["08:00", "12:00"]], sat = [["08:00", "12:00"]] }
"""

_number = iter(range(1000, 10**9))


def make_row(**values: Any) -> dict[str, Any]:
    """Make a row of the old system; `id` is the number in its address."""
    number = values.pop("id", None) or next(_number)
    plain = {
        "url": f"https://harbour.example/reports/{number}",
        "title": "A hole",
        "text": "A hole in the road, café side.",
        "kind": "Hole",
        "body": "Roads",
        "street": "Quay 1",
        "lat": 48.5,
        "lon": "2.5",
        "state": "open",
        "sent": "2026-03-02",
    }
    return {key: value for key, value in (plain | values).items() if value is not None}


def make_resolved(**values: Any) -> dict[str, Any]:
    return make_row(**{"state": "fixed", "answered": "2026-03-04", "done": "2026-03-05", **values})


def write_rows(path: Path, rows: list[dict[str, Any]], *, packed: bool = False) -> Path:
    data = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows).encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


class Harbour:
    """Imports of one test, in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.rejects = folder, folder / "rejects.jsonl"
        self.mapping = folder / "mapping.toml"
        self.mapping.write_text(MAPPING, "utf-8")

    def change_mapping(self, old: str, new: str) -> None:
        """Replace a part of the mapping."""
        text = self.mapping.read_text("utf-8")
        assert old in text
        self.mapping.write_text(text.replace(old, new), "utf-8")

    async def import_rows(
        self, *rows: dict[str, Any], file: Path | None = None, now: datetime = NOW, dry_run: bool = False
    ) -> Progress:
        """Import these rows, or a file; return what the import counted."""
        path = file or write_rows(self.folder / "rows.jsonl", list(rows))
        with timing.at(now):
            return await import_file(path, read_mapping(self.mapping), self.rejects, batch=7, dry_run=dry_run)

    def read_rejects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.rejects.read_text("utf-8").splitlines()]

    def list_rejects(self) -> list[tuple[int, str]]:
        return [(one["line"], one["column"]) for one in self.read_rejects()]


async def make_areas() -> None:
    """Two halves of the town."""
    town = await Area.create(slug="town", level=0, names={"en": "Town"}, geometry=_box(2.0, 3.0))
    for slug, west, east in (("west", 2.0, 2.5), ("east", 2.5, 3.0)):
        await Area.create(slug=slug, parent=town, level=1, names={"en": slug}, geometry=_box(west, east))
    cache.clear_caches()


def _box(west: float, east: float) -> dict[str, Any]:
    ring = [[west, 48.0], [east, 48.0], [east, 49.0], [west, 49.0], [west, 48.0]]
    return {"type": "MultiPolygon", "coordinates": [[ring]]}

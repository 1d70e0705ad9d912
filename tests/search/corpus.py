"""Three real cities as one: what Boston, a Chinese province and Budapest were told, ready for an index.

`Corpus(folder).documents()` reads the files once, in order, and keeps none of them. The rows stay where they are:
tests name them by their source id ("boston:…", "teddy:…", "budapest:…"), which `Corpus.subjects` turns into an index's.
"""

import csv
import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from civic.reports.queries import heading
from civic.search.documents import Document

CITY_HALL = (42.360322, -71.057967)  # where Boston's source puts what it cannot find
MASKED = re.compile(r"\[(?:PLATE|PHONE|EMAIL)\]")
NEIGHBOURHOOD = re.compile(
    "(Allston|Beacon Hill|Brighton|Charlestown|Dorchester|East Boston|Hyde Park|Jamaica Plain|Mattapan|Mission Hill|"
    r"Roslindale|Roxbury|South Boston|West Roxbury)(?=,|\s+MA\b|$)"
)
# No column names Boston's departments: the first that the city's answer speaks of, else who has that service.
BOSTON_DEPARTMENTS = {
    "Inspectional Services Department": r"\bISD\b|inspectional|code enforcement|sgt\.? ",
    "Boston Water and Sewer Commission": r"\bBWSC\b|water (?:and|&) sewer",
    "Boston Transportation Department": r"\bBTD\b|transportation|AVRS|vehicle|traffic",
    "Parks and Recreation Department": r"\bBPRD\b|\bparks?\b|\btree\b",
    "Boston Police Department": r"\bBPD\b|police|9-1-1",
    "Public Works Department": r"\bDPW\b|\bPWD\b|public works|trash|swept|street ?light",
}
BOSTON_SERVICES = {
    "Abandoned Vehicle": "Boston Transportation Department",
    "Unsafe Dangerous Conditions": "Inspectional Services Department",
}
CHINESE_PLACE = re.compile(r"([A-M])(\d*)[市区县]")  # made anonymous: A市, A3区, C4县
UNDATED = datetime(2017, 1, 1, tzinfo=UTC)  # a third of the Chinese messages came without a date
DASHES = re.compile(r"-{4,}")  # between what was said later, which comes first, and what the citizen wrote


@dataclass
class Corpus:
    """The files below `folder`, and what the documents' numbers mean: of a name, its place in the list, plus one."""

    folder: Path
    categories: list[str] = field(default_factory=list)
    departments: list[str] = field(default_factory=list)
    areas: list[str] = field(default_factory=list)
    subjects: dict[str, int] = field(default_factory=dict)  # by source id

    def documents(self) -> Iterator[tuple[str, Document]]:
        """Source id and document, subjects from 1."""
        for rows in (_boston, _teddy, _budapest):
            for row in rows(self.folder):
                yield row.source, self._document(row)

    def _document(self, row: "Row") -> Document:
        item_id = self.subjects[row.source] = len(self.subjects) + 1
        names = (row.category, row.department, row.address, *row.areas, row.number)
        return Document(
            kind="report",
            item_id=item_id,
            url=f"/reports/{item_id}",
            title=row.title or heading("", row.text),
            text=row.text,
            names=tuple(dict.fromkeys(name for name in names if name)),
            discussion=row.discussion,
            category_id=_place(self.categories, row.category),
            department_id=_place(self.departments, row.department),
            area_ids=tuple(place for name in row.areas if (place := _place(self.areas, name))),
            status="resolved" if row.resolved else "received",
            at=row.at,
            support=row.support,
            lat=row.lat,
            lon=row.lon,
        )


def documents(folder: Path) -> Iterator[tuple[str, Document]]:
    """All of them, where nobody asks what the numbers mean."""
    return Corpus(folder).documents()


@dataclass(kw_only=True)
class Row:
    """What a source says, in the same words for each."""

    source: str
    text: str
    at: datetime
    resolved: bool
    number: str = ""
    title: str = ""
    discussion: str = ""
    category: str = ""
    department: str = ""
    address: str = ""
    areas: tuple[str, ...] = ()  # the smallest first
    support: int = 0
    lat: float | None = None
    lon: float | None = None


def _place(names: list[str], name: str) -> int | None:
    """The name's number, given in order of first appearance."""
    if not name:
        return None
    if name not in names:
        names.append(name)
    return names.index(name) + 1


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def _boston(folder: Path) -> Iterator[Row]:
    for path in sorted((folder / "boston-open311").glob("*.jsonl.gz")):
        for row in _lines(path):
            notes = MASKED.sub("", row.get("status_notes", ""))
            service, address = row["service_name"], row.get("address", "")
            found = (row["lat"], row["long"]) != CITY_HALL
            yield Row(
                source=f"boston:{row['service_request_id']}",
                number=row["service_request_id"],
                text=MASKED.sub("", row.get("description", "")).strip() or service,
                discussion=notes,
                category=service,
                department=BOSTON_SERVICES.get(service) or _boston_department(notes),
                address=address,
                areas=(*NEIGHBOURHOOD.findall(address)[-1:], "Boston"),
                at=datetime.fromisoformat(row["requested_datetime"]),
                resolved=row["status"] == "closed",
                lat=row["lat"] if found else None,
                lon=row["long"] if found else None,
            )


def _boston_department(notes: str) -> str:
    found = (name for name, words in BOSTON_DEPARTMENTS.items() if re.search(words, notes, re.IGNORECASE))
    return next(found, "Boston 311")


def _teddy(folder: Path) -> Iterator[Row]:
    for name in ("annex3_messages_votes_4326.csv", "annex4_messages_replies_2816.csv"):
        for row in _table(folder / "teddy2020-c" / name):
            title, said = row["留言主题"], row.get("答复意见", "")
            yield Row(
                source=f"teddy:{row['留言编号']}",
                number=row["留言编号"],
                title=title,
                text=row["留言详情"],
                discussion=said,
                areas=_chinese_areas(title),
                at=_chinese_time(row["留言时间"]),
                resolved=bool(said),
                support=int(row.get("点赞数") or 0),
            )
    # Labelled with a category, but without number and date: the line's number names it.
    for number, row in enumerate(_table(folder / "teddy2020-c" / "labelled.csv"), 1):
        title, blank, text = row["text"].partition(" ")  # where they were not run together
        yield Row(
            source=f"teddy:label-{number}",
            title=title if blank and len(title) <= 80 else "",
            text=text if blank and len(title) <= 80 else row["text"],
            category=row["label"],
            areas=_chinese_areas(row["text"][:80]),
            at=UNDATED + timedelta(minutes=number),
            resolved=False,
        )


def _table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: text.replace("_x000D_", "\n").strip() for name, text in row.items()}


def _chinese_areas(title: str) -> tuple[str, ...]:
    """The first place named, and the city that it belongs to by its letter."""
    found = CHINESE_PLACE.search(title)
    return tuple(dict.fromkeys((found.group(), f"{found.group(1)}市"))) if found else ()


def _chinese_time(text: str) -> datetime:
    """Of "2019/8/19 11:48:23", "2019/8/19 11:48" or "2019-08-19 11:48:23"."""
    return datetime(*map(int, re.findall(r"\d+", text)), tzinfo=ZoneInfo("Asia/Shanghai"))


def _budapest(folder: Path) -> Iterator[Row]:
    for row in _lines(folder / "jarokelo-budapest" / "issues.jsonl.gz"):
        later, text = _budapest_texts(row["description"])
        address = row["address"] or ""
        district = address.partition(",")[0]
        number = row["url"].split("/")[5]  # https://…/bejelentesek/budapest/139838/eldugult-viznyelo
        yield Row(
            source=f"budapest:{number}",
            number=number,
            title=row["title"],
            text=text,
            discussion=later,
            category=row["category"],
            department=row["institution"] or "",
            address=address,
            areas=(*([district] if district.endswith("kerület") else []), "Budapest"),
            at=datetime.fromisoformat(row["date"]).replace(hour=12, tzinfo=ZoneInfo("Europe/Budapest")),
            resolved=row["status"] == "Megoldott",
            lat=float(row["latitude"]),
            lon=float(row["longitude"]),
        )


def _budapest_texts(description: str) -> tuple[str, str]:
    """What was answered or added later, and what the citizen wrote."""
    parts = [part.strip() for part in DASHES.split(description)]
    if len(parts) > 1 and parts[-1]:
        return "\n".join(part for part in parts[:-1] if part), parts[-1]
    return "", description.strip()

"""Documents for tests of the search: a few of each kind, and how they get into the indexes.

A hit is shown from the posts. For made-up documents, which no posts have, the subjects are registered so that they also
give what was put into an index here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from civic.db import in_transaction
from civic.search import saved_state
from civic.search.documents import Document, Key
from civic.search.meili import queue
from civic.search.meili.client import Meili
from civic.search.meili.engine import MeiliEngine
from civic.search.meili.settings import index_settings
from civic.search.postgres import rows
from civic.search.rebuild import rebuild
from civic.search.subjects import Subject, register, registered

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SYNONYMS = [("bin", "trash"), ("路灯", "街灯")]
WANTED = index_settings(["en", "zh", "hu"], SYNONYMS)
POTHOLES, LIGHTS, RATS, OFFICE = 1, 2, 3, 4
NORTH, SOUTH, CITY = 11, 12, 10
WORKS, PARKS = 21, 22


def make_document(item_id: int, title: str, text: str = "", **values: Any) -> Document:
    """Make the document of a report of today, unless `values` say otherwise; `days` is its age."""
    days = values.pop("days", 0)
    given = {"kind": "report", "url": f"/reports/{item_id}", "status": "received", "at": NOW - timedelta(days=days)}
    return Document(**given | {"item_id": item_id, "title": title, "text": text} | values)


def make_documents() -> list[Document]:
    """Make the documents of a small city."""
    return [
        make_document(
            1,
            "Pothole on Elm Street",
            "Deep, in front of the school.",
            category_id=POTHOLES,
            department_id=WORKS,
            area_ids=(NORTH, CITY),
            support=3,
            lat=42.36,
            lon=-71.06,
            names=("Elm Street 12", "Public Works"),
        ),
        make_document(
            2,
            "Pothole at the market",
            "It is back again.",
            category_id=POTHOLES,
            department_id=WORKS,
            area_ids=(SOUTH, CITY),
            support=9,
            lat=42.30,
            lon=-71.06,
            days=20,
            status="resolved",
        ),
        make_document(
            3,
            "Street light is out",
            "Dark at night, near the pothole.",
            category_id=LIGHTS,
            department_id=WORKS,
            area_ids=(NORTH, CITY),
            days=3,
            discussion="We have ordered a new lamp.",
        ),
        make_document(4, "路灯坏了", "小区门口的路灯坏了三天", category_id=LIGHTS, area_ids=(SOUTH, CITY), days=200),
        make_document(
            5,
            "Patkány a Kossuth utcában",
            "Láttam egy patkányt.",
            category_id=RATS,
            department_id=PARKS,
            area_ids=(SOUTH, CITY),
            days=40,
        ),
        make_document(
            6, "Trash was not collected", "Since Monday.", days=1, category_id=RATS, department_id=PARKS, support=1
        ),
        make_document(7, "Elm Street closed", "Until six.", kind="traffic", status="", days=0, area_ids=(NORTH, CITY)),
        make_document(
            8,
            "Apply for a parking permit",
            "Bring an identity card.",
            kind="service",
            status="",
            category_id=OFFICE,
            days=900,
        ),
    ]


KEPT: dict[Key, Document] = {}  # what was put into an index in this test, and stands in no post


class KeptDocuments:
    """Makes the documents of a subject from the posts, and those that only tests know."""

    def __init__(self, subject: Subject) -> None:
        self.kind, self.compose = subject.kind, subject.make_hits

    async def __call__(self, ids: Sequence[int]) -> list[Document]:
        real = await self.compose(ids)
        there = {one.item_id for one in real}
        return real + [KEPT[self.kind, one] for one in ids if one not in there and (self.kind, one) in KEPT]


def keep_documents(documents: Iterable[Document]) -> None:
    """Let hits of these be shown, until the test ends."""
    KEPT.update({one.key: one for one in documents})
    register(
        one if isinstance(one.compose_hits, KeptDocuments) else replace(one, compose_hits=KeptDocuments(one))
        for one in registered()
    )


async def put_documents(documents: Iterable[Document], tables: rows.DocumentTables = rows.PUBLIC) -> list[Key]:
    """Put made-up documents into an index; hits of them can be shown."""
    given = list(documents)
    keep_documents(given)
    return await rows.write_documents(given, tables)


async def write_documents(documents: Sequence[Document], gone: Sequence[Key] = ()) -> None:
    """Change the index as a worker does: the documents, and what is to be sent, in one transaction."""
    async with in_transaction():
        changed = await put_documents(documents)
        removed = await rows.remove_documents(gone)
        for one in gone:
            KEPT.pop(one, None)
        await queue.queue_keys([*changed, *removed])


async def fill_indexes(meili: Meili, documents: Sequence[Document] | None = None) -> None:
    """Write documents to both indexes, and make the key for searching."""
    await write_documents(make_documents() if documents is None else documents)
    if meili.key:
        await saved_state.save_state(queue.KEY, await meili.make_search_key())
    await rebuild(MeiliEngine(meili, WANTED))


async def get_index_settings() -> dict[str, Any]:
    return WANTED

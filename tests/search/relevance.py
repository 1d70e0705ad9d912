"""Reading relevance.toml: what people look for, and which documents are right."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from civic.search.documents import Query
from tests.search.corpus import Corpus

FILE = Path(__file__).with_name("relevance.toml")
FIRST = 20  # hits among which a right one counts


@dataclass(frozen=True)
class Known:
    """A query with its right answers."""

    text: str
    about: str
    right: tuple[str, ...]  # source ids
    some: bool = False
    category: str = ""
    area: str = ""
    near: tuple[float, float, int] | None = None  # lat, lon, metres

    def query(self, corpus: Corpus, *, facets: bool = False) -> Query:
        """As it is put to an engine, of a corpus whose documents have been read."""
        return Query(
            text=self.text,
            partial=self.some,
            category_ids=(corpus.categories.index(self.category) + 1,) if self.category else (),
            area_id=corpus.areas.index(self.area) + 1 if self.area else None,
            near=self.near,
            size=FIRST,
            facets=facets,
        )


def read() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


def queries() -> Iterator[Known]:
    for one in read()["query"]:
        near = tuple(one["near"]) if "near" in one else None
        yield Known(**one | {"right": tuple(one["right"]), "near": near})


def synonyms() -> list[list[str]]:
    """Groups of phrases that mean the same, as a pack gives them."""
    return list(read()["synonyms"]["groups"])

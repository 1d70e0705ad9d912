"""What people say in everyday words finds first what the city has for it: everyday.toml, and in everyday_unseen.toml
forty phrases that no synonym was made for.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import civic.demo
from civic.accounts.people import Person
from civic.catalogue.queries import catalogue
from civic.search.documents import Document, Query
from civic.search.postgres.vocabulary import count_words
from civic.search.queries import find
from tests.builders.posts import ana, make_report
from tests.builders.riverside import database_dsn, empty, riverside
from tests.indexed import indexed

__all__ = ["ana", "database_dsn", "empty", "riverside"]
FOLDER = Path(__file__).parent
SCENARIOS = Path(civic.demo.__file__).with_name("scenarios.toml")
LANGUAGES = ("zh", "en")
LEAST_PHRASES, LEAST_UNSEEN_SHARE = 100, 0.7  # phrases of a language; of those never tuned on, what is found first


@dataclass(frozen=True)
class Phrase:
    """What somebody types, and what is right: services' slugs and categories' codes. `among`: the first so many."""

    text: str
    language: str
    right: frozenset[str]
    among: int = 1


def read_phrases(name: str) -> list[Phrase]:
    data: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / name).read_text("utf-8"))
    return [one for language, kinds in data.items() for one in _phrases(language, kinds)]


def _phrases(language: str, kinds: dict[str, Any]) -> Iterator[Phrase]:
    for kind, by_right in kinds.items():
        for right, texts in by_right.items():
            near = kind == "within_three"
            keys = frozenset(right.split()) if near else frozenset({f"{kind}:{right}"})
            yield from (Phrase(text, language, keys, 3 if near else 1) for text in texts)


async def make_city(author: Person) -> None:
    """The services; what people report in the demo; and of each category two reports in the words of the pack."""
    for one in tomllib.loads(SCENARIOS.read_text("utf-8"))["scenario"]:
        await make_report(author, one["text"], one.get("category"), routed=False)
    for category in filter(lambda one: one.public, (await catalogue()).categories):
        for language in LANGUAGES:
            title, text = category.names[language], category.descriptions[language]
            await make_report(author, text, category.code, title=title, routed=False)
    await indexed()
    await count_words()


async def what_is_found(text: str) -> list[str]:
    pack = await catalogue()
    codes = {one.id: one.code for one in pack.categories}
    slugs = {one.id: one.slug for one in pack.services}

    def name(one: Document) -> str:
        return (
            f"service:{slugs[one.item_id]}" if one.kind == "service" else f"category:{codes.get(one.category_id or 0)}"
        )

    return [name(hit.document) for hit in (await find(Query(text=text, size=3, facets=False))).hits]


async def missed(phrases: list[Phrase]) -> list[str]:
    """The phrases that do not find what is right, each with what they find."""
    found = [(one, await what_is_found(one.text)) for one in phrases]
    return [f"{one.text}: {' '.join(hits)}" for one, hits in found if not one.right.intersection(hits[: one.among])]


def test_there_are_phrases_enough() -> None:
    for name, least in (("everyday.toml", LEAST_PHRASES), ("everyday_unseen.toml", 20)):
        phrases = read_phrases(name)
        assert len({one.text for one in phrases}) == len(phrases)
        assert all(sum(one.language == language for one in phrases) >= least for language in LANGUAGES)


@pytest.mark.usefixtures("riverside")
async def test_everyday_words_find_what_was_meant(ana: Person) -> None:
    await make_city(ana)
    assert await missed(read_phrases("everyday.toml")) == []
    unseen = read_phrases("everyday_unseen.toml")
    others = await missed(unseen)
    assert 1 - len(others) / len(unseen) >= LEAST_UNSEEN_SHARE, others

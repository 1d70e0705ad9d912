"""As many documents as one likes, made from the real ones: for measuring the search of a large city.

    python -m benchmarks.search_corpus [COUNT]    # how fast they are made, and how many different words they have

The real documents come first (shuffled, so that the first part of them is a mixed city too). Then they are repeated
with changes, as a city's posts resemble each other: a part of each text is from another of the same language, the place
is somewhere near, the time within some years before, house number, case number and support are others. Texts get
misspelt words and words that were not there before, so that the vocabulary grows as it does with real ones. The same
count gives the same documents.
"""

import os
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from civic.reports.queries import heading
from civic.search.documents import Document
from tests.search.corpus import Corpus

DATA = Path(os.environ.get("CIVIC_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
SEED = 20_260_101
YEARS = 6 * 365.0  # days within which a repeated document is older
NEAR = 0.004  # degrees; of most repeated documents the place is not further off
# How often a repeated text has such a word. With these the vocabulary grows as the real one: as count ** 0.54.
MISSPELT, NEW = 0.3, 0.2
OTHER = 45  # of so many Chinese characters one is another; of their pairs there are then count ** 0.56, as really
FIRST_NUMBER = 400_000_000_000  # of the repeated documents' case numbers
HOUSE = re.compile(r"\d+")
# Chinese has no blanks, so its clauses are exchanged, with their marks.
CLAUSE = re.compile(r"[^，。！？；：、\s]+[，。！？；：、\s]*|[，。！？；：、\s]+")
CHINESE = re.compile("[\u4e00-\u9fff]")
LETTERS = "aeiorstnlkmzgbd"


@dataclass(frozen=True, slots=True)
class Source:
    """A real document, where it is from, its names but for the number, and its address around the house number."""

    document: Document
    city: str
    headed: bool  # the title is the beginning of the text
    names: tuple[str, ...]
    address: int  # where it is among the names; -1: none with a number
    before: str = ""
    after: str = ""


def many(count: int, folder: Path = DATA) -> Iterator[Document]:
    """`count` documents, the real ones first. Only the real ones are kept in memory."""
    chance = Random(SEED)
    corpus = Corpus(folder)
    read = list(corpus.documents())
    without_number = {*corpus.categories, *corpus.departments, *corpus.areas}
    sources = [_source(name, document, without_number) for name, document in read]
    chance.shuffle(sources)
    yield from (one.document for one in sources[:count])
    alike = {city: [one for one in sources if one.city == city] for city in {one.city for one in sources}}
    make = Maker(chance, sorted({c for one in alike["teddy"] for c in CHINESE.findall(one.document.text)}))
    for number in range(len(sources), count):
        source = sources[number % len(sources)]
        yield make.repeated(source, chance.choice(alike[source.city]).document, number + 1)


def _source(name: str, document: Document, without_number: set[str]) -> Source:
    city, _, number = name.partition(":")
    names = document.names[:-1] if document.names[-1] == number else document.names
    headed = document.title == heading("", document.text)
    for place, text in enumerate(names):
        if text not in without_number and (found := HOUSE.search(text)):
            return Source(document, city, headed, names, place, text[: found.start()], text[found.end() :])
    return Source(document, city, headed, names, -1)


@dataclass(frozen=True)
class Maker:
    """Makes documents out of two of the same city."""

    chance: Random
    characters: list[str]

    def repeated(self, source: Source, other: Document, item_id: int) -> Document:
        one, chinese, chance = source.document, source.city == "teddy", self.chance
        text = self._changed(self._mixed(one.text, other.text, chinese), chinese)
        place: dict[str, Any] = {}
        if one.lat is not None and one.lon is not None:
            place = {"lat": one.lat + chance.gauss(0, NEAR), "lon": one.lon + chance.gauss(0, NEAR)}
        names = [*source.names, str(FIRST_NUMBER + item_id)]
        if source.address >= 0:
            names[source.address] = f"{source.before}{int(chance.random() ** 2 * 400) + 1}{source.after}"
        return Document(
            kind=one.kind,
            item_id=item_id,
            url=f"/reports/{item_id}",
            title=heading("", text) if source.headed else self._mixed(one.title, other.title, chinese),
            text=text,
            names=tuple(names),
            discussion=other.discussion if chance.random() < 0.5 else one.discussion,
            category_id=one.category_id,
            area_ids=one.area_ids,
            department_id=one.department_id,
            status=one.status,
            at=one.at - timedelta(days=chance.random() * YEARS),
            support=min(5000, int(chance.paretovariate(1.1)) - 1),
            **place,
        )

    def _mixed(self, text: str, other: str, chinese: bool) -> str:
        """The text with about a third of it from the other."""
        random = self.chance.random
        words, others = (CLAUSE.findall(text), CLAUSE.findall(other)) if chinese else (text.split(), other.split())
        if words and others:
            length = 1 + int(random() * len(words) * 0.6)
            start, begin = int(random() * len(words)), int(random() * len(others))
            words[start : start + length] = others[begin : begin + length]
        return ("" if chinese else " ").join(words)

    def _changed(self, text: str, chinese: bool) -> str:
        """Perhaps with a misspelt word and one that nobody has yet; of Chinese, some characters are others."""
        random = self.chance.random
        if chinese:
            found = list(text)
            for _ in range(len(found) // OTHER):
                found[int(random() * len(found))] = self.characters[int(random() * len(self.characters))]
            return "".join(found)
        words = text.split(" ")
        place = int(random() * len(words))
        if random() < MISSPELT:
            words[place] = self._misspelt(words[place])
        if random() < NEW:
            words.insert(place, self._new(words[place], words[int(random() * len(words))]))
        return " ".join(words)

    def _misspelt(self, word: str) -> str:
        """One letter is missing, double, wrong or after its neighbour."""
        if len(word) < 3:
            return word
        at = int(self.chance.random() * len(word))
        slip = self.chance.random()
        if slip < 0.25:
            return word[:at] + word[at + 1 :]
        if slip < 0.5:
            return word[:at] + word[at : at + 1] + word[at:]
        if slip < 0.75:
            return word[:at] + LETTERS[at % len(LETTERS)] + word[at + 1 :]
        return word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :]

    def _new(self, first: str, second: str) -> str:
        """The beginning of one word and the end of another."""
        letter = LETTERS[int(self.chance.random() * len(LETTERS))]
        return f"{first[: 1 + len(first) // 2]}{letter}{second[len(second) // 2 :]}"


def main(count: int) -> None:
    began, size, said = time.perf_counter(), 0, set[str]()
    for made, one in enumerate(many(count), 1):
        size += len(one.title) + len(one.text) + len(one.discussion)
        said.update(one.text.lower().split())
        if made == count or made % 250_000 == 0:
            rate = made / (time.perf_counter() - began)
            print(f"{made:>9,} documents {rate:7,.0f}/s {size / made:4.0f} characters each {len(said):>9,} words")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 250_000)

"""docs/pack.md is the pack's reference: it names every key that is read, and its own examples are right."""

import re
import tomllib
from pathlib import Path

import pytest

import civic.demo
from civic.packs.catalogue import CONTACTS
from civic.packs.reader import OPTIONAL, REQUIRED, read_pack
from civic.packs.tables import Table

DOCS = Path(__file__).parents[2] / "docs" / "pack.md"


def test_every_file_and_key_is_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = {*REQUIRED, *OPTIONAL, *CONTACTS}
    value = Table.value

    def noted(self: Table, name: str, *rest: object) -> object:
        if "department_by_area" not in self.key and "guide" not in self.key[-1:]:
            asked.add(name)
        return value(self, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Table, "value", noted)
    read_pack(Path(civic.demo.__file__).parent / "pack")
    text = DOCS.read_text("utf-8")
    words = {*re.findall(r"\w+", text), *re.findall(r"\w+\.\w+", text)}
    assert asked - words == set()
    assert len(asked) > 60


def test_the_examples_are_toml() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert len(blocks) >= 7
    for block in blocks:
        tomllib.loads(block)

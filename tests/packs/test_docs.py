"""docs/pack.md is the pack's reference: it names every key that is read, and its own examples are right."""

import re
import tomllib
from pathlib import Path

from civic.packs import categories, schemas
from civic.packs.reader import OPTIONAL, REQUIRED
from civic.validation import FileModel, key_names

DOCS = Path(__file__).parents[2] / "docs" / "pack.md"


def test_every_file_and_key_is_documented() -> None:
    modules = [*vars(schemas).values(), *vars(categories).values()]
    models = [one for one in modules if isinstance(one, type) and issubclass(one, FileModel)]
    keys = {*REQUIRED, *OPTIONAL, *(key for model in models for key in key_names(model))}
    text = DOCS.read_text("utf-8")
    words = {*re.findall(r"\w+", text), *re.findall(r"\w+\.\w+", text)}
    assert keys - words == set()
    assert len(keys) > 60


def test_the_examples_are_toml() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert len(blocks) >= 7
    for block in blocks:
        tomllib.loads(block)

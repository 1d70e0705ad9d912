"""The rules of names: one class for a name, modules named by the words of docs/words.md, values that have a type."""

import ast
import re
from collections import defaultdict

from tests.source import ROOT, domain, modules, tree

# What a file of a domain is called after its part in the house; every other module is named by a noun of the field.
PARTS = {"models", "queries", "actions", "forms", "views", "documents", "schemas", "sql"}
# Lines with an untyped dict, and with any use of Any: both only shrink.
MAX_UNTYPED_DICTS = 44
MAX_LINES_WITH_ANY = 283


def test_one_public_class_name_is_one_class() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for name, path in modules().items():
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(name)
    twice = {name: places for name, places in found.items() if len(places) > 1}
    assert not twice, twice


def glossary() -> set[str]:
    """The words of docs/words.md: what stands in code style in the first cell of a row."""
    rows = (ROOT / "docs/words.md").read_text("utf-8").splitlines()
    return {word for row in rows if row.startswith("| ") for word in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_a_module_is_named_by_a_word_of_the_glossary() -> None:
    known = PARTS | glossary()
    wrong = [name for name in modules() if domain(name) for part in name.split(".")[2:] if part not in known]
    assert not wrong, f"docs/words.md does not say what these are: {sorted(set(wrong))}"


def test_the_glossary_has_no_word_that_nothing_is_named_by() -> None:
    text = "\n".join(path.read_text("utf-8") for path in modules().values())
    names = {part for name in modules() for part in name.split(".")}
    unused = {word for word in glossary() - names if not re.search(rf"\b{word}\b", text)}
    assert not unused, unused


def test_values_have_types() -> None:
    texts = [path.read_text("utf-8") for path in modules().values()]
    untyped = sum(text.count("dict[str, Any]") for text in texts)
    lines = sum(bool(re.search(r"\bAny\b", line)) for text in texts for line in text.splitlines())
    assert untyped <= MAX_UNTYPED_DICTS, untyped
    assert lines <= MAX_LINES_WITH_ANY, lines

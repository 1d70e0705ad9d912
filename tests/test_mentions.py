"""What texts name exists: commands, settings, addresses and files, in messages, templates and documents."""

import ast
import re
from collections.abc import Iterator

import typer
from starlette.routing import Mount, Route
from typer.main import get_command

from civic.__main__ import build
from civic.app import routes
from civic.config import NOT_SETTINGS, setting_names
from tests.source import ROOT, modules, relative, tree

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEMPLATES = [path for path in sorted((ROOT / "templates").rglob("*.*")) if path.is_file()]
# Where a template or an f-string fills something in.
FILLED = "\0"
# After "civic": a word of a sentence, not a command.
COMMAND = re.compile(r"`(?:\.venv/bin/)?civic ([a-z]+(?: [a-z]+)?)|(?:run|Run|with|or|migrate:|with:) civic ([a-z]+)")


def texts() -> Iterator[tuple[str, str]]:
    """Where, and what: every string of the program, every template and every page."""
    for path in modules().values():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{relative(path)}:{node.lineno}", node.value
    for path in [*PAGES, *TEMPLATES]:
        yield relative(path), path.read_text("utf-8")


def commands() -> set[str]:
    """Every command, and every group with each of its commands."""
    top = get_command(build())
    assert isinstance(top, typer.core.TyperGroup)
    found = set(top.commands)
    for name, command in top.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            found |= {f"{name} {sub}" for sub in command.commands}
    return found


def test_every_command_that_is_named_exists() -> None:
    known = commands()
    groups = {name.split()[0] for name in known if " " in name}
    named = [(where, first or second) for where, text in texts() for first, second in COMMAND.findall(text)]
    lost = {
        f"{where}: civic {name}"
        for where, name in named
        if (name if name.split()[0] in groups else name.split()[0]) not in known
    }
    assert not lost, "\n".join(sorted(lost))


def test_every_setting_that_is_named_exists() -> None:
    known = {f"CIVIC_{name.replace('.', '__').upper()}" for name in setting_names()}
    lost = {
        f"{where}: {name}"
        for where, text in texts()
        for name in re.findall(r"\bCIVIC_[A-Z_]+[A-Z]\b", text)
        if name not in known and not name.startswith(NOT_SETTINGS)
    }
    assert not lost, "\n".join(sorted(lost))


def addresses() -> Iterator[tuple[str, str]]:
    """Where a text of ours leads: links and forms of templates, `url=`, `path=` and redirects of the program."""
    for path in TEMPLATES:
        text = re.sub(r"\{%.*?%\}", "", path.read_text("utf-8"), flags=re.DOTALL)
        text = re.sub(r"\{\{.*?\}\}", FILLED, text, flags=re.DOTALL)
        for found in re.findall(r"""(?:href|action|hx-get|hx-post|src)="(/[^"#?]*)""", text):
            yield relative(path), found
    for path in modules().values():
        for node in ast.walk(tree(path)):
            text = ""
            if isinstance(node, ast.keyword) and node.arg in ("url", "path"):
                text = _literal(node.value)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "see_other":
                text = _literal(node.args[0])
            if text.startswith("/"):
                yield f"{relative(path)}:{getattr(node, 'lineno', 0)}", re.split(r"[?#]", text)[0]


def _literal(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else FILLED for part in node.values)
    return ""


def test_every_address_that_is_named_is_served() -> None:
    served = [route.path.split("/") for route in routes() if isinstance(route, Route)]
    files = tuple(route.path for route in routes() if isinstance(route, Mount))
    lost = {
        f"{where}: {address.replace(FILLED, '…')}"
        for where, address in addresses()
        if not address.startswith(files) and not any(_leads_to(address.split("/"), path) for path in served)
    }
    assert not lost, "\n".join(sorted(lost))


def _leads_to(address: list[str], path: list[str]) -> bool:
    """Whether each part is the route's; what a template fills in stands for any."""
    return len(address) == len(path) and all(
        part == fixed or "{" in fixed or FILLED in part for part, fixed in zip(address, path, strict=True)
    )


# The findings of each review that have numbers: letter and last number.
NUMBERED = {
    "Security": {"H": 4, "M": 12, "L": 13},
    "Field": {"F": 25},
    "Operator": {"A": 12, "B": 7},
    "Fresh machine": {"N": 7},
}
BROWSER_FINDINGS = 32


def test_what_the_reviews_found_is_all_answered_with_a_test() -> None:
    """docs/reviews.md: a row for each number of every review, and in each row a test that there is."""
    _head, *sections = re.split(r"^## (.+)$", (ROOT / "docs/reviews.md").read_text("utf-8"), flags=re.MULTILINE)
    answered = {name: _rows(table) for name, table in zip(sections[::2], sections[1::2], strict=True)}
    assert {finding.split(",")[0].strip() for finding, _test in answered["Scores"]} >= set(map(str, range(1, 11)))
    assert sum(finding.startswith(" 4,") for finding, _test in answered["Scores"]) >= 9  # ways to a better score
    for review, kinds in NUMBERED.items():
        numbers = set(re.findall(r"\b[A-Z]\d+\b", " ".join(finding for finding, _test in answered[review])))
        assert numbers >= {f"{kind}{n}" for kind, last in kinds.items() for n in range(1, last + 1)}, review
    browser = {match[1] for finding, _test in answered["Browser"] if (match := re.match(r" (\d+)\b", finding))}
    assert browser >= set(map(str, range(1, BROWSER_FINDINGS + 1)))
    for finding, test in (row for rows in answered.values() for row in rows):
        files = re.findall(r"`(tests/[\w/.]+)`", test)
        assert files, finding
        assert all((ROOT / file).exists() for file in files), finding


def _rows(table: str) -> list[tuple[str, str]]:
    """The first and the last column of each row."""
    cells = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| ")]
    return [(row[0], row[-1]) for row in cells[1:]]

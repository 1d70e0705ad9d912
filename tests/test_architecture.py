"""The rules of the house: docs/develop.md tells them, these tests hold them."""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

from civic.config import Config, setting_names
from civic.db import DOMAINS
from civic.jobs.actions import Job
from tests.source import ROOT, domain, functions, imports, modules, python_files, relative, tree
from workers import runner

# They put the domains together and may import every one of them; no domain imports them.
COMPOSITION = ("__main__", "app", "cli", "composition", "error_responses", "health", "middleware", "preferences")
# Names that say nothing about what is in a file, or that mean something else here (a service is a public service).
VAGUE = ("services", "utils", "util", "helpers", "handlers", "managers", "common", "misc", "base", "core", "tools")
LONGEST_FILE, LONGEST_FUNCTION, USUAL_FUNCTION = 400, 40, 12
# Of templates, CSS and JavaScript, whose lines are many and short: bytes of a file, characters of a line.
MAX_FRONT_FILE_BYTES, MAX_FRONT_LINE_CHARS = 20_000, 160


def _part(name: str) -> str:
    """civic.reports.views -> reports; civic.web -> web; civic -> ''."""
    return [*name.split("."), ""][1]


def test_a_domain_imports_only_what_stands_above_it() -> None:
    wrong = [
        f"{name} imports {other}"
        for name in modules()
        for other in imports(name)
        if (mine := domain(name)) and (theirs := domain(other)) and DOMAINS.index(theirs) > DOMAINS.index(mine)
    ]
    assert not wrong, "\n".join(wrong)


def test_helpers_know_no_domain() -> None:
    wrong = [
        f"{name} imports {other}"
        for name in modules()
        if name.startswith("civic.") and not domain(name) and _part(name) not in COMPOSITION
        for other in imports(name)
        if domain(other)
    ]
    assert not wrong, "\n".join(wrong)


def test_only_what_composes_imports_what_composes() -> None:
    wrong = [
        f"{name} imports {other}"
        for name in modules()
        if name.startswith("civic.") and _part(name) not in COMPOSITION
        for other in imports(name)
        if other.startswith("civic.") and _part(other) in COMPOSITION
    ]
    assert not wrong, "\n".join(wrong)


def test_the_program_never_imports_the_workers() -> None:
    wrong = [
        name for name in modules() if name.startswith("civic") if any(m.startswith("workers") for m in imports(name))
    ]
    assert not wrong, wrong


def test_no_import_goes_round_in_a_circle() -> None:
    try:
        TopologicalSorter({name: imports(name) for name in modules()}).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_every_domain_is_in_the_listing() -> None:
    helpers = {"cli", "locale", "migrations", "postgres"}
    folders = {path.name for path in (ROOT / "civic").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders - helpers == set(DOMAINS)


def test_the_listing_of_the_documentation_is_the_one_that_holds() -> None:
    text = (ROOT / "docs/develop.md").read_text("utf-8").partition("## The listing")[2].partition("```")[2]
    listed = [line.split()[0] for line in text.partition("```")[0].strip().splitlines()[1:]]
    assert listed == list(DOMAINS)


@pytest.mark.parametrize("name", DOMAINS)
def test_a_domain_says_what_it_is_and_nothing_else(name: str) -> None:
    body = tree(ROOT / "civic" / name / "__init__.py").body
    assert len(body) == 1, "__init__.py is one docstring"
    assert isinstance(body[0], ast.Expr)
    assert isinstance(body[0].value, ast.Constant)
    assert isinstance(body[0].value.value, str)


def test_no_room_is_empty() -> None:
    empty = [name for name in DOMAINS if not any(path.stem != "__init__" for path in python_files(f"civic/{name}"))]
    assert not empty, empty


def test_files_are_named_by_what_is_in_them() -> None:
    wrong = [relative(path) for name, path in modules().items() if domain(name) and path.stem in VAGUE]
    assert not wrong, wrong


def test_models_stand_in_models() -> None:
    """Tortoise finds tables in models.py; one that stands elsewhere would have no migration."""
    wrong = [
        f"{relative(path)}: {node.name}"
        for name, path in modules().items()
        for node in tree(path).body
        if isinstance(node, ast.ClassDef)
        if any(isinstance(base, ast.Name) and base.id == "Model" for base in node.bases)
        if ".models" not in name
    ]
    assert not wrong, wrong


def test_every_job_has_one_worker() -> None:
    handlers = [worker.JOB for name in runner.worker_names() if hasattr(worker := runner.load_worker(name), "JOB")]
    assert sorted(handlers) == sorted(Job)


@pytest.mark.parametrize("name", runner.worker_names())
def test_a_worker_either_handles_a_job_or_polls(name: str) -> None:
    worker = runner.load_worker(name)
    assert hasattr(worker, "JOB") == hasattr(worker, "handle") != hasattr(worker, "handle_one")


def test_files_are_short() -> None:
    files = python_files("civic", "workers", "tests", "benchmarks")
    long = {
        relative(path): count for path in files if (count := len(path.read_text("utf-8").splitlines())) > LONGEST_FILE
    }
    assert not long, long


def front_files() -> list[Path]:
    """Every template, and the CSS and JavaScript of our own."""
    folders = ("templates", "static/css", "static/js")
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.*"))]


def test_templates_css_and_js_are_short() -> None:
    long = {relative(p): size for p in front_files() if (size := p.stat().st_size) > MAX_FRONT_FILE_BYTES}
    assert not long, long


def test_templates_css_and_js_can_be_read_in_a_diff() -> None:
    long = [
        f"{relative(path)}:{number}: {len(line)} characters"
        for path in front_files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > MAX_FRONT_LINE_CHARS
    ]
    assert not long, "\n".join(long)


def test_a_long_function_explains_itself() -> None:
    long = [
        f"{one.where}: {one.lines} lines" for one in functions() if one.lines > LONGEST_FUNCTION and not one.documented
    ]
    assert not long, "\n".join(long)


def test_functions_are_short() -> None:
    lengths = [one.lines for one in functions()]
    assert median(lengths) <= USUAL_FUNCTION
    over = [f"{one.where}: {one.lines} lines" for one in functions() if one.lines > LONGEST_FUNCTION + 5]
    assert len(over) <= len(lengths) / 100, "\n".join(over)


def test_nothing_is_left_for_later() -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    wrong = [
        f"{relative(path)}:{number}"
        for path in python_files("civic", "workers", "tests", "benchmarks")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if any(mark in line for mark in marks)
    ]
    assert not wrong, wrong


def test_a_page_extends_another_and_a_fragment_is_named_so() -> None:
    templates = ROOT / "templates"
    wrong = [
        relative(path)
        for path in sorted(templates.rglob("*.html"))
        if path.name != "base.html"
        and path.name.startswith("_") == path.read_text("utf-8").lstrip().startswith("{% extends")
    ]
    assert not wrong, wrong


def test_every_setting_is_documented_as_it_is() -> None:
    """docs/configure.md has a row `| `section.key` | default | what it is |` for each, and no other."""
    rows = {}
    for line in (ROOT / "docs/configure.md").read_text("utf-8").splitlines():
        if line.startswith("| `"):
            name, default, text = (cell.strip() for cell in line.strip("|").split(" | "))
            rows[name.strip("`")] = (default.strip("`"), text)
    settings = [name for name in setting_names() if "." in name]
    assert list(rows) == settings
    for name in settings:
        section, key = name.split(".")
        field = type(getattr(Config(), section)).model_fields[key]
        assert rows[name] == (shown(getattr(getattr(Config(), section), key)), field.description), name


def shown(value: object) -> str:
    """A default as one would write it in config.toml, without quotes; an empty one as nothing."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value in ({}, None) else str(value)


def test_links_of_the_documentation_lead_somewhere() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    links = [
        (page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    ]
    lost = [f"{relative(page)}: {link}" for page, link in links if not (page.parent / link).exists()]
    assert not lost, lost

"""What is installed is named, pinned and checked by its hash; the locks name no host to fetch it from."""

import ast
import json
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.source import ROOT, modules, python_files, tree

LOCKS = ("requirements", "requirements-dev", "requirements-assets")
OWN = {"civic", "workers", "tests", "benchmarks"}
# Brought by others' wheels and used as they say: pgserver's programs are called, not imported.
EXTRAS = {"pillow_heif"}


def asked_for(name: str) -> dict[str, Requirement]:
    lines = (line.partition("#")[0].strip() for line in (ROOT / f"{name}.in").read_text("utf-8").splitlines())
    found = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {canonicalize_name(one.name): one for one in found}


def locked(name: str) -> dict[str, str]:
    """Each package of a lock with its version; each has hashes."""
    text = (ROOT / f"{name}.txt").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert all("--hash=sha256:" in line for line in lines)
    found = [re.fullmatch(r"([\w.-]+)==(\S+).*", line) for line in lines]
    return {canonicalize_name(one[1]): one[2] for one in found if one}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_what_was_asked_for(name: str) -> None:
    versions = locked(name)
    for package, requirement in asked_for(name).items():
        assert requirement.specifier.contains(versions[package]), package


def test_locks_agree_where_they_meet() -> None:
    core, development = locked("requirements"), locked("requirements-dev")
    assert {name: core[name] for name in core.keys() & development.keys()} == {
        name: development[name] for name in core.keys() & development.keys()
    }


@pytest.mark.parametrize("file", [*(f"{name}.txt" for name in LOCKS), "package-lock.json", "package.json", ".npmrc"])
def test_no_lock_names_a_host(file: str) -> None:
    assert "://" not in (ROOT / file).read_text("utf-8")


def test_every_asset_has_a_hash() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    assert all("integrity" in package for path, package in packages.items() if path)


def imported(*paths: Path) -> set[str]:
    """Top-level modules of others that files import."""
    nodes = [node for path in paths for node in ast.walk(tree(path))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.split(".")[0] for name in names} - OWN - EXTRAS - set(sys.stdlib_module_names)


@pytest.mark.parametrize(
    ("files", "locks"),
    [
        (list(modules().values()), ["requirements"]),
        (python_files("tests", "benchmarks"), ["requirements", "requirements-dev"]),
    ],
    ids=["program", "tests"],
)
def test_what_is_imported_is_asked_for(files: list[Path], locks: list[str]) -> None:
    """Not only brought along by something else, which may stop doing so."""
    names = {package for lock in locks for package in asked_for(lock)}
    brought = packages_distributions()
    missing = {
        module
        for module in imported(*files)
        if not {canonicalize_name(distribution) for distribution in brought.get(module, [])} & names
    }
    assert not missing, missing

"""The method can be carried away: its modules import the standard library and each other, and no name stands twice."""

import ast
import sys
from collections import defaultdict
from pathlib import Path

from civic.city import settings
from civic.scores.method import composite
from tests.source import ROOT, tree

METHOD = sorted((ROOT / "civic/scores/method").glob("*.py"))
HELPERS = [ROOT / "civic" / name for name in ("canonical_json.py", "local_time.py")]


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: a relative import"
            names.add(node.module or "")
    return names


def defined(path: Path) -> set[str]:
    names = set()
    for node in tree(path).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def test_the_method_needs_nothing_but_python() -> None:
    own = {f"civic.scores.method.{path.stem}" for path in METHOD} | {f"civic.{path.stem}" for path in HELPERS}
    for path in [*METHOD, *HELPERS]:
        wrong = {
            name for name in imported(path) if name not in own and name.split(".")[0] not in sys.stdlib_module_names
        }
        assert not wrong, (path.name, wrong)


def test_no_name_stands_in_two_modules() -> None:
    places = defaultdict(list)
    for path in [*METHOD, *HELPERS]:
        for name in defined(path):
            places[name].append(path.name)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_the_citys_settings_have_the_methods_words() -> None:
    assert settings.INDICATORS == composite.INDICATORS
    assert tuple(settings.DEFAULT_MINIMUMS) == composite.MINIMUMS

"""Making `verify.py`: one file out of the modules that the check of a release is made of.

The modules are written one after the other, each after those that it imports; what they import of the standard library
stands at the top. A module may only import names (`from civic.chain import MerkleTree`), and no name stands in two.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = "civic"
ENTRY = "civic.scores.standalone"
VERIFY_FILE = "verify.py"
_ROOT = Path(__file__).parents[2]
_HEAD = '''#!/usr/bin/env python3
"""{usage}
Needs Python 3.11 or newer and nothing else. These are the parts of Civic that compute the scores, for method {method}.
"""

# SPDX-License-Identifier: MPL-2.0

'''


@dataclass(frozen=True, slots=True)
class SourceModule:
    """A module of the program: the names that it defines, and the source without its docstring and its imports."""

    name: str
    about: str
    body: str
    standard: frozenset[str]
    names: frozenset[str]


@cache
def build_verify() -> bytes:
    """The bytes of `verify.py`. Raises ValueError where a module cannot be bundled."""
    from civic.scores.method.results import METHOD

    modules = list(_collect(ENTRY, {}))
    _check_names(modules)
    head = _HEAD.format(usage=modules[-1].about, method=METHOD)
    imports = sorted(set().union(*(module.standard for module in modules)))
    sections = [_write_section(module) for module in modules]
    end = 'if __name__ == "__main__":\n    sys.exit(main(sys.argv[1:]))\n'
    return "\n\n".join([head + "\n".join(imports), *sections, end]).encode()


def _collect(name: str, seen: dict[str, bool]) -> Iterator[SourceModule]:
    """The modules that `name` is made of, itself the last. `seen`: whether a module is complete."""
    if name in seen:
        if not seen[name]:
            raise ValueError(f"{name} imports itself in a circle")
        return
    seen[name] = False
    source = _find_source(name)
    tree = ast.parse(source)
    for imported in _list_own_imports(name, tree):
        yield from _collect(imported, seen)
    seen[name] = True
    yield SourceModule(
        name=name,
        about=ast.get_docstring(tree) or "",
        body=_strip(source, tree),
        standard=frozenset(_list_standard_imports(name, tree)),
        names=frozenset(_list_names(tree)),
    )


def _find_source(name: str) -> str:
    path = _ROOT.joinpath(*name.split("."))
    file = path.with_suffix(".py")
    return (file if file.is_file() else path / "__init__.py").read_text("utf-8")


def _list_own_imports(name: str, tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
            if any(alias.asname for alias in node.names) or node.level:
                raise ValueError(f"{name} imports {node.module} under another name")
            yield str(node.module)


def _list_standard_imports(name: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        roots = {module.split(".")[0] for module in modules}
        if node not in tree.body or not roots <= sys.stdlib_module_names | {PACKAGE}:
            raise ValueError(f"{name}, line {node.lineno}: only the standard library, and only at the top")
        if isinstance(node, ast.Import) and PACKAGE in roots:
            raise ValueError(f"{name}, line {node.lineno}: only names are imported")
        if PACKAGE not in roots:
            yield from _split_import(node)


def _split_import(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """One line for each name, so that two modules that import the same name give one line."""
    start = f"from {node.module} import " if isinstance(node, ast.ImportFrom) else "import "
    for alias in node.names:
        yield f"{start}{alias.name}" + (f" as {alias.asname}" if alias.asname else "")


def _strip(source: str, tree: ast.Module) -> str:
    """The source without its docstring and its imports."""
    lines: list[str | None] = list(source.splitlines())
    for place, node in enumerate(tree.body):
        is_docstring = place == 0 and ast.get_docstring(tree) is not None
        if is_docstring or isinstance(node, ast.Import | ast.ImportFrom):
            lines[node.lineno - 1 : node.end_lineno] = [None] * ((node.end_lineno or node.lineno) - node.lineno + 1)
    return "\n".join(line for line in lines if line is not None).strip()


def _list_names(tree: ast.Module) -> Iterator[str]:
    """What a module defines at its top."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name))


def _check_names(modules: list[SourceModule]) -> None:
    owners: dict[str, str] = {}
    imported = {line.split()[-1] for module in modules for line in module.standard}
    for module in modules:
        for name in sorted(module.names):
            other = "the standard library" if name in imported else owners.setdefault(name, module.name)
            if other != module.name:
                raise ValueError(f"{name} stands in {module.name} and in {other}")


def _write_section(module: SourceModule) -> str:
    about = "\n".join(f"# {line}".rstrip() for line in module.about.splitlines())
    rule = f"# -- {module.name} ".ljust(100, "-")
    return f"{rule}\n{about}\n\n\n{module.body}"

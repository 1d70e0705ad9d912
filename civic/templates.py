"""Jinja's templates, compiled once for each language: what a page says is looked up when its template is compiled.

A page calls `_` some hundred times, nearly always with the same text, so the text itself is compiled in: `_("Reports")`
is data, `_("by %(who)s", who=name)` a text whose places are filled. `ngettext` and texts that stand in a variable are
looked up when the page is made.
"""

import re
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, nodes, select_autoescape
from jinja2.visitor import NodeTransformer

from civic import formats, i18n, languages
from civic.static import static_url

FOLDER = Path(__file__).parent.parent / "templates"
PREFORMATTED = ("scores/_check.html",)  # they show commands as they stand there
BEGINNING = re.compile(r"^[ \t]{2,}")
INDENTATION = re.compile(r"\n[ \t\n]+")
LOOK_SECONDS = 1.0  # after which it is looked whether a template's file changed
FILTERS: dict[str, Callable[..., Any]] = {
    **formats.FILTERS,
    "pick": i18n.pick,
    "headline": languages.break_headline,
    "lang": languages.lang_attribute,
}
GLOBALS: dict[str, Any] = {**formats.GLOBALS, "pick": i18n.pick, "static_url": static_url}


class _Files(FileSystemLoader):
    """The files of templates/. A page includes a dozen; whether one changed is asked of the disk once a second."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, path, is_current = super().get_source(environment, template)
        looked = time.monotonic()

        def is_current_now() -> bool:
            nonlocal looked
            if time.monotonic() - looked < LOOK_SECONDS:
                return True
            looked = time.monotonic()
            return is_current()

        return source, path, is_current_now


class _Translate(NodeTransformer):
    """Puts texts in the place of calls that look up a constant one."""

    def __init__(self, translate: Callable[[str], str]) -> None:
        self.translate = translate

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # jinja2's name
        self.generic_visit(node)
        message = _constant_message(node)
        if message is None:
            return node
        values = [nodes.Pair(nodes.Const(one.key), one.value) for one in node.kwargs]
        text = nodes.MarkSafeIfAutoescape(nodes.Const(self.translate(message)))
        # Also without values: "%%" is a "%", as in every call of it.
        return nodes.Mod(text, nodes.Dict(values), lineno=node.lineno)


class _Unindent(NodeTransformer):
    """Takes out the indentation of a page's source. What people wrote is no part of a template."""

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:  # jinja2's name
        # Where a block stood before it, a line begins with its indentation, and nothing tells that it is one.
        data = INDENTATION.sub("\n", BEGINNING.sub(" ", node.data))
        return nodes.TemplateData(data, lineno=node.lineno)


def _constant_message(node: nodes.Call) -> str | None:
    """The text that a call of `_` looks up, if it is written there."""
    called = isinstance(node.node, nodes.Name) and node.node.name in ("_", "gettext")
    if not called or len(node.args) != 1 or node.dyn_args or node.dyn_kwargs:
        return None
    [argument] = node.args
    return argument.value if isinstance(argument, nodes.Const) and isinstance(argument.value, str) else None


class LanguageEnvironment(Environment):
    """The templates in one language."""

    def __init__(self, language: str, *, autoescape: bool = True) -> None:
        super().__init__(
            loader=_Files(FOLDER),
            autoescape=select_autoescape(default=True) if autoescape else False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        known = i18n.catalogue(language)
        self._translate = _Translate(known.gettext)
        self.install_gettext_callables(known.gettext, known.ngettext, newstyle=True)  # type: ignore[attr-defined]
        self.filters |= FILTERS
        self.globals |= GLOBALS

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        """Jinja's hook between reading a template and writing its code."""
        self._translate.visit(source)
        if (name or "").endswith(".html") and name not in PREFORMATTED:
            _Unindent().visit(source)
        return super()._generate(source, name, filename, defer_init)


@cache
def environment(language: str) -> LanguageEnvironment:
    """The templates of pages in a language."""
    return LanguageEnvironment(language)


def get_template(name: str) -> Template:
    """A page's template in the reader's language. Raises TemplateNotFound."""
    return environment(i18n.spoken_language()).get_template(name)

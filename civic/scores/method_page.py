"""The published method as a page: docs/method.md in the reader's language."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from civic import formats

_ANCHOR = re.compile(r"\s*\{#([a-z]+)\}$")
DOCS = Path(__file__).parents[2] / "docs"


@cache
def method_page(language: str) -> Markup:
    """The text as HTML; English where it is not translated. Headings have ids: section-1, section-2, …, or a name."""
    path = DOCS / f"method.{language}.md"
    text = (path if path.is_file() else DOCS / "method.md").read_text("utf-8")
    # What the text holds of HTML is shown, not done.
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.add_render_rule("table_open", _scrolling)
    markdown.add_render_rule("table_close", _scrolled)
    if language in formats.UNSPACED:  # a line's end in the file is no space between words
        markdown.add_render_rule("softbreak", _unspaced)
    tokens = markdown.parse(text)
    headings = [at for at, token in enumerate(tokens) if token.type == "heading_open" and token.tag != "h1"]
    for number, at in enumerate(headings, start=1):
        tokens[at].attrSet("id", _take_anchor(tokens[at + 1]) or f"section-{number}")
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S704  # from a file of ours, escaped


def _take_anchor(heading: Token) -> str:
    """The id that a heading names at its end, `{#history}`; it is taken out of the text."""
    text = (heading.children or [])[-1]
    found = _ANCHOR.search(text.content)
    text.content = _ANCHOR.sub("", text.content)
    return found[1] if found else ""


def _scrolling(*_: Any) -> str:
    return '<div class="scroll" tabindex="0"><table>\n'


def _unspaced(*_: Any) -> str:
    return ""


def _scrolled(*_: Any) -> str:
    return "</table></div>\n"

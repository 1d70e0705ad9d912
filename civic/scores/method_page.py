"""The published method as a page: docs/method.md in the reader's language."""

from functools import cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from civic import formats

DOCS = Path(__file__).parents[2] / "docs"


@cache
def method_page(language: str) -> Markup:
    """The text as HTML; English where it is not translated. Headings have the ids section-1, section-2, …"""
    path = DOCS / f"method.{language}.md"
    text = (path if path.is_file() else DOCS / "method.md").read_text("utf-8")
    # What the text holds of HTML is shown, not done.
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.add_render_rule("table_open", _scrolling)
    markdown.add_render_rule("table_close", _scrolled)
    if language in formats.UNSPACED:  # a line's end in the file is no space between words
        markdown.add_render_rule("softbreak", _unspaced)
    tokens = markdown.parse(text)
    headings = [token for token in tokens if token.type == "heading_open" and token.tag != "h1"]
    for number, token in enumerate(headings, start=1):
        token.attrSet("id", f"section-{number}")
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S704  # from a file of ours, escaped


def _scrolling(*_: Any) -> str:
    return '<div class="scroll" tabindex="0"><table>\n'


def _unspaced(*_: Any) -> str:
    return ""


def _scrolled(*_: Any) -> str:
    return "</table></div>\n"

"""Hits as pages show them: templates/search/_hit.html gets a PresentedHit."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.support import LazyProxy
from markupsafe import Markup, escape

from civic.catalogue.catalogue import Catalogue
from civic.geo.areas import Areas
from civic.i18n import pick
from civic.search.documents import HIGHLIGHT_END, HIGHLIGHT_START, Document, SearchHit
from civic.search.highlight import MAX_EXCERPT_CHARS

HIGHLIGHTED = re.compile(f"{HIGHLIGHT_START}([^{HIGHLIGHT_START}{HIGHLIGHT_END}]*){HIGHLIGHT_END}")
HIGHLIGHT_CHARS = re.compile(f"[{HIGHLIGHT_START}{HIGHLIGHT_END}]")
ELLIPSIS = "…"
MAX_ADDRESS_CHARS = 80


def highlight_html(text: str) -> Markup:
    """A text as HTML in which what was found is a <mark>; everything else in it is text."""
    html = HIGHLIGHTED.sub(r"<mark>\1</mark>", str(escape(text)))
    return Markup(HIGHLIGHT_CHARS.sub("", html))  # noqa: S704  # escaped above


def strip_highlights(text: str) -> str:
    """The text without what stands around the words that were found."""
    return HIGHLIGHT_CHARS.sub("", text)


@dataclass(frozen=True, slots=True)
class Badge:
    """What a hit is, or how it stands: a class in CSS, a sign of one character, a word."""

    look: str
    sign: str
    label: LazyProxy


@dataclass(frozen=True, slots=True)
class PresentedHit:
    """A hit with its texts in the reader's language.

    `names` say what it is about and where, some with what matched highlighted. `hint` is what a suggestion shows beside
    the title where that is not enough.
    """

    document: Document
    title: Markup
    excerpt: Markup
    names: tuple[Markup, ...]
    status: str
    badge: Badge
    at: datetime | None  # None: it has no time, like a service
    metres: float | None
    photo: str  # name of the cover; empty: there is none
    stars: int | None
    hint: str
    group: str = ""  # the address of what it is shown under, with the others that have the same; "": by itself

    @property
    def kind(self) -> str:
        return self.document.kind


class Presenter:
    """How hits of a kind are shown. A domain overrides what is different for its kind."""

    def title(self, hit: SearchHit) -> str:
        """The title, with what matched between the highlight characters."""
        return hit.title

    def untitled(self, document: Document, catalogue: Catalogue) -> str:
        """What is shown where a post has photos and no words; empty: its badge's word."""
        category = catalogue.category_by_id.get(document.category_id or 0)
        return pick(category.names) if category else ""

    def excerpt(self, hit: SearchHit, catalogue: Catalogue) -> str:
        """An excerpt to show instead of the one that was found, or an empty text."""
        return ""

    def hint(self, hit: SearchHit) -> str:
        return ""

    def group(self, document: Document) -> str:
        """The address of the thing that the document is about, for kinds of which many are about one."""
        return ""

    def names(self, document: Document, catalogue: Catalogue, areas: Areas) -> Sequence[str]:
        """The category, or the department of what has none; the address; the area. Empty ones are left out."""
        return (
            category_name(document, catalogue) or department_name(document, catalogue),
            str(document.extra.get("address") or pick(document.extra.get("place_names")))[:MAX_ADDRESS_CHARS],
            area_name(document, areas),
        )

    def status(self, document: Document) -> str:
        """As it is now."""
        return document.status

    def present(
        self, hit: SearchHit, badge_of: Callable[[str], Badge], catalogue: Catalogue, areas: Areas
    ) -> PresentedHit:
        """A hit as it is shown."""
        document = hit.document
        matched, text = _matched_name(hit)
        title = self.title(hit)
        if matched and HIGHLIGHT_START not in title:
            title = title.replace(strip_highlights(matched), matched, 1)
        if HIGHLIGHT_START in title:
            matched = ""
        badge = badge_of(status := self.status(document))
        fallback = escape(self.untitled(document, catalogue) or str(badge.label))
        return PresentedHit(
            document=document,
            title=highlight_html(title) if title else fallback,
            excerpt=highlight_html(_drop_title(title, self.excerpt(hit, catalogue) or text)),
            names=tuple(_highlighted_names(self.names(document, catalogue, areas), matched)),
            status=status,
            badge=badge,
            at=document.at,
            metres=hit.metres,
            photo=str(document.extra.get("cover") or ""),
            stars=document.extra.get("stars"),
            hint=self.hint(hit),
            group=self.group(document),
        )


def category_name(document: Document, catalogue: Catalogue) -> str:
    category = catalogue.category_by_id.get(document.category_id or 0)
    return pick(category.names) if category else ""


def department_name(document: Document, catalogue: Catalogue) -> str:
    department = catalogue.department_by_id.get(document.department_id or 0)
    return pick(department.names) if department else ""


def area_name(document: Document, areas: Areas) -> str:
    """The smallest area that the document lies in, but not the city itself."""
    around = [area for one in document.area_ids if (area := areas.by_id.get(one)) and area.level]
    area = max(around, key=lambda one: one.level, default=None)
    return pick(area.names) if area else ""


def _matched_name(hit: SearchHit) -> tuple[str, str]:
    """The name that matched, where the excerpt is a name and not part of a text; and what is shown as the text."""
    if HIGHLIGHT_START in hit.excerpt and strip_highlights(hit.excerpt) in hit.document.names:
        text = " ".join(hit.document.text.split())
        shortened = text[:MAX_EXCERPT_CHARS].rstrip() + f" {ELLIPSIS}"
        return hit.excerpt, text if len(text) <= MAX_EXCERPT_CHARS else shortened
    return "", hit.excerpt


def _drop_title(title: str, excerpt: str) -> str:
    """What an excerpt says beyond the title: many texts begin with what became their title."""
    head, cut = strip_highlights(title), False
    if head.endswith(ELLIPSIS):
        head, cut = head[:-1].rpartition(" ")[0] or head[:-1], True
    if not head or not strip_highlights(excerpt).startswith(head):
        return excerpt
    rest = _drop_chars(excerpt, len(head))
    return ELLIPSIS + rest.lstrip() if cut else rest.lstrip(" .。!！?？,，;；:：")


def _drop_chars(text: str, count: int) -> str:
    """A text without its first `count` characters. Highlight characters are not counted."""
    at, inside = 0, False
    while count > 0 and at < len(text):
        inside = text[at] == HIGHLIGHT_START or (inside and text[at] != HIGHLIGHT_END)
        count -= text[at] not in (HIGHLIGHT_START, HIGHLIGHT_END)
        at += 1
    rest = text[at:]
    return HIGHLIGHT_START + rest if inside and not rest.startswith(HIGHLIGHT_END) else rest.removeprefix(HIGHLIGHT_END)


def _highlighted_names(names: Sequence[str], matched: str) -> list[Markup]:
    """The names without empty and double ones, highlighted where one matched.

    A name that matched and is not among them follows: it is in another language, and the reason why this was found.
    """
    found = [name for name in dict.fromkeys(names) if name]
    plain = strip_highlights(matched)
    if plain and plain not in found:
        found.append(plain)
    return [highlight_html(matched) if matched and one == plain else escape(one) for one in found]

"""Hits as pages show them: templates/search/_hit.html gets a Shown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from civic import timing
from civic.catalogue.catalogue import Catalogue
from civic.geo.areas import Areas
from civic.i18n import gettext as _
from civic.i18n import language, pick
from civic.search.documents import HIGHLIGHT_END, HIGHLIGHT_START, Document, Kind, SearchHit
from civic.search.highlight import MAX_EXCERPT_CHARS, make_excerpt
from civic.text import fold

HIGHLIGHTED = re.compile(f"{HIGHLIGHT_START}([^{HIGHLIGHT_START}{HIGHLIGHT_END}]*){HIGHLIGHT_END}")
HIGHLIGHT_CHARS = re.compile(f"[{HIGHLIGHT_START}{HIGHLIGHT_END}]")
ELLIPSIS = "…"
GUIDE = ("purpose", "papers", "where", "time", "fee", "hours")  # of a service, the most telling first


def highlight_html(text: str) -> Markup:
    """A text as HTML in which what was found is a <mark>; everything else in it is text."""
    html = HIGHLIGHTED.sub(r"<mark>\1</mark>", str(escape(text)))
    return Markup(HIGHLIGHT_CHARS.sub("", html))  # noqa: S704  # escaped above


def strip_highlights(text: str) -> str:
    """The text without what stands around the words that were found."""
    return HIGHLIGHT_CHARS.sub("", text)


@dataclass(frozen=True, slots=True)
class PresentedHit:
    """A hit with its texts in the reader's language. `names` say what it is about and where, some with marks."""

    document: Document
    title: Markup
    excerpt: Markup
    names: tuple[Markup, ...]
    status: str
    at: datetime | None  # None for what has no time: a service
    metres: float | None
    photo: str  # name of the cover; empty: there is none
    stars: int | None

    @property
    def kind(self) -> Kind:
        return self.document.kind


def present_hit(hit: SearchHit, pack: Catalogue, places: Areas) -> PresentedHit:
    """A hit as it is shown."""
    document = hit.document
    matched, text = _matched_name(hit)
    title = _title(hit)
    if matched and HIGHLIGHT_START not in title:
        title = title.replace(strip_highlights(matched), matched, 1)
    if HIGHLIGHT_START in title:
        matched = ""
    return PresentedHit(
        document=document,
        title=highlight_html(title) if title else escape(_fallback(document, pack)),
        excerpt=highlight_html(_after(title, _guide(hit, pack) or text)),
        names=tuple(_names(document, matched, pack, places)),
        status=_status(document),
        at=None if document.kind is Kind.SERVICE else document.at,
        metres=hit.metres,
        photo=str(document.extra.get("cover") or ""),
        stars=document.extra.get("stars"),
    )


def _title(hit: SearchHit) -> str:
    """In the reader's language where the document has one a language; else every one of them, as it was found."""
    said, title = hit.document.extra, hit.title
    if hit.document.kind is Kind.TRAFFIC:
        return " · ".join(part for part in (pick(said.get("kinds")), title) if part)
    if hit.document.kind is Kind.SERVICE:
        return _own(title, said.get("names") or {})
    if hit.document.kind is Kind.RATING and strip_highlights(title) != (own := pick(said.get("names"))):
        return own
    return title


def _own(title: str, names: Mapping[str, str]) -> str:
    """Of a title that is all names of a thing that of the reader's language; one that was found follows it."""
    own = pick(dict(names))
    parts = title.split(" · ")
    mine = next((part for part in parts if strip_highlights(part) == own), own)
    others = [part for part in parts if HIGHLIGHT_START in part and strip_highlights(part) != own]
    return f"{mine} · {others[0]}" if others and HIGHLIGHT_START not in mine else mine


def _matched_name(hit: SearchHit) -> tuple[str, str]:
    """The name that was found, where the excerpt is none of a text, and what is shown as the text."""
    if HIGHLIGHT_START in hit.excerpt and strip_highlights(hit.excerpt) in hit.document.names:
        text = " ".join(hit.document.text.split())
        return hit.excerpt, text if len(text) <= MAX_EXCERPT_CHARS else text[
            :MAX_EXCERPT_CHARS
        ].rstrip() + f" {ELLIPSIS}"
    return "", hit.excerpt


def _after(title: str, excerpt: str) -> str:
    """What an excerpt says beyond the title: many texts begin with what became their title."""
    head, cut = strip_highlights(title), False
    if head.endswith(ELLIPSIS):
        head, cut = head[:-1].rpartition(" ")[0] or head[:-1], True
    if not head or not strip_highlights(excerpt).startswith(head):
        return excerpt
    rest = _from(excerpt, len(head))
    return ELLIPSIS + rest.lstrip() if cut else rest.lstrip(" .。!！?？,，;；:：")


def _from(text: str, count: int) -> str:
    """A text with marks from its `count`th character on, marks not counted."""
    at, inside = 0, False
    while count > 0 and at < len(text):
        inside = text[at] == HIGHLIGHT_START or (inside and text[at] != HIGHLIGHT_END)
        count -= text[at] not in (HIGHLIGHT_START, HIGHLIGHT_END)
        at += 1
    rest = text[at:]
    return HIGHLIGHT_START + rest if inside and not rest.startswith(HIGHLIGHT_END) else rest.removeprefix(HIGHLIGHT_END)


def _guide(hit: SearchHit, pack: Catalogue) -> str:
    """Of a service's guide what was found in the reader's language; what it is for, where nothing was in any."""
    service = pack.service_by_id.get(hit.document.item_id) if hit.document.kind is Kind.SERVICE else None
    guide: dict[str, Any] = (service.guide.get(language()) or {}) if service else {}
    texts = [value if isinstance(value, str) else ", ".join(value) for name in GUIDE if (value := guide.get(name))]
    found = make_excerpt(texts, [fold(one) for one in HIGHLIGHTED.findall(hit.title + hit.excerpt)])
    return found if HIGHLIGHT_START in found or HIGHLIGHT_START not in hit.excerpt else ""


def _fallback(document: Document, pack: Catalogue) -> str:
    """What stands for a title where a post has photos and no words."""
    category = pack.category_by_id.get(document.category_id or 0)
    return pick(category.names) if category else document.extra.get("number") or _("Report")


def _names(document: Document, matched: str, pack: Catalogue, places: Areas) -> list[Markup]:
    """The category, the department of what has none, the address, the area; with marks in the one that was found."""
    category = pack.category_by_id.get(document.category_id or 0)
    department = pack.department_by_id.get(document.department_id or 0)
    around = [area for one in document.area_ids if (area := places.by_id.get(one)) and area.level]
    area = max(around, key=lambda one: one.level, default=None)
    on_desk = document.kind is Kind.CASE
    address = "" if document.kind is Kind.TRAFFIC else str(document.extra.get("address") or "")
    names = [
        str(document.extra.get("number") or "") if on_desk else "",
        pick(category.names) if category else "" if on_desk else pick(department.names) if department else "",
        address[:80],
        pick(area.names) if area else "",
        pick(department.names) if on_desk and department else "",
    ]
    found = [name for name in dict.fromkeys(names) if name]
    if matched and strip_highlights(matched) not in found:
        found.append(
            strip_highlights(matched)
        )  # in another language, or a name that is not shown otherwise: why it was found
    return [highlight_html(matched) if matched and one == strip_highlights(matched) else escape(one) for one in found]


def _status(document: Document) -> str:
    """As it is now: what ends by itself may have ended since it was indexed."""
    over = document.until is not None and document.until <= timing.now()
    return "ended" if over and document.status == "live" else document.status

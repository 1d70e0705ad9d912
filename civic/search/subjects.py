"""What can be found: one Subject for each kind of thing. A domain describes its own in `documents.py`.

The search knows no kind by itself. `civic/composition.py` registers the subjects when a program starts.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from babel.support import LazyProxy

from civic.catalogue.catalogue import Catalogue
from civic.geo.areas import Areas
from civic.search.documents import Document, Key, SearchHit, clean_document
from civic.search.presenters import Badge, PresentedHit, Presenter
from civic.search.static_rank import static_rank

Compose = Callable[[Sequence[int]], Awaitable[list[Document]]]


@dataclass(frozen=True, slots=True)
class SubjectStatus:
    """A status that a document may have, as filters and hits show it; `group` is the code of a StatusGroup.

    `is_open`: it still goes on. Such a document comes before one that is over, where the words fit both as well.
    """

    code: str
    label: LazyProxy
    look: str = ""  # class in CSS
    sign: str = ""  # one character
    group: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class DirtySource:
    """A table, and what becomes dirty when one of its rows changes.

    `leads` is a SELECT over `changed`, which holds the new and the old versions of the changed rows. It gives the ids
    of what becomes dirty: rows of `root` ("post", "case"), from which each subject finds its documents (Subject.roots).
    An update counts only if one of the `columns` changes; without columns, if anything does. Everything that a deletion
    leads to is urgent: it may not be found any more. `urgent` is a condition over OLD and NEW for updates of that sort.
    """

    table: str
    root: str
    leads: str
    columns: tuple[str, ...] = ()
    urgent: str = "false"
    on: tuple[str, ...] = ("insert", "update", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A kind of thing that can be found.

    Documents have the ids of `column` in `table`. `compose(ids)` makes the documents of those ids that may be found, as
    they are at this moment; a hit is shown only if it is among them, whatever the index still holds. A subject of the
    desk leaves out those that are everybody's too (Document.desk_id), and makes them by `compose_hits` for hits.
    `roots` says how dirty rows lead to these ids: by root, a SELECT with the dirty ids as $1; empty where the dirty ids
    are the documents' own. `sources` are the tables that mark them. `expired` is for documents that change as time goes
    by: a SELECT of ids for which that happens between the instants $1 and $2 (Unix seconds).
    """

    kind: str  # letters a to z; part of addresses, and of keys in the index
    label: LazyProxy  # of several: "Reports"
    badge: Badge  # of one without a status: "Report"
    compose: Compose
    compose_hits: Compose | None = None
    table: str
    column: str = "id"
    roots: Mapping[str, str]
    sources: tuple[DirtySource, ...]
    expired: str = ""
    desk: bool = False  # found on the desk only, never in the public index
    weight: float = 1.0  # of its hits against those of other kinds
    statuses: tuple[SubjectStatus, ...] = ()
    groups: Mapping[str, LazyProxy] = field(default_factory=dict)  # labels of groups of statuses, by code
    presenter: Presenter = field(default_factory=Presenter)

    @property
    def own_root(self) -> str:
        """The root whose ids are those of the documents."""
        return next(root for root, leads in self.roots.items() if not leads)

    @property
    def make_hits(self) -> Compose:
        return self.compose_hits or self.compose

    def status_filters(self) -> dict[str, tuple[str, ...]]:
        """What a status filter may be set to, groups first, each with the statuses that it means."""
        grouped = {
            group: tuple(status.code for status in self.statuses if status.group == group) for group in self.groups
        }
        return grouped | {status.code: (status.code,) for status in self.statuses}

    def status_labels(self) -> dict[str, str]:
        """Labels in the reader's language by what a status filter may be set to."""
        labels = {**self.groups, **{status.code: status.label for status in self.statuses}}
        return {code: str(label) for code, label in labels.items()}

    def is_open(self, status: str) -> bool:
        """Whether a document with this status still goes on."""
        return any(one.is_open for one in self.statuses if one.code == status)

    def badge_of(self, status: str) -> Badge:
        """The badge of a document with this status."""
        badges = {one.code: Badge(one.look, one.sign, one.label) for one in self.statuses}
        return badges.get(status, self.badge)


_registered: dict[str, Subject] = {}


def register(subjects: Iterable[Subject]) -> None:
    """Let these be found, and nothing else. Raises ValueError if two are of the same kind."""
    every = list(subjects)
    by_kind = {one.kind: one for one in every}
    if len(by_kind) < len(every):
        raise ValueError("two subjects of the search are of the same kind")
    _registered.clear()
    _registered.update(by_kind)


def registered() -> Sequence[Subject]:
    """Every subject, in the order in which they were registered. Raises RuntimeError if none was."""
    if not _registered:
        raise RuntimeError("This program uses the search and has registered no subjects (civic/composition.py).")
    return list(_registered.values())


def public_subjects() -> Sequence[Subject]:
    return [one for one in registered() if not one.desk]


def desk_subjects() -> Sequence[Subject]:
    return [one for one in registered() if one.desk]


def by_kind(kind: str) -> Subject:
    """Raises KeyError for a kind that is not registered."""
    return _registered[kind]


def rank_document(document: Document) -> float:
    """The rank of a document that does not depend on the query."""
    subject = _registered.get(document.kind)
    is_open = subject is not None and subject.is_open(document.status)
    return static_rank(document.at, document.support, is_open=is_open)


def kinds() -> frozenset[str]:
    return frozenset(_registered)


async def read_documents(keys: Iterable[Key], *, desk: bool = False) -> dict[Key, Document]:
    """Those of the documents that may be found at this moment, made of the posts themselves; of the desk's only if
    `desk`, of everybody's only if not, whatever an index holds.
    """
    subjects = {one.kind: one for one in registered() if one.desk == desk}
    ids: dict[str, dict[int, None]] = {}
    for kind, item_id in keys:
        ids.setdefault(kind, {})[item_id] = None
    found = [await subjects[kind].make_hits(list(some)) for kind, some in ids.items() if kind in subjects]
    return {one.key: clean_document(one) for some in found for one in some}


def present_hit(hit: SearchHit, catalogue: Catalogue, areas: Areas) -> PresentedHit:
    """A hit as pages show it."""
    subject = by_kind(hit.document.kind)
    return subject.presenter.present(hit, subject.badge_of, catalogue, areas)

"""What every engine of the search can do for its own index: be rebuilt, and be compared with what it follows.

PostgreSQL's index follows the tables of the domains, Meilisearch's follows PostgreSQL's. Both are rebuilt and checked
by the same code (rebuild.py, verify.py).
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from civic.lasting_locks import LockConnection
from civic.search.documents import Key

OnProgress = Callable[[int, int], None]  # done, in all


@dataclass(frozen=True, slots=True)
class KeyRange:
    """The keys of a kind with ids above `after` and up to `last`; the last range of a kind has no end."""

    kind: str
    after: int
    last: int | None
    items: int = 0  # about how many there are, where that is known


@dataclass(frozen=True, slots=True)
class IndexComparison:
    """The digests of a range's documents, as they should be and as an index has them; `pending` are on their way."""

    expected: Mapping[Key, bytes]
    held: Mapping[Key, bytes]
    pending: frozenset[Key] = frozenset()


@dataclass
class Differences:
    """Keys of documents that an index lacks, that it should not have, or that it has in another form."""

    missing: list[Key] = field(default_factory=list)
    extra: list[Key] = field(default_factory=list)
    different: list[Key] = field(default_factory=list)
    compared: int = 0

    def keys(self) -> list[Key]:
        return [*self.missing, *self.extra, *self.different]


class RebuildState(Protocol):
    """How far a rebuild is; the engine saves it, so that another process can continue."""

    @property
    def done(self) -> int: ...

    @property
    def total(self) -> int: ...


S = TypeVar("S", bound=RebuildState)


class Engine(Protocol[S]):
    """An index that can be rebuilt and checked. `lock` is the name of the lock that a rebuild holds."""

    name: str
    lock: str

    async def begin_rebuild(self, connection: LockConnection) -> S:
        """The rebuild that was begun and can be continued, else a new one."""
        ...

    async def continue_rebuild(self, state: S, connection: LockConnection) -> S | None:
        """Do the next part and save how far it is; None at the end."""
        ...

    async def total(self) -> int:
        """How many documents there are to compare."""
        ...

    def ranges(self) -> AsyncIterator[KeyRange]: ...

    async def compare(self, part: KeyRange) -> IndexComparison: ...

    async def strays(self) -> Sequence[Key]:
        """Documents that are in no range: of kinds that must not be there."""
        ...

    async def count_waiting(self) -> int:
        """How many changes are on their way into the index."""
        ...

    async def mend(self, differences: Differences) -> None:
        """Have what differs made again."""
        ...

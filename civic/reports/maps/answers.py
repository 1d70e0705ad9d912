"""Answers of the map, kept as bytes while nothing that they show has changed.

An answer is the same for everybody who reads a language. Each request asks the database what has changed; those that
come at the same time ask once. So a report that is hidden is in no answer from the moment of that commit.
"""

import gzip
import hashlib
from dataclasses import dataclass

from cachetools import TTLCache
from starlette.requests import Request
from starlette.responses import Response

from civic.cache import SharedRead, SharedWork, timed_cache
from civic.geo.cells import CellWindow
from civic.i18n import language
from civic.reports.filters import ReportFilters
from civic.reports.maps.queries import map_points, read_map_state
from civic.schemas import to_json

KEPT_SECONDS = 10  # at most: what becomes overdue, and what commits just after its change was counted
MAX_KEPT = 300  # answers, of 30 kB at most
MAX_QUESTIONS = 5000
PACKED_BYTES = 1000  # from which on an answer is packed
# A browser keeps them and asks each time whether they are still right; what may be hidden is in no cache before us.
HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding, Accept-Language, Cookie"}


@dataclass(frozen=True)
class MapQuestion:
    """What somebody asks of the map; windows at nearly the same place are one question."""

    filters: ReportFilters
    cells: CellWindow
    zoom: int
    language: str


@dataclass(frozen=True)
class MapBytes:
    """An answer as it is sent, plain and packed; `tag` names its content."""

    plain: bytes
    packed: bytes
    tag: str

    @classmethod
    def of(cls, plain: bytes) -> "MapBytes":
        packed = gzip.compress(plain, 6, mtime=0) if len(plain) >= PACKED_BYTES else b""
        return cls(plain, packed, f'W/"{hashlib.sha256(plain).hexdigest()[:24]}"')


MapState = tuple[int, int]
Asked = tuple[str, bytes, bool, int]  # language, query, whether a program asks, version of the city
_questions: TTLCache[Asked, MapQuestion] = timed_cache(KEPT_SECONDS, MAX_QUESTIONS)
_answers: TTLCache[tuple[MapQuestion, MapState], MapBytes] = timed_cache(KEPT_SECONDS, MAX_KEPT)
_state = SharedRead(read_map_state)
_work = SharedWork[MapBytes]()


def find_question(asked: Asked) -> MapQuestion | None:
    """What an address asked some seconds ago."""
    return _questions.get(asked)


def keep_question(asked: Asked, filters: ReportFilters, cells: CellWindow, zoom: int) -> MapQuestion:
    question = _questions[asked] = MapQuestion(filters, cells, zoom, language())
    return question


async def answer_question(question: MapQuestion) -> MapBytes:
    """The answer of this moment; it is computed once, however many ask."""
    key = question, await _state()
    kept = _answers.get(key)
    return kept or await _work.do(key, lambda: _compute(key))


async def _compute(key: tuple[MapQuestion, MapState]) -> MapBytes:
    question = key[0]
    made = MapBytes.of(to_json(await map_points(question.filters, question.cells, question.zoom)))
    _answers[key] = made
    return made


def send(request: Request, answer: MapBytes) -> Response:
    """The answer, packed for who takes that; 304 where the reader has it already."""
    headers = HEADERS | {"ETag": answer.tag}
    if answer.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if answer.packed and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(answer.packed, headers=headers, media_type="application/json")
    return Response(answer.plain, headers=headers, media_type="application/json")

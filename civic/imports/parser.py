"""Parsing a row as the mapping says: an *imported report*, or the reason why the row is refused."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from math import isclose
from urllib.parse import urlsplit

from civic.cases.change import MAX_TEXT_CHARS
from civic.i18n import gettext as _
from civic.imports.mapping import Column, ImportMapping, StatusMeaning
from civic.imports.source_rows import SourceRow
from civic.imports.timestamps import Timestamps, UnreadableTimestamp
from civic.numbers import parse_number
from civic.sla.calendars import FIRST_DAY
from civic.text import clean_lines

MAX_REPORT_CHARS = 20_000  # the most that limits.text allows
# Longer titles and addresses are cut.
MAX_TITLE_CHARS, MAX_ADDRESS_CHARS, MAX_SOURCE_CHARS, MAX_URL_CHARS = 200, 300, 300, 500
MAX_VOTES = 10_000_000
# Calendars begin on the first of January; two days later it has begun in every time zone.
EARLIEST_RECEIPT = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC) + timedelta(days=2)
SAME_PLACE_DEGREES = 1e-5  # about a metre

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""


class RowRefused(Exception):
    """The row is not imported. `kind` is for counting; `column` is the name in the mapping of what is wrong."""

    def __init__(self, kind: str, column: str, reason: str) -> None:
        super().__init__(reason)
        self.kind, self.column, self.reason = kind, column, reason


class RowSkipped(Exception):
    """The mapping leaves the row out."""


@dataclass(frozen=True, slots=True)
class Reopening:
    """A resolution that did not last, and when the case was reopened after it."""

    resolved_at: datetime
    resolution_text: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class ImportedReport:
    """A report and what became of it. Instants are in UTC; departments and categories as the mapping names them.

    `lines` is how many lines its row has; `ended` is of the resolution or decline that stands; `answered` the first
    public word before any. No department: triage.
    """

    lines: int
    source: str
    title: str
    text: str
    address: str
    lat: float
    lon: float
    category: str
    department: str
    meaning: StatusMeaning
    received_at: datetime
    answered_at: datetime | None
    reopening: Reopening | None
    ended_at: datetime | None
    answer_text: str
    end_text: str
    votes: int
    url: str


class RowParser:
    """Parses rows one by one. `adjustments` counts corrected values by kind; `box` is the city's."""

    def __init__(self, mapping: ImportMapping, now: datetime, box: Box | None = None) -> None:
        self.mapping, self.now, self.box = mapping, now, box
        self.timestamps = Timestamps(mapping.times)
        self.slack = timedelta(minutes=mapping.times.slack_minutes)
        self.adjustments: Counter[str] = Counter()
        self._lines: dict[str, int] = {}

    def parse(self, row: SourceRow) -> ImportedReport:
        """The report that a row holds. Raises RowRefused, and RowSkipped if the mapping leaves it out."""
        if row.wrong:
            raise RowRefused(row.fault, "", row.wrong)
        ending = self._status_meaning(row)
        source = self._source(row)
        title, text = self._title_and_text(row)
        lat, lon = self._position(row)
        department = self._department(row)
        received = self._received_at(row)
        answered, reopening, ended = self._later_dates(row, ending, received, department)
        if ending.outcome == "triage" or not department:
            department, answered = "", None
        return ImportedReport(
            lines=row.lines,
            source=source,
            title=title,
            text=text,
            address=_cut(" ".join(self._value(row, "address").split()), MAX_ADDRESS_CHARS),
            lat=lat,
            lon=lon,
            category=self._value(row, "category") or self.mapping.categories.default,
            department=department,
            meaning=ending,
            received_at=received,
            answered_at=answered,
            reopening=reopening,
            ended_at=ended,
            answer_text=self._optional_text(row, "answer_text") or self.mapping.texts.replied,
            end_text=self._optional_text(row, "resolution_text") or self._default_text(ending),
            votes=self._votes(row),
            url=self._url(row),
        )

    def _value(self, row: SourceRow, name: str) -> str:
        column: Column | None = getattr(self.mapping.columns, name)
        return row.value(column) if column else ""

    def _source(self, row: SourceRow) -> str:
        row_id = self._value(row, "id")
        source = f"{self.mapping.name}:{row_id}"
        if not row_id or len(source) > MAX_SOURCE_CHARS:
            raise RowRefused("no_id", "id", _("It has no id, so it could not be told apart from others."))
        if (line := self._lines.setdefault(source, row.line)) != row.line:
            raise RowRefused("twice", "id", _("Line %(line)s has the same id.", line=line))
        return source

    def _title_and_text(self, row: SourceRow) -> tuple[str, str]:
        title, text = _cut(" ".join(self._value(row, "title").split()), MAX_TITLE_CHARS), self._value(row, "text")
        if not text:
            title, text = "", title
        if not text:
            raise RowRefused("no_text", "text", _("It has no text."))
        if len(text) > MAX_REPORT_CHARS:
            raise RowRefused("too_long", "text", _("Its text has more than %(n)s characters.", n=MAX_REPORT_CHARS))
        return title, text

    def _position(self, row: SourceRow) -> tuple[float, float]:
        given = [self._value(row, name) for name in ("lat", "lon")]
        try:
            lat, lon = (parse_number(one, exponent=True) if one else None for one in given)
        except ValueError:
            reason = _("Its position is not a latitude and longitude in degrees.")
            raise RowRefused("no_position", "lat", reason) from None
        if lat is None or lon is None or self._is_unknown(lat, lon):
            if self.mapping.place.default is None:
                raise RowRefused("no_position", "lat", _("It gives no position."))
            self.adjustments["default_position"] += 1
            return self.mapping.place.default
        if not self.is_within(lat, lon) and self.is_within(lon, lat):
            raise RowRefused("swapped", "lat", _("Its latitude and longitude are interchanged."))
        if not (abs(lat) <= 90 and abs(lon) <= 180):
            raise RowRefused("no_position", "lat", _("Its position is not a latitude and longitude in degrees."))
        return lat, lon

    def is_within(self, lat: float, lon: float) -> bool:
        """Whether a position lies in the city's box; nothing does where the box is not known."""
        if self.box is None:
            return False
        west, south, east, north = self.box
        return west <= lon <= east and south <= lat <= north

    def _is_unknown(self, lat: float, lon: float) -> bool:
        """Whether a source writes this position when it knows none; 0 stands for a number that is missing."""
        if (lat == 0 or lon == 0) and not self.is_within(lat, lon):
            return True
        return any(
            isclose(lat, there[0], abs_tol=SAME_PLACE_DEGREES) and isclose(lon, there[1], abs_tol=SAME_PLACE_DEGREES)
            for there in self.mapping.place.unknown
        )

    def _status_meaning(self, row: SourceRow) -> StatusMeaning:
        history, status = self.mapping.history, self._value(row, "status")
        ending = history.statuses.get(status) if status else history.default
        if ending is None:
            raise RowRefused(
                "status", "status", _("The mapping does not know the status “%(name)s”.", name=status[:80])
            )
        chosen = next((one for one in history.when if one.holds(row.values.get(one.column, ""), status)), ending)
        if chosen.outcome == "skipped":
            raise RowSkipped
        return chosen

    def _department(self, row: SourceRow) -> str:
        departments = self.mapping.departments
        for one in departments.when:
            if one.holds(row.values.get(one.column, ""), self._value(row, "status")):
                return one.department
        return self._value(row, "department") or departments.default

    def _received_at(self, row: SourceRow) -> datetime:
        received = self._timestamp(row, "received")
        if received is None:
            raise RowRefused("no_date", "received", _("It does not say when it was received."))
        if received < EARLIEST_RECEIPT:
            raise RowRefused("early", "received", _("It was received before %(year)s.", year=EARLIEST_RECEIPT.year))
        return received

    def _later_dates(
        self, row: SourceRow, ending: StatusMeaning, received: datetime, department: str
    ) -> tuple[datetime | None, Reopening | None, datetime | None]:
        """When the first answer came, a reopening, and when the case ended, in an order that a case can have."""
        over = ending.outcome in ("resolved", "declined")
        reopened = self._timestamp_after(row, "reopened", received)
        if reopened and ending.outcome == "triage":
            self.adjustments["reopening_unused"] += 1  # nobody can have resolved it
            reopened = None
        resolved = self._timestamp_after(row, "resolved", received) if over or reopened else None
        if over and resolved is None:
            raise RowRefused("no_end", "resolved", _("Its status says that it is closed, but no column says when."))
        reopening = self._reopening(row, received, reopened, resolved, over=over) if reopened else None
        if not over and self._value(row, "resolved") and not (reopening and reopening.resolved_at == resolved):
            self.adjustments["end_of_open"] += 1  # its status says that it is open
        ended = resolved if over else None
        answered = self._first_answer(row, ending, received, reopening, ended)
        if (ended or reopening or answered) and not department and ending.outcome != "triage":
            raise RowRefused("nobody", "department", _("It was answered or is closed, but no department is named."))
        return answered, reopening, ended

    def _first_answer(
        self,
        row: SourceRow,
        ending: StatusMeaning,
        received: datetime,
        reopening: Reopening | None,
        ended: datetime | None,
    ) -> datetime | None:
        answered = self._timestamp_after(row, "first_answer", received) if ending.first_answer else None
        if answered and reopening and answered > reopening.at:
            raise RowRefused("order", "reopened", _("It was reopened before it was first answered."))
        first_end = reopening.resolved_at if reopening else ended
        if answered and first_end and answered > first_end:
            # A later answer cannot be part of a case that was over, so the resolution is the first public word.
            self.adjustments["answer_after_end"] += 1
            return None
        return answered

    def _reopening(
        self, row: SourceRow, received: datetime, reopened: datetime, resolved: datetime | None, *, over: bool
    ) -> Reopening:
        """A reopening with the resolution before it: of `first_resolved`, or of `resolved` if the case is open now.

        Where a closed case does not say when it had first been resolved, that was at the latest when it was reopened.
        """
        texts = self.mapping.texts
        if over and resolved and resolved < reopened:
            reason = _("It was reopened after it was resolved, but no column says when it was closed again.")
            raise RowRefused("no_end", "resolved", reason)
        first, text = self._timestamp_after(row, "first_resolved", received), texts.resolved
        if not over:
            first, text = first or resolved, self._optional_text(row, "resolution_text") or text
        elif first is None:
            self.adjustments["first_end_unknown"] += 1
            first, text = reopened, texts.first_resolved
        if first is None or first > reopened:
            reason = _("It was reopened, but no column says that it had been resolved before.")
            raise RowRefused("no_resolution", "reopened", reason)
        return Reopening(first, text, reopened, texts.reopened)

    def _timestamp_after(self, row: SourceRow, name: str, received: datetime) -> datetime | None:
        instant = self._timestamp(row, name)
        if instant is not None and instant < received:
            # The clocks showed an hour twice: it was the second time.
            instant = max(instant, self._timestamp(row, name, self.timestamps.read_second) or instant)
        if instant is None or instant >= received:
            return instant
        if received - instant > self.slack:
            raise RowRefused("order", name, _("The date of “%(name)s” is before the date of receipt.", name=name))
        self.adjustments["slack"] += 1
        return received

    def _timestamp(
        self, row: SourceRow, name: str, read: Callable[[str, time, str], datetime] | None = None
    ) -> datetime | None:
        column: Column | None = getattr(self.mapping.columns, name)
        text = row.value(column) if column else ""
        if column is None or not text:
            return None
        try:
            instant = (read or self.timestamps.read)(text, column.time, self._zone(row))
        except UnreadableTimestamp as error:
            raise RowRefused("date", name, str(error)) from None
        if instant > self.now:
            raise RowRefused("future", name, _("The date of “%(name)s” is in the future.", name=name))
        return instant

    def _zone(self, row: SourceRow) -> str:
        """What the row says of the zone of its local times."""
        name = self.mapping.times.zone_column
        return clean_lines(row.values.get(name, "")) if name else ""

    def _votes(self, row: SourceRow) -> int:
        text = self._value(row, "votes")
        if not text:
            return 0
        try:
            count = parse_number(text)
        except ValueError:
            count = -1
        if not (0 <= count <= MAX_VOTES and count.is_integer()):
            raise RowRefused("votes", "votes", _("“%(text)s” is no number of supporters.", text=text[:40]))
        return int(count)

    def _url(self, row: SourceRow) -> str:
        """The address of the row's page in the source; one that is no plain web address is left out."""
        url = self._value(row, "url")
        if url and not _is_web_address(url):
            self.adjustments["url_left_out"] += 1
            return ""
        return url

    def _optional_text(self, row: SourceRow, name: str) -> str:
        text = self._value(row, name)
        if len(text) > MAX_TEXT_CHARS:
            raise RowRefused("too_long", name, _("Its text has more than %(n)s characters.", n=MAX_TEXT_CHARS))
        return text

    def _default_text(self, ending: StatusMeaning) -> str:
        return self.mapping.texts.declined if ending.outcome == "declined" else self.mapping.texts.resolved


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _is_web_address(text: str) -> bool:
    """Whether this is an http or https address of bounded length, without a user, a password or hidden characters."""
    if len(text) > MAX_URL_CHARS or not text.isprintable() or any(mark in text for mark in ' \\<>"'):
        return False
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and "@" not in parts.netloc

"""The mapping file of an import: what each column and value means, and which history follows (docs/import.md)."""

import datetime as dt
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from civic.cases.models import DeclineReason
from civic.errors import CivicError
from civic.i18n import gettext as _
from civic.packs.fields import Names, Slug, TargetText, ZoneName, between, check_target
from civic.packs.schemas import CalendarHours
from civic.suggestions import unknown_name
from civic.validation import FileModel, explain_errors, write_location

ISO = "iso"

ImportOutcome = Literal["resolved", "declined", "open", "triage", "skipped"]


class ImportFault(CivicError):
    """The mapping or the file cannot be used as it is; the message is for the person who runs the import."""

    status = 422


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


OptionalTarget = Annotated[str, AfterValidator(lambda text: check_target(text) if text else "")]
OneOrMore = Annotated[list[str], Field(min_length=1), BeforeValidator(_listed)]
Position = Annotated[
    tuple[Annotated[float, between(-90, 90)], Annotated[float, between(-180, 180)]], Field(strict=False)
]


def _check_encoding(name: str) -> str:
    """The name of an encoding, or "". Raises ValueError if there is none of that name for texts."""
    try:
        if name and "id,\n".encode(name).decode(name) != "id,\n":
            raise LookupError
    except (LookupError, UnicodeError):
        raise ValueError(
            _("“%(name)s” is no encoding. Usual ones are utf-8, gb18030, big5 and cp1252.", name=name)
        ) from None
    return name


class Column(FileModel):
    """Where a value stands: in the first of these columns that is not empty.

    `pattern` takes the first group that it finds. `time` is the local time of day of a date without one.
    """

    column: OneOrMore
    pattern: re.Pattern[str] | None = None
    time: dt.time = dt.time(12)
    optional: bool = False  # may be missing from the file

    @field_validator("time", mode="before")
    @classmethod
    def _read_time(cls, value: Any) -> Any:
        return dt.time.fromisoformat(value) if isinstance(value, str) else value


def _column(value: Any) -> Any:
    return {"column": value} if isinstance(value, str | list) else value


ColumnField = Annotated[Column, BeforeValidator(_column)]


class ColumnMapping(FileModel):
    id: ColumnField
    text: ColumnField
    received: ColumnField
    lat: ColumnField
    lon: ColumnField
    title: ColumnField | None = None
    category: ColumnField | None = None
    department: ColumnField | None = None
    address: ColumnField | None = None
    status: ColumnField | None = None
    first_answer: ColumnField | None = None
    resolved: ColumnField | None = None
    reopened: ColumnField | None = None
    first_resolved: ColumnField | None = None  # before it was reopened
    answer_text: ColumnField | None = None
    resolution_text: ColumnField | None = None
    votes: ColumnField | None = None
    url: ColumnField | None = None  # of the row's page in the source

    def given(self) -> dict[str, Column]:
        return {name: column for name in type(self).model_fields if (column := getattr(self, name)) is not None}


class TimeFormats(FileModel):
    zone: ZoneName
    zone_column: str = ""  # of the zone of a row's local times, where it is not `zone`
    zones: dict[str, ZoneName] = {}  # what this column says, where it is no name of a zone
    formats: OneOrMore = [ISO]
    # A date that lies at most this long before the receipt counts as the receipt.
    slack_minutes: Annotated[int, between(0, 1440)] = 0

    @field_validator("formats")
    @classmethod
    def _readable(cls, formats: list[str]) -> list[str]:
        sample = dt.datetime(2024, 3, 2, 16, 5, 6, tzinfo=dt.UTC)
        for one in formats:
            if one != ISO and ("%Y" not in one and "%y" not in one):
                raise ValueError(
                    _("“%(text)s” is not a format: write “iso”, or something like “%%m/%%d/%%Y”.", text=one)
                )
            if one != ISO:
                dt.datetime.strptime(sample.strftime(one), one).replace(tzinfo=dt.UTC)
        return formats

    @property
    def zoneinfo(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def find_zone(self, name: str) -> ZoneInfo:
        """The zone that the column names. Raises ZoneInfoNotFoundError or ValueError."""
        return ZoneInfo(self.zones.get(name, name)) if name else self.zoneinfo


class PlaceMapping(FileModel):
    """`unknown`: positions that the source writes when it knows none."""

    default: Position | None = None
    unknown: list[Position] = []
    outside: Literal["refuse", "keep"] = "refuse"


class ColumnCondition(FileModel):
    """True if the column contains, or equals, one of these texts, whatever the case of letters."""

    column: str
    contains: OneOrMore = []
    equals: OneOrMore = []
    statuses: OneOrMore = []  # if given, the status has to be one of these, too

    @model_validator(mode="after")
    def _says_something(self) -> "ColumnCondition":
        if not self.contains and not self.equals:
            raise ValueError(_("A condition needs “contains” or “equals”."))
        return self

    def holds(self, value: str, status: str) -> bool:
        if self.statuses and status not in self.statuses:
            return False
        folded = value.casefold()
        return any(one.casefold() in folded for one in self.contains) or any(
            one.casefold() == folded.strip() for one in self.equals
        )


class DepartmentMapping(FileModel):
    slug: Slug
    names: Names = {}
    calendar: str = ""
    contacts: dict[Literal["email", "phone", "url", "address", "hours"], str] = {}


class DepartmentCondition(ColumnCondition):
    department: str


class DepartmentsMapping(FileModel):
    """`values` maps names in the column to departments; `create` makes a department for any other name."""

    create: bool = False
    calendar: str = ""
    default: str = ""
    values: dict[str, DepartmentMapping] = {}
    when: list[DepartmentCondition] = []


class CategoryMapping(FileModel):
    code: Slug
    names: Names = {}
    response: OptionalTarget = ""
    resolution: OptionalTarget = ""
    group: Slug = "imported"
    group_names: Names = {}


class CategoriesMapping(FileModel):
    create: bool = False
    default: str = ""
    response: OptionalTarget = ""
    resolution: OptionalTarget = ""
    values: dict[str, CategoryMapping] = {}


class StatusMeaning(FileModel):
    """The history that follows from a status."""

    outcome: ImportOutcome
    reason: Annotated[DeclineReason | None, Field(strict=False)] = None  # if declined
    first_answer: bool = True  # whether the date of the first answer can be trusted

    @model_validator(mode="after")
    def _declined_with_reason(self) -> "StatusMeaning":
        if (self.outcome == "declined") != (self.reason is not None):
            names = ", ".join(DeclineReason)
            raise ValueError(_("“declined”, and nothing else, needs a reason: %(names)s.", names=names))
        return self


class StatusCondition(StatusMeaning, ColumnCondition):
    pass


def _ending(value: Any) -> Any:
    return {"outcome": value} if isinstance(value, str) else value


class HistoryMapping(FileModel):
    statuses: dict[str, Annotated[StatusMeaning, BeforeValidator(_ending)]] = {}
    when: list[StatusCondition] = []
    default: Annotated[StatusMeaning | None, BeforeValidator(_ending)] = None  # for a row without a status


class DefaultTexts(FileModel):
    """Texts for the history where the source has a date and no words.

    `first_resolved`: of a resolution of which nothing is known but that the case was reopened.
    """

    replied: str = "Answered on this day, says the source. The words of the answer are not part of it."
    resolved: str = "Resolved on this day, says the source. It does not say how."
    declined: str = "Closed on this day, says the source. It does not say why."
    first_resolved: str = "Resolved before it was reopened, says the source. It does not say when, or how."
    reopened: str = "Reopened on this day, says the source. It does not say who asked for it, or why."


class CalendarMapping(CalendarHours):
    zone: ZoneName


class CityMapping(FileModel):
    """The city to create if none is loaded."""

    names: Names
    languages: OneOrMore = ["en", "zh"]
    zone: ZoneName
    calendar: str
    bbox: Annotated[tuple[float, float, float, float], Field(strict=False)]
    response: TargetText = "2 working days"
    resolution: TargetText = "10 working days"


class ImportMapping(FileModel):
    """A whole mapping file. `name` is the prefix of the source of every report: "jarokelo:139838"."""

    name: Slug
    format: Literal["auto", "jsonl", "csv"] = "auto"
    encoding: Annotated[str, AfterValidator(_check_encoding)] = ""
    delimiter: Annotated[str, StringConstraints(max_length=1, strip_whitespace=False)] = ""
    language: str = Field("", max_length=12)
    times: TimeFormats
    columns: ColumnMapping
    place: PlaceMapping = PlaceMapping()
    departments: DepartmentsMapping = DepartmentsMapping()
    categories: CategoriesMapping = CategoriesMapping()
    history: HistoryMapping
    texts: DefaultTexts = DefaultTexts()
    routed_by: Literal["import", "dispatcher"] = "import"  # who chose the departments, as the public history says
    city: CityMapping | None = None
    calendars: dict[Slug, CalendarMapping] = {}

    @model_validator(mode="after")
    def _fits_together(self) -> "ImportMapping":
        if self.columns.status is None and self.history.default is None:
            raise ValueError(_("history.default is needed where no column says the status."))
        if self.city and self.city.calendar not in self.calendars:
            raise ValueError(f"city.calendar: {unknown_name(self.city.calendar, self.calendars)}")
        for name, needed in (("reopened", "resolved"), ("first_resolved", "reopened")):
            if getattr(self.columns, name) is not None and getattr(self.columns, needed) is None:
                raise ValueError(
                    _("columns.%(name)s says nothing without columns.%(needed)s.", name=name, needed=needed)
                )
        wrong = [one for one in self.outcomes_with_end_date if self.columns.resolved is None]
        if wrong:
            raise ValueError(_("columns.resolved is needed for the outcome “%(name)s”.", name=wrong[0]))
        return self

    @cached_property
    def outcomes_with_end_date(self) -> list[str]:
        every = [*self.history.statuses.values(), *self.history.when]
        return sorted({one.outcome for one in every} & {"resolved", "declined"})

    @cached_property
    def named_columns(self) -> frozenset[str]:
        """Every column of the file that the mapping names."""
        names = {name for part in self.columns.given().values() for name in part.column}
        names |= {one.column for one in [*self.history.when, *self.departments.when]}
        return frozenset(names | {self.times.zone_column} - {""})

    @cached_property
    def needed_columns(self) -> list[list[str]]:
        """For each required value the columns of which one has to be in the file."""
        zone = [[self.times.zone_column]] if self.times.zone_column else []
        return [part.column for part in self.columns.given().values() if not part.optional] + zone


def read_mapping(path: Path) -> ImportMapping:
    """Read a mapping file. Raises ImportFault with everything that is wrong with it."""
    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ImportFault(f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ImportFault(f"{path}: {error}") from error
    try:
        return ImportMapping.model_validate(data)
    except ValidationError as error:
        problems = explain_errors(error, ImportMapping)
        lines = [f"  {write_location(where)}: {message}" if where else f"  {message}" for where, message in problems]
        head = _("The mapping %(path)s is wrong. Nothing was imported.", path=path)
        raise ImportFault("\n".join([head, *lines])) from None

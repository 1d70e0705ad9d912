"""What a mapping file says: which column is what, what its values mean, and which history follows (docs/import.md)."""

import datetime as dt
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from civic.cases.models import DeclineReason
from civic.errors import CivicError
from civic.i18n import gettext as _
from civic.sla.hours import CalendarError, CalendarSpec, read_spec
from civic.sla.targets import parse_target
from civic.suggestions import name_one_of

SLUG = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
ISO = "iso"

ImportOutcome = Literal["resolved", "declined", "open", "triage"]
Names = dict[str, str]


class ImportFault(CivicError):
    """The mapping, or the file, cannot be used as it is: told to whoever runs the import."""

    status = 422


class MappingTable(BaseModel):
    """A table of the mapping; a key that it does not have is refused, with the nearest that it has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _known(cls, data: Any) -> Any:
        wrong = [key for key in data if key not in cls.model_fields] if isinstance(data, dict) else []
        if wrong:
            raise ValueError(" ".join(_no_such_key(key, list(cls.model_fields)) for key in wrong))
        return data


def _no_such_key(key: str, right: list[str]) -> str:
    return _("There is no key “%(key)s” here.", key=key) + name_one_of(key, right)


def _target(text: str) -> str:
    return str(parse_target(text)) if text else ""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(_("“%(name)s” is no time zone, such as Europe/Budapest.", name=name)) from error
    return name


def _slug(text: str) -> str:
    if not SLUG.fullmatch(text):
        raise ValueError(_("“%(text)s” is no short name: at most 64 of a–z, 0–9, “-”, “_” and “.”.", text=text[:80]))
    return text


def _many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Target = Annotated[str, BeforeValidator(_target)]
Zone = Annotated[str, BeforeValidator(_zone)]
Slug = Annotated[str, BeforeValidator(_slug)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_many)]
Position = tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]]


class Column(MappingTable):
    """Where a value is found: the first of these columns that is not empty.

    `pattern` takes the first group that it finds. `time` is the local time of day of a date without one.
    """

    column: Annotated[Texts, Field(min_length=1)]
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


class ColumnMapping(MappingTable):
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
    answer_text: ColumnField | None = None
    resolution_text: ColumnField | None = None

    def given(self) -> dict[str, Column]:
        return {name: column for name in type(self).model_fields if (column := getattr(self, name)) is not None}


class TimeFormats(MappingTable):
    zone: Zone
    formats: Annotated[Texts, Field(min_length=1)] = (ISO,)
    slack_minutes: int = Field(0, ge=0, le=1440)  # so much before the receipt is the receipt

    @field_validator("formats")
    @classmethod
    def _readable(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        sample = dt.datetime(2024, 3, 2, 16, 5, 6, tzinfo=dt.UTC)
        for one in formats:
            if one != ISO and ("%Y" not in one and "%y" not in one):
                raise ValueError(_("“%(text)s” is no format: write “iso”, or as in “%%m/%%d/%%Y”.", text=one))
            if one != ISO:
                dt.datetime.strptime(sample.strftime(one), one).replace(tzinfo=dt.UTC)
        return formats

    @property
    def zoneinfo(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


class PlaceMapping(MappingTable):
    """`unknown`: positions that the source writes when it knows none."""

    default: Position | None = None
    unknown: tuple[Position, ...] = ()
    outside: Literal["refuse", "keep"] = "refuse"


class ColumnCondition(MappingTable):
    """Holds where the column contains, or is, one of these texts, in any case of letters."""

    column: str
    contains: Texts = ()
    equals: Texts = ()
    statuses: Texts = ()  # and the status is one of these

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


class DepartmentMapping(MappingTable):
    slug: Slug
    names: Names = {}
    calendar: str = ""
    contacts: dict[Literal["email", "phone", "url", "address", "hours"], str] = {}


class DepartmentCondition(ColumnCondition):
    department: str


class DepartmentsMapping(MappingTable):
    """`values` maps what the column says; what it does not name is made from its own words, if `create`."""

    create: bool = False
    calendar: str = ""
    default: str = ""
    values: dict[str, DepartmentMapping] = {}
    when: tuple[DepartmentCondition, ...] = ()


class CategoryMapping(MappingTable):
    code: Slug
    names: Names = {}
    response: Target = ""
    resolution: Target = ""
    group: Slug = "imported"
    group_names: Names = {}


class CategoriesMapping(MappingTable):
    create: bool = False
    default: str = ""
    response: Target = ""
    resolution: Target = ""
    values: dict[str, CategoryMapping] = {}


class StatusMeaning(MappingTable):
    """Which history a status supports."""

    outcome: ImportOutcome
    reason: DeclineReason | None = None  # of a decline
    first_answer: bool = True  # whether the date of the first answer is to be believed

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


class HistoryMapping(MappingTable):
    statuses: dict[str, Annotated[StatusMeaning, BeforeValidator(_ending)]] = {}
    when: tuple[StatusCondition, ...] = ()
    default: Annotated[StatusMeaning | None, BeforeValidator(_ending)] = None  # of a row without a status


class DefaultTexts(MappingTable):
    """What stands in the history where the source has a date and no words."""

    replied: str = "Answered on this day, says the source. The words of the answer are not part of it."
    resolved: str = "Resolved on this day, says the source. It does not say how."
    declined: str = "Closed on this day, says the source. It does not say why."


class CalendarMapping(MappingTable):
    zone: Zone
    weekly: dict[str, list[list[str]]]
    holidays: list[dt.date] = []
    workdays: list[dt.date] = []

    @model_validator(mode="after")
    def _opens(self) -> "CalendarMapping":
        try:
            read_spec(CalendarSpec(**self.spec))
        except CalendarError as error:
            raise ValueError("; ".join(error.problems)) from None
        return self

    @property
    def spec(self) -> dict[str, Any]:
        """As Calendar.spec keeps it."""
        return {
            "zone": self.zone,
            "weekly": self.weekly,
            "holidays": sorted(day.isoformat() for day in self.holidays),
            "workdays": {day.isoformat(): None for day in self.workdays},
        }


class CityMapping(MappingTable):
    """The city to make where none is loaded."""

    names: Names
    languages: Annotated[Texts, Field(min_length=1)] = ("en", "zh")
    zone: Zone
    calendar: str
    bbox: tuple[float, float, float, float]
    response: Target = "2 working days"
    resolution: Target = "10 working days"


class ImportMapping(MappingTable):
    """`name` begins the source of every report: "jarokelo:139838"."""

    name: Slug
    format: Literal["auto", "jsonl", "csv"] = "auto"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    language: str = Field("", max_length=12)
    times: TimeFormats
    columns: ColumnMapping
    place: PlaceMapping = PlaceMapping()
    departments: DepartmentsMapping = DepartmentsMapping()
    categories: CategoriesMapping = CategoriesMapping()
    history: HistoryMapping
    texts: DefaultTexts = DefaultTexts()
    city: CityMapping | None = None
    calendars: dict[Slug, CalendarMapping] = {}

    @model_validator(mode="after")
    def _fits_together(self) -> "ImportMapping":
        if self.columns.status is None and self.history.default is None:
            raise ValueError(_("history.default is needed where no column says the status."))
        if self.city and self.city.calendar not in self.calendars:
            raise ValueError(_no_such_key(self.city.calendar, list(self.calendars)))
        wrong = [one for one in self.outcomes_with_end_date if self.columns.resolved is None]
        if wrong:
            raise ValueError(_("columns.resolved is needed for the outcome “%(name)s”.", name=wrong[0]))
        return self

    @cached_property
    def outcomes_with_end_date(self) -> list[str]:
        every = [*self.history.statuses.values(), *self.history.when]
        return sorted({one.outcome for one in every} & {"resolved", "declined"})

    @cached_property
    def needed_columns(self) -> list[tuple[str, ...]]:
        """Of each of these one has to be in the file."""
        return [part.column for part in self.columns.given().values() if not part.optional]


def read_mapping(path: Path) -> ImportMapping:
    """The mapping that a file says. Raises ImportFault with everything that is wrong with it."""
    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ImportFault(f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ImportFault(f"{path}: {error}") from error
    try:
        return ImportMapping.model_validate(data)
    except ValidationError as error:
        lines = [_complaint(one["loc"], one["msg"]) for one in error.errors()]
        head = _("The mapping %(path)s is wrong. Nothing was imported.", path=path)
        raise ImportFault("\n".join([head, *lines])) from None


def _complaint(where: tuple[int | str, ...], message: str) -> str:
    place = ".".join(str(part) for part in where)
    message = message.removeprefix("Value error, ")
    return f"  {place}: {message}" if place else f"  {message}"

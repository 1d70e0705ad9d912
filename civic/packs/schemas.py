"""The TOML files of a pack as models: docs/pack.md describes each key.

Validation needs a `fields.PackNames` as its context. Every model is a table of a file; those whose name ends with File
are whole files.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    field_validator,
    model_validator,
)

from civic import timing
from civic.city.danger_words import default_danger_words
from civic.city.settings import DEFAULT_MINIMUMS, CitySettings
from civic.i18n import gettext as _
from civic.packs.categories import PackCategory, PackGroup
from civic.packs.fields import (
    MAX_PHONE_CHARS,
    Accent,
    CalendarSlug,
    Days,
    DepartmentSlug,
    Hours,
    LanguageCodes,
    LongText,
    OptionalDepartmentSlug,
    OptionalLongText,
    OptionalText,
    PackNames,
    Slug,
    TargetText,
    Text,
    TranslatedName,
    Url,
    ZoneName,
    between,
    check_translations,
    pack_names,
)
from civic.packs.polygons import position_error
from civic.routing.conditions import parse
from civic.routing.facts import ANSWER_PREFIX
from civic.scores.method.results import MIN_WEIGHT
from civic.sla.hours import CalendarError, CalendarSpec, Intervals, read_spec
from civic.sla.public_holidays import add_public_holidays, check_country
from civic.suggestions import unknown_name
from civic.validation import FileModel, ManyProblems

DEFAULTS = CitySettings()


class PackTargets(FileModel):
    response: TargetText = DEFAULTS.response
    resolution: TargetText = DEFAULTS.resolution


class PackLimits(FileModel):
    waiting_limit: TargetText = DEFAULTS.waiting_limit
    confirm_days: Annotated[int, between(1, 365)] = DEFAULTS.confirm_days
    reopen_days: Annotated[int, between(1, 365)] = DEFAULTS.reopen_days
    dispute_supporters: Annotated[int, between(1, 1000)] = DEFAULTS.dispute_supporters
    appeal: TargetText = DEFAULTS.appeal
    border_metres: Annotated[int, between(0, 1000)] = DEFAULTS.border_metres


Count = Annotated[int, between(1, 1_000_000)]


class PackThresholds(FileModel):
    indicator: Count = DEFAULT_MINIMUMS["indicator"]
    assignments: Count = DEFAULT_MINIMUMS["assignments"]
    indicators: Count = DEFAULT_MINIMUMS["indicators"]


Weight = Annotated[float, between(0, 1000)]


class PackWeights(FileModel):
    """All five or none: a half-written list is a mistake."""

    response: Weight
    resolution: Weight
    speed: Weight
    satisfaction: Weight
    ownership: Weight

    @model_validator(mode="after")
    def _some_count(self) -> "PackWeights":
        if not any(self.model_dump().values()):
            raise ValueError(_("At least one weight has to be more than 0."))
        if any(0 < weight < MIN_WEIGHT for weight in self.model_dump().values()):
            raise ValueError(_("A weight is 0, or at least %(least)s.", least=MIN_WEIGHT))
        return self


def read_area_name(value: object, info: ValidationInfo) -> str | dict[str, str]:
    """A property for all languages, or one for each: `name = "NAME"`, `name = { zh = "name_zh", … }`."""
    given = value if isinstance(value, dict) else {"": value}
    texts = {language: one.strip() for language, one in given.items() if isinstance(one, str) and one.strip()}
    if not given or len(texts) < len(given):
        raise ValueError(_("This has to be a text, or a table with a text for each language."))
    return check_translations(texts, info) if isinstance(value, dict) else texts[""]


class AreaKeys(FileModel):
    """Under which properties of a GeoJSON feature its id, parent and names stand (dots go down)."""

    id: Text = "slug"
    parent: Text = "parent"
    name: Annotated[str | dict[str, str], PlainValidator(read_area_name)] = "names"
    root: Slug = "city"  # slug of the city's own area where the file has none
    repair: bool = False  # mend lines that cross themselves by a hair, as published boundaries often do


class PackCity(FileModel):
    """city.toml."""

    names: TranslatedName
    languages: LanguageCodes
    zone: ZoneName
    phone: Annotated[OptionalText, Field(max_length=MAX_PHONE_CHARS)] = ""
    emergency_phone: Annotated[OptionalText, Field(max_length=MAX_PHONE_CHARS)] = ""
    danger_words: Annotated[list[Text] | None, Field(max_length=300)] = None
    accent: Accent = ""
    crs: Literal["wgs84", "gcj02", "bd09"] = "wgs84"
    calendar: CalendarSlug
    official_words: Annotated[list[Text], Field(max_length=200)] = list(DEFAULTS.official_words)
    targets: PackTargets = PackTargets()
    limits: PackLimits = PackLimits()
    thresholds: PackThresholds = PackThresholds()
    weights: PackWeights | None = None
    areas: AreaKeys = AreaKeys()

    @property
    def settings(self) -> CitySettings:
        """As the city's row keeps them."""
        return CitySettings(
            calendar=self.calendar,
            official_words=self.official_words,
            emergency_phone=self.emergency_phone,
            danger_words=default_danger_words(self.languages) if self.danger_words is None else self.danger_words,
            **self.targets.model_dump(),
            **self.limits.model_dump(),
            weights=self.weights.model_dump() if self.weights else dict(DEFAULTS.weights),
            minimums=self.thresholds.model_dump(),
        )


class CalendarHours(FileModel):
    """A working calendar as a pack, and an import's mapping, write it. Without `zone` it is in the city's."""

    zone: ZoneName | None = None
    country: OptionalText = ""  # whose public holidays it has, beside its own
    region: OptionalText = ""
    weekly: dict[str, Hours]
    holidays: Days = []
    workdays: Days = []
    workday_hours: dict[str, Hours] = {}

    @model_validator(mode="after")
    def _opens(self, info: ValidationInfo) -> "CalendarHours":
        if self.region and not self.country:
            raise ValueError(_("A region needs its country."))
        if self.country:
            check_country(self.country, self.region)
        try:
            read_spec(self.spec(info.context.zone if isinstance(info.context, PackNames) else "UTC"))
        except CalendarError as error:
            raise ManyProblems(error.problems) from None
        return self

    def spec(self, city_zone: str) -> CalendarSpec:
        """The calendar in plain data, as Calendar.spec keeps it; with its country's holidays as they are known today.

        Its own dates win. Raises CalendarError for a week that cannot be read.
        """
        workdays: dict[str, Intervals | None] = {day.isoformat(): None for day in self.workdays}
        own = CalendarSpec(
            zone=self.zone or city_zone,
            weekly=dict(self.weekly),
            holidays=sorted(day.isoformat() for day in self.holidays),
            workdays=workdays | self.workday_hours,
        )
        return add_public_holidays(own, self.country, self.region, timing.now().year) if self.country else own


class PackCalendar(CalendarHours):
    slug: Slug


class PackContacts(FileModel):
    email: OptionalText = ""
    phone: OptionalText = ""
    url: OptionalText = ""
    address: OptionalText = ""
    hours: OptionalText = ""


class PackDepartment(FileModel):
    slug: Slug
    names: TranslatedName
    parent: OptionalDepartmentSlug = ""
    calendar: CalendarSlug
    contacts: PackContacts = PackContacts()


def check_condition(text: str, info: ValidationInfo) -> str:
    """The condition parses, and the categories, areas, questions and options that it names exist."""
    names = pack_names(info)
    condition = parse(text)
    problems = list[str]()
    for test in condition.root.tests():
        if test.field.startswith(ANSWER_PREFIX):
            problems += _wrong_answer(test.field.removeprefix(ANSWER_PREFIX), test.value, names)
    right = {"category": names.categories, "area": names.areas}
    for field, name in condition.mentions:
        known = right.get(field)
        if known is not None and name not in known:
            problems.append(f"{field}: {unknown_name(name, known)}")
    if problems:
        raise ManyProblems(problems)
    return text


def _wrong_answer(code: str, value: object, names: PackNames) -> Iterator[str]:
    """A question of this code exists in some category, and has the options that it is compared with."""
    if names.questions is None:
        return
    asked = names.questions.get(code)
    if not asked:
        yield f"answers: {unknown_name(code, names.questions)}"
    elif all(kind in ("choice", "choices") for kind, _options in asked):
        options = frozenset[str]().union(*(options for _kind, options in asked))
        for name in value if isinstance(value, tuple) else (value,):
            if isinstance(name, str) and name not in options:
                yield f"answers.{code}: {unknown_name(name, options)}"


class PackRule(FileModel):
    slug: Slug
    names: TranslatedName
    when: Annotated[LongText, AfterValidator(check_condition)]
    department: DepartmentSlug
    support: list[DepartmentSlug] = []
    priority: Literal["low", "normal", "high"] = "normal"

    @field_validator("support")
    @classmethod
    def _leads_alone(cls, support: list[str], info: ValidationInfo) -> list[str]:
        if info.data.get("department") in support:
            raise ValueError(_("The department that leads cannot support itself."))
        return support


class PackPosition(FileModel):
    """In the coordinates of the pack: degrees of WGS-84 or GCJ-02."""

    lat: float
    lon: float

    @model_validator(mode="after")
    def _is_on_the_map(self) -> "PackPosition":
        if problem := position_error(self.lat, self.lon):
            raise ValueError(problem)
        return self


class PackGuide(FileModel):
    purpose: LongText
    papers: list[Text] = []
    time: OptionalLongText = ""
    fee: OptionalLongText = ""
    hours: OptionalLongText = ""
    where: OptionalLongText = ""


class PackService(FileModel):
    slug: Slug
    names: TranslatedName
    department: DepartmentSlug
    url: Url = ""
    place: PackPosition | None = None
    guide: Annotated[dict[str, PackGuide], AfterValidator(check_translations)] = {}


class CalendarsFile(FileModel):
    calendars: list[PackCalendar] = Field(alias="calendar", min_length=1)


class DepartmentsFile(FileModel):
    departments: list[PackDepartment] = Field(alias="department", min_length=1)


class CategoriesFile(FileModel):
    groups: list[PackGroup] = Field([], alias="group")
    categories: list[PackCategory] = Field(alias="category", min_length=1)


class RulesFile(FileModel):
    rules: list[PackRule] = Field([], alias="rule")


class ServicesFile(FileModel):
    services: list[PackService] = Field([], alias="service")

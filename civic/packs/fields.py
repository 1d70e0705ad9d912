"""Types of the fields of a pack's files: texts in every language, short names, targets, references to other files."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo, WrapValidator

from civic.i18n import gettext as _
from civic.sla.targets import parse_target
from civic.suggestions import did_you_mean, unknown_name
from civic.text import CONTROL_CHARACTERS, MAX_SLUG_CHARS, SLUG, is_seen
from civic.validation import ManyProblems

T = TypeVar("T")
Names = dict[str, str]
"""A text for each language of the city."""

ACCENT = re.compile(r"#[0-9a-fA-F]{6}")
MAX_PHONE_CHARS = 40
MAX_RANGE_DAYS = 400  # of holidays in one line
MAX_TEXT_CHARS, MAX_NAME_CHARS, MAX_DESCRIPTION_CHARS, MAX_LONG_TEXT_CHARS = 500, 200, 1000, 2000


@dataclass(frozen=True)
class PackNames:
    """What the files of a pack may refer to, by short name; None: its file cannot be read, so nothing is checked.

    It is pydantic's validation context. `questions` gives the kind and the options' codes of each question by its code.
    """

    languages: tuple[str, ...] = ()
    zone: str = "UTC"
    calendars: Collection[str] | None = None
    areas: Collection[str] | None = None
    departments: Collection[str] | None = None
    groups: Collection[str] | None = None
    categories: Collection[str] | None = None
    questions: Mapping[str, Sequence[tuple[str, frozenset[str]]]] | None = field(default=None, repr=False)


def pack_names(info: ValidationInfo) -> PackNames:
    """The context of the validation in hand."""
    assert isinstance(info.context, PackNames)
    return info.context


def check_characters(text: str) -> str:
    if CONTROL_CHARACTERS.search(text):
        raise ValueError(_("This contains a control character."))
    if text and not is_seen(text):
        raise ValueError(_("Nothing of this can be seen."))
    return text


def check_slug(text: str) -> str:
    if not SLUG.fullmatch(text):
        raise ValueError(slug_error(text))
    return text


def slug_error(text: str) -> str:
    """The message for a text that is no short name."""
    return _(
        "“%(text)s” is no short name: at most %(n)s of a–z, 0–9, “-”, “_” and “.”.", text=text[:80], n=MAX_SLUG_CHARS
    )


def check_target(text: str) -> str:
    """The target as sla.targets writes it, so that two ways to write one are the same."""
    return str(parse_target(text))


def check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(_("“%(zone)s” is not a time zone, such as “Asia/Shanghai”.", zone=name)) from None
    return name


def check_accent(text: str) -> str:
    if text and not ACCENT.fullmatch(text):
        raise ValueError(_("A colour is written like “#0b6e69”."))
    return text


def check_url(url: str) -> str:
    if url and not url.startswith(("https://", "http://")):
        raise ValueError(_("An address begins with https:// or http://."))
    return url


def is_language(code: object) -> bool:
    try:
        Locale.parse(code if isinstance(code, str) else "", sep="-")
    except (UnknownLocaleError, ValueError):
        return False
    return True


def check_languages(codes: list[str]) -> list[str]:
    unknown = [
        _("“%(code)s” is not a language code, such as “zh” or “en”.", code=code)
        for code in codes
        if not is_language(code)
    ]
    if len(set(codes)) < len(codes):
        unknown.append(_("A language is given twice."))
    if unknown:
        raise ManyProblems(unknown)
    return codes


def check_translations(texts: dict[str, T], info: ValidationInfo) -> dict[str, T]:
    """Every language of the city has its text, and no other language has one; nothing at all is right, too."""
    languages = pack_names(info).languages
    problems = [
        _("%(language)s is not a language of the city.", language=language) + did_you_mean(language, languages)
        for language in texts
        if languages and language not in languages
    ]
    if texts and (missing := [one for one in languages if one not in texts]):
        problems.append(_("The text is missing in: %(languages)s.", languages=", ".join(missing)))
    if problems:
        raise ManyProblems(problems)
    return texts


def check_is_table(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError(_("This has to be a table with a text for each language."))
    return value


def refers_to(kind: str) -> AfterValidator:
    """A short name of `kind` (a field of PackNames); an empty one refers to nothing."""

    def check(slug: str, info: ValidationInfo) -> str:
        right: Collection[str] | None = getattr(pack_names(info), kind)
        if slug and right is not None and slug not in right:
            raise ValueError(unknown_name(slug, right))
        return slug

    return AfterValidator(check)


def between(least: float, most: float) -> AfterValidator:
    def check(number: float) -> float:
        if not least <= number <= most:
            raise ValueError(_("This has to be from %(least)s to %(most)s.", least=least, most=most))
        return number

    return AfterValidator(check)


def codes_differ(items: list[Any]) -> list[Any]:
    """No two of a list have the same `code`."""
    codes = [item.code for item in items]
    if twice := sorted({code for code in codes if codes.count(code) > 1}):
        raise ManyProblems(_("“%(name)s” is given twice.", name=code) for code in twice)
    return items


def read_times(value: Any) -> Any:
    """Hours with their times as text, so that the database keeps what the file says."""
    if isinstance(value, list):
        return [read_times(one) for one in value]
    return value.strftime("%H:%M") if isinstance(value, time) else value


def check_hours(value: object, handler: Callable[[object], list[list[str]]]) -> list[list[str]]:
    try:
        return handler(value)
    except ValidationError:
        message = _('Hours are written like [["09:00", "12:00"], ["13:30", "17:30"]].')
        raise ValueError(message) from None


def read_dates(value: object) -> object:
    """Dates of a list: `2026-10-01`, or `"2026-10-01/2026-10-07"` for all from the first to the last."""
    if not isinstance(value, list):
        return value
    days, problems = list[date](), list[str]()
    for one in value:
        if (found := _read_range(one)) is None:
            problems.append(
                _(
                    '“%(date)s” is neither a date (2026-10-01) nor a range ("2026-10-01/2026-10-07").',
                    date=str(one)[:80],
                )
            )
        else:
            days.extend(found)
    if len(set(days)) < len(days):
        problems.append(_("A date is given twice."))
    if problems:
        raise ManyProblems(problems)
    return days


def _read_range(value: object) -> list[date] | None:
    if isinstance(value, date):
        return [value.date() if isinstance(value, datetime) else value]
    first, _slash, last = str(value).partition("/")
    try:
        start = date.fromisoformat(first)
        length = (date.fromisoformat(last) - start).days if last else 0
    except ValueError:
        return None
    return [start + timedelta(days=n) for n in range(length + 1)] if 0 <= length <= MAX_RANGE_DAYS else None


_Characters = AfterValidator(check_characters)

Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARS), _Characters]
OptionalText = Annotated[str, Field(max_length=MAX_TEXT_CHARS), _Characters]
LongText = Annotated[str, Field(min_length=1, max_length=MAX_LONG_TEXT_CHARS), _Characters]
OptionalLongText = Annotated[str, Field(max_length=MAX_LONG_TEXT_CHARS), _Characters]
_Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS), _Characters]
_Description = Annotated[str, Field(min_length=1, max_length=MAX_DESCRIPTION_CHARS), _Characters]
_Translations = AfterValidator(check_translations)
TranslatedName = Annotated[dict[str, _Name], Field(min_length=1), _Translations, BeforeValidator(check_is_table)]
OptionalDescription = Annotated[dict[str, _Description], _Translations, BeforeValidator(check_is_table)]

Slug = Annotated[Text, AfterValidator(check_slug)]
CalendarSlug = Annotated[Text, refers_to("calendars")]
DepartmentSlug = Annotated[Text, refers_to("departments")]
OptionalDepartmentSlug = Annotated[OptionalText, refers_to("departments")]
GroupCode = Annotated[Text, refers_to("groups")]
AreaSlug = Annotated[Text, refers_to("areas")]

TargetText = Annotated[Text, AfterValidator(check_target)]
ZoneName = Annotated[Text, AfterValidator(check_zone)]
Accent = Annotated[OptionalText, AfterValidator(check_accent)]
Url = Annotated[OptionalText, AfterValidator(check_url)]
LanguageCodes = Annotated[list[str], Field(min_length=1), AfterValidator(check_languages)]
Days = Annotated[list[date], BeforeValidator(read_dates)]
Hours = Annotated[list[list[str]], BeforeValidator(read_times), WrapValidator(check_hours)]

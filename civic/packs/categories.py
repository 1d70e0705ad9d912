"""Categories of categories.toml: their questions, which may depend on each other, and who handles others' problems."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from civic.catalogue.catalogue import QuestionKind
from civic.i18n import gettext as _
from civic.packs.fields import (
    MAX_PHONE_CHARS,
    AreaSlug,
    DepartmentSlug,
    GroupCode,
    OptionalDepartmentSlug,
    OptionalDescription,
    OptionalText,
    Slug,
    TargetText,
    Text,
    TranslatedName,
    Url,
    codes_differ,
)
from civic.suggestions import unknown_name
from civic.text import SLUG
from civic.validation import FileModel


class PackGroup(FileModel):
    """Categories that stand together in lists."""

    code: Slug
    names: TranslatedName


class PackOption(FileModel):
    code: Slug
    names: TranslatedName


def read_answers(value: object) -> object:
    """`{ open = "yes" }` as `{ open = ["yes"] }`."""
    if not isinstance(value, dict):
        return value
    return {code: [one] if isinstance(one, str) else one for code, one in value.items()}


class PackQuestion(FileModel):
    """`when` names answers to questions before it, after which alone it is asked."""

    code: Slug
    names: TranslatedName
    kind: QuestionKind = "text"
    required: bool = False
    when: Annotated[dict[str, Annotated[list[Text], Field(min_length=1)]], BeforeValidator(read_answers)] = {}
    options: Annotated[list[PackOption], AfterValidator(codes_differ)] = Field([], validate_default=True)

    @field_validator("options")
    @classmethod
    def _fit_the_kind(cls, options: list[PackOption], info: ValidationInfo) -> list[PackOption]:
        chooses = info.data.get("kind") in ("choice", "choices")
        if chooses and len(options) < 2:
            raise ValueError(_("A choice needs at least two options."))
        if options and not chooses and "kind" in info.data:
            raise ValueError(_("Only the kinds “choice” and “choices” have options."))
        return options

    @property
    def choices(self) -> frozenset[str]:
        """The answers on which another question may depend."""
        if self.kind == "yes_no":
            return frozenset({"yes", "no"})
        return frozenset(one.code for one in self.options)


def read_kinds(value: object) -> object:
    """`assets = "lamp"` as `assets = ["lamp"]`."""
    return [value] if isinstance(value, str) else value


def check_asset_kind(kind: str) -> str:
    if not ASSET_KIND.fullmatch(kind):
        raise ValueError(
            _("“%(kind)s” is neither a short name nor a tag of OpenStreetMap such as highway=street_lamp.", kind=kind)
        )
    return kind


ASSET_KIND = re.compile(rf"{SLUG.pattern}|[a-z_:]{{1,30}}=[A-Za-z0-9_-]{{1,33}}")
AssetKind = Annotated[Text, AfterValidator(check_asset_kind)]


class PackHelper(FileModel):
    """Who handles what is not the city's."""

    names: TranslatedName
    text: OptionalDescription = {}
    phone: Annotated[OptionalText, Field(max_length=MAX_PHONE_CHARS)] = ""
    url: Url = ""

    @model_validator(mode="after")
    def _can_be_reached(self) -> "PackHelper":
        if not self.phone and not self.url:
            raise ValueError(_("This needs a phone number or an address of a page."))
        return self


class PackCategory(FileModel):
    code: Slug
    group: GroupCode
    names: TranslatedName
    description: OptionalDescription = {}
    questions: Annotated[list[PackQuestion], AfterValidator(codes_differ)] = Field([], alias="question")
    response: TargetText | None = None
    resolution: TargetText | None = None
    department: OptionalDepartmentSlug = ""
    department_by_area: dict[AreaSlug, DepartmentSlug] = {}
    photo_required: bool = False
    evidence_required: bool = False
    visibility: Literal["public", "internal"] = "public"
    shape: Literal["point", "line", "area"] = "point"
    assets: Annotated[list[AssetKind], BeforeValidator(read_kinds), Field(max_length=20)] = []
    instead: PackHelper | None = None

    @model_validator(mode="after")
    def _is_handled_once(self) -> "PackCategory":
        if self.instead and (self.department or self.department_by_area or self.questions):
            raise ValueError(_("A category with “instead” makes no reports: it has neither departments nor questions."))
        return self

    def wrong_conditions(self) -> Iterator[tuple[int, str]]:
        """What is wrong with `when` of its questions, by their numbers: each may depend on those before it alone, so
        that none waits for itself."""
        before: dict[str, PackQuestion] = {}
        for number, question in enumerate(self.questions):
            for code, answers in question.when.items():
                if code not in before:
                    known = {one.code for one in self.questions}
                    yield number, _later_question(code) if code in known else unknown_name(code, before)
                    continue
                choices = before[code].choices
                if not choices:
                    yield number, _("“%(code)s” has no options, so no question can depend on it.", code=code)
                else:
                    yield from ((number, unknown_name(one, choices)) for one in answers if one not in choices)
            before[question.code] = question


def _later_question(code: str) -> str:
    return _("“%(code)s” is no question before this one. A question may only depend on those before it.", code=code)

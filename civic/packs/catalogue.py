"""departments.toml, categories.toml, services.toml and rules.toml."""

from collections.abc import Collection
from typing import Any

from civic.city.settings import CitySettings
from civic.i18n import gettext as _
from civic.packs.contents import CategoryPart, DepartmentPart, Names, RulePart, ServicePart
from civic.packs.files import TomlFile
from civic.packs.tables import REQUIRED, Table
from civic.text import CONTROL_CHARACTERS

CONTACTS = ("email", "phone", "url", "address", "hours")
KINDS = ("text", "number", "choice", "choices", "yes_no", "date")
PRIORITIES = ("low", "normal", "high")
VISIBILITY = ("public", "internal")


def read_departments(source: TomlFile, languages: Collection[str]) -> list[DepartmentPart]:
    """The departments in the order of the file."""
    top = Table(source, source.data, languages=languages)
    found = [_department(table) for table in top.tables("department")]
    top.close()
    if not found and not source.broken:
        top.problem("", _("There is no [[department]] here; a city needs at least one."))
    return found


def _department(table: Table) -> DepartmentPart:
    contacts = table.table("contacts")
    part = DepartmentPart(
        slug=table.slug("slug"),
        parent=table.text("parent", ""),
        names=table.names(),
        calendar=table.text("calendar"),
        contacts={name: text for name in CONTACTS if (text := contacts.text(name, ""))},
        at=table,
    )
    contacts.close()
    table.close()
    return part


def read_categories(
    source: TomlFile, languages: Collection[str], settings: CitySettings
) -> tuple[dict[str, Names], list[CategoryPart]]:
    """Groups by code, and the categories; both in the order of the file."""
    top = Table(source, source.data, languages=languages)
    groups: dict[str, Names] = {}
    for table in top.tables("group"):
        code = table.slug("code")
        if code in groups:
            table.problem("code", _("“%(name)s” is given twice.", name=code))
        groups[code] = table.names()
        table.close()
    found = [_category(table, settings) for table in top.tables("category")]
    top.close()
    if not found and not source.broken:
        top.problem("", _("There is no [[category]] here; a city needs at least one."))
    return groups, found


def _category(table: Table, settings: CitySettings) -> CategoryPart:
    part = CategoryPart(
        code=table.slug("code"),
        group=table.text("group"),
        names=table.names(),
        descriptions=table.names("description", required=False, longest=1000),
        questions=tuple(_question(one) for one in table.tables("question")),
        response=table.target("response", settings.response),
        resolution=table.target("resolution", settings.resolution),
        department=table.text("department", ""),
        by_area=_by_area(table.table("department_by_area")),
        photo_required=table.flag("photo_required"),
        evidence_required=table.flag("evidence_required"),
        public=table.one_of("visibility", VISIBILITY, "public") == "public",
        at=table,
    )
    _twice(table, "question", [one["code"] for one in part.questions])
    table.close()
    return part


def _by_area(table: Table) -> dict[str, str]:
    return {area: table.text(area) for area in table.data}


def _question(table: Table) -> dict[str, Any]:
    """As Category.questions keeps it."""
    kind = table.one_of("kind", KINDS, "text")
    question: dict[str, Any] = {
        "code": table.slug("code"),
        "names": table.names(),
        "kind": kind,
        "required": table.flag("required"),
        "options": [_option(one) for one in table.tables("options")],
    }
    chooses = kind in ("choice", "choices")
    if chooses and len(question["options"]) < 2:
        table.problem("options", _("A choice needs at least two options."))
    if not chooses and question["options"]:
        table.problem("options", _("Only the kinds “choice” and “choices” have options."))
    _twice(table, "options", [one["code"] for one in question["options"]])
    table.close()
    return question


def _option(table: Table) -> dict[str, Any]:
    option = {"code": table.slug("code"), "names": table.names()}
    table.close()
    return option


def _twice(table: Table, name: str, codes: list[str]) -> None:
    for code in {one for one in codes if one and codes.count(one) > 1}:
        table.problem(name, _("“%(name)s” is given twice.", name=code))


def read_rules(source: TomlFile, languages: Collection[str]) -> list[RulePart]:
    """Routing rules in the order in which they are tried."""
    top = Table(source, source.data, languages=languages)
    found = []
    for table in top.tables("rule"):
        part = RulePart(
            slug=table.slug("slug"),
            names=table.names(),
            condition=table.text("when", longest=2000),
            department=table.text("department"),
            support=table.slugs("support"),
            priority=table.one_of("priority", PRIORITIES, "normal"),
            at=table,
        )
        table.close()
        found.append(part)
    top.close()
    return found


def read_services(source: TomlFile, languages: Collection[str]) -> list[ServicePart]:
    """Public services with their guides."""
    top = Table(source, source.data, languages=languages)
    found = [_service(table) for table in top.tables("service")]
    top.close()
    return found


def _service(table: Table) -> ServicePart:
    where = table.table("place")
    has_place = bool(where.data)
    part = ServicePart(
        slug=table.slug("slug"),
        names=table.names(),
        department=table.text("department"),
        guide=_guides(table.table("guide")),
        url=_url(table),
        lat=where.number("lat", REQUIRED, -90, 90) if has_place else None,
        lon=where.number("lon", REQUIRED, -180, 180) if has_place else None,
        at=table,
    )
    where.close()
    table.close()
    return part


def _url(table: Table) -> str:
    url = table.text("url", "")
    if url and not url.startswith(("https://", "http://")):
        table.problem("url", _("An address begins with https:// or http://."))
    return url


def _guides(table: Table) -> dict[str, dict[str, Any]]:
    """The guide in every language of the city."""
    if not table.data:
        return {}
    guides = {language: _guide(table.table(language)) for language in table.languages if language in table.data}
    if missing := [one for one in table.languages if one not in table.data]:
        table.problem("", _("The text is missing in: %(languages)s.", languages=", ".join(missing)))
    table.close()
    return guides


def _guide(table: Table) -> dict[str, Any]:
    papers = table.list("papers")
    if not all(isinstance(one, str) and one.strip() and not CONTROL_CHARACTERS.search(one) for one in papers):
        table.problem("papers", _("This has to be a list of texts."))
    guide: dict[str, Any] = {"papers": [str(one).strip() for one in papers]}
    for name in ("purpose", "time", "fee", "hours", "where"):
        guide[name] = table.text(name, REQUIRED if name == "purpose" else "", longest=2000)
    table.close()
    return guide

"""city.toml: the city itself, its limits and weights, and how its areas' file is to be read."""

import re
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError

from civic.city.settings import INDICATORS, CitySettings
from civic.i18n import gettext as _
from civic.packs.contents import AreaKeys, CityPart
from civic.packs.files import TomlFile
from civic.packs.tables import REQUIRED, Table, not_a_slug
from civic.text import SLUG

CRS = ("wgs84", "gcj02")
ACCENT = re.compile(r"#[0-9a-fA-F]{6}")


def read_city(source: TomlFile) -> CityPart:
    """The city; problems are noted at `source`."""
    top = Table(source, source.data)
    languages = _languages(top)
    top.languages = languages
    part = CityPart(
        names=top.names(),
        languages=languages,
        zone=_zone(top),
        phone=top.text("phone", "", longest=40),
        accent=_accent(top),
        crs=top.one_of("crs", CRS, "wgs84"),
        settings=_settings(top),
        areas=_area_keys(top.table("areas")),
        at=top,
    )
    top.close()
    return part


def _languages(top: Table) -> tuple[str, ...]:
    found = [one for one in top.list("languages", REQUIRED) if _known_language(top, one)]
    if len(set(found)) < len(found):
        top.problem("languages", _("A language is given twice."))
    if not found and top.data.get("languages") == []:
        top.problem("languages", _("This is empty."))
    return tuple(dict.fromkeys(found))


def _known_language(top: Table, code: object) -> bool:
    try:
        Locale.parse(code if isinstance(code, str) else "", sep="-")
    except (UnknownLocaleError, ValueError):
        message = _("“%(code)s” is not a language code, such as “zh” or “en”.", code=code)
        top.problem("languages", message)
        return False
    return True


def _zone(top: Table) -> str:
    zone = top.text("zone")
    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        top.problem("zone", _("“%(zone)s” is not a time zone, such as “Asia/Shanghai”.", zone=zone))
        return "UTC"  # said once, not again for each calendar
    return zone or "UTC"


def _accent(top: Table) -> str:
    accent = top.text("accent", "")
    if accent and not ACCENT.fullmatch(accent):
        top.problem("accent", _("A colour is written like “#0b6e69”."))
    return accent


def _settings(top: Table) -> CitySettings:
    usual = CitySettings()
    targets, limits = top.table("targets"), top.table("limits")
    thresholds = top.table("thresholds")
    settings = CitySettings(
        calendar=top.text("calendar"),
        response=targets.target("response", usual.response),
        resolution=targets.target("resolution", usual.resolution),
        waiting_limit=limits.target("waiting_limit", usual.waiting_limit),
        confirm_days=limits.number("confirm_days", usual.confirm_days, 1, 365, whole=True),
        reopen_days=limits.number("reopen_days", usual.reopen_days, 1, 365, whole=True),
        dispute_supporters=limits.number("dispute_supporters", usual.dispute_supporters, 1, 1000, whole=True),
        weights=_weights(top.table("weights"), dict(usual.weights)),
        minimums={
            name: thresholds.number(name, least, 1, 1_000_000, whole=True) for name, least in usual.minimums.items()
        },
    )
    for table in (targets, limits, thresholds):
        table.close()
    return settings


def _weights(table: Table, usual: dict[str, float]) -> dict[str, float]:
    """Either all weights are the usual ones or each is named: a half-written list is a mistake."""
    if not table.data:
        return usual
    weights = {name: table.number(name, REQUIRED, 0, 1000) for name in INDICATORS}
    table.close()
    if not any(weights.values()):
        table.problem("", _("At least one weight has to be more than 0."))
    return {name: float(weight or 0) for name, weight in weights.items()}


def _area_keys(table: Table) -> AreaKeys:
    usual = AreaKeys()
    keys = AreaKeys(
        id=table.text("id", usual.id),
        parent=table.text("parent", usual.parent),
        name=_area_name(table, usual),
        root=table.text("root", usual.root),
        repair=table.flag("repair", usual.repair),
    )
    table.close()
    if not SLUG.fullmatch(keys.root):
        table.problem("root", not_a_slug(keys.root))
    return keys


def _area_name(table: Table, usual: AreaKeys) -> Any:
    """A property for all languages, or one for each: `name = "NAME"`, `name = { zh = "name_zh", … }`."""
    if isinstance(table.data.get("name"), dict):
        table.value("name", dict, {}, "")
        return table.names("name")
    return table.text("name", str(usual.name))

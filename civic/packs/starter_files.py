"""The files of a new pack, as text with comments that say what to change."""

import csv
import io
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources

from shapely.geometry import mapping

from civic.packs.starter_facts import ENGLISH, CityFacts

TEXTS = resources.files("civic.packs").joinpath("starter_texts")
TRANSLATED = ("zh", "en", "fi", "sv")  # languages in which the texts are; another one gets English
NAMED = {"names", "description", "text"}  # tables of texts by language
Table = Mapping[str, object]


def write_files(facts: CityFacts) -> dict[str, str]:
    """The text of each file, by its name."""
    return {
        "city.toml": _city(facts),
        "areas.geojson": _areas(facts),
        "calendars.toml": _calendars(facts),
        "departments.toml": _tables(facts, "departments", DEPARTMENTS),
        "categories.toml": _tables(facts, "categories", CATEGORIES),
        "services.toml": _tables(facts, "services", SERVICES),
        "synonyms.csv": _synonyms(facts.languages),
    }


DEPARTMENTS = """\
# Who answers. Write the departments of your city here: names as people know them, and how to reach them.
# contacts = { email = "…", phone = "…", url = "…", address = "…", hours = "…" } are shown to everybody.
# A slug stays as it is for ever; names may change."""
CATEGORIES = """\
# What people can report, in the order in which it is listed. Change the targets to what the city can promise, and take
# out what is not the city's. `response` is until the first public word, `resolution` until it is solved.
# `assets` names things of OpenStreetMap that a report may point at; leave it out, or write an assets.geojson."""
SERVICES = """\
# What people use and rate: counters, clinics, online forms. Two examples; write those of your city.
# place = { lat = …, lon = … } puts a counter on the map, url = "https://…" links to an online form."""


def _city(facts: CityFacts) -> str:
    phone = f'emergency_phone = "{facts.emergency_phone}"' if facts.emergency_phone else '# emergency_phone = "112"'
    notes = "".join(f"# {note}\n" for note in facts.notes)
    return f"""\
# The city. Everything that can stand here: docs/pack.md, city.toml.
# This pack was written from an OpenStreetMap extract. Look through its files in this order: city, areas, departments,
# categories, calendars. `civic pack check` says what is wrong, `civic load` loads it, again after each change.
{notes}
names = {_texts(facts.names, facts.languages)}
languages = {json.dumps(facts.languages)}  # the first is the default; each text of the pack is in all of them
zone = "{facts.zone}"
calendar = "office"  # of what is promised before a department has the case
# phone = "…"  # for people who would rather call
{phone}  # shown to whoever writes of danger, before it is sent. Check it.
# accent = "#0b6e69"  # the colour of buttons and links

[targets]  # of categories that name none
response = "2 working days"
resolution = "10 working days"
"""


def _areas(facts: CityFacts) -> str:
    features = [
        {
            "type": "Feature",
            "properties": {"slug": one.slug, "names": one.names, **({"parent": one.parent} if one.parent else {})},
            "geometry": mapping(one.geometry),
        }
        for one in facts.areas
    ]
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in features)
    return f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'


def _calendars(facts: CityFacts) -> str:
    if facts.has_holidays:
        country = f'country = "{facts.country}"  # its public holidays; region = "…" where regions have their own'
    else:
        country = "# holidays = [2027-01-01]  # write the public holidays here: none are known for this country"
    week = "\n".join(f'{day} = [["08:00", "16:00"]]' for day in DAYS[:5])
    always = "\n".join(f'{day} = [["00:00", "24:00"]]' for day in DAYS)
    return f"""\
# Working time, in which targets in working hours and days are counted. Change the hours to those of your departments.

[[calendar]]
slug = "office"
{country}

[calendar.weekly]
{week}

# Day and night, for those who answer at any time.
[[calendar]]
slug = "always"

[calendar.weekly]
{always}
"""


DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _tables(facts: CityFacts, name: str, head: str) -> str:
    data = tomllib.loads(TEXTS.joinpath(f"{name}.toml").read_text("utf-8"))
    lines = [head]
    if missing := [one for one in facts.languages if one not in TRANSLATED]:
        lines.append(f"# The texts are not translated to: {', '.join(missing)}. English stands there: translate it.")
    for key, tables in data.items():
        for table in tables:
            lines += ["", *_table(f"[[{key}]]", key, table, facts.languages)]
    return "\n".join(lines) + "\n"


def _table(header: str, path: str, table: Table, languages: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a table: its own values before the tables in it."""
    yield header
    inner = {key: value for key, value in table.items() if _is_inner(key, value)}
    for key, value in table.items():
        if key not in inner:
            yield f"{key} = {_value(key, value, languages)}"
    for key, value in inner.items():
        if key == "guide" and isinstance(value, dict):
            for language in languages:
                guide = value.get(language) or value[ENGLISH]
                yield ""
                yield from _table(f"[{path}.guide.{language}]", path, guide, languages)
        elif isinstance(value, dict):
            yield ""
            yield from _table(f"[{path}.{key}]", path, value, languages)
        elif isinstance(value, list):
            for one in value:
                yield ""
                yield from _table(f"[[{path}.{key}]]", f"{path}.{key}", one, languages)


def _is_inner(key: str, value: object) -> bool:
    return (isinstance(value, dict) and key not in NAMED) or (isinstance(value, list) and key == "question")


def _value(key: str, value: object, languages: Sequence[str]) -> str:
    if isinstance(value, dict) and key in NAMED:
        return _texts(value, languages)
    if isinstance(value, list) and key == "options":
        options = (f'  {{ code = "{one["code"]}", names = {_texts(one["names"], languages)} }},\n' for one in value)
        return "[\n" + "".join(options) + "]"
    return json.dumps(value, ensure_ascii=False)


def _texts(names: Mapping[str, str], languages: Sequence[str]) -> str:
    """A table of texts: a string of JSON is one of TOML."""
    given = ", ".join(f"{one} = {_quote(names.get(one) or names[ENGLISH])}" for one in languages)
    return f"{{ {given} }}"


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _synonyms(languages: Sequence[str]) -> str:
    rows = csv.reader(io.StringIO(TEXTS.joinpath("synonyms.csv").read_text("utf-8")))
    return "".join(",".join(words) + "\n" for language, *words in rows if language in languages)

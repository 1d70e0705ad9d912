"""Mistakes in a small pack: what is written instead, and what has to be said of it."""

from tests.packs.conftest import SOUND, added, changed

CATEGORY = '\n[[category]]\ncode = "x"\ngroup = "g"\nnames = { zh = "坑", en = "X" }\n'
SERVICE = '[[service]]\nslug = "s"\nnames = { zh = "服务", en = "S" }\ndepartment = "roads"\n'
GUIDES = '[service.guide.zh]\npurpose = "用途"\npapers = ["证件"]\n[service.guide.en]\npurpose = "What for"\n'
RULE = '[[rule]]\nslug = "r"\nnames = { zh = "规则", en = "Rule" }\ndepartment = "roads"\n'

INSTEAD = '[category.instead]\nnames = { zh = "供电公司", en = "Power" }\nphone = "95598"\n'


def _asking(*questions: tuple[str, str]) -> str:
    """Questions of the last category, each with its code and its condition."""
    head = '[[category.question]]\ncode = "{}"\nkind = "yes_no"\nnames = {{ zh = "吗", en = "Q" }}\n'
    return "".join(head.format(code) + (f"when = {when}\n" if when else "") for code, when in questions)


WRONG: list[tuple[str, dict[str, str | bytes | None], str]] = [
    # files
    ("no such file", {"areas.geojson": None}, "areas.geojson: The file is missing."),
    ("a file too many", {"rule.toml": ""}, "rule.toml: A pack has no such file. Did you mean rules.toml?"),
    (
        "a BOM",
        {"city.toml": b"\xef\xbb\xbf" + SOUND["city.toml"].encode()},
        "city.toml:1: The file begins with a byte order mark",
    ),
    ("not UTF-8", {"city.toml": 'names = "x"\n# é'.encode("latin-1")}, "city.toml:2: This is not UTF-8."),
    ("TOML", added("city.toml", "[limits\n"), "city.toml:5: This is not valid TOML:"),
    ("JSON", {"areas.geojson": '{\n"type": nope}'}, "areas.geojson:2: This is not valid JSON: Expecting value"),
    ("no collection", {"areas.geojson": "[]"}, "areas.geojson:1: This has to be a GeoJSON FeatureCollection."),
    # where it lies
    (
        "a foreign coordinate system",
        changed(
            "areas.geojson",
            '"FeatureCollection"',
            '"FeatureCollection", "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}',
        ),
        "areas.geojson:1: crs: The coordinates are in urn:ogc:def:crs:EPSG::3857",
    ),
    (
        "another zone",
        changed("city.toml", "Asia/Shanghai", "America/Lima"),
        "km from America/Lima: is the time zone right",
    ),
    (
        "places elsewhere",
        {"places.csv": "lat,lon,name_zh,name_en\n31.05,118.1,甲,A\n51.5,-0.12,伦敦,London\n"},
        "places.csv:3: This lies far outside the city: latitude 51.5",
    ),
    # the city
    (
        "unknown key",
        added("city.toml", "langauges = 1\n"),
        "city.toml:5: langauges: There is no such key here. Did you mean languages?",
    ),
    ("missing key", changed("city.toml", 'zone = "Asia/Shanghai"\n', ""), "city.toml: zone: This key is missing."),
    (
        "zone",
        changed("city.toml", "Asia/Shanghai", "Asia/Peking"),
        "city.toml:3: zone: “Asia/Peking” is not a time zone",
    ),
    (
        "language",
        changed("city.toml", '["zh", "en"]', '["zh", "xx"]'),
        "city.toml:2: languages: “xx” is not a language code",
    ),
    ("missing language", changed("city.toml", 'zh = "小城", ', ""), "city.toml:1: names: The text is missing in: zh."),
    ("empty name", changed("city.toml", '"小城"', '" "'), "city.toml:1: names.zh: This is empty."),
    (
        "wrong kind",
        added("city.toml", "[limits]\nconfirm_days = true\n"),
        "city.toml:6: limits.confirm_days: This has to be a whole number.",
    ),
    (
        "out of range",
        added("city.toml", "[limits]\nconfirm_days = 0\n"),
        "city.toml:6: limits.confirm_days: This has to be from 1 to 365.",
    ),
    ("weights", added("city.toml", "[weights]\nresponse = 1\n"), "city.toml:5: weights.speed: This key is missing."),
    (
        "a weight next to nothing",
        added(
            "city.toml", "[weights]\nresponse = 1\nresolution = 0\nspeed = 0.0001\nsatisfaction = 0\nownership = 0\n"
        ),
        "A weight is 0, or at least 0.001.",
    ),
    ("accent", added("city.toml", 'accent = "teal"\n'), "city.toml:5: accent: A colour is written like “#0b6e69”."),
    ("crs", added("city.toml", 'crs = "gcj-02"\n'), "city.toml:5: crs: There is no “gcj-02”. Did you mean gcj02?"),
    (
        "default calendar",
        changed("city.toml", '"office"', '"ofice"'),
        "city.toml:4: calendar: There is no “ofice”. Did you mean office?",
    ),
    (
        "default target",
        added("city.toml", '[targets]\nresponse = "soon"\n'),
        "city.toml:6: targets.response: 'soon' is no target:",
    ),
    (
        "a control character",
        changed("city.toml", "小城", "小\\u0000城"),
        "city.toml:1: names.zh: This contains a control character.",
    ),
    # calendars
    (
        "hours",
        changed("calendars.toml", '["09:00", "17:00"]', '["17:00", "09:00"]'),
        "calendars.toml:1: calendar[1]: monday: 17:00-09:00 closes before it opens",
    ),
    (
        "never opens",
        changed("calendars.toml", '[["09:00", "17:00"]]', "[]"),
        "calendars.toml:1: calendar[1]: the calendar never opens",
    ),
    (
        "weekday",
        changed("calendars.toml", "monday", "munday"),
        "calendars.toml:1: calendar[1]: 'munday' is not a weekday",
    ),
    (
        "a date",
        changed("calendars.toml", "[calendar.weekly]", 'holidays = ["2026-02-30"]\n[calendar.weekly]'),
        "calendars.toml:3: calendar[1].holidays: “2026-02-30” is neither a date",
    ),
    (
        "a range that runs back",
        changed("calendars.toml", "[calendar.weekly]", 'holidays = ["2026-02-03/2026-02-01"]\n[calendar.weekly]'),
        "calendars.toml:3: calendar[1].holidays: “2026-02-03/2026-02-01” is neither a date",
    ),
    (
        "holiday and workday",
        changed(
            "calendars.toml", "[calendar.weekly]", "holidays = [2026-02-03]\nworkdays = [2026-02-03]\n[calendar.weekly]"
        ),
        "2026-02-03: both a holiday and a workday",
    ),
    # departments
    (
        "no calendar",
        changed("departments.toml", 'calendar = "office"\n', ""),
        "departments.toml:1: department[1].calendar: This key is missing.",
    ),
    (
        "unknown calendar",
        changed("departments.toml", '"office"', '"24h"'),
        "departments.toml:4: department[1].calendar: There is no “24h”. There is: office.",
    ),
    (
        "unknown parent",
        added("departments.toml", 'parent = "road"\n'),
        "departments.toml:5: department[1].parent: There is no “road”. Did you mean roads?",
    ),
    (
        "own parent",
        added("departments.toml", 'parent = "roads"\n'),
        "departments.toml:5: department[1].parent: The parents form a circle: roads → roads.",
    ),
    (
        "twice",
        added("departments.toml", SOUND["departments.toml"]),
        "departments.toml:2: department[1].slug: “roads” is given twice.",
    ),
    (
        "slug",
        changed("departments.toml", '"roads"', '"the roads"'),
        "departments.toml:2: department[1].slug: “the roads” is no short name",
    ),
    (
        "contact",
        added("departments.toml", 'contacts = { mail = "a@b.example" }\n'),
        "departments.toml:5: department[1].contacts.mail: There is no such key here. Did you mean email?",
    ),
    # categories
    (
        "a target",
        added("categories.toml", 'response = "3 wroking days"\n'),
        "categories.toml:10: category[1].response: '3 wroking days' is no target",
    ),
    (
        "a target of nothing",
        added("categories.toml", 'resolution = "0 days"\n'),
        "categories.toml:10: category[1].resolution:",
    ),
    (
        "unknown group",
        changed("categories.toml", 'group = "g"', 'group = "h"'),
        "categories.toml:7: category[1].group: There is no “h”. There is: g.",
    ),
    (
        "unknown department",
        changed("categories.toml", '"roads"', '"raods"'),
        "categories.toml:9: category[1].department: There is no “raods”. Did you mean roads?",
    ),
    (
        "unknown area",
        added("categories.toml", '[category.department_by_area]\nwets = "roads"\n'),
        "categories.toml:11: category[1].department_by_area.wets: There is no “wets”. Did you mean west?",
    ),
    (
        "area's department",
        added("categories.toml", '[category.department_by_area]\nwest = "raods"\n'),
        "categories.toml:11: category[1].department_by_area.west: There is no “raods”.",
    ),
    (
        "second category",
        added("categories.toml", CATEGORY.replace('zh = "坑", ', "")),
        "categories.toml:14: category[2].names: The text is missing in: zh.",
    ),
    (
        "questions that wait for each other",
        added("categories.toml", _asking(("a", '{ b = "yes" }'), ("b", '{ a = "yes" }'))),
        "categories.toml:14: category[1].question[1].when: “b” is no question before this one.",
    ),
    (
        "a question that waits for itself",
        added("categories.toml", _asking(("a", '{ a = "yes" }'))),
        "categories.toml:14: category[1].question[1].when: “a” is no question before this one.",
    ),
    (
        "a question that waits for none",
        added("categories.toml", _asking(("a", ""), ("b", '{ aa = "yes" }'))),
        "category[1].question[2].when: There is no “aa”. Did you mean a?",
    ),
    (
        "an answer that nobody can give",
        added("categories.toml", _asking(("a", ""), ("b", '{ a = ["yes", "maybe"] }'))),
        "category[1].question[2].when: There is no “maybe”.",
    ),
    (
        "a question that depends on a text",
        added(
            "categories.toml", _asking(("a", ""), ("b", '{ a = "yes" }')).replace('kind = "yes_no"', 'kind = "text"', 1)
        ),
        "category[1].question[2].when: “a” has no options, so no question can depend on it.",
    ),
    (
        "somebody else whom nobody can reach",
        added("categories.toml", '[category.instead]\nnames = { zh = "供电公司", en = "Power" }\n'),
        "category[1].instead: This needs a phone number or an address of a page.",
    ),
    (
        "what others handle, with a question",
        added("categories.toml", _asking(("a", "")) + INSTEAD),
        "category[1]: A category with “instead” makes no reports",
    ),
    (
        "question kind",
        added(
            "categories.toml", '[[category.question]]\ncode = "q"\nkind = "yesno"\nnames = { zh = "吗", en = "Q" }\n'
        ),
        "categories.toml:12: category[1].question[1].kind: There is no “yesno”. Did you mean yes_no?",
    ),
    (
        "choice without options",
        added(
            "categories.toml", '[[category.question]]\ncode = "q"\nkind = "choice"\nnames = { zh = "吗", en = "Q" }\n'
        ),
        "categories.toml:10: category[1].question[1].options: A choice needs at least two options.",
    ),
    (
        "visibility",
        added("categories.toml", 'visibility = "secret"\n'),
        "categories.toml:10: category[1].visibility: There is no “secret”. There is: internal, public.",
    ),
    ("no array", {"categories.toml": "category = 3\n"}, "categories.toml:1: category: This has to be a list."),
    # rules
    (
        "a condition",
        {"rules.toml": RULE + 'when = "category = 3"\n'},
        'rules.toml:5: rule[1].when: line 1, column 10: for "is equal" write ==',
    ),
    (
        "its field",
        {"rules.toml": RULE + "when = 'categry == \"pothole\"'\n"},
        'rules.toml:5: rule[1].when: line 1, column 1: there is no field "categry": did you mean "category"?',
    ),
    (
        "its category",
        {"rules.toml": RULE + "when = 'category == \"potholes\"'\n"},
        "rules.toml:5: rule[1].when: category: There is no “potholes”. Did you mean pothole?",
    ),
    (
        "its area",
        {"rules.toml": RULE + 'when = \'area in ["west", "aest"]\'\n'},
        "rules.toml:5: rule[1].when: area: There is no “aest”. Did you mean",
    ),
    (
        "its question",
        {"rules.toml": RULE + "when = 'answers.size == \"big\"'\n"},
        "rules.toml:5: rule[1].when: answers: There is no “size”.",
    ),
    (
        "its department",
        {"rules.toml": RULE.replace('"roads"', '"rods"') + "when = 'hour > 3'\n"},
        "rules.toml:4: rule[1].department: There is no “rods”. Did you mean roads?",
    ),
    (
        "support",
        {"rules.toml": RULE + "when = 'hour > 3'\nsupport = [\"roads\"]\n"},
        "rules.toml:6: rule[1].support: The department that leads cannot support itself.",
    ),
    # services and places
    (
        "service",
        {"services.toml": '[[service]]\nslug = "s"\nnames = { zh = "服务", en = "S" }\ndepartment = "x"\n'},
        "services.toml:4: service[1].department: There is no “x”.",
    ),
    (
        "guide in one language",
        {"services.toml": SERVICE + '[service.guide.en]\npurpose = "P"\n'},
        "services.toml:1: service[1].guide: The text is missing in: zh.",
    ),
    (
        "place swapped",
        {"services.toml": SERVICE + "place = { lat = 89.5, lon = 31 }\n"},
        "services.toml:5: service[1].place: Latitude and longitude look swapped: latitude 89.5, longitude 31.",
    ),
    (
        "a guide's key",
        {"services.toml": SERVICE + GUIDES.replace("papers", "paper")},
        "services.toml:7: service[1].guide.zh.paper: There is no such key here. Did you mean papers?",
    ),
    (
        "a language that the city has not",
        {"services.toml": SERVICE + GUIDES + '[service.guide.fr]\npurpose = "P"\n'},
        "services.toml:1: service[1].guide: fr is not a language of the city.",
    ),
    (
        "hours of a wrong shape",
        changed("calendars.toml", '[["09:00", "17:00"]]', '"09:00"'),
        'calendars.toml:4: calendar[1].weekly.monday: Hours are written like [["09:00", "12:00"], ',
    ),
    (
        "names that are no table",
        changed("departments.toml", '{ zh = "道路处", en = "Roads" }', '"Roads"'),
        "departments.toml:3: department[1].names: This has to be a table with a text for each language.",
    ),
    (
        "names of areas",
        added("city.toml", "[areas]\nname = 3\n"),
        "city.toml:6: areas.name: This has to be a text, or a table with a text for each language.",
    ),
    ("a language twice", changed("city.toml", '["zh", "en"]', '["zh", "en", "zh"]'), "A language is given twice."),
    ("no department", {"departments.toml": ""}, "departments.toml: department: This key is missing."),
    ("a table that is none", {"departments.toml": "department = [1]\n"}, "department[1]: This has to be a table."),
    (
        "a circle",
        added(
            "departments.toml",
            'parent = "lamps"\n' + SOUND["departments.toml"].replace("roads", "lamps") + 'parent = "roads"\n',
        ),
        "departments.toml:5: department[1].parent: The parents form a circle: roads → lamps → roads.",
    ),
    (
        "gazetteer column",
        {"places.csv": "lat,lon,name_zh,name\n31,118,甲,A\n"},
        "places.csv:1: The column “name_en” is missing.",
    ),
    (
        "gazetteer number",
        {"places.csv": "lat,lon,name_zh,name_en\n31,118,甲,A\n31,east,乙,B\n"},
        "places.csv:3: lat and lon have to be numbers.",
    ),
    (
        "gazetteer swapped",
        {"places.csv": "lat,lon,name_zh,name_en\n118,31,甲,A\n"},
        "places.csv:2: Latitude and longitude look swapped",
    ),
    (
        "gazetteer fields",
        {"places.csv": "lat,lon,name_zh,name_en\n31,118,甲\n"},
        "places.csv:2: This line has more or fewer fields than the first.",
    ),
    (
        "one synonym alone",
        {"synonyms.csv": "bin,trash\nlamp,Lamp\n"},
        "synonyms.csv:2: A line needs at least two different words or phrases.",
    ),
    (
        "synonym without letters",
        {"synonyms.csv": "bin,trash,!!\n"},
        "synonyms.csv:1: “!!” has neither letters nor digits.",
    ),
    (
        "too many synonyms",
        {"synonyms.csv": ",".join(f"w{n}" for n in range(21)) + "\n"},
        "synonyms.csv:1: This line has more than 20 phrases.",
    ),
]

"""What is asked of the programs, row by row of `python -m benchmarks web`, and what the requests name."""

import asyncio
import itertools
import json
import random
import secrets
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from urllib.parse import urlencode

import asyncpg
from PIL import Image

from benchmarks.load import Ask
from benchmarks.prepared import ROOT

CONNECTIONS = 8
PHOTO_BYTES = 1_900_000
DISPATCHER, OFFICER, PASSWORD = "dispatcher@bench.example", "officer@bench.example", "Pelican42-gate-harbour"
OFFICER_OPEN = 2_700  # open cases of the desk that the officer has, about
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
JSON = {"Content-Type": "application/json", "Accept": "application/json"}

_numbers = itertools.count(10_000_000, 10_000)  # for what has to differ from request to request; eight digits


def next_number() -> int:
    """Of some that follow and that nothing else has."""
    return next(_numbers)


class Known:
    """What the requests name, read once from the database."""

    def __init__(self, url: str) -> None:
        self.url = url

    def rows(self, sql: str, *args: object) -> list[asyncpg.Record]:
        async def ask() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.url)
            try:
                return await connection.fetch(sql, *args)
            finally:
                await connection.close()

        return asyncio.run(ask())

    @cached_property
    def reports(self) -> list[asyncpg.Record]:
        """200 public reports from all over the history."""
        return self.rows(
            "SELECT * FROM (SELECT r.id, r.lat, r.lon, left(p.text, 500) AS text, g.code,"
            " row_number() OVER (ORDER BY md5(r.id::text)) AS n FROM report r JOIN post p ON p.id = r.post_id"
            " JOIN category g ON g.id = r.category_id"
            " WHERE r.main AND p.visibility = 'public' AND r.id % (SELECT 1 + max(id) / 4000 FROM report) = 0"
            " AND length(p.text) > 20) x WHERE n <= 200"
        )

    @cached_property
    def centre(self) -> tuple[float, float]:
        """Latitude and longitude of the place with most open cases."""
        row = self.rows(
            "SELECT avg(r.lat) AS lat, avg(r.lon) AS lon FROM case_file c JOIN report r ON r.case_id = c.id AND r.main"
            " WHERE c.status IN ('received', 'assigned', 'in_progress', 'waiting')"
            " GROUP BY round(r.lat::numeric, 2), round(r.lon::numeric, 2) ORDER BY count(*) DESC LIMIT 1"
        )[0]
        return row["lat"], row["lon"]

    @cached_property
    def categories(self) -> list[str]:
        rows = self.rows("SELECT code FROM category WHERE retired_at IS NULL AND public AND NOT photo_required"
                         " AND questions = '[]' ORDER BY id LIMIT 20")  # fmt: skip
        return [row["code"] for row in rows]

    @cached_property
    def officer_department(self) -> str:
        rows = self.rows(
            "SELECT d.slug FROM assignment a JOIN department d ON d.id = a.department_id WHERE a.ended_at IS NULL"
            " GROUP BY 1 ORDER BY abs(count(*) - $1) LIMIT 1", OFFICER_OPEN)  # fmt: skip
        return str(rows[0]["slug"])

    @cached_property
    def words(self) -> list[str]:
        with (ROOT / "tests" / "search" / "relevance.toml").open("rb") as file:
            return [query["text"] for query in tomllib.load(file)["query"]]

    def box(self, degrees: float) -> str:
        lat, lon = self.centre
        return f"{lon - degrees / 2:.5f},{lat - degrees / 3:.5f},{lon + degrees / 2:.5f},{lat + degrees / 3:.5f}"


# --- what is asked --------------------------------------------------------------------------------------------------


def home(_known: Known) -> list[Ask]:
    return [Ask("/")]


def listing(_known: Known) -> list[Ask]:
    return [Ask("/reports")]


def report(known: Known) -> list[Ask]:
    return [Ask(f"/reports/{row['id']}") for row in known.reports]


def whole_map(known: Known) -> list[Ask]:
    return [Ask(f"/map/points?bbox={known.box(0.6)}&zoom=11")]


def neighbourhood_map(known: Known) -> list[Ask]:
    return [Ask(f"/map/points?bbox={known.box(0.02)}&zoom=15")]


def close_maps(known: Known) -> list[Ask]:
    """The largest windows that a zoom allows and ordinary ones, each with several filters, one that nothing matches."""
    filters = [{}, {"status": "solved"}, {"status": "open"}, {"status": "declined"}, {"q": "street"}]
    filters += [{"category": known.categories[0]}, {"category": known.categories[0], "q": "xyzzy"}]
    windows = [(zoom, 11.0 / 2 ** (zoom - 10) * part) for zoom in range(14, 20) for part in (1, 0.2)]
    asks = [Ask("/map/points?" + urlencode({"bbox": known.box(degrees), "zoom": zoom} | one))
            for zoom, degrees in windows for one in filters]  # fmt: skip
    return [*asks, Ask("/map/points?bbox=-180,-85,180,85&zoom=19")]


def search(known: Known) -> list[Ask]:
    return [Ask("/search?" + urlencode({"q": words})) for words in known.words]


def desk(_known: Known) -> list[Ask]:
    return [Ask("/desk")]


def desk_search(known: Known) -> list[Ask]:
    words = ("water", "street", "light", "trash", "sign", "utca", "tree", "park")
    filters = ({"status": "open"}, {"category": known.categories[0]}, {"sort": "new"}, {"kind": "case"})
    return [Ask("/desk/search?" + urlencode({"q": word} | one)) for word in words for one in filters]


def _fields(known: Known) -> Iterator[dict[str, str]]:
    chosen = random.Random(1)
    for row in known.reports:
        yield {
            "text": f"{row['text']} ({{n}})",
            "category": chosen.choice(known.categories),
            "lat": f"{row['lat']:.5f}",
            "lon": f"{row['lon']:.5f}",
            "client_key": "bench-{n}",
        }


def form_posts(known: Known) -> list[Ask]:
    return [Ask("/reports", "POST", FORM, urlencode(one, safe="{}").encode()) for one in _fields(known)]


def json_posts(known: Known) -> list[Ask]:
    bodies = [one | {"lat": float(one["lat"]), "lon": float(one["lon"])} for one in _fields(known)]
    return [Ask("/reports", "POST", JSON, json.dumps(one).encode()) for one in bodies]


def photo_posts(known: Known) -> list[Ask]:
    """Four photos, each made another one for each request by a comment within the file."""
    asks = []
    for fields, seed in zip(_fields(known), range(4)):  # noqa: B905
        edge = secrets.token_hex(8)
        lines = [f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
                 for name, text in fields.items()]  # fmt: skip
        head = f'--{edge}\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n'
        head = "".join(lines) + head + "Content-Type: image/jpeg\r\n\r\n"
        body = head.encode() + photo(seed) + f"\r\n--{edge}--\r\n".encode()
        asks.append(Ask("/reports", "POST", {"Content-Type": f"multipart/form-data; boundary={edge}"}, body))
    return asks


def photo(seed: int) -> bytes:
    """A JPEG of 4032 × 3024 and about PHOTO_BYTES, turned as a phone held upright turns it."""
    Image.effect_noise((8, 8), seed + 1)
    coarse = Image.merge("RGB", [Image.effect_noise((504, 378), spread + seed) for spread in (40, 60, 80)])
    fine = Image.effect_noise((4032, 3024), 12).convert("RGB")
    image = Image.blend(coarse.resize((4032, 3024), Image.Resampling.BICUBIC), fine, 0.3)
    exif = Image.Exif()
    exif[0x0112] = 6
    data = next(one for quality in range(90, 20, -4) if len(one := _jpeg(image, quality, exif)) < PHOTO_BYTES)
    return data[:2] + b"\xff\xfe\x00\x0a{n}" + data[2:]  # the comment has eight digits where the number stands


def _jpeg(image: Image.Image, quality: int, exif: Image.Exif) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=quality, exif=exif)
    return file.getvalue()


@dataclass(frozen=True)
class Row:
    """What is measured under load. `bare`: the bare program has this too; `as_who`: whose session the requests have."""

    title: str
    goal: str
    asks: Callable[[Known], list[Ask]]
    connections: int = CONNECTIONS
    bare: bool = False
    workers: bool = False
    as_who: str = ""
    longer: int = 1  # times the seconds of the others, where requests are slow


ROWS = {
    "home": Row("home", "1,500 /s", home),
    "list": Row("public list of 24", "1,500 /s, 20 kB", listing, bare=True),
    "report": Row("a report's page", "900 /s, 6 statements", report, bare=True),
    "map": Row("map, whole city", "4,000 /s", whole_map, bare=True),
    "neighbourhood": Row("map, a neighbourhood", "1,000 /s", neighbourhood_map, bare=True),
    "close": Row("map, zoom 14 to 19, any window and filter, one at a time", "30 ms, 30 kB", close_maps, 1, longer=4),
    "desk": Row("desk, about 2,700 open", "500 /s", desk, as_who=OFFICER),
    "desk-all": Row("desk, all open cases", "500 /s", desk, as_who=DISPATCHER),
    "desk-search": Row("desk search with filters", "200 /s", desk_search, as_who=DISPATCHER),
    "search": Row("search page", "250 /s", search),
    "post": Row("post by form, one at a time", "250 /s, 12 statements", form_posts, 1, bare=True, workers=True),
    "post-32": Row("post by form, 32 at once", "300 /s", form_posts, 32, bare=True, workers=True),
    "post-json": Row("post by JSON, 32 at once", "300 /s", json_posts, 32, workers=True),
    "photo": Row("post with a photo of 12 MP, 1.9 MB, 8 at once", "15 /s", photo_posts, 8, workers=True, longer=5),
}

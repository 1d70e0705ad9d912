"""The public pages: what anybody sees of the releases, in both languages, without signing in."""

import codecs
import csv
import gzip
import io
import re
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from civic import cache, chain
from civic.catalogue.models import Calendar, Department
from civic.scores.chains import build_history_tree, write_chains
from civic.scores.method.files import sha256_hex, write_assignments, write_ratings
from civic.scores.method.release import Correction, ReleaseHead, make_release, write_release
from civic.scores.method.release_format import SealReference
from civic.scores.method.spans import read_span
from civic.scores.models import Release, ReleaseFile
from tests.builders.made_up_city import make_city
from tests.builders.score_rows import MINIMUMS, WEIGHTS
from tests.clients import Client
from tests.conftest import Statements

ZH = {"Accept-Language": "zh"}
JSON = {"Accept": "application/json"}
NAMES = {
    "parks": {"en": "Parks & <b>Gardens</b>", "zh": "园林绿化局"},
    "roads": {"en": "=Roads", "zh": "市政道路管理处"},
    "idle": {"en": "Idle Office", "zh": "清闲处"},
}
SLUGS = {"d0": "parks", "d1": "roads"}  # of the made-up rows
HEADS = build_history_tree((f"24-{number}", chain.hash_event(chain.GENESIS, {"case": number})) for number in range(5))
Publish = Callable[..., Awaitable[Release]]
LEFT_OUT: Any = {
    "cases": {"spam": 0, "test": 0, "own": 0, "nearby": 0, "merged": 0},
    "ratings": {"unconfirmed": 0, "own": 0, "case": 0},
}


@pytest.fixture
async def publish(database: str) -> Publish:
    """Keep a release of made-up rows: of January 2024, under the name of another month if one is given."""
    calendar = await Calendar.create(slug="city", zone="UTC", spec={"weekly": {}})
    for slug, names in NAMES.items():
        await Department.create(slug=slug, names=names, calendar=calendar)
    cache.clear_caches()
    made_up = make_city(5, 600)
    rows = [row._replace(department=SLUGS.get(row.department, row.department)) for row in made_up.clocks]
    ratings = [row._replace(department=SLUGS.get(row.department, row.department)) for row in made_up.ratings]
    files = {"assignments.csv": write_assignments(rows), "ratings.csv": write_ratings(ratings)}
    chains = {"chains.csv": write_chains(HEADS)}
    span = read_span("2024-01")

    kept: list[Release] = []

    async def keep(release_id: str, month: int = 1, *, corrects: str = "", reason: str = "") -> Release:
        head = ReleaseHead(
            release_id,
            span,
            "UTC",
            10,
            datetime(2024, 3, 1, tzinfo=UTC),
            WEIGHTS,
            MINIMUMS,
            LEFT_OUT,
            chains={"root": HEADS.tree.root.hex(), "size": HEADS.tree.size},
            previous=SealReference(release=kept[-1].id, seal=kept[-1].document["seal"]) if kept else None,
            correction=Correction(corrects, reason) if corrects else None,
        )
        document = make_release(head, files["assignments.csv"], files["ratings.csv"])
        made = await Release.create(
            id=release_id,
            starts_at=datetime(2024, month, 1, tzinfo=UTC),
            ends_at=datetime(2024, month + 1, 1, tzinfo=UTC),
            method="1",
            made_at=datetime(2024, month + 1, 1, tzinfo=UTC) + timedelta(days=len(corrects)),
            document=document,
            corrects_id=corrects or None,
            reason=reason,
        )
        for name, data in ({"release.json": write_release(document)} | files | chains).items():
            await ReleaseFile.create(release=made, name=name, content=gzip.compress(data), sha256=sha256_hex(data))
        kept.append(made)
        return made

    return keep


def text(page: str) -> str:
    """What one reads, without the marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


@pytest.mark.parametrize(("language", "words"), [("en", "No scores have been published yet"), ("zh", "还没有发布评分")])
async def test_before_the_first_release(client: Client, language: str, words: str) -> None:
    page = await client.get("/scores", headers={"Accept-Language": language})
    assert page.status_code == 200
    assert words in page.text
    answer = (await client.get("/scores", headers=JSON)).json()
    assert (answer["release"], answer["releases"], len(answer["provisional"])) == (None, [], 2)
    assert (await client.get("/scores/table.csv")).status_code == 404
    assert (await client.get("/scores/departments/roads")).status_code == 404


async def test_the_board_in_both_languages(publish: Publish, client: Client) -> None:
    made = await publish("2024-01")
    english, chinese = await client.get("/scores"), await client.get("/scores", headers=ZH)
    assert "January 2024" in english.text
    assert "2024年1月" in chinese.text
    assert "Parks &amp; &lt;b&gt;Gardens&lt;/b&gt;" in english.text
    assert "<b>Gardens</b>" not in english.text
    assert "园林绿化局" in chinese.text
    shown = made.document["results"]["departments"]["roads"]["indicators"]["response"]
    assert f"{shown['met']} of {shown['n']}" in english.text
    assert f"{shown['value']:.0%}" in english.text
    assert "Kept its cases" in english.text
    assert "未转出" in chinese.text
    assert "python3 verify.py release.json" in english.text
    assert made.document["seal"] in english.text
    assert ' style="' not in english.text  # the page's policy does not allow it


async def test_what_happened_comes_before_the_score(publish: Publish, client: Client) -> None:
    await publish("2024-01")
    page = text((await client.get("/scores")).text)
    first = page.index("reports were answered on time in the whole city")
    head = page.index("Department", first)
    assert first < head < page.index("Answered on time", head) < page.index("Kept its cases", head)
    assert page.index("Kept its cases", head) < page.index("Score", head)
    assert " 1st " not in page  # a month has no rank
    assert page.index("answered ", first) < page.index("told apart from the city")


INDICATOR_LISTS = ["response", "resolution", "speed", "satisfaction", "ownership", "counted"]


async def test_every_number_leads_to_the_cases_behind_it(publish: Publish, client: Client) -> None:
    """A list has as many lines as the figure says, and as many that did well."""
    made = await publish("2024-01")
    page = (await client.get("/scores")).text
    assert made.document["results"]["departments"]
    for slug in ("roads", "parks", ""):
        line = made.document["results"]["departments"][slug] if slug else made.document["results"]["city"]
        for figure in INDICATOR_LISTS:
            query = f"department={slug}&figure={figure}"
            assert f'href="/scores/cases?{query}"'.replace("&", "&amp;") in page
            counts = (await client.get(f"/scores/cases?{query}", headers=JSON)).json()["counts"]
            if figure == "counted":
                assert counts["yes"] == line["counted"]
                continue
            shown = line["indicators"][figure]
            assert counts["yes"] + counts["no"] == shown["n"], (slug, figure)
            if "met" in shown:
                assert counts["yes"] == shown["met"], (slug, figure)


async def test_every_share_leads_to_the_cases_behind_it(publish: Publish, client: Client) -> None:
    made = await publish("2024-01")
    page = (await client.get("/scores/departments/parks")).text
    shares = made.document["results"]["departments"]["parks"]["shares"]
    shown = 0
    for name, share in shares.items():
        address = f"/scores/cases?department=parks&figure={name}"
        counts = (await client.get(address, headers=JSON)).json()["counts"]
        assert counts["yes"] + counts["no"] == share["n"]
        if share["count"] is not None:
            shown += 1
            assert counts["yes"] == share["count"]
            assert f'href="{address}"'.replace("&", "&amp;") in page
            assert f">{share['count']} of {share['n']}</a>" in page
    assert shown >= 5


async def test_a_list_of_cases_is_narrowed_and_goes_on(publish: Publish, client: Client) -> None:
    await publish("2024-01")
    address = "/scores/cases?department=parks&figure=response"
    every = (await client.get(address, headers=JSON)).json()
    late = (await client.get(f"{address}&answer=no", headers=JSON)).json()
    assert {row["answer"] for row in every["cases"]} >= {"yes", "no"}
    assert {row["answer"] for row in late["cases"]} == {"no"}
    assert all(row["first_word_at"] is None or row["first_word_at"] > row["response_due"] for row in late["cases"])
    counted = "/scores/cases?figure=counted"
    first = (await client.get(counted, headers=JSON)).json()
    second = (await client.get(f"{counted}&after={first['next']}", headers=JSON)).json()
    assert len(first["cases"]) == first["next"] == 100
    assert not {row["case"] for row in first["cases"]} & {row["case"] for row in second["cases"]}
    for headers in ({}, ZH):
        assert (await client.get(counted, headers=headers)).status_code == 200
    page = (await client.get(f"{address}&answer=aside")).text
    assert "set aside" in page
    assert (
        'href="/reports' not in page.partition("<main")[2].partition("</main")[0]
    )  # the made-up cases have no public report


async def test_the_figures_behind_a_figure(publish: Publish, client: Client) -> None:
    made = await publish("2024-01")
    line = made.document["results"]["departments"]["parks"]
    shown = line["indicators"]["response"]
    page = text((await client.get("/scores/departments/parks")).text)
    assert f"answered {shown['met']} of {shown['n']} on time" in page
    assert f"allowing for harder cases: {shown['adjusted']:.0%}" in page
    assert "What else happened to its cases" in page
    assert "first answers that are word for word the same as another" in page
    assert f"{line['parts']['response']:.2f}" in page
    assert "What was left out, and why" in page
    chinese = text((await client.get("/scores/departments/parks", headers=ZH)).text)
    assert f"园林绿化局 ：{shown['n']}件中按时答复{shown['met']}件" in chinese


async def test_a_department_over_time(publish: Publish, client: Client) -> None:
    for month in (1, 2, 3):
        await publish(f"2024-0{month}", month)
    page = (await client.get("/scores/departments/parks")).text
    assert page.count('class="dot"') == 3 * 3  # what it answered, what it solved, and its score
    assert page.partition('class="small past"')[2].partition("</table>")[0].count('<th scope="row">') == 3
    assert 'href="/scores/departments/parks?release=2024-01"' in page
    first = (await client.get("/scores/departments/parks?release=2024-01")).text
    assert "first period of this kind" in first


@pytest.mark.parametrize(
    "path",
    [
        "/scores?release=2023",
        "/scores?period=2023",
        "/scores?period=x",
        "/scores/departments/nobody",
        "/scores/releases/x/assignments.csv",
        "/scores/cases",
        "/scores/cases?figure=nothing",
        "/scores/cases?figure=declined",
        "/scores/cases?figure=response&department=nobody",
    ],
)
async def test_what_there_is_not(publish: Publish, client: Client, path: str) -> None:
    await publish("2024-01")
    assert (await client.get(path)).status_code == 404


async def test_a_department_without_a_case(publish: Publish, client: Client) -> None:
    await publish("2024-01")
    page = await client.get("/scores/departments/idle", headers=ZH)
    assert page.status_code == 200
    assert "2024年1月，该部门没有案件" in page.text


async def test_a_correction_says_why(publish: Publish, client: Client) -> None:
    await publish("2024-01")
    await publish("2024-01-r2", corrects="2024-01", reason="Some <i>tests</i> were counted.")
    page = (await client.get("/scores")).text
    assert "Some &lt;i&gt;tests&lt;/i&gt; were counted." in page
    assert "/scores/releases/2024-01-r2/release.json" in page
    old = (await client.get("/scores?release=2024-01")).text
    assert "These scores were corrected." in old
    assert 'href="/scores?release=2024-01-r2"' in old
    assert "/scores/departments/roads?release=2024-01" in old
    assert "/scores/cases?department=roads&amp;figure=response&amp;release=2024-01" in old


async def test_as_json(publish: Publish, client: Client) -> None:
    made = await publish("2024-01")
    answer = (await client.get("/scores", headers=JSON)).json()
    assert answer["release"] == made.document
    assert answer["names"]["roads"] == NAMES["roads"]
    assert [one["release"] for one in answer["releases"]] == ["2024-01"]
    line = (await client.get("/scores/departments/roads", headers=JSON)).json()
    assert line["line"] == made.document["results"]["departments"]["roads"]
    assert line["names"] == NAMES["roads"]


async def test_the_table_as_csv(publish: Publish, client: Client) -> None:
    made = await publish("2024-01")
    answer = await client.get("/scores/table.csv?release=2024-01")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.startswith(codecs.BOM_UTF8)  # a spreadsheet knows the encoding by it
    rows = {row["department"]: row for row in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))}
    assert set(rows) == {*made.document["results"]["departments"], ""}
    assert rows["roads"]["name"] == "'=Roads"  # no spreadsheet takes it for a formula
    assert (
        float(rows["roads"]["response"])
        == (made.document["results"]["departments"]["roads"]["indicators"]["response"]["value"])
    )


async def test_a_history_as_csv(publish: Publish, client: Client) -> None:
    for month in (1, 2):
        await publish(f"2024-0{month}", month)
    answer = await client.get("/scores/departments/roads/history.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["release"], row["from"], row["to"]) for row in rows] == [
        ("2024-01", "2024-01-01", "2024-01-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
    ]
    assert rows[0]["name"] == "'=Roads"
    assert (await client.get("/scores/departments/nobody/history.csv")).status_code == 404


@pytest.mark.parametrize("name", ["release.json", "assignments.csv", "ratings.csv", "chains.csv"])
async def test_the_files_byte_for_byte(publish: Publish, client: Client, name: str) -> None:
    made = await publish("2024-01")
    kept = await ReleaseFile.get(release_id=made.id, name=name)
    address = f"/scores/releases/2024-01/{name}"
    packed = await client.get(address, headers={"Accept-Encoding": "gzip"})
    plain = await client.get(address, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content == gzip.decompress(kept.content)
    assert sha256_hex(plain.content) == kept.sha256
    assert "immutable" in plain.headers["cache-control"]
    again = await client.get(address, headers={"If-None-Match": plain.headers["etag"]})
    assert again.status_code == 304


async def test_the_proof_of_a_history(publish: Publish, client: Client) -> None:
    await publish("2024-01")
    found = (await client.get("/scores/releases/2024-01/proof", params={"case": "24-3"})).json()
    path = chain.InclusionProof(found["index"], found["size"], tuple(map(bytes.fromhex, found["path"])))
    assert chain.verify_inclusion(found["leaf"].encode(), path, bytes.fromhex(found["root"]))
    assert found["root"] == HEADS.tree.root.hex()
    for wrong, status in (
        ({"case": ""}, 422),
        ({"case": "24-3", "receipt": "xyz"}, 422),
        ({"case": "24-3", "receipt": "ff"}, 422),
        ({"case": "24-99"}, 404),
    ):
        assert (await client.get("/scores/releases/2024-01/proof", params=wrong)).status_code == status


async def test_what_is_no_history_proof_is_refused_in_plain_words(publish: Publish, client: Client) -> None:
    await publish("2024-01")
    for other in (b"# A text", b"\xff\xfe"):
        answer = await client.post("/scores/releases/2024-01/proof", files={"history": ("a.json", other)})
        assert answer.status_code == 422
        assert "This is no history proof: it is not JSON." in answer.text


@pytest.mark.parametrize(("language", "words"), [("en", "How departments are scored"), ("zh", "部门评分办法")])
async def test_the_method_in_both_languages(client: Client, language: str, words: str) -> None:
    page = await client.get("/scores/method", headers={"Accept-Language": language})
    assert words in page.text
    assert "<table>" in page.text
    assert 'id="section-1"' in page.text
    assert "**" not in text(page.text)


@pytest.mark.parametrize("path", ["/scores", "/scores/departments/parks", "/scores/table.csv"])
async def test_the_statements_of_a_page_do_not_grow(
    publish: Publish, client: Client, count_queries: Callable[[], AbstractContextManager[Statements]], path: str
) -> None:
    await publish("2024-01")
    counts = []
    for month in (2, 3, 4, 5):
        await client.get(path)  # what is kept is read
        with count_queries() as statements:
            assert (await client.get(path)).status_code == 200
        counts.append(len(statements))
        await publish(f"2024-0{month}", month)
    assert max(counts) <= 5
    assert counts[1] == counts[2] == counts[3]  # the first has no release before it

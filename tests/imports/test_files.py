"""Every line of a file comes out as a part of a row, or whole with what is wrong with it: whatever bytes it has."""

import codecs
import csv
import gzip
import json
import re
import tracemalloc
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civic.imports.files import SourceFile
from civic.imports.lines import MAX_LINE_CHARS
from civic.imports.mapping import ImportFault, ImportMapping
from civic.imports.source_rows import SourceRow

HEADER = "id,text,kind,lat,lon,sent"
PLAIN: dict[str, Any] = {
    "name": "files",
    "times": {"zone": "Europe/Paris"},
    "columns": {"id": "id", "text": "text", "lat": "lat", "lon": "lon", "received": "sent"},
    "history": {"default": "open"},
}
IN_TMP = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def read(path: Path, data: bytes | str, **values: Any) -> tuple[list[SourceRow], SourceFile]:
    """The rows of a file of these bytes, and the file."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    with closing(SourceFile(path, ImportMapping.model_validate(PLAIN | values))) as source:
        return list(source.rows()), source


def texts(rows: list[SourceRow]) -> list[str]:
    return [row.wrong or row.values["text"] for row in rows]


def split_lines(data: bytes) -> list[bytes]:
    return re.findall(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", data)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows"


# --- CSV: nothing is lost -------------------------------------------------------------------------------------------

PIECES = st.one_of(
    st.integers(0, 99).map(lambda n: f"r{n},hole {n},Hole,48.5,2.5,2026-03-02\n".encode()),
    st.integers(0, 99).map(lambda n: f'q{n},"two\nlines ""{n}""",Hole,48.5,2.5,2026-03-02\r\n'.encode()),
    st.sampled_from(
        [b'"', b'""', b",", b"\n", b"\r", b"\r\n", b"\x00", b"\xef\xbb\xbf", b"\xff", b"\xe4\xb8", b" ", b";"]
    ),
    st.binary(max_size=8),
    st.text('ab",\r\n字\u2028\x85\x0b', max_size=12).map(str.encode),
)


@given(pieces=st.lists(PIECES, max_size=30), cut=st.integers(0, 40))
@IN_TMP
def test_every_line_is_in_a_row_or_whole_in_one_that_is_refused(path: Path, pieces: list[bytes], cut: int) -> None:
    body = b"".join(pieces)
    body = body[: max(0, len(body) - cut)]
    rows, source = read(path, HEADER.encode() + b"\n" + body, encoding="utf-8", delimiter=",")
    lines = split_lines(body)
    assert source.lines is not None
    assert (source.lines.read, source.header_lines) == (1 + len(lines), 1)
    assert sum(row.lines for row in rows) + source.lines.blank == len(lines)
    at = 0  # of the next line that has to come
    for row in rows:
        while not lines[at].replace(b"\xef\xbb\xbf", b"", 1).strip():
            at += 1
        own, at = lines[at : at + row.lines], at + row.lines
        assert row.line == at - row.lines + 2
        if row.wrong:
            assert unmark(encode_back(row.raw)) == unmark(b"".join(own))
        else:
            said = [line.decode().removeprefix("\ufeff") for line in own]
            assert list(row.values.values()) == next(csv.reader(said, strict=True))
            assert not any(re.search(r"^r\d+,hole", value, re.MULTILINE) for value in row.values.values())
    assert not b"".join(line.replace(b"\xef\xbb\xbf", b"", 1) for line in lines[at:]).strip()


def encode_back(raw: str) -> bytes:
    """The bytes of a text in which what could not be decoded was kept."""
    return raw.encode("utf-8", "surrogateescape") if raw.isprintable() else b"".join(_byte(one) for one in raw)


def _byte(one: str) -> bytes:
    return bytes([ord(one) - 0xDC00]) if "\udc00" <= one <= "\udcff" else one.encode()


def unmark(data: bytes) -> bytes:
    """Without the byte order marks, which are no part of a line's text."""
    return data.replace(b"\xef\xbb\xbf", b"")


ROW = "{},{},Hole,48.5,2.5,2026-03-02"
STRAY = [
    ('"unclosed, and\n{1}\n{2}\n{3}', "never closed"),
    ('"unclosed, and\n{1}\n40,the "end" of it,Hole,48.5,2.5,2026-03-02\n{2}', "closed by chance, and text follows"),
    ('0,"unclosed main st,Hole,48.5,2.5,2026-03-02\n{1}\n40,end",Hole,48.5,2.5,2026-03-02\n{2}', "closed as if right"),
    ('0,"unclosed main st,Hole,48.5,2.5,2026-03-02\n40,end",Hole,48.5,2.5,2026-03-02\n{1}\n{2}', "closed at once"),
    ('0,bad "inner" and "more,Hole,48.5\n{1}\n{2}', "too few cells"),
    ('0,"cut off here\n{1}\n{2}\n9,"quoted",Hole,48.5,2.5,2026-03-02', "a line that was cut off"),
    ('0,"x\n' + "much\n" * 2000 + "{1}\n{2}", "over too many lines"),
    ('0,"x\n' + ("much " * 1000 + "\n") * 60 + "{1}\n{2}", "over too many characters"),
]


@pytest.mark.parametrize("body", [body for body, _ in STRAY], ids=[what for _, what in STRAY])
def test_a_stray_quote_ends_at_its_line(path: Path, body: str) -> None:
    plain = [ROW.format(n, f"hole {n}") for n in range(4)]
    rows, _source = read(path, f"{HEADER}\n{body.format(*plain)}\n")
    assert rows[0].wrong
    assert rows[0].lines == 1
    assert [row.values["text"] for row in rows if row.values and row.values["text"].startswith("hole")] == [
        f"hole {n}" for n in range(1, 4) if f"{{{n}}}" in body
    ]


def test_line_ends_within_quotes_are_part_of_the_text(path: Path) -> None:
    text = "\n".join(["Dear city,", "the hole, the lamp, the bin, all of them", "", "Yours, truly"] * 100)
    rows, _source = read(path, f'{HEADER}\n1,"{text}","a, b\r\nc, d",48.5,2.5,2026-03-02\n{ROW.format(2, "hole")}\n')
    assert [row.wrong for row in rows] == ["", ""]
    assert (rows[0].values["text"], rows[0].lines) == (text, 401)
    assert rows[1].line == 403


def test_a_first_column_over_lines_is_no_stray_quote(path: Path) -> None:
    body = 'text,id,kind,lat,lon,sent\n"one\ntwo",1,Hole,48.5,2.5,2026-03-02\n'
    assert texts(read(path, body)[0]) == ["one\ntwo"]


def test_a_line_longer_than_the_memory_comes_in_parts(path: Path) -> None:
    """Neither a line nor an open quote makes the reader hold more than some lines."""
    size = 12 * MAX_LINE_CHARS
    with path.open("wb") as file:
        file.write(f'{HEADER}\n{ROW.format(1, "before")}\n2,"'.encode())
        for _ in range(12):
            file.write(b"a" * MAX_LINE_CHARS)
        file.write(f"\n{ROW.format(3, 'after')}\n".encode())
    tracemalloc.start()
    kept, length = [], 0
    with closing(SourceFile(path, ImportMapping.model_validate(PLAIN))) as source:
        for row in source.rows():
            length += len(row.raw)
            kept.append((row.line, row.part, row.values.get("text")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < size
    assert length == size + len('2,"\n')
    assert (kept[0], kept[-1]) == ((2, 0, "before"), (4, 0, "after"))
    assert [part for _line, part, _text in kept[1:-1]] == list(range(1, 14))


@pytest.mark.parametrize(
    ("begin", "rows"),
    [
        ("sep=;\n", ";"),
        ('"sep=\t"\r\n', "\t"),
        ("\n\n", ";"),
        ("\ufeff", "|"),
        ("\ufeff sep=,\n".replace(" ", ""), ","),
    ],
    ids=["sep", "quoted sep", "blank lines", "mark", "mark and sep"],
)
def test_the_delimiter_is_read_from_the_file(path: Path, begin: str, rows: str) -> None:
    body = f"{HEADER}\n{ROW.format(1, 'hole')}\n".replace(",", rows)
    read_rows, source = read(path, begin + body)
    assert texts(read_rows) == ["hole"]
    assert source.lines
    assert source.lines.read == source.header_lines + source.lines.blank + 1


def test_a_column_that_stands_twice(path: Path) -> None:
    with pytest.raises(ImportFault, match="“text” is in the file more than once"):
        read(path, f"{HEADER}, text\n")
    rows, _source = read(path, f"{HEADER},note,note\n{ROW.format(1, 'hole')},a,b\n")  # nobody asks for it
    assert texts(rows) == ["hole"]
    rows, _source = read(path, '{"id": 1, "text": "a", "text": "b", "lat": 1, "lon": 1, "sent": "2026-03-02"}')
    assert rows[0].wrong == "The key “text” is in this object more than once."


# --- encodings ------------------------------------------------------------------------------------------------------

LETTERS = {
    "utf-8": "é路ő",
    "utf-16": "é路ő😀",
    "utf-32": "é路ő😀",
    "utf-16-le": "é路",
    "gb18030": "路灯é😀",
    "GBK": "路灯",
    "big5": "路燈",
    "cp1252": "éß€",
    "cp1250": "őű€",
    "shift_jis": "街灯ソ表",
}


@pytest.mark.parametrize("encoding", LETTERS)
@given(data=st.data())
@settings(IN_TMP, max_examples=6)
def test_a_file_in_another_encoding_reads_like_one_in_utf8(path: Path, encoding: str, data: st.DataObject) -> None:
    letters = st.text(LETTERS[encoding] + 'ab \n"', min_size=1, max_size=20)
    cells = data.draw(st.lists(letters, min_size=1, max_size=5))
    lines = [HEADER, *(ROW.format(n, '"' + one.replace('"', '""') + '"') for n, one in enumerate(cells))]
    text = "\r\n".join(lines)
    assert read(path, text.encode(encoding), encoding=encoding)[0] == read(path, text)[0]


GUESSED = [
    ("gb18030", "路灯坏了，已经三天没有人来修理"),
    ("big5", "路燈壞了，已經三天沒有人來修理"),
    ("cp1252", "Straße: großes Loch und Müll überall"),
    ("cp1251", "Не горит фонарь уже три дня"),
    ("utf-16-le", "路灯 Lamp"),
]


@pytest.mark.parametrize(("encoding", "text"), GUESSED, ids=[encoding for encoding, _ in GUESSED])
def test_what_is_no_utf8_is_said_with_what_it_looks_like(path: Path, encoding: str, text: str) -> None:
    body = "\n".join([HEADER, *(ROW.format(n, text) for n in range(3)), ""])
    with pytest.raises(ImportFault, match=f'It looks like {encoding} .*encoding = "{encoding}"') as failed:
        read(path, body.encode(encoding))
    assert text[:5] in str(failed.value)
    assert texts(read(path, gzip.compress(body.encode(encoding)), encoding=encoding)[0]) == [text] * 3


def test_single_lines_of_another_encoding_are_refused(path: Path) -> None:
    body = [HEADER, ROW.format(1, "café"), ROW.format(2, "thé"), ROW.format(3, "plain")]
    data = "\n".join(body).encode() + b"\n" + ROW.format(4, "caf\xe9").encode("latin-1")
    rows, _source = read(path, data)
    assert [row.fault for row in rows if row.wrong] == ["encoding"]
    assert encode_back(rows[-1].raw) == split_lines(data)[-1]


def test_an_encoding_that_does_not_exist_is_refused() -> None:
    for wrong in ("utf-88", "rot13", "hex"):
        with pytest.raises(ValueError, match="is no encoding"):
            ImportMapping.model_validate(PLAIN | {"encoding": wrong})


# --- JSON -----------------------------------------------------------------------------------------------------------


def make_object(number: int, text: str) -> dict[str, Any]:
    return {"id": number, "text": text, "lat": "48.5", "lon": "2.5", "sent": "2026-03-02", "more": {"a": [text, {}]}}


def json_forms(rows: list[dict[str, Any]]) -> dict[str, str]:
    """One list of objects in the forms in which systems write it."""
    plain = [json.dumps(row) for row in rows]
    features = [
        {"type": "Feature", "properties": {k: v for k, v in row.items() if k not in ("lat", "lon")}}
        | {"geometry": {"type": "Point", "coordinates": [2.5, 48.5]}}
        for row in rows
    ]
    return {
        "lines": "\n".join(plain),
        "sequence": "".join(f"\x1e{one}\n" for one in plain),
        "list": json.dumps(rows, ensure_ascii=False),
        "list over lines": json.dumps(rows, indent=2),
        "a line each": "[" + "\n,".join(plain) + "]\n",
        "objects over lines": "\n".join(json.dumps(row, indent=1) for row in rows),
        "lists": "\n".join(f"[{one}]" for one in plain),
        "features": json.dumps({"type": "FeatureCollection", "features": features, "count": len(rows)}),
        "features over lines": json.dumps({"features": features, "type": "FeatureCollection"}, indent=1),
        "feature lines": "\n".join(json.dumps(one) for one in features),
    }


@pytest.mark.parametrize("form", json_forms([]))
@given(words=st.lists(st.text(max_size=30), min_size=1, max_size=6), pad=st.integers(0, 2))
@settings(IN_TMP, max_examples=8)
def test_json_in_every_form(path: Path, form: str, words: list[str], pad: int) -> None:
    rows = [make_object(n, "x" * pad * 40_000 + word) for n, word in enumerate(words)]
    place = {"lat": "geometry.lat", "lon": "geometry.lon"} if "feature" in form else {}
    columns = PLAIN["columns"] | place
    found, _source = read(path, json_forms(rows)[form].encode("utf-8", "surrogatepass"), columns=columns)
    assert texts(found) == [row["text"] for row in rows]
    assert {row.values[columns["lat"]] for row in found} == {"48.5"}


@given(where=st.integers(1, 10_000), form=st.sampled_from(["list", "list over lines", "a line each"]))
@IN_TMP
def test_a_list_that_is_cut_off_loses_nothing(path: Path, where: int, form: str) -> None:
    rows = [make_object(n, f"word {n}") for n in range(12)]
    text = json_forms(rows)[form]
    text = text[: 1 + where % len(text)]
    found, _source = read(path, text)
    whole = [row for row in found if "text" in row.values]  # the empty object within the last may come out, too
    assert texts(whole) == [f"word {n}" for n in range(len(whole))]
    begin = text.find('"id": ' + str(len(whole)))
    if begin > 0:
        letters = re.compile(r'[\w.":-]+')
        assert letters.findall("".join(row.raw for row in found)) == letters.findall(text[begin:])


def test_a_broken_object_of_a_list_ends_at_its_line(path: Path) -> None:
    one, two = json.dumps(make_object(1, "one")), json.dumps(make_object(2, "two"))
    rows, _source = read(path, f'[{one},\n{{"id": 3 "text": "broken"}},\n{{"text": "open\n,{two}, 7,\n{one}]')
    assert [row.values.get("text", "") for row in rows] == ["one", "", "", "two", "", "one"]
    assert rows[1].raw == '{"id": 3 "text": "broken"},\n'
    assert [row.line for row in rows] == [1, 2, 3, 4, 4, 5]


def test_values_within_values_are_columns(path: Path) -> None:
    row = make_object(1, "hole") | {
        "location": {"type": "Point", "coordinates": [2.5, 48.5], "city": {"name": "Paris"}}
    }
    (found,), _source = read(path, json.dumps(row))
    assert (found.values["location.lat"], found.values["location.lon"]) == ("48.5", "2.5")
    assert found.values["location.city.name"] == "Paris"
    (found,), _source = read(path, json.dumps([row | {"more": None}]))
    assert found.values["more"] == ""  # the column is there


def test_coordinates_of_another_system_are_refused(path: Path) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2263"}}
    with pytest.raises(ImportFault, match=r"EPSG::2263\. Convert the file"):
        read(path, json.dumps({"type": "FeatureCollection", "crs": crs, "features": []}))


# --- other files ----------------------------------------------------------------------------------------------------

OTHERS = [
    (b"PK\x03\x04\x14\x00\x06\x00\x08\x00[Content_Types].xml", r"is Excel \(\.xlsx\)\. Save it as “CSV UTF-8”"),
    (b"PK\x03\x04\x14\x00rows.csv", r"is ZIP\. JSON, GeoJSON or CSV is wanted"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"is Excel \(\.xls\)"),
    (b"<!DOCTYPE html><html>", "is XML, HTML"),
    (gzip.compress(b"%PDF-1.7"), "is PDF"),
]


@pytest.mark.parametrize(("data", "said"), OTHERS, ids=[said[:12] for _, said in OTHERS])
def test_a_file_of_another_kind_is_named(path: Path, data: bytes, said: str) -> None:
    with pytest.raises(ImportFault, match=said):
        read(path, data)


@given(data=st.binary(max_size=400), mark=st.sampled_from([b"", codecs.BOM_UTF16_LE, codecs.BOM_UTF32_BE, b"[", b"{"]))
@IN_TMP
def test_any_bytes_are_read_or_refused(path: Path, data: bytes, mark: bytes) -> None:
    with suppress(ImportFault):
        read(path, mark + data)

"""Small files that failed once, each of which stands for a kind."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from civic import timing
from civic.imports.actions import Progress, import_file
from civic.imports.mapping import ImportFault, read_mapping
from civic.posts.models import Post
from tests.builders.harbour import Harbour, make_row

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


async def test_files_that_failed_once(harbour: Harbour, data: Path) -> None:
    folder = data / "field-inputs"
    if not folder.exists():
        pytest.skip(f"{folder} is not here")
    await harbour.import_rows(make_row(id=1))  # a city
    text = (folder / "mapping.toml").read_text("utf-8")

    async def take(name: str, more: str = "") -> Progress:
        harbour.mapping.write_text(more + text.replace('name = "field"', f'name = "{name}"'), "utf-8")
        [path] = folder.glob(f"{name}-*")
        with timing.at(NOW):
            return await import_file(path, read_mapping(harbour.mapping), harbour.folder / f"{name}.jsonl")

    with pytest.raises(ImportFault, match="“text” is in the file more than once"):
        await take("a07")
    with pytest.raises(ImportFault, match=r'looks like gb18030 .*encoding = "gb18030"'):
        await take("a08")
    done = {name: await take(name) for name in ("a09", "a10", "a11", "a12", "a13")}
    assert {name: (one.imported, dict(one.reasons)) for name, one in done.items()} == {
        "a09": (2, {}),
        "a10": (1, {"no_position": 5}),
        "a11": (2, {"no_text": 1}),
        "a12": (3, {}),
        "a13": (1, {}),
    }
    assert done["a10"].adjustments["outside"] == 1  # it may be swapped: the city does not lie there either way
    assert (await take("a08", 'encoding = "gb18030"\n')).refused == 0
    assert (await Post.get(source="a11:1")).text.startswith("verticaltab and esc and bell and nel and <br>html")

    for path in sorted(folder.glob("a06-*")):
        mapping = read_mapping(harbour.mapping).model_copy(update={"name": path.stem, "encoding": ""})
        with timing.at(NOW):
            one = await import_file(path, mapping, harbour.folder / f"{path.stem}.jsonl")
        lines = len(path.read_bytes().splitlines())
        assert (one.imported, one.refused) == (lines - 2, 1)
        assert one.lines["imported"] + one.lines["refused"] + one.lines["header"] == one.lines["read"] == lines
        assert one.rejects
        assert any(word in one.rejects.read_text() for word in ("unclosed main st", 'bad \\"inner\\" quote'))

"""Packs to break: a small sound one, written by a function that takes what to write instead."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from civic.packs.problems import PackError
from civic.packs.reader import read_pack

WritePack = Callable[..., Path]


def square(west: float, south: float, side: float = 0.1) -> dict[str, Any]:
    east, north = round(west + side, 6), round(south + side, 6)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(slug: str, parent: str | None, geometry: Any, **names: str) -> dict[str, Any]:
    properties = {"slug": slug, "parent": parent, "names": names or {"zh": slug, "en": slug}}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: Any) -> str:
    """One feature a line, from line 2 on."""
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in features)
    return '{"type": "FeatureCollection", "features": [\n' + lines + "\n]}\n"


SOUND: dict[str, str] = {
    "city.toml": 'names = { zh = "小城", en = "Small" }\nlanguages = ["zh", "en"]\nzone = "Asia/Shanghai"\n'
    'calendar = "office"\n',
    "areas.geojson": collection(
        feature("small", None, None),
        feature("west", "small", square(118.0, 31.0)),
        feature("east", "small", square(118.1, 31.0)),
    ),
    "calendars.toml": '[[calendar]]\nslug = "office"\n[calendar.weekly]\nmonday = [["09:00", "17:00"]]\n',
    "departments.toml": '[[department]]\nslug = "roads"\nnames = { zh = "道路处", en = "Roads" }\n'
    'calendar = "office"\n',
    "categories.toml": '[[group]]\ncode = "g"\nnames = { zh = "组", en = "Group" }\n\n[[category]]\n'
    'code = "pothole"\ngroup = "g"\nnames = { zh = "坑", en = "Pothole" }\ndepartment = "roads"\n',
}


@pytest.fixture
def write_pack(tmp_path: Path) -> WritePack:
    """Write a sound pack; `files` holds what stands in a file instead (None: no such file)."""

    def write(files: dict[str, str | bytes | None] | None = None) -> Path:
        folder = tmp_path / "a pack"
        folder.mkdir(exist_ok=True)
        for name, content in {**SOUND, **(files or {})}.items():
            if content is not None:
                data = content if isinstance(content, bytes) else content.encode()
                (folder / name).write_bytes(data)
        return folder

    return write


def problems(folder: Path) -> list[str]:
    with pytest.raises(PackError) as caught:
        read_pack(folder)
    return [str(problem) for problem in caught.value.problems]


def changed(name: str, old: str, new: str) -> dict[str, str | bytes | None]:
    assert old in SOUND[name]
    return {name: SOUND[name].replace(old, new)}


def added(name: str, text: str) -> dict[str, str | bytes | None]:
    return {name: SOUND.get(name, "") + text}

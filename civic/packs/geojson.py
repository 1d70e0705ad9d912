"""Reading a GeoJSON file of a pack, feature by feature, with the line on which each begins."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from civic.i18n import gettext as _
from civic.packs.areas import feature_lines
from civic.packs.files import read_text
from civic.packs.locations import find_crs_problem
from civic.packs.problems import Problems


@dataclass
class FeatureFile:
    """The features of a file; what is wrong with one is noted by its number, from 1."""

    name: str
    problems: Problems
    text: str = field(default="", repr=False)
    features: list[object] = field(default_factory=list, repr=False)

    @cached_property
    def _lines(self) -> list[int]:
        return feature_lines(self.text, len(self.features))  # parses all again, so only where something is wrong

    def note(self, number: int, message: str) -> None:
        """Note what is wrong with a feature."""
        self.problems.add(self.name, message, where=_("feature %(n)s", n=number), line=self._lines[number - 1])

    def numbered(self) -> Iterator[tuple[int, dict[str, object]]]:
        """Yield each feature with its number; an empty one for what is no object."""
        for number, data in enumerate(self.features, start=1):
            yield number, data if isinstance(data, dict) else {}


def read_features(path: Path, problems: Problems) -> FeatureFile:
    """The features of a file; none, with a problem noted, if it cannot be read."""
    file = FeatureFile(path.name, problems)
    text = read_text(path, problems)
    if text is None:
        return file
    try:
        collection = json.loads(text)
    except json.JSONDecodeError as error:
        message = _("This is not valid JSON: %(error)s", error=error.msg)
        problems.add(path.name, message, line=error.lineno, unreadable=True)
        return file
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list):
        problems.add(path.name, _("This has to be a GeoJSON FeatureCollection."), line=1)
    elif wrong := find_crs_problem(collection):
        problems.add(path.name, wrong, where="crs", line=1)
    else:
        file.text, file.features = text, features
    return file


def feature_properties(feature: dict[str, object]) -> dict[str, object]:
    """Its properties; empty for a feature without any."""
    properties = feature.get("properties")
    return properties if isinstance(properties, dict) else {}

"""What a base map shows, whatever it is read from: features in the layers of the Protomaps layout."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from shapely.geometry.base import BaseGeometry

Box = tuple[float, float, float, float]  # west, south, east, north, in WGS-84 degrees
Progress = Callable[[float, str], None]  # a share from 0 to 1, and words
LOCAL_NAME = ""  # the key of the name that stands on the street signs, in a feature's names


@dataclass(frozen=True, slots=True)
class MapFeature:
    """A thing on the base map.

    `layer` and `kind` are those of the Protomaps layout (roads: highway, major_road, minor_road, path, rail; water;
    landuse; buildings; places; pois); `detail` is its `kind_detail`. `min_zoom` is the first zoom of the tiles that
    has it. `names` holds names by language, and the local one under LOCAL_NAME.
    """

    layer: str
    kind: str
    geometry: BaseGeometry
    names: Mapping[str, str] = field(default_factory=dict)
    detail: str = ""
    min_zoom: int = 0
    bridge: bool = False
    tunnel: bool = False

    @property
    def properties(self) -> dict[str, str | bool]:
        """As the tiles keep them."""
        said: dict[str, str | bool] = {"kind": self.kind}
        if self.detail:
            said["kind_detail"] = self.detail
        for language, name in self.names.items():
            said[f"name:{language}" if language else "name"] = name
        if self.bridge:
            said["is_bridge"] = True
        if self.tunnel:
            said["is_tunnel"] = True
        return said

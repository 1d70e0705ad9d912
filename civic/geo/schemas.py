"""What programs get of places and positions."""

from civic.geo.areas import AreaView
from civic.geo.gazetteer import NamedPosition
from civic.i18n import pick
from civic.schemas import JsonDocument, Schema, SchemaList


class PlaceAnswer(Schema):
    """A place with its name and area in the reader's language, in WGS-84 degrees.

    `sure`: what was typed means this place alone; else somebody has to choose.
    """

    name: str
    lat: float
    lon: float
    area: str
    sure: bool

    @classmethod
    def of(cls, hit: NamedPosition, area: AreaView | None) -> "PlaceAnswer":
        return cls(name=pick(hit.names), lat=hit.lat, lon=hit.lon, area=pick(area.names) if area else "", sure=hit.sure)


class PositionAnswer(Schema):
    """What is at a position: whether it lies in the city, its area and the nearest place; empty names for none."""

    inside: bool
    area: str
    place: str


class PlacesAnswer(SchemaList[PlaceAnswer]):
    """Places, best first."""


class OutlinesAnswer(JsonDocument):
    """GeoJSON: a feature collection of the areas' outlines."""

"""What programs get of places and positions."""

from civic.schemas import JsonDocument, Schema, SchemaList


class PlaceAnswer(Schema):
    """A place with its name in the reader's language, in WGS-84 degrees."""

    name: str
    lat: float
    lon: float


class PositionAnswer(Schema):
    """What is at a position: whether it lies in the city, its area and the nearest place; empty names for none."""

    inside: bool
    area: str
    place: str


class PlacesAnswer(SchemaList[PlaceAnswer]):
    """Places, best first."""


class OutlinesAnswer(JsonDocument):
    """GeoJSON: a feature collection of the areas' outlines."""

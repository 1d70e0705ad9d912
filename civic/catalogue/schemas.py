"""What programs get of the catalogue."""

from civic.schemas import Schema, SchemaList


class AssetAnswer(Schema):
    """A numbered thing of the city: its code is what stands on it. In WGS-84 degrees, metres from where was asked."""

    id: int
    code: str
    lat: float
    lon: float
    metres: float


class AssetsAnswer(SchemaList[AssetAnswer]):
    """Things, the nearest first."""

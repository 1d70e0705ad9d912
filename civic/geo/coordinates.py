"""The systems in which maps published in China give positions, to WGS-84, in which all positions are stored."""

from collections.abc import Callable

from civic.geo import bd09, gcj02

Convert = Callable[[float, float], tuple[float, float]]


def keep_position(lat: float, lon: float) -> tuple[float, float]:
    return lat, lon


def bd09_to_wgs84(lat: float, lon: float) -> tuple[float, float]:
    return gcj02.to_wgs84(*bd09.to_gcj02(lat, lon))


def position_converter(crs: str) -> Convert:
    """The function that converts a (lat, lon) of this system, in degrees, to WGS-84."""
    return {"gcj02": gcj02.to_wgs84, "bd09": bd09_to_wgs84}.get(crs, keep_position)

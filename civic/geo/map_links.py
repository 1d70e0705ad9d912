"""The position in a link of a map, or in a geo: address (RFC 5870)."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from civic.geo import bd09, gcj02
from civic.numbers import fold_digits

LINK = re.compile(r"(?:https?://|geo:)[^\s<>\"，。；、）]+", re.IGNORECASE)
PAIR = re.compile(r"(-?\d{1,3}(?:\.\d+)?)\s*[,~;/+ ]\s*(-?\d{1,3}(?:\.\d+)?)")
# The parameters that hold a position, those that mean a marked place before those that mean the map's middle.
PAIR_PARAMETERS = (
    *("mlat,mlon", "position", "marker", "location", "coordinate", "coordinates", "query", "q", "daddr", "destination"),
    *("to", "dest", "dname", "pt", "ll", "sll", "center", "cp", "lat,lon", "lat,lng", "latitude,longitude", "map"),
)
GOOGLE_PIN = re.compile(r"!3d(-?\d{1,3}\.\d+)!4d(-?\d{1,3}\.\d+)")
PATH_PAIR = re.compile(r"(?:/@|/search/|/place/|/dir/+|/)(-?\d{1,3}\.\d+)[,+ ]+(-?\d{1,3}\.\d+)")
OSM_FRAGMENT = re.compile(r"map=\d+(?:\.\d+)?/(-?\d{1,3}(?:\.\d+)?)/(-?\d{1,3}(?:\.\d+)?)")
# Sites that name longitude first, and those whose coordinates are shifted.
LONGITUDE_FIRST = re.compile(r"(^|\.)(yandex\.[a-z.]+|(uri|m)\.amap\.com)$")
GCJ02_SITES = re.compile(r"(^|\.)(amap\.com|gaode\.com|map\.qq\.com)$")
BAIDU_SITES = re.compile(r"(^|\.)map\.baidu\.com$")


class Link(NamedTuple):
    host: str
    path: str
    parameters: dict[str, str]
    fragment: str


def find_link_positions(text: str) -> Iterator[tuple[float, float]]:
    """Latitude and longitude (WGS-84) that the links in a text name; the marked place before the map's middle."""
    for found in LINK.findall(fold_digits(text)):
        if found[:4].lower() == "geo:":
            yield from _geo_uri(found[4:])
            continue
        try:
            parts = urlsplit(found)
            host = (parts.hostname or "").lower()
        except ValueError:
            continue
        link = Link(host, unquote(parts.path), dict(parse_qsl(parts.query)), unquote(parts.fragment))
        for lat, lon in _pairs(link):
            yield _to_wgs84(link, lat, lon)


def _geo_uri(rest: str) -> Iterator[tuple[float, float]]:
    """`geo:lat,lon;u=35` and Android's `geo:0,0?q=lat,lon(label)`."""
    place, _mark, query = unquote(rest).partition("?")
    for text in (*(dict(parse_qsl(query)).get(name, "") for name in ("q",)), place):
        pair = PAIR.match(text.strip())
        if pair and (float(pair[1]), float(pair[2])) != (0, 0):
            yield float(pair[1]), float(pair[2])


def _pairs(link: Link) -> Iterator[tuple[float, float]]:
    for match in (GOOGLE_PIN.search(link.path),):
        if match:
            yield float(match[1]), float(match[2])
    for names in PAIR_PARAMETERS:
        text = ",".join(link.parameters.get(name, "") for name in names.split(","))
        pair = PAIR.search(text.replace("loc:", ""))
        if pair and not any(c.isalpha() for c in text[: pair.start()].replace("coord:", "").replace("loc:", "")):
            yield _ordered(link, float(pair[1]), float(pair[2]))
    for match in (PATH_PAIR.search(link.path), OSM_FRAGMENT.search(link.fragment)):
        if match:
            yield float(match[1]), float(match[2])


def _ordered(link: Link, first: float, second: float) -> tuple[float, float]:
    return (second, first) if LONGITUDE_FIRST.search(link.host) else (first, second)


def _to_wgs84(link: Link, lat: float, lon: float) -> tuple[float, float]:
    system = link.parameters.get("coord_type", link.parameters.get("coordinate", ""))
    if BAIDU_SITES.search(link.host):
        if system in ("gcj02", "wgs84"):
            return gcj02.to_wgs84(lat, lon) if system == "gcj02" else (lat, lon)
        return gcj02.to_wgs84(*bd09.to_gcj02(lat, lon))
    if GCJ02_SITES.search(link.host) and system != "wgs84":
        return gcj02.to_wgs84(lat, lon)
    return lat, lon

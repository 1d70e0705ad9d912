"""Where this site is: its address, the hosts that it answers for, and whether it is reached over HTTPS.

The address is `site.url`. Where that is not set, a request's own `Host` stands for it, and nothing that leaves this
request (a mail, a card of a shared link) may be made from it.
"""

import ipaddress
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.types import Scope

from civic.config import Config

DEFAULT_PORTS = {"http": 80, "https": 443}


def read_header(scope: Scope, name: bytes) -> str:
    """The first header of this name, which is in small letters; "" if there is none. Quicker than Starlette's."""
    for given, value in scope["headers"]:
        if given == name:
            return str(value.decode("latin-1"))
    return ""


def site_origin(config: Config) -> str:
    """`site.url` as browsers write an origin, such as "https://city.example"; "" where it is not set."""
    parts = urlsplit(config.site.url)
    return f"{parts.scheme}://{_plain_host(parts.netloc, parts.scheme)}" if parts.netloc else ""


def is_https(scope: Scope, config: Config) -> bool:
    """Whether the reader is at an https address: the request says so, through a trusted proxy, or `site.url` does."""
    return bool(scope.get("scheme") == "https" or config.site.url.startswith("https:"))


def is_secure(request: HTTPConnection) -> bool:
    """`is_https` of a request."""
    return is_https(request.scope, request.app.state.config)


def request_origin(scope: Scope, config: Config) -> str:
    """The origin of the page that this request belongs to: the site's, or that of the `Host` that it names."""
    scheme = str(scope.get("scheme", "http"))
    host = _plain_host(read_header(scope, b"host"), scheme)
    origin = site_origin(config)
    if origin and host == _host_of(origin):
        return origin
    return f"{scheme}://{host}" if host else ""


def is_own_host(scope: Scope, config: Config) -> bool:
    """Whether the request is for this site: for the host of `site.url`, or for this machine by its loopback name.

    Any host is, where `site.url` is not set.
    """
    if sum(name == b"host" for name, _value in scope["headers"]) > 1:
        return False
    origin = site_origin(config)
    return not origin or request_origin(scope, config) == origin or is_loopback_host(read_header(scope, b"host"))


def is_loopback_host(host: str) -> bool:
    """Whether a `Host` header names the machine itself: localhost, 127.0.0.1, [::1]."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _host_of(origin: str) -> str:
    return origin.partition("://")[2]


def _plain_host(netloc: str, scheme: str) -> str:
    """The host in small letters, without the port that its scheme has anyway."""
    return netloc.lower().removesuffix(f":{DEFAULT_PORTS.get(scheme, 0)}")

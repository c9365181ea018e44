"""Which proxy a URL is reached through: `HTTP(S)_PROXY`, `ALL_PROXY`, `NO_PROXY` or the channel's.

Loopback never goes through one. The rules are curl's, but that an upper-case `HTTP_PROXY` counts
too: a daemon is no CGI program, whose clients could set it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from axonhub_cli.routing.endpoints import is_loopback

_PORTS = {"http": 80, "https": 443}


class ProxyRules:
    """The environment's rules, read once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._by_scheme = {
            scheme: value if "//" in value else f"http://{value}"
            for scheme in ("http", "https", "all")
            if (value := _variable(environ, f"{scheme}_proxy"))
        }
        listed = _variable(environ, "no_proxy").split(",")
        self._without = [entry.strip().lower() for entry in listed if entry.strip()]

    def find(self, url: str, own: str | None) -> str | None:
        """The proxy for `url`; `own` is the channel's, which comes before the environment's."""
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        port = parts.port or _PORTS.get(parts.scheme)
        if is_loopback(host):
            return None
        if own is not None:
            return own
        if any(_covers(entry, host, port) for entry in self._without):
            return None
        return self._by_scheme.get(parts.scheme) or self._by_scheme.get("all")


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.upper()) or ""


def _covers(entry: str, host: str, port: int | None) -> bool:
    """Does one entry of NO_PROXY cover the host: `*`, a domain, an address or a network."""
    if entry == "*":
        return True
    name, entry_port = _split_port(entry)
    if entry_port and entry_port != str(port):
        return False
    address = _address(host)
    if address is not None:
        return _network_holds(name, address)
    domain = name.lstrip("*").strip(".")
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))


def _split_port(entry: str) -> tuple[str, str]:
    """`host:8080`, `[::1]:8080`; a bare IPv6 address has no port."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":")
    name, _, port = entry.partition(":")
    return (entry, "") if ":" in port else (name, port)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _network_holds(name: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(name, strict=False)
    except ValueError:
        return False

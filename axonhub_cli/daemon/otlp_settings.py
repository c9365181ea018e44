"""Where each signal goes and how, by the configuration and OpenTelemetry's own variables.

The variables (opentelemetry.io/docs/specs/otel, "OpenTelemetry Protocol Exporter" and "Environment
Variable Specification", read 2026-11) fill in what `[telemetry]` leaves open, and never begin an
export: they are often set for Claude Code, which exports by itself. Those that are for another
collector, whose credentials they may hold, are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from axonhub_cli import __version__
from axonhub_cli.config.durations import seconds
from axonhub_cli.config.schema import Signal, Telemetry
from axonhub_cli.proxy.proxies import ProxyRules

_DEFAULT_TIMEOUT_S = 10.0
_PORTS = {"http": 80, "https": 443}


class Destination(Struct, frozen=True):
    """Of one signal. It holds a header's value only where a variable gives it."""

    url: str
    headers: dict[str, str]
    """Name to a secret reference."""
    given: dict[str, str]
    """Name to value."""
    timeout: float
    """Seconds."""
    gzip: bool
    ca_file: str | None
    proxy: str | None = None
    """By the environment's rules, which hold for upstreams too."""

    def __repr__(self) -> str:
        return f"Destination({self.url!r})"


class Export(Struct, frozen=True):
    """All of it; a signal that is None is not exported."""

    traces: Destination | None
    metrics: Destination | None
    resource: dict[str, Any]


def settle(telemetry: Telemetry, environ: Mapping[str, str], instance: str) -> Export | None:
    """None: nothing is exported. `instance` tells this daemon's runs apart."""
    traces = _destination(telemetry, "traces", environ)
    metrics = _destination(telemetry, "metrics", environ)
    if traces is None and metrics is None:
        return None
    return Export(traces, metrics, _resource(telemetry, environ, instance))


def _destination(
    telemetry: Telemetry, signal: Signal, environ: Mapping[str, str]
) -> Destination | None:
    url = telemetry.url_of(signal)
    if url is None:
        return None
    told = _Variables(signal, environ, url)
    timeout = telemetry.timeout
    return Destination(
        url=url,
        headers=telemetry.otlp_headers,
        given=_without(_pairs(told["HEADERS"]), telemetry.otlp_headers),
        timeout=seconds(timeout) if timeout is not None else _milliseconds(told["TIMEOUT"]),
        gzip=(telemetry.compression or told["COMPRESSION"]) == "gzip",
        ca_file=telemetry.ca_file or told["CERTIFICATE"] or None,
        proxy=ProxyRules(environ).find(url, None),
    )


class _Variables:
    """`OTEL_EXPORTER_OTLP_…`, that of the signal before that of all."""

    def __init__(self, signal: Signal, environ: Mapping[str, str], url: str) -> None:
        self._prefixes = (f"OTEL_EXPORTER_OTLP_{signal.upper()}_", "OTEL_EXPORTER_OTLP_")
        self._environ = environ
        elsewhere = self._find("ENDPOINT")
        self._ours = not elsewhere or _place(elsewhere) == _place(url)

    def __getitem__(self, name: str) -> str:
        return self._find(name) if self._ours else ""

    def _find(self, name: str) -> str:
        found = (self._environ.get(prefix + name, "").strip() for prefix in self._prefixes)
        return next(filter(None, found), "")


def _resource(telemetry: Telemetry, environ: Mapping[str, str], instance: str) -> dict[str, Any]:
    told = _pairs(environ.get("OTEL_RESOURCE_ATTRIBUTES", ""))
    if name := environ.get("OTEL_SERVICE_NAME", "").strip():
        told["service.name"] = name
    own = {"service.name": "axonhub", "service.version": __version__}
    found = own | {"service.instance.id": instance} | told | telemetry.resource
    if telemetry.service_name is not None:
        found["service.name"] = telemetry.service_name
    return found


def _pairs(text: str) -> dict[str, str]:
    """`a=1,b=2`, percent-encoded as W3C Baggage is; what is no pair is left out."""
    parts = (part.partition("=") for part in text.split(",") if "=" in part)
    return {unquote(name.strip()): unquote(value.strip()) for name, _, value in parts}


def _without(given: dict[str, str], chosen: Mapping[str, str]) -> dict[str, str]:
    names = {name.lower() for name in chosen}
    return {name: value for name, value in given.items() if name.lower() not in names}


def _milliseconds(text: str) -> float:
    return int(text) / 1000 if text.isdecimal() and int(text) else _DEFAULT_TIMEOUT_S


def _place(url: str) -> tuple[str | None, int | None]:
    try:
        parts = urlsplit(url)
        return parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None, None

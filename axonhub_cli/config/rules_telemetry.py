"""What `[telemetry]` must obey: addresses without a secret, and headers by reference."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from axonhub_cli.config.rules_network import check_ca_path, has_place
from axonhub_cli.config.schema import Telemetry

Fault = tuple[str, str]

# No user part: what stands there is a secret.
_URL = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ENDPOINTS = {
    "otlp_endpoint": "http://localhost:4318",
    "traces_endpoint": "http://localhost:4318/v1/traces",
    "metrics_endpoint": "http://localhost:4318/v1/metrics",
}


def telemetry_faults(
    telemetry: Telemetry,
    check_reference: Callable[[str], str | None],
    check_duration: Callable[[str], str | None],
) -> Iterator[Fault]:
    """Every breach of a rule: where, and what."""
    for name, example in _ENDPOINTS.items():
        url = getattr(telemetry, name)
        if url is not None and not (_URL.fullmatch(url) and has_place(url)):
            yield f"telemetry.{name}", f"is not a URL such as {example}"
    for name, reference in telemetry.otlp_headers.items():
        where = f"telemetry.otlp_headers.{name}"
        if not _HEADER.fullmatch(name):
            yield where, f"{name!r} is not the name of a header"
        elif (fault := check_reference(reference)) is not None:
            yield where, fault
    if telemetry.service_name is not None and not telemetry.service_name.strip():
        yield "telemetry.service_name", "is empty"
    if telemetry.timeout is not None and (fault := check_duration(telemetry.timeout)) is not None:
        yield "telemetry.timeout", fault
    if telemetry.ca_file is not None and (fault := check_ca_path(telemetry.ca_file)) is not None:
        yield "telemetry.ca_file", fault

"""What `[telemetry]` must obey: an address without a secret, and headers by reference."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from axonhub_cli.config.schema import Telemetry

Fault = tuple[str, str]

# No user part: what stands there is a secret.
_URL = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def telemetry_faults(
    telemetry: Telemetry, check_reference: Callable[[str], str | None]
) -> Iterator[Fault]:
    """Every breach of a rule: where, and what."""
    endpoint = telemetry.otlp_endpoint
    if endpoint is not None and not _URL.fullmatch(endpoint):
        yield "telemetry.otlp_endpoint", "is not a URL such as http://localhost:4318"
    for name, reference in telemetry.otlp_headers.items():
        where = f"telemetry.otlp_headers.{name}"
        if not _HEADER.fullmatch(name):
            yield where, f"{name!r} is not the name of a header"
        elif (fault := check_reference(reference)) is not None:
            yield where, fault

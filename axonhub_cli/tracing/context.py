"""W3C trace context: whose span a request is part of, and the ids of its own spans. Pure.

The rules are those of w3.org/TR/trace-context-2 (read 2026-11): § 3.2 for the header, § 4.3 for
what a participant changes. Ids are made from the request's own, so that the request path and the
exporter, which never meet, name the same spans.
"""

from __future__ import annotations

import hashlib
import re

from msgspec import Struct

REQUEST = 0
"""The number of a request's own span; its attempts count from 1."""

_SAMPLED, _RANDOM = 1, 2
# What follows the flags is a later version's.
_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


class TraceContext(Struct, frozen=True):
    """A `traceparent` that obeys the rules."""

    trace: str
    parent: str
    flags: int
    """Those that are known: sampled (1), random (2)."""

    @property
    def sampled(self) -> bool:
        return bool(self.flags & _SAMPLED)


def parse(value: str | None) -> TraceContext | None:
    """What a `traceparent` says; None for one that is to be ignored, its `tracestate` with it.

    Of a later version the part that this one knows is read (§ 3.2.4)."""
    found = _FORM.fullmatch(value) if value is not None else None
    if found is None:
        return None
    version, trace, parent, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest is not None):
        return None
    if trace == _NO_TRACE or parent == _NO_SPAN:
        return None
    return TraceContext(trace, parent, int(flags, 16) & (_SAMPLED | _RANDOM))


def trace_of(request: str, told: TraceContext | None) -> str:
    """The id of the trace in which the request of that id is; `told`: by its client."""
    return told.trace if told is not None else _hex(request, 16)


def span_of(request: str, number: int) -> str:
    """The id of one of the request's spans: `REQUEST`, or the attempt of that number."""
    return _hex(f"{request}:{number}", 8)


def flags_of(told: TraceContext | None) -> int:
    """What a request's spans say of themselves: as the client's does, else that they are kept."""
    return told.flags if told is not None else _SAMPLED


def is_kept(told: TraceContext | None) -> bool:
    """Are the request's spans to be exported? A client that keeps no trace wants none of it."""
    return told is None or told.sampled


def write(request: str, number: int, told: TraceContext | None) -> str:
    """The `traceparent` that names one of the request's spans as the parent."""
    return f"00-{trace_of(request, told)}-{span_of(request, number)}-{flags_of(told):02x}"


def _hex(text: str, size: int) -> str:
    return hashlib.sha256(text.encode()).digest()[:size].hex()

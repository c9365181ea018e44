"""Which W3C trace context goes upstream with an attempt.

Where spans are exported we are a participant, and the parent that the upstream is told must be a
span of ours (w3.org/TR/trace-context-2, § 4.3, read 2026-11): the attempt's. Else we are none, and
what the client says goes on unchanged, if it is valid.
"""

from __future__ import annotations

from axonhub_cli.proxy.reply import HeaderList
from axonhub_cli.proxy.target import Target
from axonhub_cli.tracing.context import write

TRACEPARENT, TRACESTATE = b"traceparent", b"tracestate"
NAMES = (TRACEPARENT, TRACESTATE)


def trace_headers(target: Target) -> HeaderList:
    """`traceparent` and `tracestate` of one attempt; none where nothing is to be said."""
    origin, telemetry = target.origin, target.call.snapshot.config.telemetry
    told = origin.told
    if not origin.attempt or not telemetry.propagate:
        return []
    if not telemetry.exports_traces:
        return [] if told is None else [h for h in target.call.headers if h[0] in NAMES]
    if told is None:
        # A subscription's API sees what its own client sends, and no header of our making.
        if target.is_subscription:
            return []
        return [(TRACEPARENT, write(origin.request_id, origin.attempt, None).encode())]
    own = write(origin.request_id, origin.attempt, told).encode()
    states = [header for header in target.call.headers if header[0] == TRACESTATE]
    return [(TRACEPARENT, own), *states]


def sole_parent(headers: HeaderList, found: str | None) -> str | None:
    """The client's `traceparent`; None where it says two, of which none counts (§ 4.3).

    `found`: the first one, or None."""
    if found is None or sum(name == TRACEPARENT for name, _ in headers) > 1:
        return None
    return found

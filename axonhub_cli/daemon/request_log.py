"""A line of the log for each request: the failed ones at `info`, all of them at `debug`.

Written by the writer thread when it has read the answer, so that a request does not wait for it.
Of what was said nothing is in it; with `log_format = "json"` it has members of its own.
"""

from __future__ import annotations

import logging

from axonhub_cli.jsonio import Json
from axonhub_cli.tracing.entries import Entry

logger = logging.getLogger("axonhub")

_MEMBERS = (
    *("key", "profile", "client", "protocol", "operation", "model", "channel", "upstream_model"),
    *("status", "http_status", "error_kind", "stop_reason", "first_token_ms", "total_ms"),
    *("input", "cache_read", "cache_write", "output", "reasoning", "cost_usd"),
)


def log_request(entry: Entry) -> None:
    """One request that has ended; costs next to nothing where its line is not wanted."""
    row = entry.request
    level = logging.INFO if row["status"] == "failed" else logging.DEBUG
    if not logger.isEnabledFor(level):
        return
    took = row["total_ms"]
    parts = [
        f"request {row['id']!s} {row['status']!s}",
        f" by {row['channel']!r}" if row["channel"] is not None else "",
        f" after {took:.0f} ms" if isinstance(took, int | float) else "",
        f": {row['error']!s}" if row["error"] else "",
    ]
    logger.log(level, "%s", "".join(parts), extra={"fields": _fields(entry)})


def _fields(entry: Entry) -> dict[str, Json]:
    row = entry.request
    known = {name: value for name in _MEMBERS if (value := row.get(name)) is not None}
    known |= {
        n: round(v, 1) for n, v in known.items() if n.endswith("_ms") and isinstance(v, float)
    }
    if row["unpriced"]:
        known["unpriced"] = row["unpriced"]  # the cost is a lower bound, or not known
    named = {"request": row["id"], "trace": entry.trace_id}
    return {"event": "request", **named, **known, "attempts": len(entry.attempts)}

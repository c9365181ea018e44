"""Request rows as the store gives them back, for tests that need no store."""

from __future__ import annotations

from typing import Any

from axonhub_cli.tracing.rows import RequestRow, Tokens
from tests.tracing.records import NOON as NOON


def row(**changes: Any) -> RequestRow:
    """A completed request of Claude Code."""
    plain: dict[str, Any] = dict.fromkeys(RequestRow.__struct_fields__)
    plain |= {
        "seq": 1,
        "id": "r1",
        "at": NOON,
        "source": "api",
        "protocol": "anthropic",
        "operation": "generate",
        "stream": True,
        "status": "completed",
        "losses": (),
        "unpriced": 0,
        "attempts": (),
        "tokens": Tokens(),
    }
    return RequestRow(**(plain | changes))

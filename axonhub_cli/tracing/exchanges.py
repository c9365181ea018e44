"""One request with both sides of it read: what it asked, and what was said to it."""

from __future__ import annotations

from msgspec import Struct

from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.base import Answer
from axonhub_cli.tracing.asked import Asked, read_asked
from axonhub_cli.tracing.conversation import Said, read_said
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.rows import RequestRow


class Exchange(Struct, frozen=True):
    """A request with what it asked and what was said to it."""

    row: RequestRow
    asked: Asked
    said: Said = Said()


def read_exchange(reader: TraceReader, row: RequestRow) -> Exchange:
    """Both sides of one request; whatever its bodies hold, this does not fail."""
    body = reader.request_body(row.id)
    asked = read_asked(row.protocol, body, row.operation, row.request_class)
    if asked.side == "count_tokens":
        return Exchange(row, asked)
    protocol = PROTOCOLS.get(row.upstream_protocol or "")
    answer = reader.answer_body(row.id) if protocol is not None else None
    read = protocol.read_answer(answer) if protocol is not None and answer else Answer()
    return Exchange(row, asked, read_said(read))

"""Anthropic Messages (docs.anthropic.com/en/api/messages, read 2026-11)."""

from axonhub_cli.protocols.anthropic import errors, stream
from axonhub_cli.protocols.anthropic.answer import read_answer, read_totals
from axonhub_cli.protocols.anthropic.codec import CODEC
from axonhub_cli.protocols.base import Route, WireProtocol

PROTOCOL = WireProtocol(
    name="anthropic",
    version="v1",
    routes=(
        Route("generate", ("/anthropic/v1/messages", "/v1/messages"), "/messages"),
        Route(
            "count_tokens",
            ("/anthropic/v1/messages/count_tokens", "/v1/messages/count_tokens"),
            "/messages/count_tokens",
        ),
    ),
    models_path="/models",
    encode_error=errors.encode_error,
    encode_stream_error=errors.encode_stream_error,
    ping=b'event: ping\ndata: {"type": "ping"}\n\n',
    read_point=stream.read_point,
    read_end=stream.read_end,
    is_terminal=stream.is_terminal,
    error_status=errors.error_status,
    read_answer=read_answer,
    read_totals=read_totals,
    codec=CODEC,
)

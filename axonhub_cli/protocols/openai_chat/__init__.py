"""OpenAI Chat Completions (platform.openai.com/docs/api-reference/chat, read 2026-11)."""

from axonhub_cli.protocols.base import Route, WireProtocol
from axonhub_cli.protocols.openai_chat import errors, stream
from axonhub_cli.protocols.openai_chat.answer import read_answer, read_totals
from axonhub_cli.protocols.openai_chat.codec import CODEC

PROTOCOL = WireProtocol(
    name="openai_chat",
    version="v1",
    routes=(Route("generate", ("/v1/chat/completions",), "/chat/completions"),),
    models_path="/models",
    encode_error=errors.encode_error,
    encode_stream_error=errors.encode_stream_error,
    # Chat has no event that means nothing, so it is a comment: the SDKs and curl pass over it.
    ping=b": ping\n\n",
    read_point=stream.read_point,
    read_end=stream.read_end,
    is_terminal=stream.is_terminal,
    error_status=errors.error_status,
    read_answer=read_answer,
    read_totals=read_totals,
    codec=CODEC,
)

"""Anthropic Messages as one side of a conversion."""

from __future__ import annotations

from axonhub_cli.protocols.anthropic.blocks import place
from axonhub_cli.protocols.anthropic.errors import decode_error
from axonhub_cli.protocols.anthropic.request_decoder import decode_request
from axonhub_cli.protocols.anthropic.request_encoder import encode_request
from axonhub_cli.protocols.anthropic.response import decode_response, encode_response
from axonhub_cli.protocols.anthropic.stream_decoder import AnthropicStreamDecoder
from axonhub_cli.protocols.anthropic.stream_encoder import AnthropicStreamEncoder
from axonhub_cli.protocols.codec import Codec

CODEC = Codec(
    decode_request=decode_request,
    arrays=("system", "messages", "tools"),
    encode_request=encode_request,
    decode_response=decode_response,
    encode_response=encode_response,
    stream_decoder=AnthropicStreamDecoder,
    stream_encoder=AnthropicStreamEncoder,
    place=place,
    shows_images=False,
    decode_error=decode_error,
)

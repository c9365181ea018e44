"""The conversion of Chat Completions, as one record."""

from axonhub_cli.protocols.codec import Codec
from axonhub_cli.protocols.openai_chat.errors import decode_error
from axonhub_cli.protocols.openai_chat.places import place
from axonhub_cli.protocols.openai_chat.request_decoder import decode_request
from axonhub_cli.protocols.openai_chat.request_encoder import encode_request
from axonhub_cli.protocols.openai_chat.response import decode_response, encode_response
from axonhub_cli.protocols.openai_chat.stream_decoder import ChatStreamDecoder
from axonhub_cli.protocols.openai_chat.stream_encoder import ChatStreamEncoder

CODEC = Codec(
    decode_request=decode_request,
    arrays=("messages", "tools"),
    encode_request=encode_request,
    decode_response=decode_response,
    encode_response=encode_response,
    stream_decoder=ChatStreamDecoder,
    stream_encoder=ChatStreamEncoder,
    place=place,
    shows_images=True,
    decode_error=decode_error,
)

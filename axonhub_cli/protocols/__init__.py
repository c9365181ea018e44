"""The wire formats. Pure: bytes and values in, bytes and values out."""

from axonhub_cli.protocols import anthropic, openai_chat
from axonhub_cli.protocols.base import WireProtocol

PROTOCOLS: dict[str, WireProtocol] = {
    protocol.name: protocol for protocol in (anthropic.PROTOCOL, openai_chat.PROTOCOL)
}
CONVERTIBLE = frozenset(name for name, protocol in PROTOCOLS.items() if protocol.codec is not None)
"""What a request of another convertible protocol can be turned into."""

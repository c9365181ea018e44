"""The wire formats. Pure: bytes and values in, bytes and values out."""

from axonhub_cli.protocols import anthropic
from axonhub_cli.protocols.base import WireProtocol

PROTOCOLS: dict[str, WireProtocol] = {anthropic.PROTOCOL.name: anthropic.PROTOCOL}

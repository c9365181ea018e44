"""The two protocols' conversions as tests use them: whole bodies and whole streams at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from axonhub_cli.ir.events import Event
from axonhub_cli.ir.naming import Naming
from axonhub_cli.ir.request import Request
from axonhub_cli.protocols.anthropic.codec import CODEC as ANTHROPIC
from axonhub_cli.protocols.codec import Codec, ReplyContext
from axonhub_cli.protocols.openai_chat.codec import CODEC as OPENAI_CHAT
from axonhub_cli.protocols.sse import EventSplitter, parse_events

CODECS: dict[str, Codec] = {"anthropic": ANTHROPIC, "openai_chat": OPENAI_CHAT}
UPSTREAM_MODEL = "upstream-model"
CONTEXT = ReplyContext(model="asked-for", id="id_of_ours", created=1_700_000_000)


def others(protocol: str) -> list[str]:
    return [name for name in CODECS if name != protocol]


def events_of(protocol: str, chunks: Iterable[bytes]) -> list[Event]:
    """A stream's events, its bytes in any chunks; the last ones are those owed at its end."""
    splitter, decoder = EventSplitter(), CODECS[protocol].stream_decoder()
    events: list[Event] = []
    for chunk in chunks:
        for event in parse_events(splitter.feed(chunk)):
            events += decoder.feed(event)
    return events + decoder.close()


def stream_of(protocol: str, events: Iterable[Event], context: ReplyContext = CONTEXT) -> bytes:
    encoder = CODECS[protocol].stream_encoder(context)
    return b"".join([encoder.feed(event) for event in events])


def names(client: str, upstream: str, request: Request | None = None) -> Naming:
    """What fits ids and names on their way between the two, as the proxy does."""
    asked = request or Request(protocol=client, model="m")
    return Naming(asked, client=client, upstream=upstream)


def plain(value: Any) -> Any:
    """Structs as JSON with what they are and without what is left at its default."""
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        shown: dict[str, Any] = {} if config.tag is None else {"type": str(config.tag)}
        for field in msgspec.structs.fields(type(value)):
            item = getattr(value, field.name)
            if item != _default(field):
                shown[field.name] = plain(item)
        return shown
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default

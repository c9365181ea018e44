"""A whole Message to the hub, read leniently, and the hub to a Message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from axonhub_cli import jsonio
from axonhub_cli.errors import UpstreamGarbled
from axonhub_cli.ir.collect import stop_of
from axonhub_cli.ir.request import (
    Block,
    Extra,
    Image,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    ToolCall,
)
from axonhub_cli.ir.response import Response, Stop
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.anthropic.blocks import Object, read_input
from axonhub_cli.protocols.anthropic.errors import read_error
from axonhub_cli.protocols.anthropic.names import NAME, STOP_REASONS, STOP_WORDS, USED_TIERS
from axonhub_cli.protocols.anthropic.usage import decode_usage, encode_usage
from axonhub_cli.protocols.codec import UNSIGNED, ReplyContext
from axonhub_cli.protocols.read import as_dict, as_list, as_str

_MESSAGE = frozenset(
    {"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details"}
    | {"usage"}
)
_OWN = ("container", "context_management", "diagnostics")
"""Members of a Message beyond the hub's that its clients know."""

NO_NAME = "unknown"
"""A call without a name cannot be run; with this one, the model is told that there is no such tool
and mends it."""

_UNFIT = re.compile(r"[^a-zA-Z0-9_-]")


def decode_response(body: Json) -> Response:
    """Raises `UpstreamGarbled` for what is no Message."""
    if not isinstance(body, dict) or not isinstance(body.get("content"), list):
        told = read_error(jsonio.encode(body))[1]
        raise UpstreamGarbled(told or "The upstream's answer is not an Anthropic message.")
    id = as_str(body.get("id"))
    content = tuple(
        [
            decode_answer_block(as_dict(block), make_tool_id(id, at))
            for at, block in enumerate(body["content"])
        ]
    )
    return Response(
        id=id or None,
        model=as_str(body.get("model")) or None,
        content=content,
        stop=stop_of(content, decode_stop(body)),
        usage=decode_usage(body.get("usage")),
        service_tier=as_str(as_dict(body.get("usage")).get("service_tier")) or None,
        extra=message_extra(body),
    )


def message_extra(message: Object) -> Extra:
    """What a Message says beyond the hub, without its many nulls."""
    return {
        name: value for name, value in message.items() if name not in _MESSAGE and value is not None
    }


def decode_stop(value: Object) -> Stop:
    """Of a Message, or of the delta that ends a stream."""
    word = as_str(value.get("stop_reason"))
    reason = STOP_REASONS.get(word)
    return Stop(
        reason or "end",
        sequence=as_str(value.get("stop_sequence")) or None,
        native=word if word and reason is None else None,
        explanation=as_str(as_dict(value.get("stop_details")).get("explanation")) or None,
    )


def decode_answer_block(block: Object, id: str) -> Block:
    """A whole block of an answer. `id` is for a call that came without."""
    kind = as_str(block.get("type"))
    if kind == "tool_use":
        name, arguments = as_str(block.get("name")), encode_arguments(block.get("input"))
        return ToolCall(as_str(block.get("id")) or id, name or NO_NAME, arguments)
    decoder = _DECODERS.get(kind)
    return decoder(block) if decoder else Opaque(NAME, kind, block)


def _text(block: Object) -> Block:
    citations = as_list(block.get("citations"))
    return Text(as_str(block.get("text")), {"citations": citations} if citations else {})


def _thinking(block: Object) -> Block:
    return Thinking(as_str(block.get("thinking")), as_str(block.get("signature")) or None)


def _redacted(block: Object) -> Block:
    return RedactedThinking(as_str(block.get("data")))


_DECODERS: dict[str, Callable[[Object], Block]] = {
    "text": _text,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
}


def encode_arguments(given: Json) -> str:
    """A call's input as JSON text: some upstreams give the text itself. `{}` for none."""
    if isinstance(given, str):
        return given or "{}"
    return jsonio.encode({} if given is None else given).decode()


def encode_response(response: Response, context: ReplyContext) -> Json:
    """A Message as Claude Code takes it: reasoning signed, every count there."""
    content: list[Json] = []
    for block in response.content:
        encoded = encode_answer_block(block, make_tool_id(context.id, len(content)))
        if encoded is not None:
            content.append(encoded)
    stop = stop_of(response.content, response.stop)
    return {
        "id": response.id or context.id,
        "type": "message",
        "role": "assistant",
        "model": context.model,
        "content": content,
        "stop_reason": STOP_WORDS[stop.reason],
        "stop_sequence": stop.sequence,
        **encode_stop_details(stop),
        "usage": {**encode_usage(response.usage), **encode_tier(response.service_tier)},
        **own_extra(response.extra),
    }


def encode_answer_block(block: Block, id: str) -> Object | None:
    """None for one that says nothing. `id` is for a call that came without."""
    match block:
        case Text(text, extra):
            citations = extra.get("citations")
            cited = {"citations": citations} if isinstance(citations, list) and citations else {}
            return {"type": "text", "text": text, **cited} if text or cited else None
        case Thinking(text, signature):
            if not text and signature is None:
                return None
            return {"type": "thinking", "thinking": text, "signature": signature or UNSIGNED}
        case ToolCall(call_id, name, arguments):
            given = read_input(arguments)
            called = name or NO_NAME
            return {"type": "tool_use", "id": call_id or id, "name": called, "input": given}
        case RedactedThinking(data):
            return {"type": "redacted_thinking", "data": data}
        case Opaque(protocol, _, data) if protocol == NAME:
            return as_dict(data)
        case _:
            return {"type": "text", "text": describe(block)}


def describe(block: Block) -> str:
    """Content that no Message can hold is at least named: nothing vanishes."""
    if isinstance(block, Image):
        return _describe_image(block)
    kind = block.kind if isinstance(block, Opaque) else type(block).__name__.lower()
    return f"[{kind}: content that Anthropic Messages cannot show]"


def _describe_image(image: Image) -> str:
    """Its address is a link; inline bytes would be read as text, and sent back with every turn."""
    source = image.source
    if source.url is not None and not source.url.startswith("data:"):
        return f"![image]({source.url})"
    size = len(source.data or source.url or "") * 3 // 4
    kind = source.media_type or "image"
    return f"[{kind}, {size:,} bytes: an image that Anthropic Messages cannot show in an answer]"


def make_tool_id(message_id: str, at: int) -> str:
    """An id for a call without one: the call's place in its message, fit for the API's pattern."""
    return f"toolu_{_UNFIT.sub('_', message_id)}_{at}"


def encode_stop_details(stop: Stop) -> Object:
    if stop.explanation is None or stop.reason != "refusal":
        return {}
    details = {"type": "refusal", "category": None, "explanation": stop.explanation}
    return {"stop_details": details}


def encode_tier(tier: str | None) -> Object:
    used = USED_TIERS.get(tier or "standard")
    return {} if used is None else {"service_tier": used}


def own_extra(extra: Extra, names: Iterable[str] = _OWN) -> Object:
    return {name: extra[name] for name in names if name in extra}

"""Content blocks: Anthropic's JSON to the hub's blocks and back, for requests and answers alike.

A block that the hub has no form for, or whose source it cannot hold, becomes `Opaque`, whole.
"""

from __future__ import annotations

from collections.abc import Callable

from axonhub_cli import jsonio
from axonhub_cli.ir.request import (
    Block,
    Document,
    Image,
    Media,
    Opaque,
    Part,
    RedactedThinking,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.anthropic.names import NAME
from axonhub_cli.protocols.read import fail, need_dict, need_str, opt_bool, opt_str, rest

INVALID_INPUT = "INVALID_JSON"
"""The member that holds a call's arguments where they are no JSON object: `input` must be one."""

_TEXT = frozenset({"type", "text"})
_SOURCED = frozenset({"type", "source"})
_DOCUMENT = frozenset({"type", "source", "title"})
_THINKING = frozenset({"type", "thinking", "signature"})
_REDACTED = frozenset({"type", "data"})
_TOOL_USE = frozenset({"type", "id", "name", "input"})
_TOOL_RESULT = frozenset({"type", "tool_use_id", "content", "is_error"})
_BASE64 = frozenset({"type", "media_type", "data"})
_URL = frozenset({"type", "url"})

Object = dict[str, Json]


def decode_blocks(content: Json, path: str) -> tuple[Block, ...]:
    """A `content` of a request: a string or an array of blocks. Raises `ClientError`."""
    if isinstance(content, str):
        return (Text(content),) if content else ()
    if not isinstance(content, list):
        fail(path, "Input should be a string or an array of content blocks")
    return tuple([decode_block(block, path, at) for at, block in enumerate(content)])


def decode_block(value: Json, path: str, at: int) -> Block:
    """One block of the array at `path`. Raises `ClientError`."""
    if not isinstance(value, dict):
        fail(f"{path}.{at}", "Input should be an object")
    kind = value.get("type")
    if kind == "text":
        text = value.get("text")
        if not isinstance(text, str):
            fail(f"{path}.{at}.text", "Input should be a string")
        # Most blocks have nothing else: no dictionary is filtered for them.
        return Text(text) if len(value) == 2 else Text(text, rest(value, _TEXT))
    if not isinstance(kind, str):
        fail(f"{path}.{at}.type", "Input should be a string")
    decoder = _DECODERS.get(kind)
    return decoder(value, f"{path}.{at}") if decoder else Opaque(NAME, kind, value)


def _image(value: Object, path: str) -> Block:
    source = need_dict(value.get("source"), f"{path}.source")
    media = _media(source, path)
    return Image(media, extra=rest(value, _SOURCED)) if media else Opaque(NAME, "image", value)


def _document(value: Object, path: str) -> Block:
    source = need_dict(value.get("source"), f"{path}.source")
    title, extra = opt_str(value.get("title"), f"{path}.title"), rest(value, _DOCUMENT)
    media = _media(source, path)
    if media is not None:
        return Document(media, title=title, extra=extra)
    text = _source_text(source)
    if text is None:
        return Opaque(NAME, "document", value)
    if source.get("type") == "text" and source.keys() <= _BASE64:
        media_type = opt_str(source.get("media_type"), f"{path}.source.media_type")
        return Document(Media(media_type), text, title, extra)
    # Parts are what citations point at: they are kept beside the text they make.
    return Document(text=text, title=title, extra=extra | {"source": source})


def _media(source: Object, path: str) -> Media | None:
    """Inline or at a URL; None for a file of the vendor's, text, and what is not known yet."""
    if source.get("type") == "base64" and source.keys() <= _BASE64:
        media_type = need_str(source.get("media_type"), f"{path}.source.media_type")
        return Media(media_type, data=need_str(source.get("data"), f"{path}.source.data"))
    if source.get("type") == "url" and source.keys() <= _URL:
        return Media(url=need_str(source.get("url"), f"{path}.source.url"))
    return None


def _source_text(source: Object) -> str | None:
    """The text that a source is, None where it is not text alone."""
    if source.get("type") == "text":
        data = source.get("data")
        return data if isinstance(data, str) else None
    content = source.get("content") if source.get("type") == "content" else None
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    texts = [part.get("text") if isinstance(part, dict) else None for part in content]
    known = [text for text in texts if isinstance(text, str)]
    return "\n\n".join(known) if len(known) == len(content) else None


def _thinking(value: Object, path: str) -> Block:
    text = need_str(value.get("thinking"), f"{path}.thinking")
    signature = opt_str(value.get("signature"), f"{path}.signature")
    return Thinking(text, signature, rest(value, _THINKING))


def _redacted(value: Object, path: str) -> Block:
    return RedactedThinking(need_str(value.get("data"), f"{path}.data"), rest(value, _REDACTED))


def _tool_use(value: Object, path: str) -> Block:
    return ToolCall(
        need_str(value.get("id"), f"{path}.id"),
        need_str(value.get("name"), f"{path}.name"),
        jsonio.encode(need_dict(value.get("input", {}), f"{path}.input")).decode(),
        rest(value, _TOOL_USE),
    )


def _tool_result(value: Object, path: str) -> Block:
    content = value.get("content")
    parts = decode_blocks(content, f"{path}.content") if content is not None else ()
    for at, part in enumerate(parts):
        if not isinstance(part, Part):
            fail(f"{path}.content.{at}", "Input should be text, an image or a document")
    return ToolResult(
        need_str(value.get("tool_use_id"), f"{path}.tool_use_id"),
        tuple([part for part in parts if isinstance(part, Part)]),
        opt_bool(value.get("is_error"), f"{path}.is_error") or False,
        rest(value, _TOOL_RESULT),
    )


_DECODERS: dict[str, Callable[[Object, str], Block]] = {
    "image": _image,
    "document": _document,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
}


def place(body: Json, places: tuple[int, ...]) -> str:
    """The hub's turns and blocks are the wire's."""
    return ".content.".join(["messages", *map(str, places)]).replace(".content.", ".", 1)


def encode_content(blocks: tuple[Block, ...]) -> Json:
    """A string for one plain text, else the array."""
    if len(blocks) == 1:
        only = blocks[0]
        if type(only) is Text and not only.extra and only.text:
            return only.text
    return [encode_block(block) for block in blocks]


def encode_block(block: Block) -> Object:
    """The inverse of `decode_block`; `extra` is written back as it is."""
    match block:
        case Text(text, extra):
            return {"type": "text", "text": text, **extra}
        case ToolCall(id, name, arguments, extra):
            given = read_input(arguments)
            return {"type": "tool_use", "id": id, "name": name, "input": given, **extra}
        case ToolResult():
            return _encode_result(block)
        case Thinking(thinking, signature, extra):
            signed = {} if signature is None else {"signature": signature}
            return {"type": "thinking", "thinking": thinking, **signed, **extra}
        case RedactedThinking(data, extra):
            return {"type": "redacted_thinking", "data": data, **extra}
        case Image(source, _, extra):
            return {"type": "image", "source": _encode_media(source), **extra}
        case Document():
            return _encode_document(block)
        case Opaque():
            return block.data if isinstance(block.data, dict) else {"type": block.kind}


def _encode_result(result: ToolResult) -> Object:
    encoded: Object = {"type": "tool_result", "tool_use_id": result.call_id}
    if result.content:
        encoded["content"] = encode_content(result.content)
    if result.is_error:
        encoded["is_error"] = True
    return encoded | result.extra


def _encode_document(document: Document) -> Object:
    if document.text is not None:
        media_type = document.source.media_type or "text/plain"
        source: Object = {"type": "text", "media_type": media_type, "data": document.text}
    else:
        source = _encode_media(document.source)
    title = {} if document.title is None else {"title": document.title}
    return {"type": "document", "source": source, **title, **document.extra}


def _encode_media(media: Media) -> Object:
    if media.url is not None:
        return {"type": "url", "url": media.url}
    return {"type": "base64", "media_type": media.media_type, "data": media.data or ""}


def read_input(arguments: str) -> Object:
    """A call's arguments as the object they must be; what is none is kept under one name."""
    if not arguments:
        return {}
    try:
        value = jsonio.decode(arguments.encode("utf-8", "replace"))
    except jsonio.InvalidJson:
        value = None
    return value if isinstance(value, dict) else {INVALID_INPUT: arguments}

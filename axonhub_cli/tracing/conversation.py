"""Read one request's part of a conversation: what its body added, and what its answer said.

Bodies repeat the whole conversation; what a request added is what comes after the last answer in
it. Reading is lenient, as everywhere in the trace: what has another shape is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import Raw, Struct

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.base import Answer
from axonhub_cli.tracing.title import shorten, user_texts

MAX_TEXT = 2000
MAX_LINE = 200

Side = Literal["title", "count_tokens", "web_search", "auxiliary"]
"""Requests that a client makes beside the conversation."""

_Block = dict[str, Json]


class ToolResult(Struct, frozen=True):
    """What a tool gave back, as the client reports it; one line."""

    call_id: str
    text: str
    is_error: bool


class ToolCall(Struct, frozen=True):
    """A call that the model wants made; its input as one line of JSON."""

    id: str
    name: str
    input: str


class News(Struct, frozen=True):
    """What a request added: the user's words, and tools' results."""

    texts: tuple[str, ...] = ()
    results: tuple[ToolResult, ...] = ()
    attachments: int = 0
    messages: int = 0
    """How many messages the whole body has."""


class Said(Struct, frozen=True):
    """What an answer said. `thinking`: it thought, whether or not it shows what."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    thinking: bool = False


class _Body(Struct):
    messages: list[Raw] = []
    tools: list[Json] | None = None
    output_config: Json = None


_decode = msgspec.json.Decoder(_Body).decode


def read_news(body: bytes | None) -> News:
    """What a request's body added to the conversation."""
    messages = _read(body).messages
    added: list[_Block] = []
    for raw in reversed(messages):
        message = jsonio.decode(bytes(raw))
        if not isinstance(message, dict):
            continue
        # An answer at the very end is one that the model is to go on with.
        if message.get("role") == "assistant" and added:
            break
        if message.get("role") == "user":
            added.append(message)
    added.reverse()
    blocks = [block for message in added for block in _blocks(message.get("content"))]
    return News(
        texts=tuple(text for message in added for text in user_texts(message.get("content"))),
        results=tuple(_result(b) for b in blocks if b.get("type") == "tool_result"),
        attachments=sum(block.get("type") in ("image", "document") for block in blocks),
        messages=len(messages),
    )


def read_said(answer: Answer) -> Said:
    """What an answer said, shortened to be shown."""
    blocks = [block for block in answer.content if isinstance(block, dict)]
    return Said(
        text=clip("\n".join(_texts(blocks))),
        calls=tuple(_call(b) for b in blocks if str(b.get("type")).endswith("tool_use")),
        thinking=any("thinking" in str(block.get("type")) for block in blocks),
    )


def side_of(body: bytes | None, operation: str, request_class: str | None) -> Side | None:
    """What kind of side request this is; None for one of the conversation."""
    if operation == "count_tokens":
        return "count_tokens"
    read = _read(body)
    tools = [tool for tool in read.tools or () if isinstance(tool, dict)]
    if tools and all(str(tool.get("type")).startswith("web_search") for tool in tools):
        return "web_search"
    # Claude Code asks the main model for a session's title, as JSON and without tools.
    if not tools and "title" in _schema_properties(read.output_config):
        return "title"
    return "auxiliary" if request_class == "auxiliary" else None


def clip(text: str, length: int = MAX_TEXT) -> str:
    """The beginning of a text, its lines kept."""
    text = text.strip()
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _read(body: bytes | None) -> _Body:
    try:
        return _decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Body()


def _blocks(content: Json) -> Iterator[_Block]:
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict):
            yield block


def _texts(blocks: list[_Block]) -> Iterator[str]:
    for block in blocks:
        text = block.get("text")
        if isinstance(text, str) and text:
            yield text


def _result(block: _Block) -> ToolResult:
    content = block.get("content")
    inner = list(_blocks(content))
    text = content if isinstance(content, str) else "\n".join(_texts(inner))
    pictures = sum(item.get("type") == "image" for item in inner)
    shown = shorten(text, MAX_LINE) or ("(a picture)" if pictures else "")
    return ToolResult(str(block.get("tool_use_id")), shown, block.get("is_error") is True)


def _call(block: _Block) -> ToolCall:
    made = block.get("input")
    text = made if isinstance(made, str) else jsonio.encode(made).decode()
    return ToolCall(str(block.get("id")), str(block.get("name")), shorten(text, MAX_LINE))


def _schema_properties(output_config: Json) -> _Block:
    found = output_config
    for name in ("format", "schema", "properties"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}

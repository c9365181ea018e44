"""Read a finished answer for the trace: JSON or SSE; complete, truncated, an error, or no answer.

Reading is lenient, because the bytes are only looked at: nothing raises, and what cannot be read
is left out. A stream is read by the machine that converts it. The content is told in blocks
(`text`, `thinking`, `tool_use`), as the trace shows them for every protocol.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from axonhub_cli import jsonio
from axonhub_cli.errors import UpstreamGarbled
from axonhub_cli.ir.collect import BrokenAnswer, Collector
from axonhub_cli.ir.request import Block, Text, Thinking, ToolCall
from axonhub_cli.ir.response import Response, Usage
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.base import Answer
from axonhub_cli.protocols.charged import told_cost
from axonhub_cli.protocols.openai_chat.errors import is_error, read_message
from axonhub_cli.protocols.openai_chat.names import BROKEN
from axonhub_cli.protocols.openai_chat.response import decode_response, find_usage
from axonhub_cli.protocols.openai_chat.stream import (
    DONE,
    choices,
    finish_reason,
    has_content,
    is_error_event,
    read_chunk,
)
from axonhub_cli.protocols.openai_chat.stream_decoder import ChatStreamDecoder
from axonhub_cli.protocols.openai_chat.usage import decode_usage, tells_all
from axonhub_cli.protocols.read import as_str
from axonhub_cli.protocols.sse import SseEvent, parse_events, parse_events_backwards

Object = dict[str, Json]

_TAIL = 64 * 1024
"""The totals stand at the end; it is read first, the whole only where it says nothing."""
_USAGE = re.compile(rb'"usage"[ \t]*:[ \t]*\{')
NO_MESSAGE = "an error without a message"


def read_answer(body: bytes) -> Answer:
    """Everything the answer said."""
    if _is_document(body):
        return _read_document(body)
    collector, decoder = Collector(), ChatStreamDecoder()
    try:
        for event in parse_events(body):
            for made in decoder.feed(event):
                collector.add(made)
    except BrokenAnswer:
        # What came before it broke is shown; the totals tell the error.
        pass
    return replace(read_totals(body), content=_shown(collector.response()))


def read_totals(body: bytes) -> Answer:
    """The same without `content`: the beginning and the end of a stream."""
    if _is_document(body):
        return replace(_read_document(body), content=())
    ending = _Ending()
    if not ending.read(body[-_TAIL:]) and len(body) > _TAIL:
        ending.read(body)
    if ending.usage is None:
        ending.find_usage(body)
    model, id = _named(body)
    return Answer(
        model=model,
        id=id,
        stop_reason=ending.reason,
        usage=_without_zero(decode_usage(ending.usage), lambda: _has_content(body)),
        told=ending.told | told_cost(ending.usage),
        error=ending.error,
        complete=ending.complete,
        partial=not tells_all(ending.usage),
    )


class _Ending:
    """What the last events of a stream say, read from the last one back to the last content."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.usage: Json = None
        """As it was told, and not of zeros alone."""
        self.told: dict[str, str] = {}
        self.error: str | None = None
        self.complete = False

    def read(self, tail: bytes) -> bool:
        """False when it says nothing of the content: the last piece may be larger than the tail."""
        for event in parse_events_backwards(tail):
            if event.data.startswith(DONE):
                self.complete = True
            elif not self._chunk(event):
                return True
        return False

    def find_usage(self, body: bytes) -> None:
        """The last one there is, wherever: with a piece of the answer, or before the last one."""
        if _USAGE.search(body) is None:
            return
        for event in parse_events_backwards(body):
            if _USAGE.search(event.data) is not None:
                value = read_chunk(event)
                self._note(value, (choices(value) or [{}])[0])
                if self.usage is not None:
                    return

    def _chunk(self, event: SseEvent) -> bool:
        """True while an earlier one may say more."""
        value = read_chunk(event)
        if is_error_event(event, value):
            self.error, self.complete = read_message(value) or NO_MESSAGE, False
            return False
        listed = choices(value)
        first = listed[0] if listed else {}
        self._note(value, first)
        reason = finish_reason(first)
        if reason and self.reason is None:
            self.reason = reason
            self.complete = reason not in BROKEN
            if reason in BROKEN:
                self.error = f"finish_reason {reason!r}"
        return not has_content(first) and (self.usage is None or self.reason is None)

    def _note(self, value: Json, choice: Object) -> None:
        if self.usage is None and isinstance(value, dict):
            self.usage = find_usage(value, choice)
        self.told = self.told or _told(value)


def _is_document(body: bytes) -> bool:
    return body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))


def _read_document(body: bytes) -> Answer:
    try:
        value = jsonio.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except jsonio.InvalidJson:
        return Answer()
    if isinstance(value, list):
        value = value[0] if value else None
    if is_error(value):
        return Answer(error=read_message(value) or NO_MESSAGE)
    try:
        response = decode_response(value)
    except UpstreamGarbled as garbled:
        return Answer(error=garbled.message) if choices(value) else Answer()
    return Answer(
        model=response.model,
        id=as_str(value.get("id")) or None,
        stop_reason=finish_reason(choices(value)[0]) or None,
        usage=_without_zero(response.usage, lambda: bool(response.content)),
        content=_shown(response),
        complete=True,
        told=_told(value) | told_cost(value.get("usage")),
        partial=not tells_all(value.get("usage")),
    )


def _without_zero(usage: Usage, has_content: Callable[[], bool]) -> Usage:
    """Nobody has counted an output of none beside an answer that there is."""
    return replace(usage, output=None) if usage.output == 0 and has_content() else usage


def _has_content(body: bytes) -> bool:
    return any(
        has_content(choice)
        for event in parse_events_backwards(body)
        for choice in choices(read_chunk(event))
    )


def _told(value: Json) -> dict[str, str]:
    """Which tier of service it was."""
    tier = as_str(value.get("service_tier")) if isinstance(value, dict) else ""
    return {"service_tier": tier} if tier else {}


def _named(body: bytes) -> tuple[str | None, str | None]:
    """The model and the completion's id."""
    for event in parse_events(body):
        value = read_chunk(event)
        read = value if isinstance(value, dict) else {}
        model = as_str(read.get("model"))
        # The first chunk of some servers is about the prompt, and names no model.
        if model or choices(value):
            return model or None, as_str(read.get("id")) or None
    return None, None


def _shown(response: Response) -> tuple[Json, ...]:
    return tuple([_block(block) for block in response.content])


def _block(block: Block) -> Object:
    match block:
        case Thinking(text):
            return {"type": "thinking", "thinking": text}
        case ToolCall(id, name, arguments):
            return {"type": "tool_use", "id": id, "name": name, "input": _input(arguments)}
        case Text(text):
            return {"type": "text", "text": text}
        case _:
            return {"type": "redacted_thinking"}


def _input(arguments: str) -> Json:
    """Of a call cut off in the middle there is a piece of its arguments, kept as it came."""
    try:
        return jsonio.decode(arguments.encode("utf-8", "replace")) if arguments else {}
    except jsonio.InvalidJson:
        return arguments

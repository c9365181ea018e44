"""Events to a response, and a response to events: the only accumulator there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import astuple

from axonhub_cli.errors import ErrorInfo
from axonhub_cli.ir.events import (
    BlockEnded,
    BlockStarted,
    Event,
    Failed,
    Finished,
    NativeDelta,
    SignatureDelta,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolArgsDelta,
)
from axonhub_cli.ir.request import (
    Block,
    Image,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    ToolCall,
)
from axonhub_cli.ir.response import Response, Stop, Usage

_NOTHING = Usage()


class BrokenAnswer(Exception):
    """The events end in `Failed`; `error` is its."""

    def __init__(self, error: ErrorInfo) -> None:
        super().__init__(error.message)
        self.error = error


class _OpenBlock:
    def __init__(self, start: BlockStarted) -> None:
        self.start = start
        self.pieces: list[str] = []
        self.signature: list[str] = []
        self.native: list[NativeDelta] = []

    def close(self) -> Block:
        start, text = self.start, "".join(self.pieces)
        match start.kind:
            case "thinking":
                return Thinking(text, "".join(self.signature) or None)
            case "tool_call":
                return ToolCall(start.id or "", start.name or "", text)
            case "redacted_thinking":
                return RedactedThinking(str(start.data))
            case "image":
                assert isinstance(start.data, Image)
                return start.data
            case "opaque":
                return Opaque(start.protocol or "", start.name or "", start.data)
            case _:
                citations = [delta.data for delta in self.native if is_citation(delta)]
                return Text(text, {"citations": citations} if citations else {})


def is_citation(delta: NativeDelta) -> bool:
    """A delta that is none of the known ones comes whole, and is no part of the text."""
    kind = delta.data.get("type") if isinstance(delta.data, dict) else None
    return not (isinstance(kind, str) and kind.endswith("_delta"))


class Collector:
    """Takes events one by one; `response` is the whole. Blocks keep the order they began in."""

    def __init__(self) -> None:
        self._blocks: dict[int, _OpenBlock] = {}
        self._started = Started()
        self._finished: Finished | None = None

    def add(self, event: Event) -> None:
        """Raises `BrokenAnswer` for `Failed`."""
        match event:
            case TextDelta(key, text) | ThinkingDelta(key, text) | ToolArgsDelta(key, text):
                self._blocks[key].pieces.append(text)
            case BlockStarted():
                self._blocks[event.key] = _OpenBlock(event)
            case SignatureDelta(key, signature):
                self._blocks[key].signature.append(signature)
            case NativeDelta():
                self._blocks[event.key].native.append(event)
            case Started():
                self._started = event
            case Finished():
                self._finished = event
            case Failed(error):
                raise BrokenAnswer(error)
            case BlockEnded():
                pass

    def response(self) -> Response:
        finished = self._finished or Finished()
        return Response(
            id=self._started.id,
            model=self._started.model,
            content=tuple(block.close() for block in self._blocks.values()),
            stop=finished.stop,
            usage=merge_usage(self._started.usage, finished.usage),
            service_tier=self._started.service_tier,
            extra=self._started.extra,
        )


def collect(events: Iterable[Event]) -> Response:
    """The response that a stream's events make. Raises `BrokenAnswer`."""
    collector = Collector()
    for event in events:
        collector.add(event)
    return collector.response()


def replay(response: Response) -> Iterator[Event]:
    """The events of a response that came whole: each block in one delta."""
    yield Started(
        id=response.id,
        model=response.model,
        usage=response.usage,
        service_tier=response.service_tier,
        extra=response.extra,
    )
    for key, block in enumerate(response.content):
        yield from replay_block(key, block)
    yield Finished(response.stop, response.usage)


def replay_block(key: int, block: Block) -> Iterator[Event]:
    """The events of one block."""
    match block:
        case Text(text, extra):
            yield BlockStarted(key, "text")
            yield from [TextDelta(key, text)] if text else []
            yield from [NativeDelta(key, "anthropic", c) for c in extra.get("citations") or ()]
        case Thinking(text, signature):
            yield BlockStarted(key, "thinking")
            yield from [ThinkingDelta(key, text)] if text else []
            yield from [SignatureDelta(key, signature)] if signature is not None else []
        case ToolCall(id, name, arguments):
            yield BlockStarted(key, "tool_call", id=id, name=name)
            yield from [ToolArgsDelta(key, arguments)] if arguments else []
        case RedactedThinking(data):
            yield BlockStarted(key, "redacted_thinking", data=data)
        case Image():
            yield BlockStarted(key, "image", data=block)
        case Opaque(protocol, kind, data):
            yield BlockStarted(key, "opaque", name=kind, data=data, protocol=protocol)
        case _:
            return
    yield BlockEnded(key)


def merge_usage(early: Usage, late: Usage) -> Usage:
    """What the end says counts; what it leaves out, or calls 0, stays as the start said it."""
    if early == _NOTHING:
        return late
    pairs = zip(astuple(early), astuple(late), strict=True)
    return Usage(*[end if end or start is None else start for start, end in pairs])


def stop_of(content: Iterable[Block], stop: Stop) -> Stop:
    """A stop reason that fits the content: `tool_use` exactly when a tool is called.

    Some engines end a tool call with `stop`; Claude Code breaks on `tool_use` without a call.
    """
    calls = any(isinstance(block, ToolCall) for block in content)
    if calls and stop.reason == "end":
        return Stop("tool_use", native=stop.native)
    if not calls and stop.reason == "tool_use":
        return Stop("end", native=stop.native)
    return stop

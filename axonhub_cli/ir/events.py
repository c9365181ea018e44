"""The events of a streamed answer.

    Started (BlockStarted delta* BlockEnded)* Finished     or, at any point, Failed as the last one

Blocks carry a `key` of the decoder's own. Blocks of different keys may interleave, as Chat's
parallel tool calls do; an encoder whose protocol is sequential puts them in order. A block's deltas
come between its start and its end, and a decoder ends every block before `Finished` or `Failed`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from axonhub_cli.errors import ErrorInfo
from axonhub_cli.ir.request import Extra
from axonhub_cli.ir.response import Stop, Usage
from axonhub_cli.jsonio import Json

BlockKind = Literal["text", "thinking", "redacted_thinking", "tool_call", "image", "opaque"]


class Started(Struct, frozen=True, tag=True):
    """The first event. `usage` is what is known so early: mostly the input."""

    id: str | None = None
    model: str | None = None
    usage: Usage = Usage()
    service_tier: str | None = None
    extra: Extra = field(default_factory=dict)


class BlockStarted(Struct, frozen=True, tag=True):
    """A block begins. `id` and `name` are a tool call's; `data` is all of an opaque block (with
    its `protocol`), of redacted reasoning, or of an image (the hub's `Image`)."""

    key: int
    kind: BlockKind
    id: str | None = None
    name: str | None = None
    data: Json = None
    protocol: str | None = None


class TextDelta(Struct, frozen=True, tag=True):
    key: int
    text: str


class ThinkingDelta(Struct, frozen=True, tag=True):
    key: int
    text: str


class SignatureDelta(Struct, frozen=True, tag=True):
    key: int
    signature: str


class ToolArgsDelta(Struct, frozen=True, tag=True):
    """A piece of the arguments' JSON text."""

    key: int
    text: str


class NativeDelta(Struct, frozen=True, tag=True):
    """A delta that only `protocol` knows (a citation, say), whole."""

    key: int
    protocol: str
    data: Json


class BlockEnded(Struct, frozen=True, tag=True):
    key: int


class Finished(Struct, frozen=True, tag=True):
    """The answer is complete."""

    stop: Stop = Stop()
    usage: Usage = Usage()


class Failed(Struct, frozen=True, tag=True):
    """It broke off: the upstream said so, or its stream ended without its end."""

    error: ErrorInfo


Event = (
    Started
    | BlockStarted
    | TextDelta
    | ThinkingDelta
    | SignatureDelta
    | ToolArgsDelta
    | NativeDelta
    | BlockEnded
    | Finished
    | Failed
)

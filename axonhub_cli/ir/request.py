"""A request: messages of ordered blocks, tools, and how to answer.

`extra` holds what a decoder does not know or what only its own protocol has, under its wire name:
an encoder of that protocol writes it back, another one reports it as a `Loss`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from axonhub_cli.jsonio import Json

Extra = dict[str, Json]
Role = Literal["system", "user", "assistant"]


class Media(Struct, frozen=True):
    """Where the bytes of an image or a document are: inline as base64, or at a URL."""

    media_type: str | None = None
    data: str | None = None
    url: str | None = None


class Text(Struct, frozen=True, tag=True):
    text: str
    extra: Extra = field(default_factory=dict)


class Image(Struct, frozen=True, tag=True):
    source: Media
    detail: str | None = None
    extra: Extra = field(default_factory=dict)


class Document(Struct, frozen=True, tag=True):
    """A PDF, or a text that stands for a file. `text`: the content itself, already readable."""

    source: Media = Media()
    text: str | None = None
    title: str | None = None
    extra: Extra = field(default_factory=dict)


class Thinking(Struct, frozen=True, tag=True):
    """Reasoning as text. `signature` is opaque and valid only for who issued it."""

    text: str
    signature: str | None = None
    extra: Extra = field(default_factory=dict)


class RedactedThinking(Struct, frozen=True, tag=True):
    """Reasoning that only its issuer can read."""

    data: str
    extra: Extra = field(default_factory=dict)


class ToolCall(Struct, frozen=True, tag=True):
    """`arguments` is the JSON text as it was written, complete or not."""

    id: str
    name: str
    arguments: str
    extra: Extra = field(default_factory=dict)
    freeform: bool = False
    """The client made it of a text: see `ir.freeform`."""


class Opaque(Struct, frozen=True, tag=True):
    """A block that only `protocol` knows, whole."""

    protocol: str
    kind: str
    data: Json


Part = Text | Image | Document | Opaque


class ToolResult(Struct, frozen=True, tag=True):
    call_id: str
    content: tuple[Part, ...] = ()
    is_error: bool = False
    extra: Extra = field(default_factory=dict)


Block = Text | Image | Document | Thinking | RedactedThinking | ToolCall | ToolResult | Opaque


class Message(Struct, frozen=True):
    """One turn. Tool results stand in the user's turn; a `system` turn may come at any point."""

    role: Role
    content: tuple[Block, ...]
    name: str | None = None
    extra: Extra = field(default_factory=dict)


class Tool(Struct, frozen=True):
    """A function the client runs. `schema` is JSON Schema and holds nothing but schema."""

    name: str
    description: str | None = None
    schema: Json = field(default_factory=dict)
    strict: bool | None = None
    extra: Extra = field(default_factory=dict)
    freeform: bool = False
    """It takes a text; the schema is that of the function it is elsewhere (`ir.freeform`)."""


class ServerTool(Struct, frozen=True):
    """A tool that the provider runs itself (web search, code execution); whole, as it came."""

    protocol: str
    kind: str
    name: str
    data: Json


class ToolChoice(Struct, frozen=True):
    """`mode` is `tool` with a name; `parallel`: may several be called at once."""

    mode: Literal["auto", "none", "any", "tool"] = "auto"
    name: str | None = None


class Sampling(Struct, frozen=True):
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None


class Reasoning(Struct, frozen=True):
    """How much to think. None everywhere: the client did not say.

    `mode` is what the client asked for; `effort` a word (`low` … `max`); `budget` in tokens.
    """

    mode: Literal["enabled", "disabled", "adaptive"] | None = None
    effort: str | None = None
    budget: int | None = None


class OutputFormat(Struct, frozen=True):
    """The shape of the answer: any JSON object, or one by a schema."""

    kind: Literal["json_object", "json_schema"]
    schema: Json = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None


class Request(Struct, frozen=True, kw_only=True):
    """One call for an answer, whatever protocol it came in."""

    protocol: str
    """The client's; `extra` everywhere is in its words."""
    model: str
    system: tuple[Text | Opaque, ...] = ()
    """What stands before the conversation; later `system` turns are messages."""
    messages: tuple[Message, ...] = ()
    tools: tuple[Tool | ServerTool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tools: bool | None = None
    sampling: Sampling = Sampling()
    reasoning: Reasoning = Reasoning()
    output: OutputFormat | None = None
    user: str | None = None
    metadata: Extra = field(default_factory=dict)
    service_tier: str | None = None
    cache_key: str | None = None
    stream: bool = False
    wants_usage: bool = True
    """A Chat client is told of usage in a stream only when it asked for it."""
    extra: Extra = field(default_factory=dict)

"""Free-form tools, which take a text instead of arguments, where a provider has no such thing.

There they are functions of one argument, `input`; what the model says in it is the text. Codex's
`apply_patch` is such a tool: dropped, it vanishes from the conversation (axonhub-behaviour.md 3.3).
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from axonhub_cli import jsonio
from axonhub_cli.ir.change import changed
from axonhub_cli.ir.loss import Loss
from axonhub_cli.ir.request import Block, Message, Request, ServerTool, Tool, ToolCall
from axonhub_cli.jsonio import Json

ARGUMENT = "input"
SCHEMA: Json = {
    "type": "object",
    "properties": {ARGUMENT: {"type": "string"}},
    "required": [ARGUMENT],
    "additionalProperties": False,
}
NOT_ENFORCED = Loss(
    "tools[*].custom.format", "no grammar is enforced here: it is in the tool's description"
)

_OPENING = re.compile(r'\s*\{\s*"input"\s*:\s*"')
_HALF = re.compile(r'\s*(?:\{\s*(?:"(?:i(?:n(?:p(?:u(?:t(?:"\s*(?::\s*)?)?)?)?)?)?)?)?)?')
# Whole characters: a piece may end inside an escape, or between the halves of a surrogate pair.
_SAID = re.compile(
    r'(?:[^"\\]+|\\[^u]|\\u(?![dD][89abAB])[0-9a-fA-F]{4}'
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?=[^\\]|\\[^u])))*"
)


def wrap(text: str) -> str:
    """A text as the arguments of the function."""
    return jsonio.encode({ARGUMENT: text}).decode()


def unwrap(arguments: str) -> str:
    """The text in a function's arguments; what has another form is all of it the text."""
    try:
        given = jsonio.decode(arguments.encode("utf-8", "replace"))
    except jsonio.InvalidJson:
        return arguments
    inner = given.get(ARGUMENT) if isinstance(given, dict) else None
    return inner if isinstance(inner, str) else arguments


def names_of(request: Request) -> frozenset[str]:
    """The request's free-form tools: calls of these are texts for the client."""
    return frozenset(
        [tool.name for tool in request.tools if isinstance(tool, Tool) and tool.freeform]
    )


def without_freeform(request: Request) -> tuple[Request, tuple[Loss, ...]]:
    """The request with functions in their places; the very same where there are none."""
    losses: list[Loss] = []

    def tool(given: Tool | ServerTool) -> Tool | ServerTool:
        if not isinstance(given, Tool) or not given.freeform:
            return given
        description, lost = _described(given)
        losses.extend(lost)
        return Tool(given.name, description, SCHEMA)

    tools = changed(request.tools, tool)
    messages = changed(request.messages, _message)
    if tools is request.tools and messages is request.messages:
        return request, ()
    return replace(request, tools=tools, messages=messages), tuple(losses)


class Unwrap:
    """The same for arguments that come in pieces: the text goes on as it comes."""

    def __init__(self) -> None:
        self._held = ""
        self._inside = False
        self._whole = False
        """Is it another form, told at the end?"""
        self._ended = False

    def feed(self, piece: str) -> str:
        if self._ended:
            return ""
        self._held += piece
        if self._whole or not (self._inside or self._open()):
            return ""
        match = _SAID.match(self._held)
        assert match is not None
        said, self._held = match[0], self._held[match.end() :]
        self._ended = self._held.startswith('"')
        return _text(said)

    def close(self) -> str:
        """What is left when no more comes."""
        if self._ended:
            return ""
        # Broken off inside the text: what there is of a character is shown as it is.
        return _text(self._held) if self._inside else unwrap(self._held)

    def _open(self) -> bool:
        match = _OPENING.match(self._held)
        if match is not None:
            self._inside, self._held = True, self._held[match.end() :]
        elif _HALF.fullmatch(self._held) is None:
            self._whole = True
        return self._inside


def _described(tool: Tool) -> tuple[str | None, tuple[Loss, ...]]:
    """The description, with the grammar that the provider does not know of."""
    form = tool.extra.get("custom", {}).get("format")
    grammar = form.get("grammar", form) if isinstance(form, dict) else {}
    definition = grammar.get("definition") if isinstance(grammar, dict) else None
    if not isinstance(definition, str):
        return tool.description, ()
    syntax = grammar.get("syntax")
    asked = f"`{ARGUMENT}` must follow this grammar ({syntax}):\n{definition}"
    return "\n\n".join(filter(None, [tool.description, asked])), (NOT_ENFORCED,)


def _message(message: Message) -> Message:
    content = changed(message.content, _called)
    return message if content is message.content else replace(message, content=content)


def _called(block: Block) -> Block:
    if isinstance(block, ToolCall) and block.freeform:
        return replace(block, freeform=False)
    return block


def _text(escaped: str) -> str:
    try:
        text: str = jsonio.decode(f'"{escaped}"'.encode("utf-8", "replace"))
    except jsonio.InvalidJson:
        return escaped
    return text

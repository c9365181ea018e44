"""What an answer said: its words, and the calls it wants made; whole, whoever shows it shortens."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.base import Answer

_Block = dict[str, Json]


class ToolCall(Struct, frozen=True):
    """A call that the model wants made; its input as one line of JSON.

    `prompt` and `about`: of a call that starts a subagent, what it is told and how it is called.
    """

    id: str
    name: str
    input: str
    prompt: str = ""
    about: str = ""


class Said(Struct, frozen=True):
    """What an answer said. `thinking`: it thought, whether or not it shows what."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    thinking: bool = False


def read_said(answer: Answer) -> Said:
    """What an answer said."""
    blocks = [block for block in answer.content if isinstance(block, dict)]
    return Said(
        text="\n".join(_texts(blocks)).strip(),
        calls=tuple(_call(b) for b in blocks if str(b.get("type")).endswith("tool_use")),
        thinking=any("thinking" in str(block.get("type")) for block in blocks),
    )


def _texts(blocks: list[_Block]) -> Iterator[str]:
    for block in blocks:
        text = block.get("text")
        if isinstance(text, str) and text:
            yield text


def _call(block: _Block) -> ToolCall:
    made = block.get("input")
    text = made if isinstance(made, str) else jsonio.encode(made).decode()
    fields = made if isinstance(made, dict) else {}
    return ToolCall(
        str(block.get("id")),
        str(block.get("name")),
        text,
        prompt=_text_of(fields, "prompt", "message"),
        about=" · ".join(
            part
            for part in (
                _text_of(fields, "subagent_type", "agent"),
                _text_of(fields, "description"),
            )
            if part
        ),
    )


def _text_of(fields: _Block, *names: str) -> str:
    found = (fields.get(name) for name in names)
    return next((text.strip() for text in found if isinstance(text, str) and text.strip()), "")

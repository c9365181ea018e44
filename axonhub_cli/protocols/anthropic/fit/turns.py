"""The turns in the order the API wants: each call answered at the head of the very next turn.

    assistant  text, tool_use a, tool_use b
    user       tool_result a, tool_result b, text        every call once, none without its call

(docs.anthropic.com/en/docs/build-with-claude/tool-use, read 2026-11.) A history after a
compaction, an interrupt or an edit is mended, else its session would be dead until cleared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from axonhub_cli.ir.request import Block, Message, Role, Text, ToolCall, ToolResult
from axonhub_cli.protocols.anthropic.fit.content import fit_message
from axonhub_cli.protocols.anthropic.losses import Losses
from axonhub_cli.protocols.codec import CannotCross

Turn = tuple[Role, list[Block]]

_NO_RESULT = Text("No result of this tool call is recorded.")


def fit_turns(messages: tuple[Message, ...], losses: Losses) -> tuple[Message, ...]:
    """Alternating turns of user and assistant; it may be the assistant's that is first."""
    turns = merge(_fit_each(messages, losses))
    turns = merge(_answer_calls(turns, losses))
    if turns and turns[-1][0] == "assistant":
        _trim(turns[-1][1])
    return tuple([Message(role, tuple(blocks)) for role, blocks in turns])


def _fit_each(messages: tuple[Message, ...], losses: Losses) -> Iterator[Turn]:
    for at, message in enumerate(messages):
        try:
            yield fit_message(message, losses)
        except CannotCross as error:
            raise error.within(at) from None


def merge(turns: Iterable[Turn]) -> list[Turn]:
    """Turns of one role that follow each other become one; empty ones go."""
    merged: list[Turn] = []
    for role, blocks in turns:
        if not blocks:
            continue
        if merged and merged[-1][0] == role:
            merged[-1][1].extend(blocks)
        else:
            merged.append((role, list(blocks)))
    return merged


def _answer_calls(turns: list[Turn], losses: Losses) -> list[Turn]:
    """Moves each result behind its call, and mends the calls and results that have no partner."""
    answers, turns = _take_results(turns, losses)
    used: set[str] = set()
    answered: list[Turn] = []
    for at, (role, blocks) in enumerate(turns):
        results: list[Block] = []
        for place, block in enumerate(blocks):
            if not isinstance(block, ToolCall):
                continue
            id = _unused(block.id, used)
            blocks[place] = replace(block, id=id)
            result = answers.get((at, place))
            if result is None:
                losses.add("messages", "a tool call without a result is given one that says so")
                result = ToolResult(id, (_NO_RESULT,), is_error=True)
            results.append(replace(result, call_id=id))
        answered.append((role, blocks))
        answered.append(("user", results))
    return answered


def _take_results(
    turns: list[Turn], losses: Losses
) -> tuple[dict[tuple[int, int], ToolResult], list[Turn]]:
    """The results by the place of their call, and the turns without them."""
    waiting: dict[str, list[tuple[int, int]]] = {}
    answers: dict[tuple[int, int], ToolResult] = {}
    left: list[Turn] = []
    for at, (role, blocks) in enumerate(turns):
        others: list[Block] = []
        for block in blocks:
            if isinstance(block, ToolResult):
                if places := waiting.get(block.call_id):
                    answers[places.pop(0)] = block
                    continue
                losses.add("messages", "a tool result without its call is given as the user's text")
                others += _as_text(block)
                continue
            if isinstance(block, ToolCall):
                places = waiting.setdefault(block.id, [])
                if places and places[0][0] != at:
                    # Some engines count anew in each turn: the latest call of that id is meant.
                    places.clear()
                places.append((at, len(others)))
            others.append(block)
        left.append((role, others))
    return answers, left


def _as_text(result: ToolResult) -> list[Block]:
    return [Text("[The result of an earlier tool call]"), *result.content]


def _unused(id: str, used: set[str]) -> str:
    """The API wants every call of a conversation to have its own id."""
    name, number = id, 1
    while name in used:
        number += 1
        name = f"{id}_{number}"
    used.add(name)
    return name


def _trim(blocks: list[Block]) -> None:
    """An answer to be continued may not end in white space."""
    last = blocks[-1]
    if isinstance(last, Text):
        blocks[-1] = replace(last, text=last.text.rstrip())

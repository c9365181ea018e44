"""Quirks of answers: small filters over the hub's events, one instance for each stream."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from axonhub_cli.ir.events import (
    BlockEnded,
    BlockStarted,
    Event,
    Finished,
    Started,
    TextDelta,
    ThinkingDelta,
)
from axonhub_cli.ir.response import Usage

_OPEN = "<think>"
_CLOSE = "</think>"


class _Tagged:
    """One text block, of which it is not yet known, or known, that it begins with a thought.

    waiting → text                                it does not begin with `<think>`
    waiting → opened → thinking → after → text    it does
    `opened` and `after` skip the line breaks and the space beside the tags.
    """

    def __init__(self, start: BlockStarted) -> None:
        self.start = start
        self.state = "waiting"
        self.held = ""

    @property
    def thought(self) -> int:
        """The key of the thinking block; decoders' own keys are not negative."""
        return -self.start.key - 1


class ThinkTags:
    """`<think>…</think>` at the beginning of a text becomes a thinking block.

    So answer MiniMax ("Thinking content returned […] inside <think> tags in content",
    platform.minimax.io, read 2026-11), and local engines that run without a reasoning parser.
    """

    def __init__(self, seed: str) -> None:
        self._blocks: dict[int, _Tagged] = {}

    def feed(self, event: Event) -> list[Event]:
        if isinstance(event, TextDelta):
            block = self._blocks.get(event.key)
            return [event] if block is None else self._read(block, event.text)
        if isinstance(event, BlockStarted) and event.kind == "text":
            self._blocks[event.key] = _Tagged(event)
            return []
        if isinstance(event, BlockEnded) and (block := self._blocks.pop(event.key, None)):
            return self._end(block, event)
        return [event]

    def _read(self, block: _Tagged, text: str) -> list[Event]:
        text = block.held + text
        block.held = ""
        match block.state:
            case "waiting":
                return self._begin(block, text)
            case "opened" | "thinking":
                return self._think(block, text)
            case _:
                return self._speak(block, text)

    def _begin(self, block: _Tagged, text: str) -> list[Event]:
        said = text.lstrip()
        if said.startswith(_OPEN):
            block.state = "opened"
            begun = BlockStarted(block.thought, "thinking")
            return [begun, *self._think(block, said[len(_OPEN) :])]
        if _OPEN.startswith(said):
            block.held = text
            return []
        return self._plain(block, text)

    def _plain(self, block: _Tagged, text: str) -> list[Event]:
        """The block is text from here on: its deltas pass without another look."""
        del self._blocks[block.start.key]
        return [block.start, TextDelta(block.start.key, text)]

    def _think(self, block: _Tagged, text: str) -> list[Event]:
        if block.state == "opened":
            text = text.lstrip("\n")
            block.state = "thinking" if text else "opened"
        thought, tag, rest = text.partition(_CLOSE)
        if tag:
            block.state = "after"
            ended = [*_thinking(block, thought.rstrip("\n")), BlockEnded(block.thought)]
            return [*ended, *self._speak(block, rest)]
        # The end may be the beginning of the closing tag, or a line break before it.
        whole = len(thought) - _overlap(thought)
        block.held = thought[whole:]
        return _thinking(block, thought[:whole])

    def _speak(self, block: _Tagged, text: str) -> list[Event]:
        said = text.lstrip()
        return self._plain(block, said) if said else []

    def _end(self, block: _Tagged, event: BlockEnded) -> list[Event]:
        if block.state in ("opened", "thinking"):
            return [*_thinking(block, block.held), BlockEnded(block.thought)]
        if block.state == "after":
            return []
        held: list[Event] = [TextDelta(event.key, block.held)] if block.held else []
        return [block.start, *held, event]


def _thinking(block: _Tagged, text: str) -> list[Event]:
    return [ThinkingDelta(block.thought, text)] if text else []


def _overlap(text: str) -> int:
    """How many characters at the end may belong to line breaks and the closing tag."""
    size = next(
        (
            size
            for size in range(min(len(text), len(_CLOSE) - 1), 0, -1)
            if _CLOSE.startswith(text[-size:])
        ),
        0,
    )
    before = text[: len(text) - size]
    return size + len(before) - len(before.rstrip("\n"))


class OwnToolIds:
    """A call without an id gets one, the same in each run of the same request: some local engines
    give none, and Anthropic's clients match results by it (architecture.md § 4.1)."""

    def __init__(self, seed: str) -> None:
        self._seed = seed

    def feed(self, event: Event) -> list[Event]:
        if not isinstance(event, BlockStarted) or event.kind != "tool_call" or event.id:
            return [event]
        digest = sha256(f"{self._seed}/{event.key}".encode("utf-8", "surrogatepass")).hexdigest()
        return [msgspec.structs.replace(event, id=f"call_{digest[:24]}")]


class MoonshotUsage:
    """Moonshot's Anthropic endpoint counts cached tokens its own way (axonhub-behaviour.md § 2.7):
    subtracted twice, which gives a negative input, or not at all."""

    def __init__(self, seed: str) -> None:
        pass

    def feed(self, event: Event) -> list[Event]:
        if isinstance(event, Started | Finished):
            return [msgspec.structs.replace(event, usage=repair_usage(event.usage))]
        return [event]


def repair_usage(usage: Usage) -> Usage:
    """`input` without cached tokens, never below zero."""
    cached, given = usage.cache_read or 0, usage.input
    if given is None or not cached or 0 <= given < cached:
        return usage if given is None or given >= 0 else msgspec.structs.replace(usage, input=0)
    fixed = given + cached if given < 0 else given - cached
    return msgspec.structs.replace(usage, input=max(fixed, 0))

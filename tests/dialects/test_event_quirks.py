from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.dialects.event_quirks import MoonshotUsage, OwnToolIds, ThinkTags, repair_usage
from axonhub_cli.errors import ErrorInfo
from axonhub_cli.ir.collect import collect
from axonhub_cli.ir.events import (
    BlockEnded,
    BlockStarted,
    Event,
    Failed,
    Finished,
    Started,
    TextDelta,
    ThinkingDelta,
)
from axonhub_cli.ir.request import Block, Text, Thinking
from axonhub_cli.ir.response import Usage


def through(*events: Event) -> list[Event]:
    tags = ThinkTags("seed")
    return [after for event in events for after in tags.feed(event)]


def answer(*pieces: str) -> tuple[Block, ...]:
    deltas = [TextDelta(0, piece) for piece in pieces]
    events = through(Started(), BlockStarted(0, "text"), *deltas, BlockEnded(0), Finished())
    return collect(events).content


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("<think>\nhm\n</think>\n\nyes", (Thinking("hm"), Text("yes"))),
        ("\n <think>hm</think>yes", (Thinking("hm"), Text("yes"))),
        ("<think></think>yes", (Thinking(""), Text("yes"))),
        ("<think>hm</think>", (Thinking("hm"),)),
        ("<think>hm", (Thinking("hm"),)),
        ("<think>a < b </thin", (Thinking("a < b </thin"),)),
        ("yes", (Text("yes"),)),
        ("", (Text(""),)),
        ("<thi", (Text("<thi"),)),
        ("<thinking is good>", (Text("<thinking is good>"),)),
        ("It writes <think>tags</think>", (Text("It writes <think>tags</think>"),)),
        (" yes", (Text(" yes"),)),
    ],
)
def test_a_thought_in_tags_is_a_thinking_block_however_it_is_cut(
    text: str, blocks: tuple[Block, ...]
) -> None:
    assert answer(text) == blocks
    assert answer(*text) == blocks


@given(
    st.lists(
        st.sampled_from(["<think>", "</think>", "<", "\n", "a", "</thi", " "]), max_size=8
    ).map(lambda words: ["<think>", *words] if len(words) % 2 else words),
    st.data(),
)
def test_any_cut_of_a_text_gives_the_same_answer(words: list[str], data: st.DataObject) -> None:
    text = "".join(words)
    cut = data.draw(st.integers(0, len(text)))
    assert answer(text[:cut], text[cut:]) == answer(text) == answer(*text)


def test_text_flows_as_it_comes_once_it_is_known_to_be_text() -> None:
    events = through(BlockStarted(0, "text"), TextDelta(0, "a"), TextDelta(0, "b"))
    assert events == [BlockStarted(0, "text"), TextDelta(0, "a"), TextDelta(0, "b")]


def test_a_thought_flows_as_it_comes() -> None:
    events = through(BlockStarted(0, "text"), TextDelta(0, "<think>a"), TextDelta(0, "b"))
    assert events[1:] == [ThinkingDelta(-1, "a"), ThinkingDelta(-1, "b")]


def test_a_stream_that_breaks_within_a_thought_has_closed_it() -> None:
    broken = Failed(ErrorInfo.of("upstream", "gone"))
    events = through(BlockStarted(0, "text"), TextDelta(0, "<think>a"), BlockEnded(0), broken)
    assert events == [
        BlockStarted(-1, "thinking"),
        ThinkingDelta(-1, "a"),
        BlockEnded(-1),
        broken,
    ]


def test_other_blocks_pass() -> None:
    call = BlockStarted(1, "tool_call", id="x", name="Bash")
    thought = BlockStarted(2, "thinking")
    assert through(call, thought, BlockEnded(2), BlockEnded(1)) == [
        call,
        thought,
        BlockEnded(2),
        BlockEnded(1),
    ]


def test_a_call_without_an_id_gets_one_of_its_own() -> None:
    filters = [OwnToolIds("a"), OwnToolIds("a"), OwnToolIds("b")]
    ids = [f.feed(BlockStarted(0, "tool_call", name="Bash"))[0].id for f in filters]  # type: ignore[union-attr]
    ids += [filters[0].feed(BlockStarted(1, "tool_call", id="", name="Bash"))[0].id]  # type: ignore[union-attr]
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]+", id) for id in ids if id is not None)
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    named = BlockStarted(0, "tool_call", id="x", name="Bash")
    assert filters[0].feed(named) == [named]


@pytest.mark.parametrize(
    ("given_input", "cached", "fixed"),
    [
        (-400, 1000, 600),
        (200, 1000, 200),
        (1200, 1000, 200),
        (0, 1000, 0),
        (50, 0, 50),
        (-5, 0, 0),
        (None, 10, None),
        (-2000, 1000, 0),
    ],
)
def test_cached_tokens_of_moonshot_are_counted_once(
    given_input: int | None, cached: int, fixed: int | None
) -> None:
    """axonhub-behaviour.md § 2.7."""
    usage = repair_usage(Usage(input=given_input, cache_read=cached, output=5))
    assert usage == Usage(input=fixed, cache_read=cached, output=5)


def test_both_ends_of_a_stream_are_repaired() -> None:
    repair = MoonshotUsage("seed")
    odd, right = Usage(input=-1, cache_read=3), Usage(input=2, cache_read=3)
    assert repair.feed(Started(usage=odd)) == [Started(usage=right)]
    assert repair.feed(Finished(usage=odd)) == [Finished(usage=right)]
    assert repair.feed(BlockEnded(0)) == [BlockEnded(0)]

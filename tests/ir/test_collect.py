"""Events and responses are two forms of one thing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.errors import ErrorInfo
from axonhub_cli.ir.collect import BrokenAnswer, collect, merge_usage, replay, stop_of
from axonhub_cli.ir.events import (
    BlockEnded,
    BlockStarted,
    Event,
    Failed,
    Finished,
    Started,
    TextDelta,
    ToolArgsDelta,
)
from axonhub_cli.ir.request import (
    Block,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    ToolCall,
)
from axonhub_cli.ir.response import Response, Stop, Usage

WORDS = st.text(max_size=8)
BLOCKS: st.SearchStrategy[Block] = st.one_of(
    st.builds(Text, WORDS),
    st.builds(Text, WORDS, st.just({"citations": [{"type": "x"}]})),
    st.builds(Thinking, WORDS, st.none() | st.text(min_size=1, max_size=4)),
    st.builds(RedactedThinking, WORDS),
    st.builds(ToolCall, WORDS, WORDS, WORDS),
    st.builds(Opaque, st.just("anthropic"), WORDS, st.just({"type": "new"})),
)


@given(st.lists(BLOCKS, max_size=5), st.sampled_from(["end", "max_tokens", "tool_use"]))
def test_a_replayed_response_is_collected_again(blocks: list[Block], reason: str) -> None:
    response = Response(
        id="1",
        model="m",
        content=tuple(blocks),
        stop=Stop(reason),  # type: ignore[arg-type]
        usage=Usage(input=3, output=4),
    )
    assert collect(replay(response)) == response


def test_interleaved_blocks_keep_the_order_they_began_in() -> None:
    events: list[Event] = [
        Started(),
        BlockStarted(7, "tool_call", id="a", name="f"),
        BlockStarted(3, "tool_call", id="b", name="g"),
        ToolArgsDelta(3, "{}"),
        ToolArgsDelta(7, '{"x":'),
        ToolArgsDelta(7, "1}"),
        BlockEnded(7),
        BlockEnded(3),
        Finished(Stop("tool_use")),
    ]
    assert collect(events).content == (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g", "{}"))


def test_a_broken_answer_is_none() -> None:
    with pytest.raises(BrokenAnswer, match="cut off"):
        collect(
            [
                Started(),
                BlockStarted(0, "text"),
                TextDelta(0, "a"),
                BlockEnded(0),
                Failed(ErrorInfo.of("upstream", "cut off")),
            ]
        )


def test_the_end_of_a_stream_knows_best_what_it_used() -> None:
    early, late = Usage(input=10, cache_read=5, output=1), Usage(input=0, output=7)
    assert merge_usage(early, late) == Usage(input=10, cache_read=5, output=7)
    assert merge_usage(Usage(), Usage(input=0)) == Usage(input=0)


@pytest.mark.parametrize(
    ("calls", "reason", "expected"),
    [(True, "end", "tool_use"), (False, "tool_use", "end"), (True, "max_tokens", "max_tokens")],
)
def test_tool_use_is_the_reason_exactly_when_a_tool_is_called(
    calls: bool, reason: str, expected: str
) -> None:
    content: list[Block] = [ToolCall("1", "f", "{}")] if calls else [Text("x")]
    assert stop_of(content, Stop(reason)).reason == expected  # type: ignore[arg-type]

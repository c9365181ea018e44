from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.dialects import reasoning_quirks as quirks
from axonhub_cli.ir.request import Reasoning
from tests.dialects.bodies import CALLS, RESULT, TOOL, USER, context, messages, relayed, run

ON = Reasoning(mode="enabled", budget=4000)
ADAPTIVE = Reasoning(mode="adaptive")
OFF = Reasoning(mode="disabled")
SAID = {"role": "assistant", "content": "yes", "reasoning_content": "hm"}
PLAIN = {"role": "assistant", "content": "yes"}


@pytest.mark.parametrize(
    ("reasoning", "wanted"),
    [
        (Reasoning(), None),
        (ON, True),
        (ADAPTIVE, True),
        (OFF, False),
        (Reasoning(effort="low"), True),
        (Reasoning(effort="none"), False),
    ],
)
def test_whether_to_think_is_read_from_the_request(reasoning: Reasoning, wanted: Any) -> None:
    assert quirks.wants_thinking({}, context(reasoning=reasoning)) is wanted


def test_whether_to_think_is_read_from_the_body_of_a_relay() -> None:
    assert quirks.wants_thinking({}, relayed()) is None
    assert quirks.wants_thinking({"reasoning_effort": "high"}, relayed()) is True
    assert quirks.wants_thinking({"reasoning_effort": "none"}, relayed()) is False


def test_reasoning_that_is_not_taken_back_is_left_out_and_said() -> None:
    body, lost = run(quirks.drop_reasoning, messages(USER, SAID))
    assert (body["messages"], lost) == ([USER, PLAIN], ["messages[*].reasoning_content"])
    assert run(quirks.drop_reasoning, messages(USER, PLAIN)) == (messages(USER, PLAIN), [])


def test_reasoning_goes_by_the_endpoints_own_name() -> None:
    quirk = quirks.reasoning_in("reasoning")
    body, _ = run(quirk, messages(SAID, PLAIN))
    assert body["messages"] == [{**PLAIN, "reasoning": "hm"}, PLAIN]


def test_reasoning_goes_back_into_the_tags_it_came_in() -> None:
    """MiniMax wants its whole answer back."""
    called = {**CALLS, "reasoning_content": "hm"}
    empty = {**PLAIN, "reasoning_content": ""}
    body, _ = run(quirks.reasoning_as_tags, messages(SAID, called, empty, PLAIN))
    tags = "<think>\nhm\n</think>\n\n"
    assert [m["content"] for m in body["messages"]] == [f"{tags}yes", tags, "yes", "yes"]
    assert not any("reasoning_content" in m for m in body["messages"])


def test_known_failure_12_reasoning_is_replayed_on_tool_turns_of_deepseek() -> None:
    """`The reasoning_content in the thinking mode must be passed back to the API`."""
    thought = {**CALLS, "reasoning_content": "I need Bash"}
    body, _ = run(
        quirks.replay_reasoning(""), messages(USER, PLAIN, thought, RESULT, CALLS, RESULT, PLAIN)
    )
    texts = [m.get("reasoning_content") for m in body["messages"]]
    # Real reasoning stays; turns of another model get the placeholder, from the first call on.
    assert texts == [None, None, "I need Bash", None, "", None, ""]


def test_known_failure_12_moonshot_takes_no_empty_placeholder() -> None:
    """`thinking is enabled but reasoning_content is missing in assistant tool call message`."""
    empty = {**CALLS, "reasoning_content": ""}
    body, _ = run(quirks.replay_reasoning(" "), messages(CALLS, empty))
    assert [m["reasoning_content"] for m in body["messages"]] == [" ", " "]


def test_without_thinking_nothing_is_replayed() -> None:
    body = {**messages(USER, CALLS, RESULT), "thinking": {"type": "disabled"}}
    assert run(quirks.replay_reasoning(""), body) == (body, [])


def test_thinking_is_switched_on_and_off() -> None:
    """axonhub-behaviour.md § 4.4: effort ≠ none → `thinking {type: enabled}`."""
    on, _ = run(quirks.thinking_switch, {"reasoning_effort": "high"}, context(reasoning=ON))
    assert on == {"reasoning_effort": "high", "thinking": {"type": "enabled"}}
    off, _ = run(quirks.thinking_switch, {"reasoning_effort": "none"}, relayed())
    assert off == {"thinking": {"type": "disabled"}}
    said = {"thinking": {"type": "auto"}}
    assert run(quirks.thinking_switch, said, context(reasoning=ON)) == (said, [])
    assert run(quirks.thinking_switch, {}, context()) == ({}, [])


def test_efforts_become_words_that_the_provider_knows() -> None:
    xhigh = {"reasoning_effort": "xhigh"}
    assert run(quirks.LOW_HIGH_MAX, xhigh) == ({"reasoning_effort": "max"}, ["reasoning_effort"])
    assert run(quirks.UP_TO_HIGH, xhigh) == ({"reasoning_effort": "high"}, ["reasoning_effort"])
    assert run(quirks.UP_TO_XHIGH, xhigh) == (xhigh, [])


def test_not_to_think_is_an_effort_where_there_is_a_word_for_it() -> None:
    quirk = quirks.effort_when_off("none")
    assert run(quirk, {}, context(reasoning=OFF)) == ({"reasoning_effort": "none"}, [])
    assert run(quirk, {}, context(reasoning=ON)) == ({}, [])
    low = {"reasoning_effort": "low"}
    assert run(quirk, low, context(reasoning=OFF)) == (low, [])


def test_a_model_that_always_thinks_is_not_told_to_stop() -> None:
    off = {"thinking": {"type": "disabled"}, "reasoning_effort": "none"}
    assert run(quirks.always_thinks, off) == ({}, ["thinking"])
    on = {"thinking": {"type": "enabled"}}
    assert run(quirks.always_thinks, on) == (on, [])
    assert run(quirks.no_thinking_field, on) == ({}, [])


def test_an_effort_that_cannot_be_told_is_a_loss() -> None:
    assert run(quirks.no_effort, {"reasoning_effort": "low"}) == ({}, ["reasoning_effort"])


def test_qwen_is_told_with_a_flag_and_a_budget() -> None:
    asked = {"reasoning_effort": "high", "stream": True}
    body, lost = run(quirks.enable_thinking, asked, context("qwen3-max", reasoning=ON))
    assert body == {"stream": True, "enable_thinking": True, "thinking_budget": 4000}
    assert lost == ["reasoning_effort"]
    huge = Reasoning(mode="enabled", budget=100_000)
    body, _ = run(quirks.enable_thinking, {}, context("deepseek-v4", reasoning=huge))
    assert body == {"enable_thinking": True, "thinking_budget": 32768}
    off, _ = run(quirks.enable_thinking, {}, context("qwen3", reasoning=OFF))
    assert off == {"enable_thinking": False}
    assert run(quirks.enable_thinking, {}, context()) == ({}, [])


def test_qwen_does_not_think_in_an_answer_that_is_not_streamed() -> None:
    """`enable_thinking must be set to false for non-streaming calls`."""
    body, lost = run(quirks.enable_thinking, {}, context("qwen3-32b", reasoning=ADAPTIVE))
    assert (body, lost) == ({"enable_thinking": False}, ["thinking"])


def test_openrouter_takes_an_object() -> None:
    def sent(body: Any, reasoning: Reasoning) -> Any:
        return run(quirks.reasoning_object, body, context(reasoning=reasoning))

    high = {"reasoning_effort": "high"}
    assert sent(high, ON) == ({"reasoning": {"max_tokens": 4000}}, ["reasoning_effort"])
    assert sent(high, Reasoning(effort="high")) == ({"reasoning": {"effort": "high"}}, [])
    assert sent({}, ADAPTIVE) == ({"reasoning": {"enabled": True}}, [])
    assert sent({}, OFF) == ({"reasoning": {"enabled": False}}, [])
    assert sent({}, Reasoning()) == ({}, [])
    own = {"reasoning": {"effort": "low"}}
    assert sent(own, ON) == (own, [])


def test_tools_go_without_reasoning_where_both_are_refused() -> None:
    """`Function tools with reasoning_effort are not supported for gpt-5.6`, asked or not."""
    for asked in ({}, {"reasoning_effort": "high"}):
        body, lost = run(quirks.tools_without_reasoning, {"tools": [TOOL], **asked})
        assert (body["reasoning_effort"], lost) == ("none", ["reasoning_effort"])
    for fine in ({"reasoning_effort": "high"}, {"tools": [TOOL], "reasoning_effort": "none"}):
        assert run(quirks.tools_without_reasoning, fine) == (fine, [])


def test_sampling_that_is_fixed_is_not_sent() -> None:
    asked = {"temperature": 0.2, "top_p": 1, "n": 1, "stop": ["x"]}
    assert run(quirks.fixed_sampling, asked) == ({"stop": ["x"]}, ["temperature"])


def test_groq_is_asked_for_parsed_reasoning() -> None:
    body, lost = run(quirks.parsed_reasoning, {"reasoning_effort": "high"}, context(reasoning=ON))
    assert (body, lost) == ({"reasoning_format": "parsed"}, ["reasoning_effort"])
    body, _ = run(quirks.parsed_reasoning, {}, context(reasoning=OFF))
    assert body == {"reasoning_format": "parsed", "reasoning_effort": "none"}


def test_mistral_thinks_wholly_or_not() -> None:
    def sent(body: Any, reasoning: Reasoning) -> Any:
        return run(quirks.whole_or_no_effort, body, context(reasoning=reasoning))

    low = {"reasoning_effort": "low"}
    assert sent(low, Reasoning(effort="low")) == (
        {"reasoning_effort": "high"},
        ["reasoning_effort"],
    )
    assert sent({}, OFF) == ({"reasoning_effort": "none"}, [])
    assert sent({}, Reasoning()) == ({}, [])


def test_not_to_think_is_no_effort_that_was_lost() -> None:
    off = {"reasoning_effort": "none"}
    assert run(quirks.enable_thinking, off, relayed()) == ({"enable_thinking": False}, [])

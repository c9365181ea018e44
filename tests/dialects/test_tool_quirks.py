from __future__ import annotations

import re

import pytest

from axonhub_cli.dialects import tool_quirks as quirks
from tests.dialects.bodies import CALL, CALLS, RESULT, TOOL, USER, context, messages, run

FORCED = {"type": "function", "function": {"name": "Bash"}}


def test_options_of_tools_go_where_there_are_none() -> None:
    body = {"parallel_tool_calls": False, "tool_choice": "auto", "tools": []}
    assert run(quirks.only_offered_tools, body) == ({}, ["parallel_tool_calls", "tool_choice"])
    assert run(quirks.only_offered_tools, {"n": 1}) == ({"n": 1}, [])


def test_known_failure_18_a_choice_of_a_tool_that_was_left_out_is_dropped() -> None:
    """Claude Code's WebSearch forces `web_search`, which only Anthropic runs."""
    choice = {"type": "function", "function": {"name": "web_search"}}
    body, lost = run(quirks.only_offered_tools, {"tools": [TOOL], "tool_choice": choice})
    assert (body, lost) == ({"tools": [TOOL]}, ["tool_choice"])
    for fine in (FORCED, "auto", "required"):
        asked = {"tools": [TOOL], "tool_choice": fine}
        assert run(quirks.only_offered_tools, asked) == (asked, [])


@pytest.mark.parametrize("choice", ["required", "any", FORCED])
def test_where_calls_cannot_be_forced_the_model_decides(choice: object) -> None:
    for quirk in (quirks.no_forced_tool, quirks.auto_tool_choice):
        body, lost = run(quirk, {"tools": [TOOL], "tool_choice": choice})
        assert (body["tool_choice"], lost) == ("auto", ["tool_choice"])


def test_where_only_auto_is_known_no_call_means_no_tools() -> None:
    asked = {"tools": [TOOL], "tool_choice": "none", "parallel_tool_calls": True}
    for quirk in (quirks.auto_tool_choice, quirks.no_tool_choice):
        assert run(quirk, asked) == ({}, ["tools"])


def test_where_no_choice_is_known_auto_is_no_loss() -> None:
    tools = {"tools": [TOOL]}
    assert run(quirks.no_tool_choice, {**tools, "tool_choice": "auto"}) == (tools, [])
    assert run(quirks.no_tool_choice, {**tools, "tool_choice": FORCED}) == (tools, ["tool_choice"])


def test_strict_leaves_the_function() -> None:
    strict = {"type": "function", "function": {**TOOL["function"], "strict": True}}  # type: ignore[dict-item]
    body, lost = run(quirks.drop_strict, {"tools": [strict, TOOL, {"type": "x"}]})
    assert (body["tools"], lost) == ([TOOL, TOOL, {"type": "x"}], ["tools[*].strict"])
    assert run(quirks.drop_strict, {"tools": [TOOL]}) == ({"tools": [TOOL]}, [])


def test_calls_in_assistant_messages_in_a_row_become_one_message() -> None:
    """axonhub-behaviour.md § 4.4, bailian."""
    second = {**CALLS, "tool_calls": [{**CALL, "id": "call_2"}]}
    said = {**CALLS, "content": "now:"}
    body, _ = run(quirks.merge_tool_turns, messages(USER, CALLS, second, RESULT, said, CALLS))
    calls = [call["id"] for call in body["messages"][1]["tool_calls"]]
    assert calls == ["call_1", "call_2"]
    assert body["messages"][2:] == [RESULT, said, CALLS]
    assert run(quirks.merge_tool_turns, {"messages": 3}) == ({"messages": 3}, [])


def test_ids_for_mistral_are_nine_letters_and_digits_alike_for_call_and_result() -> None:
    """`must be a-z, A-Z, 0-9, with a length of 9` (anomalyco/opencode#1680)."""
    body, _ = run(quirks.nine_letter_ids, messages(USER, CALLS, RESULT))
    id = body["messages"][1]["tool_calls"][0]["id"]
    assert re.fullmatch(r"[A-Za-z0-9]{9}", id)
    assert body["messages"][2]["tool_call_id"] == id
    # Mistral's own come back as they are, and so does what we made.
    assert run(quirks.nine_letter_ids, body)[0] is body


def test_ids_for_openai_have_at_most_forty_characters() -> None:
    """`Expected a string with maximum length 40` (agno-agi/agno#5382)."""
    id = "fc_" + "0" * 50
    calls = {**CALLS, "tool_calls": [{**CALL, "id": id}]}
    body, _ = run(quirks.short_ids, messages(calls, {**RESULT, "tool_call_id": id}))
    short = body["messages"][1]["tool_call_id"]
    assert len(short) <= 40
    assert body["messages"][0]["tool_calls"][0]["id"] == short
    assert run(quirks.short_ids, messages(CALLS, RESULT)) == (messages(CALLS, RESULT), [])


def test_a_forced_tool_goes_before_thinking() -> None:
    """`Thinking mode does not support this tool_choice` (deepseek-ai/DeepSeek-V3#1376)."""
    quirk = quirks.forced_or_thinking("deepseek-reasoner")
    body = {"tools": [TOOL], "tool_choice": FORCED, "reasoning_effort": "high"}
    sent, lost = run(quirk, body, context("deepseek-v4-pro"))
    assert sent == {"tools": [TOOL], "tool_choice": FORCED, "thinking": {"type": "disabled"}}
    assert lost == ["thinking"]
    sent, lost = run(quirk, body, context("deepseek-reasoner"))
    assert (sent["tool_choice"], lost) == ("auto", ["tool_choice"])
    free = {"tools": [TOOL], "tool_choice": "auto"}
    assert run(quirk, free) == (free, [])

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.dialects import anthropic_quirks as quirks
from tests.dialects.bodies import USER, context, messages, run
from tests.dialects.test_request_quirks import LINE

TOOL = {"name": "Bash", "description": "Run", "input_schema": {"type": "object"}}
SAID = {"role": "assistant", "content": "yes"}
USED = {
    "role": "assistant",
    "content": [{"type": "tool_use", "id": "t", "name": "Bash", "input": {}}],
}
RESULT = {"type": "tool_result", "tool_use_id": "t", "content": "ok"}


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def test_known_failure_25_the_attribution_line_is_nobody_elses_prompt() -> None:
    body, lost = run(quirks.drop_attribution_line, {"system": [text(LINE), text("You are")]})
    assert (body, lost) == ({"system": [text("You are")]}, ["system[0]"])
    assert run(quirks.drop_attribution_line, {"system": LINE})[0] == {}
    assert run(quirks.drop_attribution_line, {"system": "x"}) == ({"system": "x"}, [])


def test_the_user_is_known_to_anthropic_alone() -> None:
    body, lost = run(quirks.drop_user_id, {"metadata": {"user_id": "u"}})
    assert (body, lost) == ({}, ["metadata.user_id"])
    assert run(quirks.drop_user_id, {"metadata": {"user_id": "u", "a": 1}})[0] == {
        "metadata": {"a": 1}
    }
    assert run(quirks.drop_user_id, {"metadata": {"a": 1}}) == ({"metadata": {"a": 1}}, [])


def test_known_failure_1_context_management_is_not_sent() -> None:
    """`context_management: Extra inputs are not permitted` (anthropics/claude-code#21612)."""
    body, lost = run(
        quirks.drop_anthropic_only, {"context_management": {"edits": []}, "betas": ["x"]}
    )
    assert (body, lost) == ({}, ["betas", "context_management"])


def test_known_failures_2_and_3_tools_have_no_fields_that_only_anthropic_knows() -> None:
    """`tools.0.custom.defer_loading` and `eager_input_streaming`."""
    extras = {
        "strict": True,
        "defer_loading": True,
        "eager_input_streaming": True,
        "input_examples": [{}],
        "allowed_callers": ["x"],
    }
    body, lost = run(
        quirks.plain_tools, {"tools": [{**TOOL, **extras}, {**TOOL, "type": "custom"}]}
    )
    assert body["tools"] == [TOOL, {**TOOL, "type": "custom"}]
    assert lost == [f"tools[*].{key}" for key in sorted(extras)]
    assert run(quirks.plain_tools, {"tools": [TOOL]}) == ({"tools": [TOOL]}, [])
    assert run(quirks.plain_tools, {}) == ({}, [])


def test_known_failure_18_a_tool_that_anthropic_runs_goes_and_with_it_the_choice_of_it() -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
    choice = {"type": "tool", "name": "web_search"}
    body, lost = run(quirks.plain_tools, {"tools": [TOOL, search], "tool_choice": choice})
    assert body == {"tools": [TOOL]}
    assert lost == ["tools[web_search]", "tool_choice"]
    alone = {"tools": [search], "tool_choice": {"type": "any"}}
    assert run(quirks.plain_tools, alone)[0] == {}
    other = {"tools": [TOOL, search], "tool_choice": {"type": "auto"}}
    assert run(quirks.plain_tools, other)[0] == {"tools": [TOOL], "tool_choice": {"type": "auto"}}


def test_adaptive_thinking_is_enabled_with_a_budget_that_leaves_room() -> None:
    thinking = {"type": "adaptive", "display": "omitted"}
    body, lost = run(quirks.plain_thinking, {"thinking": thinking, "max_tokens": 32_000})
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 15_999}
    assert lost == ["thinking.type"]
    for limit in (1025, 4000, 200_000):
        body, _ = run(quirks.plain_thinking, {"thinking": thinking, "max_tokens": limit})
        assert 1024 <= body["thinking"]["budget_tokens"] < limit
    body, lost = run(quirks.plain_thinking, {"thinking": thinking, "max_tokens": 100})
    assert (body, lost) == ({"max_tokens": 100}, ["thinking"])


def test_other_thinking_stays_but_for_how_it_is_shown() -> None:
    enabled = {"type": "enabled", "budget_tokens": 4000}
    shown = {"thinking": {**enabled, "display": "omitted"}}
    assert run(quirks.plain_thinking, shown) == ({"thinking": enabled}, [])
    for fine in ({"thinking": enabled}, {"thinking": None}, {}):
        assert run(quirks.plain_thinking, fine) == (fine, [])


def test_a_schema_for_the_answer_becomes_words_behind_the_system_prompt() -> None:
    config = {"effort": "high", "format": {"type": "json_schema", "schema": {"type": "object"}}}
    for system in ("You are", [text("You are")]):
        body, lost = run(quirks.no_output_config, {"system": system, "output_config": config})
        first, second = body["system"]
        assert first == text("You are")
        assert '{"type":"object"}' in second["text"]
        assert "output_config" not in body
        assert lost == ["output_config.format"]
    body, _ = run(quirks.no_output_config, {"output_config": config})
    assert len(body["system"]) == 1


def test_where_effort_is_known_the_rest_goes() -> None:
    config = {"effort": "high", "task_budget": 3}
    body, lost = run(quirks.effort_only, {"output_config": config})
    assert (body, lost) == ({"output_config": {"effort": "high"}}, ["output_config.task_budget"])
    assert run(quirks.effort_only, {"output_config": {"task_budget": 3}})[0] == {}
    for fine in ({"output_config": {"effort": "low"}}, {}):
        assert run(quirks.effort_only, fine) == (fine, [])
    assert run(quirks.no_output_config, {"output_config": {"effort": "low"}}) == (
        {},
        ["output_config"],
    )


def test_a_system_turn_of_claude_code_joins_the_users_turn_before_it() -> None:
    """ollama/ollama#17774: `system message must be at the beginning`, on every request."""
    system = {"role": "system", "content": "agents", "output_config": {"effort": "high"}}
    body, lost = run(quirks.system_turns_as_user, messages(USER, system, SAID))
    reminder = text("<system-reminder>\nagents\n</system-reminder>")
    assert body["messages"] == [{"role": "user", "content": [text("hi"), reminder]}, SAID]
    assert lost == ["messages[*].role"]


def test_a_system_turn_before_tool_results_does_not_part_them_from_their_calls() -> None:
    results = {"role": "user", "content": [RESULT]}
    system = {"role": "system", "content": [text("note")]}
    body, _ = run(quirks.system_turns_as_user, messages(USER, USED, system, results))
    reminder = text("<system-reminder>\nnote\n</system-reminder>")
    assert body["messages"][2] == {"role": "user", "content": [RESULT, reminder]}


def test_a_system_turn_between_answers_or_at_the_end_is_a_turn_of_its_own() -> None:
    system = {"role": "system", "content": "note"}
    body, _ = run(quirks.system_turns_as_user, messages(USER, SAID, system, SAID, system))
    assert [m["role"] for m in body["messages"]] == [
        "user",
        "assistant",
        "user",
        "assistant",
        "user",
    ]


def test_an_empty_system_turn_only_carried_settings() -> None:
    body, _ = run(quirks.system_turns_as_user, messages(USER, {"role": "system", "content": []}))
    assert body["messages"] == [USER]
    settings = {**USER, "output_config": {"effort": "low"}}
    assert run(quirks.system_turns_as_user, messages(settings))[0]["messages"] == [USER]


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "Bash"}])
def test_a_forced_tool_goes_before_thinking(choice: dict[str, Any]) -> None:
    """deepseek-ai/awesome-deepseek-integration#598."""
    quirk = quirks.forced_or_thoughtful("deepseek-reasoner")
    body, lost = run(quirk, {"tool_choice": choice}, context("deepseek-v4-pro"))
    assert (body["thinking"], body["tool_choice"]) == ({"type": "disabled"}, choice)
    assert lost == ["thinking"]
    body, lost = run(quirk, {"tool_choice": choice}, context("deepseek-reasoner"))
    assert (body, lost) == ({"tool_choice": {"type": "auto"}}, ["tool_choice"])
    free = {"tool_choice": {"type": "auto"}}
    assert run(quirk, free) == (free, [])


def test_where_no_choice_is_known_none_means_no_tools() -> None:
    def sent(kind: str) -> Any:
        return run(quirks.no_choice, {"tools": [TOOL], "tool_choice": {"type": kind}})

    assert sent("none") == ({}, ["tools"])
    assert sent("auto") == ({"tools": [TOOL]}, [])
    assert sent("any") == ({"tools": [TOOL]}, ["tool_choice"])


def test_cache_breakpoints_go_from_every_place() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    inner = {**RESULT, "content": [text("ok", **mark)], **mark}
    body = {
        "system": [text("a", **mark)],
        "tools": [{**TOOL, **mark}],
        "messages": [{"role": "user", "content": [inner, text("b", **mark)]}],
    }
    new, lost = run(quirks.no_cache_control, body)
    assert "cache_control" not in str(new)
    assert lost == ["cache_control"]
    assert run(quirks.no_cache_control, messages(USER)) == (messages(USER), [])

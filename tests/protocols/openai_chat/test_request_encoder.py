"""Requests for Chat: what is said, and what is told as lost."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.ir.request import (
    Message,
    OutputFormat,
    Reasoning,
    Request,
    Sampling,
    ServerTool,
    Text,
    Tool,
    ToolChoice,
)
from axonhub_cli.protocols.openai_chat.request_encoder import encode_request

HI = (Message("user", (Text("hi"),)),)
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
F = Tool("f", "d", SCHEMA)
SEARCH = ServerTool("anthropic", "web_search_20250305", "web_search", {"type": "web_search_x"})


def encode(protocol: str = "anthropic", **more: Any) -> tuple[dict[str, Any], list[str]]:
    """The body without model and messages, and the paths of the losses."""
    request = Request(protocol=protocol, model="asked", messages=HI, **more)
    encoded = encode_request(request, "upstream")
    assert encoded.body["model"] == "upstream"
    assert encoded.body["messages"] == [{"role": "user", "content": "hi"}]
    body = {k: v for k, v in encoded.body.items() if k not in ("model", "messages")}
    return body, [loss.path for loss in encoded.losses]


def test_the_least_request_says_nothing_more() -> None:
    assert encode() == ({}, [])


def test_knobs_cross() -> None:
    sampling = Sampling(5, 1.0, 0.5, 3, ("a",), 7, 0.1, -0.1)
    assert encode(sampling=sampling) == (
        {"max_tokens": 5, "temperature": 1.0, "top_p": 0.5, "stop": ["a"], "seed": 7}
        | {"presence_penalty": 0.1, "frequency_penalty": -0.1},
        ["top_k"],
    )


def test_only_four_stop_sequences_are_taken() -> None:
    body, losses = encode(sampling=Sampling(stop=("a", "b", "c", "d", "e")))
    assert (body["stop"], losses) == (["a", "b", "c", "d"], ["stop_sequences"])


def test_a_stream_always_asks_for_usage() -> None:
    asked = {"stream": True, "stream_options": {"include_usage": True}}
    assert encode(stream=True, wants_usage=False)[0] == asked


def test_tools_are_their_schema_alone() -> None:
    """known-failures 2, 3: what is beside a schema must not get into it."""
    extra = {"defer_loading": True, "eager_input_streaming": True, "input_examples": [{}]}
    body, losses = encode(tools=(Tool("f", "d", SCHEMA, True, extra), Tool("g", None, {})))
    assert body["tools"] == [
        {
            "type": "function",
            "function": {"name": "f", "description": "d", "parameters": SCHEMA},
        },
        {"type": "function", "function": {"name": "g", "parameters": {}}},
    ]
    assert losses == [f"tools[*].{name}" for name in (*extra, "strict")]


def test_server_tools_are_a_stated_loss() -> None:
    body, losses = encode(tools=(F, SEARCH), tool_choice=ToolChoice("auto"))
    assert len(body["tools"]) == 1
    assert body["tool_choice"] == "auto"
    assert losses == ["tools[1]"]


def test_a_choice_that_forces_a_removed_tool_is_left_to_the_model() -> None:
    """known-failures 18: Claude Code's WebSearch forces a tool that only Anthropic runs."""
    body, losses = encode(tools=(F, SEARCH), tool_choice=ToolChoice("tool", "web_search"))
    assert body["tool_choice"] == "auto"
    assert losses == ["tools[1]", "tool_choice"]


@pytest.mark.parametrize("mode", ["any", "tool", "auto", "none"])
def test_no_choice_is_sent_without_tools(mode: Any) -> None:
    choice = ToolChoice(mode, "web_search")
    body, losses = encode(tools=(SEARCH,), tool_choice=choice, parallel_tools=False)
    assert body == {}
    assert losses == ["tools[0]", *(["tool_choice"] if mode in ("any", "tool") else [])]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (ToolChoice("auto"), "auto"),
        (ToolChoice("none"), "none"),
        (ToolChoice("any"), "required"),
        (ToolChoice("tool", "f"), {"type": "function", "function": {"name": "f"}}),
    ],
)
def test_choices_have_chat_s_words(choice: ToolChoice, said: object) -> None:
    assert encode(tools=(F,), tool_choice=choice)[0]["tool_choice"] == said


def test_parallel_calls_are_forbidden_but_not_allowed_in_words() -> None:
    assert encode(tools=(F,), parallel_tools=False)[0]["parallel_tool_calls"] is False
    assert "parallel_tool_calls" not in encode(tools=(F,), parallel_tools=True)[0]


@pytest.mark.parametrize(
    ("reasoning", "effort", "losses"),
    [
        (Reasoning("adaptive"), None, []),
        (Reasoning("adaptive", "max"), "max", []),
        (Reasoning("enabled", None, 8000), "medium", ["thinking.budget_tokens"]),
        (Reasoning("enabled", "low", 31999), "low", ["thinking.budget_tokens"]),
        (Reasoning("disabled"), None, []),
        (Reasoning("disabled", "high", 9), None, []),
        (Reasoning(None, "high"), "high", []),
    ],
)
def test_how_much_to_think_is_an_effort(
    reasoning: Reasoning, effort: str | None, losses: list[str]
) -> None:
    body, lost = encode(reasoning=reasoning)
    assert (body.get("reasoning_effort"), lost) == (effort, losses)
    assert "thinking" not in body


def test_formats_cross() -> None:
    assert encode(output=OutputFormat("json_object"))[0] == {
        "response_format": {"type": "json_object"}
    }
    assert encode(output=OutputFormat("json_schema", SCHEMA))[0]["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": SCHEMA},
    }
    named = OutputFormat("json_schema", SCHEMA, "n", "d", True)
    assert encode(output=named)[0]["response_format"]["json_schema"] == {
        "name": "n",
        "schema": SCHEMA,
        "description": "d",
        "strict": True,
    }


def test_who_the_user_is_stays_with_anthropic() -> None:
    body, losses = encode(user="ann", metadata={"user_id": "ann", "x": 1}, cache_key="k")
    assert body == {"prompt_cache_key": "k"}
    assert losses == ["metadata.user_id", "metadata.x"]


@pytest.mark.parametrize(
    ("tier", "said", "losses"),
    [("auto", None, []), ("standard_only", "default", []), ("odd", None, ["service_tier"])],
)
def test_tiers_have_openai_s_words(tier: str, said: str | None, losses: list[str]) -> None:
    body, lost = encode(service_tier=tier)
    assert (body.get("service_tier"), lost) == (said, losses)


def test_what_only_anthropic_has_is_told() -> None:
    """known-failures 1, 4: such fields make other providers refuse the request."""
    extra = {"context_management": {"edits": []}, "container": "c"}
    assert encode(extra=extra) == ({}, ["context_management", "container"])


def test_the_own_protocol_s_words_come_back() -> None:
    grammar = {"type": "custom", "custom": {"name": "patch"}}
    body, losses = encode(
        "openai_chat",
        tools=(
            Tool("f", None, SCHEMA, False, {"function": {"returns": {}}, "x": 1}),
            ServerTool("openai_chat", "custom", "patch", grammar),
        ),
        tool_choice=ToolChoice("tool", "patch"),
        parallel_tools=True,
        sampling=Sampling(top_k=3),
        reasoning=Reasoning("enabled", "low", 9),
        output=OutputFormat("json_schema", SCHEMA, "n"),
        user="ann",
        metadata={"a": "b"},
        service_tier="flex",
        stream=True,
        extra={
            "logprobs": True,
            "stream_options": {"include_obfuscation": False},
            "thinking": {"clear_thinking": False},
            "response_format": {"json_schema": {"x": 1}},
        },
    )
    assert losses == []
    assert body == {
        "tools": [
            {
                "type": "function",
                "function": {"name": "f", "parameters": SCHEMA, "strict": False, "returns": {}},
                "x": 1,
            },
            grammar,
        ],
        "tool_choice": {"type": "custom", "custom": {"name": "patch"}},
        "parallel_tool_calls": True,
        "top_k": 3,
        "reasoning_effort": "low",
        "thinking": {"type": "enabled", "budget_tokens": 9, "clear_thinking": False},
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "n", "schema": SCHEMA, "x": 1},
        },
        "user": "ann",
        "metadata": {"a": "b"},
        "service_tier": "flex",
        "stream": True,
        "stream_options": {"include_usage": True, "include_obfuscation": False},
        "logprobs": True,
    }


def test_options_of_a_stream_go_with_a_stream_only() -> None:
    assert encode("openai_chat", extra={"stream_options": {"x": 1}}) == ({}, [])


def test_thinking_in_a_shape_that_nobody_knows_comes_back() -> None:
    body, _ = encode("openai_chat", reasoning=Reasoning("enabled"), extra={"thinking": "odd"})
    assert body == {"thinking": "odd"}
    body, _ = encode("openai_chat", reasoning=Reasoning("enabled"))
    assert body == {"thinking": {"type": "enabled"}}


def test_no_reasoning_of_the_own_protocol_is_an_effort() -> None:
    body, _ = encode("openai_chat", reasoning=Reasoning("disabled"))
    assert body == {"reasoning_effort": "none"}

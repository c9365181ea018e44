"""A request of another protocol as a whole: legal for the API, and every loss told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from axonhub_cli.errors import ClientError
from axonhub_cli.ir.loss import Loss
from axonhub_cli.ir.request import (
    Message,
    Opaque,
    OutputFormat,
    Reasoning,
    Request,
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from axonhub_cli.protocols.anthropic.fit.request import fit
from axonhub_cli.protocols.anthropic.losses import Losses
from axonhub_cli.protocols.anthropic.request_decoder import decode_request
from axonhub_cli.protocols.anthropic.request_encoder import encode_request
from tests.protocols.anthropic.wire import requests

USER = Message("user", (Text("hi"),))


def request(*messages: Message, **members: Any) -> Request:
    return Request(protocol="openai_chat", model="m", messages=messages or (USER,), **members)


def encode(
    wanted: Request, model: str = "claude-sonnet-4-5"
) -> tuple[dict[str, Any], dict[str, str]]:
    encoded = encode_request(wanted, model)
    return encoded.body, {loss.path: loss.reason for loss in encoded.losses}


def test_a_chat_client_s_tool_session() -> None:
    body, losses = encode(
        request(
            USER,
            Message("assistant", (ToolCall("call_1", "Bash", '{"command":"ls"}'),)),
            Message("user", (ToolResult("call_1", (Text("a.txt"),)),)),
            system=(Text("Be brief."),),
            tools=(Tool("Bash", "Run.", {"type": "object", "properties": {"command": {}}}),),
            tool_choice=ToolChoice("auto"),
            parallel_tools=False,
            sampling=Sampling(temperature=0.2, stop=("END",)),
            user="u-1",
            stream=True,
        )
    )
    assert body == {
        "model": "claude-sonnet-4-5",
        "max_tokens": 8192,
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "hi"},
            {
                "role": "assistant",
                "content": [
                    {
                        "type": "tool_use",
                        "id": "call_1",
                        "name": "Bash",
                        "input": {"command": "ls"},
                    }
                ],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "a.txt"}],
            },
        ],
        "tools": [
            {
                "name": "Bash",
                "description": "Run.",
                "input_schema": {"type": "object", "properties": {"command": {}}},
            }
        ],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "temperature": 0.2,
        "stop_sequences": ["END"],
        "metadata": {"user_id": "u-1"},
        "stream": True,
    }
    assert losses == {}


def test_every_member_that_does_not_cross_is_told() -> None:
    body, losses = encode(
        request(
            extra={"logprobs": True, "n": 2},
            metadata={"run": "7"},
            cache_key="k",
            service_tier="flex",
            sampling=Sampling(seed=3),
        )
    )
    assert set(body) == {"model", "max_tokens", "messages"}
    assert set(losses) == {
        "logprobs",
        "n",
        "metadata.run",
        "prompt_cache_key",
        "service_tier",
        "seed",
    }


def test_service_tiers_cross_by_meaning() -> None:
    assert encode(request(service_tier="auto"))[0]["service_tier"] == "auto"
    assert encode(request(service_tier="default"))[0]["service_tier"] == "standard_only"


def test_the_user_begins() -> None:
    body, losses = encode(request(Message("assistant", (Text("Welcome."),)), USER))
    assert [turn["content"] for turn in body["messages"]] == [".", "Welcome.", "hi"]
    assert "messages" in losses


def test_a_conversation_of_system_turns_alone_is_asked() -> None:
    wanted = replace(request(system=(Text("Say hi."),)), messages=())
    body, losses = encode(wanted)
    assert body["messages"] == [{"role": "user", "content": "Say hi."}]
    assert "system" not in body
    assert "messages" in losses


def test_a_conversation_of_nothing_is_a_dot() -> None:
    assert encode(request(Message("user", (Text(""),))))[0]["messages"] == [
        {"role": "user", "content": "."}
    ]


def test_a_system_prompt_is_text_alone() -> None:
    refusal = Opaque("openai_chat", "refusal", {"refusal": "No."})
    body, _ = encode(request(system=(Text("a"), Text(""), refusal)))
    assert [block["text"] for block in body["system"]] == ["a", "No."]


SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}


def test_a_schema_for_the_answer_crosses() -> None:
    wanted = OutputFormat("json_schema", SCHEMA, name="x", description="d", strict=True)
    body, losses = encode(request(output=wanted))
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA}}
    assert set(losses) == {"response_format.json_schema.description"}


def test_an_older_model_is_told_of_the_schema() -> None:
    body, losses = encode(
        request(output=OutputFormat("json_schema", SCHEMA), system=(Text("Be brief."),)),
        "claude-3-5-haiku-latest",
    )
    assert "output_config" not in body
    assert body["system"][0] == {"type": "text", "text": "Be brief."}
    assert '"required":["a"]' in body["system"][1]["text"]
    assert "response_format" in losses


def test_any_json_object_is_told_to_the_model() -> None:
    body, losses = encode(request(output=OutputFormat("json_object")))
    assert "JSON object" in body["system"]
    assert "output_config" not in body
    assert "response_format" in losses


def test_reasoning_reaches_the_wire() -> None:
    asked = request(reasoning=Reasoning(effort="high"))
    older, _ = encode(asked)
    assert older["thinking"] == {"type": "enabled", "budget_tokens": 16384}
    assert older["max_tokens"] > 16384
    newer, _ = encode(asked, "claude-opus-5-5")
    assert newer["thinking"] == {"type": "adaptive"}
    assert newer["output_config"] == {"effort": "high"}


def test_the_losses_are_those_of_the_request() -> None:
    losses = Losses()
    fit(request(cache_key="k"), "m", losses)
    assert losses.all() == (
        Loss("prompt_cache_key", "Anthropic finds its cache by the prompt's own words"),
    )


@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-sonnet-4-5", "claude-3-opus", "glm"])
@given(body=requests)
def test_whatever_came_the_request_is_legal(model: str, body: dict[str, Any]) -> None:
    """As if another protocol's decoder had made these: the API's own rules hold afterwards."""
    foreign = replace(decode_request(body), protocol="openai_chat")
    try:
        encoded = encode_request(foreign, model).body
    except ClientError as error:
        assert error.kind == "invalid_request"
        return
    json.dumps(encoded)
    assert_legal(encoded)


def assert_legal(body: dict[str, Any]) -> None:
    assert body["max_tokens"] > 0
    roles = [turn["role"] for turn in body["messages"]]
    assert roles[0] == "user"
    assert all(a != b for a, b in zip(roles, roles[1:], strict=False))
    asked: list[str] = []
    for turn in body["messages"]:
        content = turn["content"]
        assert content
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        answered = [b["tool_use_id"] for b in blocks if b["type"] == "tool_result"]
        assert answered == asked
        assert all(block["type"] == "tool_result" for block in blocks[: len(asked)])
        asked = [block["id"] for block in blocks if block["type"] == "tool_use"]
        assert all(b["text"].strip() for b in blocks if b["type"] == "text")
    assert not asked
    for tool in body.get("tools", ()):
        assert tool["input_schema"]["type"] == "object"
        assert isinstance(tool["input_schema"]["properties"], dict)
    if "tool_choice" in body:
        assert body["tools"]
    thinking = body.get("thinking", {})
    if thinking.get("type") == "enabled":
        assert 1024 <= thinking["budget_tokens"] < body["max_tokens"]
    if thinking.get("type") in ("enabled", "adaptive"):
        assert body.get("tool_choice", {}).get("type") not in ("any", "tool")
        assert "temperature" not in body
        assert "top_k" not in body
        assert body.get("top_p", 1) >= 0.95

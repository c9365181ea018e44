"""What each Anthropic-compatible endpoint is sent of a request that Claude Code made (captured)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from axonhub_cli.dialects.anthropic_dialects import ANTHROPIC_DIALECTS
from axonhub_cli.dialects.event_quirks import MoonshotUsage
from axonhub_cli.providers import PROVIDERS
from tests.dialects.bodies import USER, context, messages, relayed, send
from tests.dialects.test_anthropic_blocks import IMAGE, PDF, user
from tests.dialects.test_anthropic_quirks import SAID, TOOL, USED

FIXTURES = Path(__file__).parent.parent / "fixtures" / "claude-code"
GATEWAYS = ("openrouter", "vercel", "aihubmix")
TYPES = [t for t, p in PROVIDERS.items() if "anthropic" in p.dialects]
PLAIN = [t for t in TYPES if t not in GATEWAYS]
ROLES = {"user", "assistant"}
KNOWN = set(
    "model messages system tools tool_choice max_tokens stream thinking temperature top_p top_k "
    "stop_sequences output_config".split()
)


def captured(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))[
        "body"
    ]
    return body


@pytest.mark.parametrize("type", PLAIN)
@pytest.mark.parametrize("name", ["basic", "tooltest.02", "continue", "interactive.02"])
def test_a_captured_request_of_claude_code_has_nothing_left_that_only_anthropic_knows(
    type: str, name: str
) -> None:
    """Known failures 1 to 3, 25; ollama/ollama#17774."""
    sent, lost = send(type, captured(name), relayed("some-model"), "anthropic")
    assert set(sent) <= KNOWN
    assert {message["role"] for message in sent["messages"]} <= ROLES
    for tool in sent.get("tools", []):
        assert set(tool) <= {"name", "description", "input_schema", "cache_control"}
    assert sent.get("thinking", {}).get("type") != "adaptive"
    assert "x-anthropic-billing-header" not in json.dumps(sent)
    assert "account_uuid" not in json.dumps(sent)
    assert {"system[0]", "metadata.user_id"} <= set(lost)


@pytest.mark.parametrize("type", PLAIN)
def test_two_turns_of_a_conversation_begin_alike(type: str) -> None:
    """A prefix cache lives on that; only cache breakpoints move (known failure 26)."""
    mark = {"cache_control": {"type": "ephemeral"}}
    turn = {"role": "user", "content": [{"type": "text", "text": "hi"}]}
    marked = {"role": "user", "content": [{"type": "text", "text": "hi", **mark}]}
    first, _ = send(type, messages(marked), relayed("m"), "anthropic")
    second, _ = send(type, messages(turn, SAID, USER), relayed("m"), "anthropic")
    texts = [m["content"][0]["text"] for m in (first["messages"][0], second["messages"][0])]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("type", GATEWAYS)
def test_claude_behind_a_gateway_keeps_what_claude_knows(type: str) -> None:
    body = captured("basic")
    sent, lost = send(type, body, relayed("anthropic/claude-sonnet-4.5"), "anthropic")
    assert sent["context_management"] == body["context_management"]
    assert sent["messages"] == body["messages"]
    assert sent["tools"] == body["tools"]
    assert lost == ["system[0]", "metadata.user_id"]


@pytest.mark.parametrize("type", GATEWAYS)
def test_another_model_behind_a_gateway_is_no_claude(type: str) -> None:
    sent, _ = send(type, captured("basic"), relayed("qwen/qwen3-coder"), "anthropic")
    assert not {"context_management", "output_config"} & sent.keys()
    assert {message["role"] for message in sent["messages"]} <= ROLES


def test_deepseek_keeps_the_effort_and_gets_a_thought_before_each_call() -> None:
    body = {**messages(USER, USED), "output_config": {"effort": "high", "task_budget": 1}}
    sent, _ = send("deepseek", body, relayed("deepseek-v4-pro"), "anthropic")
    assert sent["output_config"] == {"effort": "high"}
    assert sent["messages"][1]["content"][0]["type"] == "thinking"
    chat, _ = send("deepseek", body, relayed("deepseek-chat"), "anthropic")
    assert chat["messages"][1] == USED


def test_deepseek_v4_pro_sees_neither_images_nor_documents() -> None:
    body = messages(user(IMAGE, PDF))
    blind, _ = send("deepseek", body, relayed("deepseek-v4-pro"), "anthropic")
    assert [b["type"] for b in blind["messages"][0]["content"]] == ["text", "text"]
    flash, _ = send("deepseek", body, relayed("deepseek-flash"), "anthropic")
    assert [b["type"] for b in flash["messages"][0]["content"]] == ["image", "text"]


def test_a_tool_forced_on_kimi_is_called_without_thinking() -> None:
    """can1357/oh-my-pi#1077; K3 takes both."""
    choice = {"type": "tool", "name": "Bash"}
    body = {**messages(USER), "tools": [TOOL], "tool_choice": choice}
    sent, _ = send("moonshot", body, relayed("kimi-k2.6"), "anthropic")
    assert sent["thinking"] == {"type": "disabled"}
    always, _ = send("moonshot", body, relayed("kimi-k2.7-code"), "anthropic")
    assert always["tool_choice"] == {"type": "auto"}
    assert send("moonshot", body, relayed("kimi-k3"), "anthropic")[0] == body


def test_kimi_k3_keeps_the_effort_and_others_do_not() -> None:
    body = {**messages(USER), "output_config": {"effort": "high"}}
    assert send("moonshot", body, relayed("kimi-k3"), "anthropic")[0] == body
    assert send("moonshot", body, relayed("kimi-k2.6"), "anthropic")[0] == messages(USER)


def test_moonshots_usage_is_repaired_where_it_is_odd() -> None:
    assert ANTHROPIC_DIALECTS["moonshot-anthropic"].events == (MoonshotUsage,)


@pytest.mark.parametrize("type", ["zhipu", "zai", "minimax"])
def test_models_of_text_see_no_images(type: str) -> None:
    sent, lost = send(type, messages(user(IMAGE)), context("some-model"), "anthropic")
    assert sent["messages"][0]["content"][0]["type"] == "text"
    assert lost == ["messages[*].content[*]"]


def test_minimax_m3_sees_images() -> None:
    body = messages(user(IMAGE))
    assert send("minimax", body, relayed("MiniMax-M3"), "anthropic")[0] == body


def test_ollama_gets_neither_choice_nor_breakpoints() -> None:
    """known-failures.md, "Anthropic endpoints of the local engines"."""
    body = {
        **messages(user({"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}})),
        "tools": [TOOL],
        "tool_choice": {"type": "any"},
    }
    sent, lost = send("ollama", body, relayed("qwen3-coder"), "anthropic")
    assert "cache_control" not in str(sent) and "tool_choice" not in sent
    assert lost == ["cache_control", "tool_choice"]


@pytest.mark.parametrize("type", PLAIN)
def test_no_beta_is_asked_for_whose_fields_are_not_sent(type: str) -> None:
    """Known failure 4: a pair torn apart."""
    dialect = ANTHROPIC_DIALECTS[PROVIDERS[type].dialects["anthropic"]]
    assert dialect.drops_header("anthropic-beta")

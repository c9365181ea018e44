"""What each provider is sent for the same requests: the cases that its dialect was born with."""

from __future__ import annotations

import json
from typing import Any

import pytest

from axonhub_cli.dialects.base import QuirkContext, Settings
from axonhub_cli.dialects.chat_dialects import CHAT_DIALECTS
from axonhub_cli.ir.request import Reasoning
from axonhub_cli.protocols.anthropic.codec import CODEC as anthropic
from axonhub_cli.protocols.openai_chat.codec import CODEC as openai_chat
from axonhub_cli.providers import PROVIDERS
from tests.dialects.bodies import (
    CALL,
    CALLS,
    RESULT,
    TOOL,
    USER,
    context,
    messages,
    relayed,
    send,
)
from tests.dialects.test_anthropic_dialects import captured
from tests.dialects.test_chat_quirks import FORMAT, IMAGE, LINKED, TEXT, system
from tests.dialects.test_request_quirks import LINE
from tests.dialects.test_tool_quirks import FORCED

THINK = Reasoning(mode="adaptive", effort="high")
CHAT_TYPES = [t for t, p in PROVIDERS.items() if "openai_chat" in p.dialects]
# Whose models may be open ones, with chat templates of their own.
TEMPLATES = (
    "ollama vllm llama-cpp lm-studio minimax mistral bailian siliconflow modelscope together "
    "fireworks nvidia groq cerebras openai-compatible"
).split()
each_type = pytest.mark.parametrize("type", CHAT_TYPES)


def model_of(type: str) -> str:
    return PROVIDERS[type].models[0].strip("*") or "some-model"


@each_type
def test_known_failure_25_no_provider_sees_the_attribution_line(type: str) -> None:
    body = messages(system(f"{LINE}\n\nYou are Claude Code"), USER)
    sent, lost = send(type, body, context(model_of(type)))
    assert "billing" not in str(sent)
    assert "system[0]" in lost


@each_type
def test_no_provider_is_told_the_user_of_an_anthropic_client(type: str) -> None:
    sent, _ = send(type, {**messages(USER), "user": "ann"}, context(model_of(type)))
    assert "ann" not in str(sent)


@each_type
def test_no_provider_gets_options_of_tools_without_tools(type: str) -> None:
    body = {**messages(USER), "tools": [], "parallel_tool_calls": True, "tool_choice": "auto"}
    sent, _ = send(type, body, context(model_of(type)))
    assert not {"tools", "parallel_tool_calls", "tool_choice"} & sent.keys()


@each_type
def test_known_failure_15_a_documented_cap_is_kept(type: str) -> None:
    for glob, cap in PROVIDERS[type].caps.items():
        name = glob.replace("*", "").replace("[134]", "1")
        sent, _ = send(type, {**messages(USER), "max_tokens": 10**9}, context(name))
        assert max(sent.get("max_tokens", 0), sent.get("max_completion_tokens", 0)) <= cap


@each_type
@pytest.mark.parametrize("name", ["basic", "tooltest.02", "continue", "image_read.02"])
def test_a_captured_request_of_claude_code_becomes_one_that_chat_servers_take(
    type: str, name: str
) -> None:
    """Decoded, encoded and spoken as the provider speaks: known failures 1 to 4, 12, 15, 18, 25."""
    request = anthropic.decode_request(captured(name))
    encoded = openai_chat.encode_request(request, model_of(type))
    about = QuirkContext(model_of(type), request, Settings(session="s"))
    sent, _ = send(type, encoded.body, about)
    text = json.dumps(sent)
    for word in (
        "billing-header",
        "cache_control",
        "context_management",
        "defer_loading",
        "device_id",
    ):
        assert word not in text
    roles = [message["role"] for message in sent["messages"]]
    assert roles[0] == "system" and set(roles) <= {"system", "user", "assistant", "tool"}
    if type in TEMPLATES:
        assert roles.count("system") == 1
    if name == "tooltest.02":
        call, result = sent["messages"][-2:]
        assert call["tool_calls"][0]["id"] == result["tool_call_id"]
        replays = PROVIDERS[type].dialects["openai_chat"] in ("deepseek", "moonshot")
        assert not replays or call["reasoning_content"]


def test_openai_reasoning_models_are_asked_in_their_own_words() -> None:
    body = {
        **messages({"role": "assistant", "content": "a", "reasoning_content": "hm"}, USER),
        "max_tokens": 32_000,
        "temperature": 0.5,
        "reasoning_effort": "max",
        "tools": [TOOL],
    }
    sent, lost = send("openai", body, context("gpt-5.5", reasoning=THINK, session="s"))
    assert sent["max_completion_tokens"] == 32_000
    assert not {"max_tokens", "temperature"} & sent.keys()
    assert "reasoning_content" not in str(sent)
    # gpt-5.4 and later take tools in Chat Completions only without reasoning.
    assert sent["reasoning_effort"] == "none"
    assert sent["prompt_cache_key"].startswith("axonhub-")
    assert {"temperature", "reasoning_effort", "messages[*].reasoning_content"} <= set(lost)


def test_openai_models_that_do_not_reason_get_no_effort() -> None:
    body = {**messages(USER), "reasoning_effort": "high", "temperature": 0.5}
    sent, lost = send("openai", body, context("gpt-4.1", reasoning=THINK))
    assert "reasoning_effort" not in sent and sent["temperature"] == 0.5
    assert lost == ["reasoning_effort"]


@pytest.mark.parametrize(
    ("model", "asked", "sent"),
    [
        ("gpt-5.2", "max", "xhigh"),
        ("gpt-5", "xhigh", "high"),
        ("o3", "low", "low"),
    ],
)
def test_an_effort_of_claude_code_is_one_that_openais_model_knows(
    model: str, asked: str, sent: str
) -> None:
    body = {**messages(USER), "reasoning_effort": asked}
    assert send("openai", body, context(model))[0]["reasoning_effort"] == sent


@pytest.mark.parametrize(("model", "word"), [("gpt-5.2", "none"), ("gpt-5-mini", "minimal")])
def test_thinking_switched_off_is_an_effort_at_openai(model: str, word: str) -> None:
    about = context(model, reasoning=Reasoning(mode="disabled"))
    assert send("openai", messages(USER), about)[0]["reasoning_effort"] == word
    quiet = context("gpt-5-chat-latest", reasoning=Reasoning(mode="disabled"))
    assert "reasoning_effort" not in send("openai", messages(USER), quiet)[0]


def test_known_failure_12_deepseek_thinks_and_gets_its_reasoning_back() -> None:
    body = {
        **messages(system([TEXT, TEXT]), USER, CALLS, RESULT),
        "reasoning_effort": "high",
        "response_format": FORMAT,
        "tools": [TOOL],
    }
    sent, lost = send("deepseek", body, context("deepseek-v4-pro", reasoning=THINK))
    assert sent["thinking"] == {"type": "enabled"}
    assert sent["messages"][2]["reasoning_content"] == ""
    assert sent["response_format"] == {"type": "json_object"}
    assert isinstance(sent["messages"][0]["content"], str)
    assert "response_format.json_schema" in lost


def test_deepseeks_older_names_say_themselves_whether_they_think() -> None:
    body = {**messages(USER, CALLS, RESULT), "reasoning_effort": "high"}
    chat, _ = send("deepseek", body, context("deepseek-chat", reasoning=THINK))
    assert not {"thinking", "reasoning_effort"} & chat.keys()
    assert "reasoning_content" not in chat["messages"][1]
    reasoner, _ = send("deepseek", body, context("deepseek-reasoner", reasoning=THINK))
    assert not {"thinking", "reasoning_effort"} & reasoner.keys()
    assert reasoner["messages"][1]["reasoning_content"] == ""


def test_a_tool_forced_on_deepseek_is_called_without_thinking() -> None:
    body = {**messages(USER, CALLS, RESULT), "tools": [TOOL], "tool_choice": FORCED}
    sent, _ = send("deepseek", body, context("deepseek-flash", reasoning=THINK))
    assert (sent["tool_choice"], sent["thinking"]) == (FORCED, {"type": "disabled"})
    assert "reasoning_content" not in sent["messages"][1]


def test_deepseek_v4_pro_sees_no_images_and_flash_does() -> None:
    body = messages({"role": "user", "content": [TEXT, IMAGE]})
    assert send("deepseek", body, context("deepseek-flash"))[0] == body
    blind, lost = send("deepseek", body, context("deepseek-v4-pro"))
    assert blind["messages"][0]["content"].startswith("look\n[image left out")
    assert lost == ["messages[*].content[*]"]


def test_moonshot_gets_its_thinking_back_with_a_space_for_none() -> None:
    body = {**messages(USER, CALLS, RESULT), "temperature": 0.2, "reasoning_effort": "high"}
    sent, lost = send("moonshot", body, context("kimi-k2.6", reasoning=THINK, session="s"))
    assert sent["messages"][1]["reasoning_content"] == " "
    assert sent["thinking"] == {"type": "enabled"}
    assert not {"temperature", "reasoning_effort"} & sent.keys()
    assert lost == ["temperature", "reasoning_effort"]
    assert sent["prompt_cache_key"]


def test_kimi_k3_takes_an_effort_instead() -> None:
    body = {**messages(USER), "reasoning_effort": "medium"}
    sent, _ = send("moonshot", body, context("kimi-k3", reasoning=THINK))
    assert sent["reasoning_effort"] == "high" and "thinking" not in sent
    off = context("kimi-k3", reasoning=Reasoning(mode="disabled"))
    sent, lost = send("moonshot", messages(USER), off)
    assert (sent, lost) == (messages(USER), ["thinking"])


def test_moonshots_older_models_sample_as_asked_and_do_not_think() -> None:
    body = {**messages(USER, CALLS, RESULT), "temperature": 0.2}
    sent, _ = send("moonshot", body, context("moonshot-v1-32k", reasoning=THINK))
    assert sent == body


@pytest.mark.parametrize("type", ["zhipu", "zai"])
def test_glm_decides_about_tools_itself_and_takes_only_what_it_knows(type: str) -> None:
    body = {
        **messages({**USER, "name": "Ann"}),
        "max_completion_tokens": 100,
        "tools": [{**TOOL, "function": {**TOOL["function"], "strict": True}}],  # type: ignore[dict-item]
        "tool_choice": FORCED,
        "temperature": 1.5,
        "reasoning_effort": "high",
        "stream": True,
        "stream_options": {"include_usage": True},
        "response_format": FORMAT,
        "presence_penalty": 1,
    }
    sent, lost = send(type, body, context("glm-4.7", reasoning=THINK))
    assert sent["tool_choice"] == "auto"
    assert sent["tools"] == [TOOL]
    assert (sent["max_tokens"], sent["temperature"]) == (100, 1.0)
    assert sent["thinking"] == {"type": "enabled"}
    assert sent["response_format"] == {"type": "json_object"}
    gone = {"max_completion_tokens", "reasoning_effort", "stream_options", "presence_penalty"}
    assert not gone & sent.keys()
    assert "name" not in sent["messages"][-1]
    assert {"tool_choice", "temperature", "reasoning_effort", "presence_penalty"} <= set(lost)


def test_newer_glm_models_take_an_effort_and_5_3_always_thinks() -> None:
    body = {**messages(USER), "reasoning_effort": "medium"}
    assert send("zai", body, context("glm-5.2", reasoning=THINK))[0]["reasoning_effort"] == "high"
    off = context("glm-5.3", reasoning=Reasoning(mode="disabled"))
    sent, lost = send("zai", messages(USER), off)
    assert (sent, lost) == (messages(USER), ["thinking"])
    off = context("glm-4.7", reasoning=Reasoning(mode="disabled"))
    assert send("zai", messages(USER), off)[0]["thinking"] == {"type": "disabled"}


@pytest.mark.parametrize("type", ["openrouter", "vercel"])
def test_routers_take_a_reasoning_object_and_give_reasoning_back(type: str) -> None:
    said = {"role": "assistant", "content": "a", "reasoning_content": "hm"}
    body = {**messages(said, USER), "reasoning_effort": "max"}
    sent, _ = send(type, body, context("openai/gpt-5.5", reasoning=Reasoning(effort="max")))
    assert sent["reasoning"] == {"effort": "xhigh"}
    assert sent["messages"][0] == {"role": "assistant", "content": "a", "reasoning": "hm"}


@pytest.mark.parametrize("type", TEMPLATES)
def test_engines_with_chat_templates_get_one_system_message_at_the_beginning(type: str) -> None:
    body = messages(system("a"), system("b"), USER, system("c"))
    sent, _ = send(type, body, context(model_of(type)))
    assert [m["role"] for m in sent["messages"]] == ["system", "user"]
    assert "<system-reminder>\nc" in sent["messages"][1]["content"]


def test_ollama_gets_no_choice_of_tools_and_no_links_to_images() -> None:
    content = {"role": "user", "content": [TEXT, LINKED]}
    body = {**messages(content), "tools": [TOOL], "tool_choice": "required"}
    sent, lost = send("ollama", body, context("qwen3-coder"))
    assert "tool_choice" not in sent
    assert sent["messages"][0]["content"].startswith("look\n[image at a URL left out")
    assert lost == ["tool_choice", "messages[*].content[*]"]
    off = context("gpt-oss:20b", reasoning=Reasoning(mode="disabled"))
    assert send("ollama", messages(USER), off)[0]["reasoning_effort"] == "none"


def test_llama_cpp_gets_schemas_it_can_make_a_grammar_of() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "x"}}}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    sent, lost = send("llama-cpp", {**messages(USER), "tools": [tool]}, context("default"))
    assert "pattern" not in str(sent)
    assert lost == ["tools[*].parameters.pattern"]


def test_bailian_streams_its_thoughts_and_takes_calls_in_one_message() -> None:
    second = {**CALLS, "tool_calls": [{**CALL, "id": "call_2"}]}
    body = {**messages(USER, CALLS, second, RESULT), "stream": True, "reasoning_effort": "high"}
    sent, lost = send("bailian", body, context("qwen3-max", reasoning=THINK))
    assert len(sent["messages"]) == 3
    assert sent["enable_thinking"] is True
    assert lost == ["reasoning_effort"]


def test_siliconflow_thinks_within_a_budget_and_enforces_no_schema() -> None:
    body = {**messages(USER), "response_format": FORMAT}
    about = context("deepseek-ai/DeepSeek-V4-Flash", reasoning=Reasoning(mode="enabled", budget=10))
    sent, _ = send("siliconflow", body, about)
    assert (sent["enable_thinking"], sent["thinking_budget"]) == (True, 128)
    assert sent["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("type", ["volcengine", "doubao"])
def test_doubao_is_switched_between_thinking_and_not(type: str) -> None:
    body = {**messages(USER), "reasoning_effort": "high"}
    sent, lost = send(type, body, context("doubao-seed-1-8-251228", reasoning=THINK))
    assert sent["thinking"] == {"type": "enabled"}
    assert (lost, "reasoning_effort" in sent) == (["reasoning_effort"], False)


def test_minimax_gets_its_thoughts_back_in_tags_and_words_for_a_format() -> None:
    said = {"role": "assistant", "content": "a", "reasoning_content": "hm"}
    body = {**messages(said, USER), "response_format": FORMAT, "seed": 1, "reasoning_effort": "low"}
    sent, lost = send("minimax", body, context("MiniMax-M2.7", reasoning=THINK))
    assert sent["messages"][1]["content"] == "<think>\nhm\n</think>\n\na"
    assert "JSON" in sent["messages"][0]["content"]
    assert not {"response_format", "seed", "reasoning_effort"} & sent.keys()
    assert lost == ["response_format", "reasoning_effort", "seed"]
    assert CHAT_DIALECTS["minimax"].reasoning == "tags"


@pytest.mark.parametrize(
    ("model", "effort"),
    [
        ("grok-4", None),
        ("grok-4-0709", None),
        ("grok-4.20-reasoning", None),
        ("grok-3-mini", "low"),
    ],
)
def test_grok_gets_no_penalties_no_stop_and_an_effort_only_where_it_knows_it(
    model: str, effort: str | None
) -> None:
    """axonhub-behaviour.md § 4.4, xai."""
    body = {**messages(USER), "presence_penalty": 1, "stop": ["x"], "reasoning_effort": "low"}
    sent, lost = send("xai", body, context(model, reasoning=THINK))
    assert not {"presence_penalty", "stop"} & sent.keys()
    assert sent.get("reasoning_effort") == effort
    assert {"presence_penalty", "stop"} <= set(lost)


def test_newer_grok_models_take_an_effort() -> None:
    body = {**messages(USER), "reasoning_effort": "max"}
    assert send("xai", body, context("grok-4.5", reasoning=THINK))[0]["reasoning_effort"] == "high"


def test_groq_gets_nothing_it_answers_400_to() -> None:
    """console.groq.com/docs/openai; janhq/jan#8136."""
    said = {"role": "assistant", "content": "a", "reasoning_content": "hm", "name": "x"}
    body: dict[str, Any] = {**messages(said, USER), "n": 1, "logit_bias": {}, "logprobs": True}
    sent, _ = send("groq", body, context("openai/gpt-oss-120b"))
    assert sent == messages({"role": "assistant", "content": "a"}, USER)
    effort = {**messages(USER), "reasoning_effort": "high"}
    assert send("groq", effort, context("openai/gpt-oss-120b"))[0] == effort
    assert send("groq", effort, context("llama-3.3-70b-versatile"))[0] == messages(USER)
    qwen, _ = send("groq", effort, context("qwen/qwen3-32b", reasoning=THINK))
    assert qwen == {**messages(USER), "reasoning_format": "parsed"}


def test_mistral_gets_its_own_kind_of_ids_and_no_extra_inputs() -> None:
    body = {
        **messages(USER, {**CALLS, "reasoning_content": "hm"}, RESULT),
        "max_completion_tokens": 5,
        "seed": 1,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    sent, _ = send("mistral", body, context("mistral-small-latest", reasoning=THINK))
    assert sent["messages"][1]["tool_calls"][0]["id"] == sent["messages"][2]["tool_call_id"]
    assert len(sent["messages"][2]["tool_call_id"]) == 9
    assert (sent["max_tokens"], sent["random_seed"], sent["reasoning_effort"]) == (5, 1, "high")
    assert not {"max_completion_tokens", "seed", "stream_options"} & sent.keys()
    assert "reasoning_content" not in str(sent)


def test_cerebras_reads_text_only_and_none_of_the_options_it_refuses() -> None:
    body = {
        **messages({"role": "user", "content": [TEXT, IMAGE]}),
        "frequency_penalty": 1,
        "service_tier": "auto",
        "tools": [TOOL],
        "parallel_tool_calls": False,
    }
    sent, lost = send("cerebras", body, context("gpt-oss-120b"))
    assert isinstance(sent["messages"][0]["content"], str)
    assert set(sent) == {"model", "messages", "tools"}
    assert {"frequency_penalty", "service_tier", "parallel_tool_calls"} <= set(lost)


def test_a_client_of_chat_is_relayed_to_openai_and_the_unknown_as_it_came() -> None:
    assert {name for name, d in CHAT_DIALECTS.items() if d.relays} == {
        "openai",
        "openai-compatible",
    }


def test_a_relay_to_a_provider_with_deviations_speaks_its_words() -> None:
    body = {
        **messages({"role": "developer", "content": "a"}, USER),
        "max_completion_tokens": 50_000,
        "reasoning_effort": "none",
    }
    sent, _ = send("deepseek", body, relayed("deepseek-flash"))
    assert sent["messages"][0]["role"] == "system"
    assert sent["max_tokens"] == 50_000
    assert sent["thinking"] == {"type": "disabled"}

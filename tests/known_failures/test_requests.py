"""What broke in other gateways on the way up: known-failures 1 to 19, and the cost of 24 to 27.

Each test is named after what a user saw. The numbers are those of the list of forty public issues.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import chat_plays, grammar, plays
from tests.support.gateway import COMPLETIONS, MESSAGES, Gateway
from tests.support.home import channel

CAPTURED = Path(__file__).parent.parent / "fixtures" / "claude-code"
CLAUDE, GPT = "claude-scripted-1", "gpt-scripted-1"
HELLO = [{"role": "user", "content": "hello"}]
WEATHER = {
    "name": "get_weather",
    "description": "The weather in a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
BETA = "claude-code-20250219,context-management-2025-06-27,effort-2025-11-24"


def claude_code(case: str, model: str) -> dict[str, Any]:
    """What Claude Code sent, for one of our models, not streamed."""
    body: dict[str, Any] = json.loads((CAPTURED / f"{case}.json").read_text())["body"]
    return body | {"model": model, "stream": False}


def ask(gateway: Gateway, path: str, **body: Any) -> Any:
    """A request that must succeed."""
    limit = {"max_tokens": 100} if path == MESSAGES else {}
    status, answer = gateway.ask(path, {"model": GPT, "messages": HELLO, **limit, **body})
    assert status == 200, answer
    return answer


def sent(gateway: Gateway, at: int = -1) -> Any:
    """The body that reached an upstream, which must be one that its protocol allows."""
    upstream = gateway.chat if gateway.chat.generations else gateway.anthropic
    protocol = "openai_chat" if upstream is gateway.chat else "anthropic"
    body = upstream.generations[at].json
    grammar.REQUEST[protocol](body)
    return body


def test_context_management_extra_inputs_are_not_permitted(gateway: Gateway) -> None:
    """1: the field passed to a provider that refuses it."""
    body = claude_code("basic", GPT)
    assert "context_management" in body
    status, _ = gateway.ask(MESSAGES, body, anthropic_beta=BETA)
    assert status == 200
    assert "context_management" not in sent(gateway)
    assert gateway.chat.generations[0].header("anthropic-beta") is None


def test_context_management_is_refused_by_an_anthropic_endpoint_that_is_not_anthropics(
    gateway: Gateway,
) -> None:
    """1, 4: the field and its header are a pair; both go, or neither."""
    gateway.provider("deepseek", "deepseek-v4", "anthropic")
    body = claude_code("basic", "deepseek-v4")
    status, _ = gateway.ask(MESSAGES, body, anthropic_beta=BETA)
    assert status == 200
    assert "context_management" not in sent(gateway)
    assert gateway.anthropic.generations[0].header("anthropic-beta") is None


def test_clear_thinking_needs_thinking_enabled(gateway: Gateway) -> None:
    """4: to Anthropic itself both parts of the pair pass as they came."""
    body = claude_code("basic", CLAUDE)
    gateway.ask(MESSAGES, body, anthropic_beta=BETA)
    (seen,) = gateway.anthropic.generations
    assert seen.json["context_management"] == body["context_management"]
    assert "context-management-2025-06-27" in (seen.header("anthropic-beta") or "")


KEYS = {
    "defer_loading": True,
    "eager_input_streaming": True,
    "strict": True,
    "input_examples": [{"city": "Graz"}],
    "allowed_callers": ["direct"],
    "key_of_next_month": 1,
}


@pytest.mark.parametrize("key", KEYS)
def test_tools_0_custom_defer_loading_400(gateway: Gateway, key: str) -> None:
    """2, 3: keys of tools that the client knows before the gateway does."""
    ask(gateway, MESSAGES, tools=[WEATHER | {key: KEYS[key]}])
    (tool,) = sent(gateway)["tools"]
    assert tool["function"]["parameters"] == WEATHER["input_schema"]
    assert key == "strict" or key not in json.dumps(tool)


def test_an_id_such_as_functions_bash_0_makes_anthropic_refuse_the_whole_history(
    gateway: Gateway,
) -> None:
    """10: written by one model, refused by the next."""
    odd = "functions.get_weather:0"
    gateway.chat.script(chat_plays.message(chat_plays.call("get_weather", {}, odd)))
    answer = ask(gateway, MESSAGES, tools=[WEATHER])
    (call,) = answer["content"]
    history = [
        *HELLO,
        {"role": "assistant", "content": [call]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": call["id"], "content": "sun"}],
        },
    ]
    # The same conversation goes on at Anthropic …
    ask(gateway, MESSAGES, model=CLAUDE, messages=history, tools=[WEATHER])
    grammar.REQUEST["anthropic"](gateway.anthropic.generations[0].json)
    # … and back where it came from, where the id is what it was.
    ask(gateway, MESSAGES, messages=history, tools=[WEATHER])
    _, said, result = gateway.chat.generations[1].json["messages"]
    assert (said["tool_calls"][0]["id"], result["tool_call_id"]) == (odd, odd)


def test_an_openai_clients_odd_ids_reach_anthropic(gateway: Gateway) -> None:
    """10: the same from the other side."""
    call = chat_plays.call("get_weather", {}, "functions.get_weather:0")
    history = [
        *HELLO,
        {"role": "assistant", "content": None, **call},
        {"role": "tool", "tool_call_id": "functions.get_weather:0", "content": "sun"},
    ]
    tools = [{"type": "function", "function": {"name": "get_weather"}}]
    ask(gateway, COMPLETIONS, model=CLAUDE, messages=history, tools=tools)
    sent(gateway)
    assert b"functions.get_weather:0" not in gateway.anthropic.requests[-1].body


ORPHAN = {"type": "tool_result", "tool_use_id": "toolu_gone", "content": "sun"}
UNANSWERED = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}


@pytest.mark.parametrize(
    "history",
    [
        [*HELLO, {"role": "user", "content": [ORPHAN, {"type": "text", "text": "go on"}]}],
        [*HELLO, {"role": "assistant", "content": [UNANSWERED]}, *HELLO],
        [*HELLO, {"role": "assistant", "content": [UNANSWERED]}],
        [
            *HELLO,
            {"role": "assistant", "content": [UNANSWERED]},
            {"role": "user", "content": [ORPHAN]},
        ],
    ],
    ids=["no call", "interrupted", "unanswered", "wrong call"],
)
def test_unexpected_tool_use_id_and_the_session_is_dead(
    gateway: Gateway, history: list[Any]
) -> None:
    """11: orphans after a compaction or an interrupt."""
    ask(gateway, MESSAGES, messages=history, tools=[WEATHER])
    body = json.dumps(sent(gateway))
    assert "sun" in body or "toolu_gone" not in json.dumps(history)


def test_deepseek_thinking_and_tools_give_400(gateway: Gateway) -> None:
    """12: `reasoning_content` must come back on tool turns."""
    gateway.provider("deepseek", "deepseek-v4-flash")
    gateway.chat.script(
        chat_plays.message(chat_plays.reasoning("I need a tool."), chat_plays.call("now", {}))
    )
    asked: dict[str, Any] = {
        "model": "deepseek-v4-flash",
        "thinking": {"type": "adaptive"},
        "tools": [{"name": "now", "input_schema": {"type": "object"}}],
    }
    answer = ask(gateway, MESSAGES, **asked)
    result = {"type": "tool_result", "tool_use_id": answer["content"][1]["id"], "content": "12"}
    history = [
        *HELLO,
        {"role": "assistant", "content": answer["content"]},
        {"role": "user", "content": [result]},
    ]
    ask(gateway, MESSAGES, **asked, messages=history)
    assert sent(gateway)["messages"][1]["reasoning_content"] == "I need a tool."
    # A turn that another provider made has none: one must be there all the same.
    ask(
        gateway,
        MESSAGES,
        **asked,
        messages=[history[0], {**history[1], "content": answer["content"][1:]}, history[2]],
    )
    assert "reasoning_content" in sent(gateway)["messages"][1]


def test_invalid_thinking_signature_after_a_switch(gateway: Gateway) -> None:
    """13: what a Chat provider thought has no signature, and never reaches Anthropic."""
    gateway.chat.script(chat_plays.message(chat_plays.reasoning("hm"), "pong"))
    answer = ask(gateway, MESSAGES)
    history = [*HELLO, {"role": "assistant", "content": answer["content"]}, *HELLO]
    ask(gateway, MESSAGES, model=CLAUDE, messages=history)
    body = gateway.anthropic.generations[0].json
    grammar.REQUEST["anthropic"](body)
    assert "thinking" not in json.dumps(body)
    assert body["messages"][1]["content"] == [plays.text("pong")]


def test_428_errors_a_day_from_foreign_signatures(gateway: Gateway) -> None:
    """13: a signature that is refused is dropped, and the request repeated once."""
    refused = "messages.1.content.0: Invalid `signature` in `thinking` block"
    gateway.anthropic.script(plays.error(400, "invalid_request_error", refused))
    block = {"type": "thinking", "thinking": "hm", "signature": "Z2xtLXNpZ25hdHVyZQ=="}
    history = [*HELLO, {"role": "assistant", "content": [block, plays.text("pong")]}, *HELLO]
    ask(gateway, MESSAGES, model=CLAUDE, messages=history)
    first, second = gateway.anthropic.generations
    assert first.json["messages"] == history
    assert second.json["messages"][1]["content"] == [plays.text("pong")]


def test_reserialising_alone_invalidates_a_signature(gateway: Gateway) -> None:
    """14: between the same protocols the bytes are the client's."""
    messages = b'[ {"role":"user","content":"\\u00fc"}]'
    body = b'{"model":"claude-x" , "max_tokens":9,\n "messages":%b}' % messages
    status, _, _ = gateway.daemon.post(body, MESSAGES)
    assert status == 200
    assert gateway.anthropic.generations[0].body == body


def test_max_tokens_above_the_cap_of_deepseek(gateway: Gateway) -> None:
    """15: `Invalid max_tokens value, the valid range is [1, 8192]`; and the trace says it."""
    gateway.provider("deepseek", "deepseek-chat")
    body = {"model": "deepseek-chat", "max_tokens": 128_000, "messages": HELLO}
    _, headers, _ = gateway.daemon.post(json.dumps(body).encode(), MESSAGES)
    assert sent(gateway)["max_tokens"] <= 8192
    losses = gateway.losses(headers["ah-request-id"])
    assert any("max_tokens" in loss["path"] for loss in losses)


def test_empty_text_blocks_give_400(gateway: Gateway) -> None:
    """17"""
    content = [plays.text(""), plays.text("hello"), plays.text("")]
    ask(gateway, MESSAGES, messages=[{"role": "user", "content": content}])
    sent(gateway)
    gateway.reset()
    history = [*HELLO, {"role": "assistant", "content": ""}, *HELLO]
    ask(gateway, COMPLETIONS, model=CLAUDE, messages=history)
    sent(gateway)
    assert b'"text":""' not in gateway.anthropic.requests[-1].body


def test_top_p_with_thinking_gives_400(gateway: Gateway) -> None:
    """17"""
    options = {"reasoning_effort": "high", "top_p": 0.5, "temperature": 0.2}
    ask(gateway, COMPLETIONS, model="claude-sonnet-4-5", **options)
    body = sent(gateway)
    assert "thinking" in body
    assert "top_p" not in body
    assert body.get("temperature", 1) == 1


def test_web_search_forces_a_tool_that_is_not_there(gateway: Gateway) -> None:
    """18: `function not found in tools`."""
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
    choice = {"type": "tool", "name": "web_search"}
    ask(gateway, MESSAGES, tools=[search], tool_choice=choice)
    assert "tool_choice" not in sent(gateway)
    ask(gateway, MESSAGES, tools=[WEATHER, search], tool_choice=choice)
    assert sent(gateway).get("tool_choice", "auto") == "auto"


def test_count_tokens_404(gateway: Gateway) -> None:
    """19: counted here, with system and tools, and without the upstream."""
    counted = {}
    for name, more in {"bare": {}, "full": {"system": "word " * 500, "tools": [WEATHER]}}.items():
        body = {"model": GPT, "messages": HELLO, **more}
        status, answer = gateway.ask(f"{MESSAGES}/count_tokens", body)
        assert status == 200, answer
        counted[name] = answer["input_tokens"]
    assert counted["full"] - counted["bare"] > 500
    assert gateway.chat.requests == []


def test_a_404_on_count_tokens_put_the_model_to_sleep(gateway: Gateway) -> None:
    """19: counting is no reason to rest a channel."""
    gateway.anthropic.answer = lambda request: (
        plays.error(404, "not_found_error", "no such path")
        if request.path.endswith("count_tokens")
        else plays.message("pong")
    )
    body = {"model": CLAUDE, "messages": HELLO}
    for _ in range(4):
        gateway.ask(f"{MESSAGES}/count_tokens", body)
    ask(gateway, MESSAGES, model=CLAUDE)
    assert gateway.anthropic.requests[-1].path == "/v1/messages"


def test_the_changing_billing_header_kills_every_prefix_cache(gateway: Gateway) -> None:
    """25: whatever changes from request to request is not at the head of the prompt."""
    for version in ("2.1.330.be0", "2.1.330.fff"):
        body = claude_code("basic", GPT)
        body["system"][0]["text"] = f"x-anthropic-billing-header: cc_version={version};"
        status, _ = gateway.ask(MESSAGES, body)
        assert status == 200
    first, second = (seen.json["messages"][0] for seen in gateway.chat.generations)
    assert first == second
    assert "x-anthropic-billing-header" not in first["content"]


def test_a_new_prompt_cache_key_on_every_request(gateway: Gateway) -> None:
    """26: one conversation, one key."""
    gateway.provider("openai", "gpt-5.1")
    keys = []
    for session in ("s-1", "s-1", "s-2"):
        body = {"model": "gpt-5.1", "max_tokens": 9, "messages": HELLO}
        uuid = f"5e551010-0000-4000-8000-00000000000{session[-1]}"
        status, answer = gateway.ask(MESSAGES, body, x_claude_code_session_id=uuid)
        assert status == 200, answer
        keys.append(sent(gateway)["prompt_cache_key"])
    assert keys[0] == keys[1] != keys[2]


def test_opencode_session_headers_are_ignored_and_half_the_cache_is_missed(
    gateway: Gateway,
) -> None:
    """26: its session is one trace, and so stays with the channel that holds its prompt."""
    channels = [channel(gateway.anthropic.url, name) for name in "abcd"]
    gateway.configure(*channels)
    body = json.dumps({"model": CLAUDE, "max_tokens": 9, "messages": HELLO}).encode()
    seen = set()
    for _ in range(8):
        session = {"x-session-id": "ses_1", "x-session-affinity": "ses_1"}
        status, headers, _ = gateway.daemon.post(body, MESSAGES, **session)
        assert status == 200
        seen.add((headers["ah-trace-id"], headers["ah-channel"]))
    assert len(seen) == 1


def test_dropped_cache_control_makes_a_tenfold_bill(gateway: Gateway) -> None:
    """26: an OpenAI client's breakpoints reach Anthropic."""
    marked = plays.text("Be brief.") | {"cache_control": {"type": "ephemeral"}}
    messages = [{"role": "system", "content": [marked]}, *HELLO]
    ask(gateway, COMPLETIONS, model=CLAUDE, messages=messages)
    assert sent(gateway)["system"] == [marked]


def test_cached_tokens_counted_twice(gateway: Gateway) -> None:
    """27: each protocol's own arithmetic."""
    usage = ask(gateway, MESSAGES)["usage"]
    assert (usage["input_tokens"], usage["cache_read_input_tokens"]) == (12, 900)
    usage = ask(gateway, COMPLETIONS, model=CLAUDE)["usage"]
    assert usage["prompt_tokens"] == 12 + 40 + 900
    assert usage["prompt_tokens_details"]["cached_tokens"] == 900


def test_is_error_is_lost(gateway: Gateway) -> None:
    """A converter to beat: that a tool failed must reach the model."""
    call = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "x", "is_error": True}
    history = [
        *HELLO,
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    ask(gateway, MESSAGES, messages=history, tools=[WEATHER])
    assert "error" in sent(gateway)["messages"][-1]["content"].lower()


@pytest.mark.parametrize(
    "part",
    [
        {"type": "search_result", "source": "s", "title": "Graz", "content": [plays.text("sun")]},
        {"type": "tool_reference", "tool_name": "get_weather"},
    ],
)
def test_blocks_inside_tool_results_vanish(gateway: Gateway, part: dict[str, Any]) -> None:
    """A converter to beat: what a tool found is content."""
    call = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [part]}
    history = [
        *HELLO,
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    ask(gateway, MESSAGES, messages=history, tools=[WEATHER])
    content = sent(gateway)["messages"][-1]["content"]
    assert "sun" in content or "get_weather" in content


def test_adaptive_thinking_becomes_effort_medium(gateway: Gateway) -> None:
    """A converter to beat: an effort that nobody asked for is not made up."""
    ask(gateway, MESSAGES, thinking={"type": "adaptive"})
    assert "reasoning_effort" not in sent(gateway)
    ask(gateway, MESSAGES, thinking={"type": "adaptive"}, output_config={"effort": "low"})
    assert sent(gateway)["reasoning_effort"] == "low"


@pytest.mark.parametrize(("path", "model"), [(MESSAGES, CLAUDE), (COMPLETIONS, GPT)])
def test_a_compressed_body_is_answered_with_500(gateway: Gateway, path: str, model: str) -> None:
    """23: zstd is unpacked; what only says that it is zstd is the client's mistake."""
    import zstandard

    body = json.dumps({"model": model, "max_tokens": 9, "messages": HELLO}).encode()
    zipped = zstandard.compress(body)
    assert gateway.daemon.post(zipped, path, **{"content-encoding": "zstd"})[0] == 200
    assert sent(gateway)["model"] == model
    status, _, answer = gateway.daemon.post(body, path, **{"content-encoding": "zstd"})
    assert (status, "zstd" in json.loads(answer)["error"]["message"]) == (400, True)

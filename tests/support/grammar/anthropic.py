"""Anthropic Messages as the API and the SDKs accept it (docs.anthropic.com, read 2026-11)."""

from __future__ import annotations

from typing import Any

from tests.support.grammar.base import (
    TOOL_ID,
    TOOL_NAME,
    bad,
    decode,
    need,
    need_count,
    need_keys,
    need_text,
    strict_events,
)

STOPS = {
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
}
DELTAS = {
    "text": {"text_delta", "citations_delta"},
    "thinking": {"thinking_delta", "signature_delta"},
    "tool_use": {"input_json_delta"},
    "server_tool_use": {"input_json_delta"},
}
EMPTY = {"text": "text", "thinking": "thinking"}
USAGE = {
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
}
ERRORS = {
    "invalid_request_error",
    "authentication_error",
    "permission_error",
    "not_found_error",
    "request_too_large",
    "rate_limit_error",
    "api_error",
    "overloaded_error",
    "timeout_error",
}

# ------------------------------------------------------------------------------------- streams


def check_stream(data: bytes) -> str:
    """Accepts a whole stream; returns how it ended: `message_stop` or `error`."""
    machine = _Stream()
    for name, payload in strict_events(data):
        machine.feed(name, payload)
    need(machine.state in ("message_stop", "error"), "stream", f"ends in state {machine.state}")
    return machine.state


class _Stream:
    """begin → message_start → (block)* → message_delta → message_stop; error at any point."""

    def __init__(self) -> None:
        self.state = "begin"
        self.blocks: list[str] = []
        self.open: str | None = None

    def feed(self, name: str, payload: bytes) -> None:
        event = decode(payload, name)
        need(event.get("type") == name, name, f"its data is of type {event.get('type')!r}")
        need(self.state not in ("message_stop", "error"), name, f"comes after {self.state}")
        if name == "ping":
            return
        if name == "error":
            self._on_error(event)
            return
        expected = {
            "message_start": "begin",
            "content_block_start": "message_start",
            "content_block_delta": "message_start",
            "content_block_stop": "message_start",
            "message_delta": "message_start",
            "message_stop": "message_delta",
        }
        need(name in expected, name, "is no event")
        need(self.state == expected[name], name, f"comes in state {self.state}")
        getattr(self, f"_on_{name}")(event)

    def _on_error(self, event: dict[str, Any]) -> None:
        check_error(event)
        need(self.open is None, "error", f"{self.open} is still open")
        self.state = "error"

    def _on_message_start(self, event: dict[str, Any]) -> None:
        message = event["message"]
        _check_head(message, "message_start")
        need(message["content"] == [], "message_start", "has content")
        need(message["stop_reason"] is None, "message_start", "has a stop reason")
        self.state = "message_start"

    def _on_content_block_start(self, event: dict[str, Any]) -> None:
        where = f"content_block_start {event.get('index')}"
        need(self.open is None, where, f"{self.open} is still open")
        need(event.get("index") == len(self.blocks), where, f"is not {len(self.blocks)}")
        block = event["content_block"]
        kind = block["type"]
        check_block(block, where, started=True)
        if kind in EMPTY:
            need(block[EMPTY[kind]] == "", where, "does not begin empty")
        if kind == "tool_use":
            need(block["input"] == {}, where, "does not begin empty")
        self.blocks.append(kind)
        self.open = kind

    def _on_content_block_delta(self, event: dict[str, Any]) -> None:
        where = f"content_block_delta {event.get('index')}"
        need(self.open is not None, where, "no block is open")
        need(event.get("index") == len(self.blocks) - 1, where, "is not the open block's")
        kind = event["delta"]["type"]
        need(kind in DELTAS.get(self.open or "", set()), where, f"{kind} in a {self.open} block")

    def _on_content_block_stop(self, event: dict[str, Any]) -> None:
        where = f"content_block_stop {event.get('index')}"
        need(self.open is not None, where, "no block is open")
        need(event.get("index") == len(self.blocks) - 1, where, "is not the open block's")
        self.open = None

    def _on_message_delta(self, event: dict[str, Any]) -> None:
        need(self.open is None, "message_delta", f"{self.open} is still open")
        need_keys(event["delta"], "message_delta", {"stop_reason", "stop_sequence"})
        _check_stop(event["delta"], self.blocks, "message_delta")
        need_count(event["usage"].get("output_tokens"), "message_delta.usage.output_tokens")
        self.state = "message_delta"

    def _on_message_stop(self, event: dict[str, Any]) -> None:
        self.state = "message_stop"


# ----------------------------------------------------------------------------------- responses


def check_response(message: Any) -> None:
    _check_head(message, "message")
    for index, block in enumerate(message["content"]):
        check_block(block, f"content.{index}")
    need(message["stop_reason"] is not None, "stop_reason", "is missing")
    _check_stop(message, [block["type"] for block in message["content"]], "message")


def check_error(body: dict[str, Any]) -> None:
    need(body.get("type") == "error", "error", "its type is not `error`")
    need_keys(body.get("error"), "error", {"type", "message"})
    need(body["error"]["type"] in ERRORS, "error", f"{body['error']['type']!r} is no type")
    need_text(body["error"]["message"], "error.message")


def _check_head(message: Any, where: str) -> None:
    needed = {"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"}
    need_keys(message, where, needed)
    need((message["type"], message["role"]) == ("message", "assistant"), where, "is no answer")
    need_text(message["id"], f"{where}.id")
    need_text(message["model"], f"{where}.model")
    usage = message["usage"]
    need_keys(usage, f"{where}.usage", {"input_tokens", "output_tokens"})
    for name in USAGE & usage.keys():
        if usage[name] is not None or name in ("input_tokens", "output_tokens"):
            need_count(usage[name], f"{where}.usage.{name}")


def _check_stop(delta: dict[str, Any], blocks: list[str], where: str) -> None:
    reason = delta["stop_reason"]
    need(reason in STOPS, where, f"{reason!r} is no stop reason")
    called = "tool_use" in blocks
    need(called or reason != "tool_use", where, "tool_use without a call")
    need(not called or reason != "end_turn", where, "end_turn after a call")
    matched = delta["stop_sequence"] is not None
    need(not matched or reason == "stop_sequence", where, f"a stop sequence with {reason}")


# ------------------------------------------------------------------------------------- requests


def check_request(body: Any) -> None:
    need_keys(body, "request", {"model", "max_tokens", "messages"})
    need(type(body["max_tokens"]) is int and body["max_tokens"] > 0, "max_tokens", "is no count")
    _check_system(body.get("system"))
    for index, tool in enumerate(body.get("tools") or ()):
        _check_tool(tool, f"tools.{index}")
    _check_choice(body)
    _check_thinking(body)
    temperature = body.get("temperature")
    need(temperature is None or 0 <= temperature <= 1, "temperature", temperature)
    need(len(body["messages"]) > 0, "messages", "is empty")
    need(body["messages"][0]["role"] != "assistant", "messages.0", "is the assistant's")
    for index, message in enumerate(body["messages"]):
        _check_message(message, f"messages.{index}")
    _check_tool_turns(body["messages"])


def _check_system(system: Any) -> None:
    if system is None or isinstance(system, str):
        return
    for index, block in enumerate(system):
        need(block.get("type") == "text", f"system.{index}", "is no text")
        need_text(block.get("text"), f"system.{index}.text")


def _check_tool(tool: Any, where: str) -> None:
    need_keys(tool, where, {"name"})
    need(bool(TOOL_NAME.fullmatch(tool["name"])), f"{where}.name", repr(tool["name"]))
    if tool.get("type") not in (None, "custom"):
        return
    schema = tool.get("input_schema")
    need(isinstance(schema, dict), f"{where}.input_schema", repr(schema))
    need(schema.get("type") == "object", f"{where}.input_schema.type", repr(schema.get("type")))


def _check_choice(body: dict[str, Any]) -> None:
    choice = body.get("tool_choice")
    if choice is None:
        return
    need(bool(body.get("tools")), "tool_choice", "without tools")
    need(choice.get("type") in ("auto", "any", "none", "tool"), "tool_choice", choice)
    if choice["type"] == "tool":
        names = {tool["name"] for tool in body["tools"]}
        need(choice.get("name") in names, "tool_choice", f"{choice.get('name')!r} is no tool")


def _check_thinking(body: dict[str, Any]) -> None:
    thinking = body.get("thinking") or {}
    if thinking.get("type") == "enabled":
        budget = thinking.get("budget_tokens")
        need(type(budget) is int and budget >= 1024, "thinking.budget_tokens", budget)
        need(budget < body["max_tokens"], "thinking.budget_tokens", "is not below max_tokens")
    if thinking.get("type") in ("enabled", "adaptive"):
        choice = (body.get("tool_choice") or {}).get("type")
        need(choice not in ("any", "tool"), "tool_choice", f"{choice} with thinking")


def _check_message(message: Any, where: str) -> None:
    need_keys(message, where, {"role", "content"})
    need(message["role"] in ("user", "assistant", "system"), f"{where}.role", message["role"])
    if isinstance(message["content"], str):
        return
    need(isinstance(message["content"], list), f"{where}.content", "is no list")
    for index, block in enumerate(message["content"]):
        check_block(block, f"{where}.content.{index}")


def check_block(block: Any, where: str, *, started: bool = False) -> None:
    """One content block; `started`: as an event begins it, so with its text still empty."""
    need_keys(block, where, {"type"})
    match block["type"]:
        case "text":
            need(isinstance(block.get("text"), str), f"{where}.text", "is no text")
            need(started or block["text"] != "", f"{where}.text", "is empty")
        case "thinking":
            need_keys(block, where, {"thinking", "signature"})
        case "redacted_thinking":
            need_text(block.get("data"), f"{where}.data")
        case "tool_use":
            need_keys(block, where, {"id", "name", "input"})
            need(bool(TOOL_ID.fullmatch(block["id"])), f"{where}.id", repr(block["id"]))
            need_text(block["name"], f"{where}.name")
            need(isinstance(block["input"], dict), f"{where}.input", "is no object")
        case "tool_result":
            need(bool(TOOL_ID.fullmatch(block["tool_use_id"])), f"{where}.tool_use_id", block)
            content = block.get("content")
            for index, part in enumerate(content if isinstance(content, list) else ()):
                check_block(part, f"{where}.content.{index}")
        case "image" | "document":
            _check_source(block.get("source"), f"{where}.source")
        case _:
            return


def _check_source(source: Any, where: str) -> None:
    need_keys(source, where, {"type"})
    wanted = {
        "base64": {"media_type", "data"},
        "url": {"url"},
        "text": {"media_type", "data"},
        "content": {"content"},
        "file": {"file_id"},
    }
    need(source["type"] in wanted, where, f"{source['type']!r} is no source")
    need_keys(source, where, wanted[source["type"]])


def _check_tool_turns(messages: list[Any]) -> None:
    """Each call is answered in the next user turn, results first, and nothing else is answered."""
    owed: set[str] = set()
    for index, message in enumerate(messages):
        where = f"messages.{index}"
        if message["role"] == "system":
            continue
        blocks = message["content"] if isinstance(message["content"], list) else []
        kinds = [block["type"] for block in blocks]
        if message["role"] == "user":
            results = [block for block in blocks if block["type"] == "tool_result"]
            first = kinds[: len(results)]
            need(set(first) <= {"tool_result"}, where, f"results do not come first: {kinds}")
            answered = {block["tool_use_id"] for block in results}
            need(len(answered) == len(results), where, "one call is answered twice")
            need(answered == owed, where, f"answers {sorted(answered)}, not {sorted(owed)}")
            owed = set()
            continue
        need(not owed, where, f"{sorted(owed)} is not answered")
        ids = [block["id"] for block in blocks if block["type"] == "tool_use"]
        need(len(set(ids)) == len(ids), where, "an id is used twice")
        owed = set(ids)
    if owed:
        bad("messages", f"{sorted(owed)} is never answered")

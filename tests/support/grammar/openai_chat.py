"""OpenAI Chat Completions as the API and the SDKs accept it (platform.openai.com, read 2026-11)."""

from __future__ import annotations

from typing import Any

from tests.support.grammar.base import (
    bad,
    decode,
    need,
    need_count,
    need_keys,
    need_text,
    strict_events,
)

FINISHES = {"stop", "length", "tool_calls", "content_filter", "function_call"}
DELTA = {"role", "content", "refusal", "tool_calls", "reasoning_content", "reasoning"}
EFFORTS = {"none", "minimal", "low", "medium", "high", "xhigh", "max"}

# ------------------------------------------------------------------------------------- streams


def check_stream(data: bytes) -> str:
    """Accepts a whole stream; returns how it ended: `done` or `error`."""
    machine = _Stream()
    for name, payload in strict_events(data):
        need(name == "", "stream", f"an event named {name!r}")
        machine.feed(payload)
    need(machine.state in ("done", "error"), "stream", f"ends in state {machine.state}")
    return machine.state


class _Stream:
    """begin → content → finished → usage? → done; error at any point."""

    def __init__(self) -> None:
        self.state = "begin"
        self.head: tuple[Any, ...] | None = None
        self.calls = 0

    def feed(self, payload: bytes) -> None:
        need(self.state not in ("done", "error"), "stream", f"goes on after {self.state}")
        if payload == b"[DONE]":
            need(self.state in ("finished", "usage"), "[DONE]", f"comes in state {self.state}")
            self.state = "done"
            return
        chunk = decode(payload, "chunk")
        if "error" in chunk:
            check_error(chunk)
            self.state = "error"
            return
        need_keys(chunk, "chunk", {"id", "object", "created", "model", "choices"})
        need(chunk["object"] == "chat.completion.chunk", "chunk.object", chunk["object"])
        need_text(chunk["id"], "chunk.id")
        need_text(chunk["model"], "chunk.model")
        head = (chunk["id"], chunk["created"], chunk["model"])
        need(self.head in (None, head), "chunk", f"{head} is not {self.head}")
        self.head = head
        if not chunk["choices"]:
            self._on_usage(chunk)
            return
        need(len(chunk["choices"]) == 1, "choices", "more than one")
        self._on_choice(chunk["choices"][0])

    def _on_usage(self, chunk: dict[str, Any]) -> None:
        need(self.state == "finished", "usage", f"comes in state {self.state}")
        check_usage(chunk.get("usage"))
        self.state = "usage"

    def _on_choice(self, choice: dict[str, Any]) -> None:
        need_keys(choice, "choice", {"index", "delta", "finish_reason"})
        need(choice["index"] == 0, "choice.index", choice["index"])
        delta = choice["delta"]
        need_keys(delta, "delta", set())
        need(self.state in ("begin", "content"), "delta", f"comes in state {self.state}")
        if self.state == "begin":
            need(delta.get("role") == "assistant", "delta", "the first one has no role")
        self.state = "content"
        for call in delta.get("tool_calls") or ():
            self._on_call(call)
        if choice["finish_reason"] is not None:
            self._on_finish(choice["finish_reason"])

    def _on_call(self, call: dict[str, Any]) -> None:
        need_keys(call, "tool_calls", {"index", "function"})
        index = call["index"]
        need(type(index) is int and 0 <= index <= self.calls, "tool_calls.index", index)
        if index == self.calls:
            need_text(call.get("id"), f"tool_calls.{index}.id")
            need(call.get("type") == "function", f"tool_calls.{index}.type", call.get("type"))
            need_text(call["function"].get("name"), f"tool_calls.{index}.function.name")
            self.calls += 1
        else:
            need(not call["function"].get("name"), f"tool_calls.{index}", "is named twice")
        arguments = call["function"].get("arguments", "")
        need(isinstance(arguments, str), f"tool_calls.{index}.function.arguments", arguments)

    def _on_finish(self, reason: Any) -> None:
        _check_finish(reason, called=self.calls > 0)
        self.state = "finished"


# ----------------------------------------------------------------------------------- responses


def check_response(body: Any) -> None:
    need_keys(body, "completion", {"id", "object", "created", "model", "choices"})
    need(body["object"] == "chat.completion", "object", body["object"])
    need_text(body["id"], "id")
    need_text(body["model"], "model")
    need(len(body["choices"]) == 1, "choices", "not one")
    choice = body["choices"][0]
    need_keys(choice, "choice", {"index", "message", "finish_reason"})
    message = choice["message"]
    need_keys(message, "message", {"role", "content"})
    need(message["role"] == "assistant", "message.role", message["role"])
    need(message["content"] is None or isinstance(message["content"], str), "content", message)
    calls = message.get("tool_calls")
    need(calls is None or len(calls) > 0, "tool_calls", "is empty")
    for index, call in enumerate(calls or ()):
        _check_call(call, f"tool_calls.{index}")
    _check_finish(choice["finish_reason"], called=bool(calls))
    if body.get("usage") is not None:
        check_usage(body["usage"])


def check_usage(usage: Any) -> None:
    need_keys(usage, "usage", {"prompt_tokens", "completion_tokens", "total_tokens"})
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        need_count(usage[name], f"usage.{name}")
    total = usage["prompt_tokens"] + usage["completion_tokens"]
    need(usage["total_tokens"] == total, "usage.total_tokens", f"is not {total}")
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    need(cached <= usage["prompt_tokens"], "usage", "more is cached than was sent")


def check_error(body: dict[str, Any]) -> None:
    need_keys(body.get("error"), "error", {"message", "type", "code"})
    need_text(body["error"]["message"], "error.message")
    need_text(body["error"]["type"], "error.type")


def _check_finish(reason: Any, *, called: bool) -> None:
    need(reason in FINISHES, "finish_reason", repr(reason))
    need(called or reason != "tool_calls", "finish_reason", "tool_calls without a call")
    need(not called or reason != "stop", "finish_reason", "stop after a call")


def _check_call(call: Any, where: str) -> None:
    need_keys(call, where, {"id", "type", "function"})
    need_text(call["id"], f"{where}.id")
    need(call["type"] == "function", f"{where}.type", call["type"])
    need_text(call["function"].get("name"), f"{where}.function.name")
    need(isinstance(call["function"].get("arguments"), str), f"{where}.arguments", call)


# ------------------------------------------------------------------------------------- requests


def check_request(body: Any) -> None:
    need_keys(body, "request", {"model", "messages"})
    need(len(body["messages"]) > 0, "messages", "is empty")
    both = "max_tokens" in body and "max_completion_tokens" in body
    need(not both, "max_tokens", "beside max_completion_tokens")
    need(body.get("reasoning_effort") in EFFORTS | {None}, "reasoning_effort", body)
    tools = body.get("tools")
    need(tools is None or len(tools) > 0, "tools", "is empty")
    for index, tool in enumerate(tools or ()):
        _check_tool(tool, f"tools.{index}")
    _check_choice(body)
    stop = body.get("stop")
    need(stop is None or isinstance(stop, str) or 0 < len(stop) <= 4, "stop", stop)
    if "stream_options" in body:
        need(body.get("stream") is True, "stream_options", "without stream")
    for index, message in enumerate(body["messages"]):
        _check_message(message, f"messages.{index}")
    _check_tool_turns(body["messages"])


def _check_tool(tool: Any, where: str) -> None:
    need_keys(tool, where, {"type"})
    if tool["type"] != "function":
        return
    function = tool.get("function")
    known = {"description", "parameters", "strict"}
    need_keys(function, f"{where}.function", {"name"}, known)
    need_text(function["name"], f"{where}.function.name")
    parameters = function.get("parameters")
    need(parameters is None or isinstance(parameters, dict), f"{where}.parameters", parameters)


def _check_choice(body: dict[str, Any]) -> None:
    choice = body.get("tool_choice")
    parallel = body.get("parallel_tool_calls")
    if not body.get("tools"):
        need(choice in (None, "none"), "tool_choice", "without tools")
        need(parallel is None, "parallel_tool_calls", "without tools")
    if isinstance(choice, dict) and choice.get("type") == "function":
        names = {tool["function"]["name"] for tool in body["tools"] if tool["type"] == "function"}
        need(choice["function"]["name"] in names, "tool_choice", f"{choice} is no tool")
    elif not isinstance(choice, dict):
        need(choice in (None, "auto", "none", "required"), "tool_choice", choice)


def _check_message(message: Any, where: str) -> None:
    need_keys(message, where, {"role"})
    content = message.get("content")
    if isinstance(content, list):
        need(len(content) > 0, f"{where}.content", "is an empty list")
        for index, part in enumerate(content):
            _check_part(part, f"{where}.content.{index}")
    else:
        need(content is None or isinstance(content, str), f"{where}.content", repr(content))
    match message["role"]:
        case "system" | "developer" | "user":
            need(content is not None, f"{where}.content", "is missing")
        case "tool":
            need_text(message.get("tool_call_id"), f"{where}.tool_call_id")
            need(content is not None, f"{where}.content", "is missing")
        case "assistant":
            calls = message.get("tool_calls")
            need(calls is None or len(calls) > 0, f"{where}.tool_calls", "is empty")
            for index, call in enumerate(calls or ()):
                _check_call(call, f"{where}.tool_calls.{index}")
            need(bool(calls) or content is not None, where, "says nothing")
        case role:
            bad(f"{where}.role", role)


def _check_part(part: Any, where: str) -> None:
    need_keys(part, where, {"type"})
    match part["type"]:
        case "text":
            need(isinstance(part.get("text"), str), f"{where}.text", "is no text")
        case "image_url":
            need_keys(part.get("image_url"), f"{where}.image_url", {"url"}, {"detail"})
            need_text(part["image_url"]["url"], f"{where}.image_url.url")
        case "file":
            need_keys(part.get("file"), f"{where}.file", set())
        case "refusal" | "input_audio":
            return
        case kind:
            bad(where, f"{kind!r} is no part")


def _check_tool_turns(messages: list[Any]) -> None:
    """After calls come their results, all of them, before anything else."""
    owed: set[str] = set()
    for index, message in enumerate(messages):
        where = f"messages.{index}"
        if message["role"] == "tool":
            call = message["tool_call_id"]
            need(call in owed, where, f"{call!r} was not called, or is answered twice")
            owed.discard(call)
            continue
        need(not owed, where, f"{sorted(owed)} is not answered")
        ids = [call["id"] for call in message.get("tool_calls") or ()]
        need(len(set(ids)) == len(ids), where, "an id is used twice")
        owed = set(ids)
    need(not owed, "messages", f"{sorted(owed)} is never answered")

"""Whole answers of an OpenAI Chat Completions upstream, right and odd, as plays.

upstream.script(chat_plays.stream(reasoning("hm"), "pong"), chat_plays.message("again"))
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any
from zlib import crc32

from tests.support.plays import JSON, SSE, body
from tests.support.upstream import Data, End, Head, Play, SeenRequest

REQUEST_ID = ("x-request-id", "req_scripted_chat")
MODEL = "gpt-scripted-1"
USAGE = {
    "prompt_tokens": 912,
    "completion_tokens": 17,
    "total_tokens": 929,
    "prompt_tokens_details": {"cached_tokens": 900},
    "completion_tokens_details": {"reasoning_tokens": 7},
}
DONE = b"data: [DONE]\n\n"

Delta = dict[str, Any]
Piece = Delta | str
"""A part of an answer: a string is text; see `reasoning`, `call` and `refusal` for the others."""


def reasoning(words: str, field: str = "reasoning_content") -> Delta:
    return {field: words}


def refusal(words: str) -> Delta:
    return {"refusal": words}


def call(name: str, arguments: dict[str, Any], call_id: str = "call_scripted_1") -> Delta:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"tool_calls": [{"id": call_id, "type": "function", "function": function}]}


def as_completion(*pieces: Piece, finish: str | None = None, usage: Any = USAGE) -> dict[str, Any]:
    """The JSON of a whole answer."""
    message: dict[str, Any] = {"role": "assistant", "content": None}
    for piece in pieces:
        if isinstance(piece, str):
            message["content"] = (message["content"] or "") + piece
        elif "tool_calls" in piece:
            message.setdefault("tool_calls", []).extend(piece["tool_calls"])
        else:
            message |= piece
    reason = finish or ("tool_calls" if "tool_calls" in message else "stop")
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
    return {
        "id": _id(pieces),
        "object": "chat.completion",
        "created": 1_700_000_001,
        "model": MODEL,
        "choices": [choice],
        "usage": usage,
    }


def chunk(delta: Delta | None = None, finish: str | None = None, **fields: Any) -> bytes:
    """One SSE event with one choice; `fields` replace or add to what a chunk has."""
    choice = {"index": 0, "delta": delta or {}, "logprobs": None, "finish_reason": finish}
    head = {
        "id": "chatcmpl-scripted",
        "object": "chat.completion.chunk",
        "created": 1_700_000_001,
        "model": MODEL,
        "choices": [choice],
    }
    return event(head | fields)


def event(value: Any) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


def as_chunks(*pieces: Piece, finish: str | None = None, usage: Any = USAGE) -> list[bytes]:
    """The SSE events of an answer, as OpenAI sends them; without `usage` none is told."""
    chunks = [chunk({"role": "assistant", "content": ""})]
    calls = 0
    for piece in pieces:
        if isinstance(piece, str):
            chunks += [chunk({"content": half}) for half in _halves(piece)]
        elif "tool_calls" in piece:
            for whole in piece["tool_calls"]:
                chunks += _call_chunks(calls, whole)
                calls += 1
        else:
            ((field, words),) = piece.items()
            chunks += [chunk({"content": None, field: half}) for half in _halves(words)]
    chunks.append(chunk({}, finish or ("tool_calls" if calls else "stop")))
    if usage is not None:
        chunks.append(chunk(choices=[], usage=usage))
    return [*(each.replace(b"chatcmpl-scripted", _id(pieces).encode()) for each in chunks), DONE]


def message(*pieces: Piece, finish: str | None = None, usage: Any = USAGE) -> Play:
    whole = as_completion(*pieces, finish=finish, usage=usage)
    return body(200, json.dumps(whole).encode(), JSON, REQUEST_ID)


def stream(*pieces: Piece, finish: str | None = None, usage: Any = USAGE) -> Play:
    return sse(as_chunks(*pieces, finish=finish, usage=usage))


def sse(chunks: Iterable[bytes]) -> Play:
    """SSE from exactly these bytes, ended properly whatever they say."""
    return (Head(200, (SSE, REQUEST_ID)), *(Data(piece) for piece in chunks), End())


def interleaved(*calls: Delta) -> list[bytes]:
    """Calls whose arguments come by turns, and the last name after its first arguments."""
    whole = [each["tool_calls"][0] for each in calls]
    begun = [
        _tool(index, {"id": each["id"], "type": "function", "function": {"arguments": ""}})
        for index, each in enumerate(whole)
    ]
    firsts, rests = zip(*(_halves(each["function"]["arguments"]) for each in whole), strict=True)
    early = [_tool(index, {"function": {"arguments": part}}) for index, part in enumerate(firsts)]
    named = [
        _tool(index, {"function": {"name": each["function"]["name"], "arguments": ""}})
        for index, each in enumerate(whole)
    ]
    late = [_tool(index, {"function": {"arguments": part}}) for index, part in enumerate(rests)]
    first = chunk({"role": "assistant", "content": None})
    return [first, *begun, *early, *named, *late, chunk({}, "tool_calls"), DONE]


def without_index(*calls: Delta) -> list[bytes]:
    """Whole calls in one chunk each, told apart by their ids alone."""
    first = chunk({"role": "assistant", "content": None})
    return [first, *(chunk(each) for each in calls), chunk({}, "tool_calls"), DONE]


def error_body(text: str, kind: str = "server_error", code: str | None = None) -> bytes:
    return json.dumps(
        {"error": {"message": text, "type": kind, "param": None, "code": code}}
    ).encode()


def error(
    status: int, text: str, kind: str = "server_error", code: str | None = None, *headers: Any
) -> Play:
    return body(status, error_body(text, kind, code), JSON, REQUEST_ID, *headers)


def rate_limited(retry_after: str | None = None) -> Play:
    extra = [] if retry_after is None else [("retry-after", retry_after)]
    return error(429, "Rate limit reached", "requests", "rate_limit_exceeded", *extra)


def broken_in_the_middle(*pieces: Piece, text: str = "the provider died") -> Play:
    """A stream that an error object ends."""
    chunks = as_chunks(*pieces)
    end = next(at for at, each in enumerate(chunks) if b'"finish_reason": null' not in each)
    return sse([*chunks[:end], event({"error": {"message": text, "type": "server_error"}})])


def answering(answer: Callable[[dict[str, Any]], Iterable[Piece]]) -> Callable[[SeenRequest], Play]:
    """An upstream that answers each request by its body, streamed when it is asked so."""

    def play(request: SeenRequest) -> Play:
        if request.path.endswith("/models"):
            listed = {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 1}]}
            return body(200, json.dumps(listed).encode(), JSON, REQUEST_ID)
        if not request.path.endswith("/chat/completions"):
            return error(404, f"no {request.path} here", "invalid_request_error")
        asked = request.json
        pieces = tuple(answer(asked))
        if asked.get("stream") is not True:
            return message(*pieces)
        wanted = (asked.get("stream_options") or {}).get("include_usage")
        return stream(*pieces, usage=USAGE if wanted else None)

    return play


default_answer = answering(lambda asked: ["pong"])
"""What a scripted Chat upstream says without a script."""


def _id(pieces: tuple[Piece, ...]) -> str:
    """Clients take two answers of one id for one answer."""
    return f"chatcmpl-{crc32(json.dumps(pieces).encode()):08x}"


def _halves(words: str) -> tuple[str, str]:
    return words[: len(words) // 2], words[len(words) // 2 :]


def _call_chunks(index: int, whole: dict[str, Any]) -> list[bytes]:
    function = whole["function"]
    begun = whole | {"function": {"name": function["name"], "arguments": ""}}
    parts = [{"function": {"arguments": half}} for half in _halves(function["arguments"])]
    return [_tool(index, part) for part in (begun, *parts)]


def _tool(index: int, part: dict[str, Any]) -> bytes:
    return chunk({"tool_calls": [{"index": index, **part}]})

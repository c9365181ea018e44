"""Hypothesis strategies for what the two protocols' clients and upstreams write."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

Wire = dict[str, Any]
Piece = tuple[str, ...]
"""`("text", words)`, `("thinking", words, signature)` or `("call", id, name, arguments)`."""

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
NAMES = st.sampled_from(["get_weather", "now", "Bash"])
ARGUMENTS = st.dictionaries(
    st.sampled_from(["city", "n", "deep"]),
    st.one_of(WORDS, st.integers(-9, 9), st.none(), st.lists(st.booleans(), max_size=2)),
    max_size=2,
)
PNG = "iVBORw0KGgo="


@st.composite
def pieces(draw: st.DrawFn, *, in_order: bool = False, signed: bool = True) -> list[Piece]:
    """What an answer says. `in_order`: as Chat has it, one reasoning, one text, then calls."""
    thinking = st.tuples(st.just("thinking"), WORDS, st.just("c2ln" if signed else ""))
    text = st.tuples(st.just("text"), WORDS)
    if in_order:
        said = draw(st.lists(thinking, max_size=1)) + draw(st.lists(text, max_size=1))
    else:
        said = draw(st.lists(st.one_of(thinking, text), max_size=4))
    calls = draw(st.lists(st.tuples(NAMES, ARGUMENTS), max_size=3))
    # Written as a decoder writes them, so that texts can be compared.
    texts = [json.dumps(each, separators=(",", ":"), ensure_ascii=False) for _, each in calls]
    called = [("call", f"call_{i}", calls[i][0], text) for i, text in enumerate(texts)]
    return [*said, *called]


@st.composite
def cut(draw: st.DrawFn, words: str) -> list[str]:
    """The same words in one part or several, empty ones among them."""
    places = sorted(draw(st.lists(st.integers(0, len(words)), max_size=3)))
    return [words[a:b] for a, b in zip([0, *places], [*places, len(words)], strict=True)]


@st.composite
def splits(draw: st.DrawFn, data: bytes) -> list[bytes]:
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


# ------------------------------------------------------------------------------------ requests


@st.composite
def anthropic_requests(draw: st.DrawFn) -> Wire:
    """Requests as the API accepts them."""
    rounds = draw(st.lists(pieces(), max_size=3))
    messages: list[Wire] = [{"role": "user", "content": draw(WORDS)}]
    for said in rounds:
        blocks = [_block(piece) for piece in said] or [{"type": "text", "text": "."}]
        messages.append({"role": "assistant", "content": blocks})
        calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
        messages.append({"role": "user", "content": draw(_results(calls))})
    body: Wire = {"model": "claude-x", "max_tokens": 9000, "messages": messages}
    body["tools"] = [
        {"name": name, "input_schema": {"type": "object", "properties": {}}}
        for name in ("get_weather", "now", "Bash")
    ]
    return body | draw(st.fixed_dictionaries({}, optional=_ANTHROPIC_FIELDS))


_EFFORT = st.sampled_from(["low", "medium", "high", "xhigh", "max"])
_SCHEMA = st.just({"type": "object", "properties": {}, "additionalProperties": False})
_ANTHROPIC_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "system": st.one_of(WORDS, st.lists(WORDS.map(lambda t: {"type": "text", "text": t}))),
    "tool_choice": st.sampled_from(
        [{"type": "auto"}, {"type": "none"}, {"type": "auto", "disable_parallel_tool_use": True}]
    ),
    "thinking": st.sampled_from(
        [
            {"type": "enabled", "budget_tokens": 2000},
            {"type": "disabled"},
            {"type": "adaptive", "display": "omitted"},
        ]
    ),
    "output_config": st.fixed_dictionaries(
        {},
        optional={
            "effort": _EFFORT,
            "format": st.fixed_dictionaries({"type": st.just("json_schema"), "schema": _SCHEMA}),
        },
    ),
    "stop_sequences": st.lists(WORDS, max_size=6),
    "stream": st.booleans(),
    "top_k": st.integers(1, 9),
    "metadata": st.just({"user_id": "someone"}),
    "service_tier": st.sampled_from(["auto", "standard_only"]),
    "context_management": st.just({"edits": []}),
    "new_field": st.just([1]),
}


@st.composite
def chat_requests(draw: st.DrawFn) -> Wire:
    """Requests as the API accepts them."""
    messages: list[Wire] = []
    if draw(st.booleans()):
        messages.append({"role": draw(st.sampled_from(["system", "developer"])), "content": "Hm."})
    messages.append({"role": "user", "content": draw(_chat_content())})
    for said in draw(st.lists(pieces(in_order=True, signed=False), max_size=3)):
        answer = chat_message(said)
        if answer["content"] is None and "tool_calls" not in answer:
            answer["content"] = "."
        messages.append(answer)
        messages += [
            {"role": "tool", "tool_call_id": each["id"], "content": draw(WORDS)}
            for each in answer.get("tool_calls", [])
        ]
        messages.append({"role": "user", "content": draw(_chat_content())})
    body: Wire = {"model": "gpt-x", "messages": messages}
    body["tools"] = [
        {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
        for name in ("get_weather", "now", "Bash")
    ]
    return body | draw(st.fixed_dictionaries({}, optional=_CHAT_FIELDS))


_CHAT_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "tool_choice": st.sampled_from(
        ["auto", "none", "required", {"type": "function", "function": {"name": "now"}}]
    ),
    "parallel_tool_calls": st.booleans(),
    "max_completion_tokens": st.integers(1, 99_999),
    "temperature": st.floats(0, 2),
    "top_p": st.floats(0, 1),
    "reasoning_effort": st.sampled_from(["none", "minimal", "low", "medium", "high", "xhigh"]),
    "response_format": st.sampled_from(
        [
            {"type": "text"},
            {"type": "json_object"},
            {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
        ]
    ),
    "stop": st.one_of(WORDS, st.lists(WORDS, min_size=1, max_size=4)),
    "seed": st.integers(0, 9),
    "stream": st.booleans(),
    "user": WORDS,
    "service_tier": st.sampled_from(["auto", "default", "flex", "priority"]),
    "new_field": st.just([1]),
}


@st.composite
def _results(draw: st.DrawFn, calls: list[str]) -> list[Wire]:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    text = WORDS.map(lambda words: {"type": "text", "text": words})
    content = st.one_of(WORDS, st.lists(st.one_of(text, st.just(image)), min_size=1, max_size=2))
    results: list[Wire] = [
        {"type": "tool_result", "tool_use_id": call, "content": draw(content)} for call in calls
    ]
    after = draw(st.lists(st.one_of(text, st.just(image)), max_size=2))
    return results + (after or ([] if results else [{"type": "text", "text": "go on"}]))


def _chat_content() -> st.SearchStrategy[Any]:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    text = WORDS.map(lambda words: {"type": "text", "text": words})
    return st.one_of(WORDS, st.lists(st.one_of(text, st.just(image)), min_size=1, max_size=3))


# ------------------------------------------------------------------------------------- answers


def _block(piece: Piece) -> Wire:
    match piece:
        case ("text", words):
            return {"type": "text", "text": words}
        case ("thinking", words, signature):
            return {"type": "thinking", "thinking": words, "signature": signature}
        case (_, call, name, arguments):
            return {"type": "tool_use", "id": call, "name": name, "input": json.loads(arguments)}
    raise AssertionError(piece)


def anthropic_message(said: list[Piece]) -> Wire:
    called = any(kind == "call" for kind, *_ in said)
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [_block(piece) for piece in said],
        "stop_reason": "tool_use" if called else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "cache_read_input_tokens": 9, "output_tokens": 5},
    }


@st.composite
def anthropic_streams(draw: st.DrawFn, said: list[Piece]) -> list[bytes]:
    """The events of the same message, its deltas cut anywhere."""
    whole = anthropic_message(said)
    begun = whole | {"content": [], "stop_reason": None}
    events: list[Wire] = [{"type": "message_start", "message": begun}]
    for index, piece in enumerate(said):
        block = _block(piece)
        field = {"text": "text", "thinking": "thinking", "call": "input"}[piece[0]]
        kind = {"text": "text", "thinking": "thinking", "call": "input_json"}[piece[0]]
        delta = {"text": "text", "thinking": "thinking", "call": "partial_json"}[piece[0]]
        empty = block | {field: {} if piece[0] == "call" else ""}
        parts: list[Wire] = [
            {"type": f"{kind}_delta", delta: part}
            for part in draw(cut(piece[3] if piece[0] == "call" else piece[1]))
        ]
        if piece[0] == "thinking":
            empty["signature"] = ""
            parts.append({"type": "signature_delta", "signature": piece[2]})
        events.append({"type": "content_block_start", "index": index, "content_block": empty})
        events += [{"type": "content_block_delta", "index": index, "delta": p} for p in parts]
        events.append({"type": "content_block_stop", "index": index})
    delta_of: Wire = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    events.append({"type": "message_delta", "delta": delta_of, "usage": {"output_tokens": 5}})
    events.append({"type": "message_stop"})
    return [sse(event, event["type"]) for event in events]


def chat_message(said: list[Piece]) -> Wire:
    message: Wire = {"role": "assistant", "content": None}
    for piece in said:
        match piece:
            case ("text", words):
                message["content"] = words
            case ("thinking", words, _):
                message["reasoning_content"] = words
            case (_, call, name, arguments):
                function = {"name": name, "arguments": arguments}
                calls = message.setdefault("tool_calls", [])
                calls.append({"id": call, "type": "function", "function": function})
    return message


_CHAT_HEAD: Wire = {"id": "chatcmpl-1", "created": 1_700_000_001, "model": "gpt-x"}
_CHAT_USAGE = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}


def chat_completion(said: list[Piece]) -> Wire:
    message = chat_message(said)
    reason = "tool_calls" if "tool_calls" in message else "stop"
    choice = {"index": 0, "message": message, "finish_reason": reason}
    head = {"object": "chat.completion", **_CHAT_HEAD}
    return head | {"choices": [choice], "usage": _CHAT_USAGE}


@st.composite
def chat_streams(draw: st.DrawFn, said: list[Piece]) -> list[bytes]:
    """The chunks of the same completion; the calls' arguments come by turns."""
    deltas: list[Wire] = [{"role": "assistant", "content": ""}]
    calls: list[tuple[int, list[Wire]]] = []
    for piece in said:
        match piece:
            case ("text", words):
                deltas += [{"content": part} for part in draw(cut(words))]
            case ("thinking", words, _):
                deltas += [{"reasoning_content": part} for part in draw(cut(words))]
            case (_, call, name, arguments):
                parts = [{"function": {"arguments": part}} for part in draw(cut(arguments))]
                function = {"name": name, "arguments": ""}
                begun: Wire = {"id": call, "type": "function", "function": function}
                calls.append((len(calls), [begun, *parts]))
    begun_calls = 0
    while waiting := [(index, parts) for index, parts in calls if parts]:
        # Any that has begun, or the next one.
        index, parts = draw(st.sampled_from([each for each in waiting if each[0] <= begun_calls]))
        begun_calls += index == begun_calls
        deltas.append({"tool_calls": [{"index": index, **parts.pop(0)}]})
    choices: list[Wire] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "tool_calls" if calls else "stop"})
    head = {"object": "chat.completion.chunk", **_CHAT_HEAD}
    chunks: list[Wire] = [head | {"choices": [choice]} for choice in choices]
    chunks.append(head | {"choices": [], "usage": _CHAT_USAGE})
    return [*(sse(each) for each in chunks), b"data: [DONE]\n\n"]


def sse(value: Any, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()

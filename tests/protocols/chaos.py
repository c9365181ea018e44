"""Hypothesis strategies for what nobody should send: JSON made of the protocols' own words."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

from tests.protocols.strategies import Wire, sse

_WORDS = [
    *("", "x", "text", "user", "assistant", "system", "tool", "auto", "any", "stop", "tool_use"),
    *("tool_result", "image", "document", "base64", "url", "function", "json_schema", "enabled"),
    *("thinking", "image_url", "data:image/png;base64,iVBORw0KGgo=", "{}", "call_1", "high"),
]
_KEYS = [
    *("type", "text", "role", "content", "messages", "system", "tools", "name", "id", "input"),
    *("function", "arguments", "tool_calls", "tool_call_id", "tool_use_id", "source", "data"),
    *("media_type", "url", "image_url", "thinking", "signature", "budget_tokens", "format"),
    *("schema", "json_schema", "input_schema", "parameters", "index", "delta", "choices", "usage"),
    *("finish_reason", "stop_reason", "message", "error", "citations", "reasoning_content"),
    *("output_config", "response_format", "stop", "metadata", "tool_choice", "model", "file"),
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(_WORDS),
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(_KEYS), JSON, max_size=5)


@st.composite
def mutated(draw: st.DrawFn, good: Wire) -> Wire:
    """The same with one value replaced by any other, or gone, or twice."""
    value = copy.deepcopy(good)
    places = list(_places(value))
    for _ in range(draw(st.integers(1, 2))):
        holder, key = draw(st.sampled_from(places))
        if isinstance(holder, list) and key >= len(holder) or key not in _keys(holder):
            continue
        match draw(st.sampled_from(["replace", "replace", "remove", "double"])):
            case "replace":
                holder[key] = draw(JSON)
            case "remove":
                del holder[key]
            case _ if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[key]))
    return value


def _places(value: Any) -> Any:
    for key in _keys(value):
        yield value, key
        yield from _places(value[key])


def _keys(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value)
    return list(range(len(value))) if isinstance(value, list) else []


# ------------------------------------------------------------------------------- odd streams

_TOOL_DELTA = st.fixed_dictionaries(
    {},
    optional={
        "index": st.sampled_from([0, 1, 2, None]),
        "id": st.sampled_from(["call_1", "call_2", "", None, "functions.now:0"]),
        "type": st.just("function"),
        "function": st.fixed_dictionaries(
            {},
            optional={
                "name": st.sampled_from(["now", "get_weather", "", None]),
                "arguments": st.sampled_from(["", "{", "}", "{}", '{"a": 1}', None]),
            },
        ),
    },
)
_DELTA = st.fixed_dictionaries(
    {},
    optional={
        "role": st.just("assistant"),
        "content": st.sampled_from(["", "x", "für 🎈", None, [{"type": "text", "text": "y"}]]),
        "reasoning_content": st.sampled_from(["", "hm", None]),
        "reasoning": st.sampled_from(["", "hm", None]),
        "refusal": st.sampled_from(["no", None]),
        "tool_calls": st.one_of(st.none(), st.lists(_TOOL_DELTA, max_size=3)),
    },
)
_CHOICE = st.fixed_dictionaries(
    {
        "index": st.just(0),
        "delta": _DELTA,
        "finish_reason": st.sampled_from([None] * 6 + ["stop", "length", "tool_calls", "eos"]),
    }
)
_CHUNK = st.fixed_dictionaries(
    {"id": st.just("chatcmpl-1"), "choices": st.lists(_CHOICE, max_size=2)},
    optional={"usage": st.sampled_from([None, {}, {"prompt_tokens": 4, "completion_tokens": 2}])},
)
_ERROR = st.just(sse({"error": {"message": "died", "code": 502}}))
CHAT_CHUNKS = st.lists(
    st.one_of(
        *[_CHUNK.map(sse)] * 6,
        OBJECTS.map(sse),
        st.sampled_from([b"data: [DONE]\n\n", b": ping\n\n", b"data: {oops\n\n"]),
        _ERROR,
    ),
    max_size=12,
)

_INDEX = st.sampled_from([0, 0, 1, 2, None])
_STARTED = st.sampled_from(
    [
        {"type": "text", "text": ""},
        {"type": "text", "text": "x"},
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "redacted_thinking", "data": "eHh4"},
        {"type": "tool_use", "id": "toolu_1", "name": "now", "input": {}},
        {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {"a": 1}},
        {"type": "server_tool_use", "id": "s_1", "name": "web_search", "input": {}},
        {"type": "hologram"},
        {},
        None,
    ]
)
_BLOCK_DELTA = st.sampled_from(
    [
        {"type": "text_delta", "text": "x"},
        {"type": "thinking_delta", "thinking": "hm"},
        {"type": "signature_delta", "signature": "c2ln"},
        {"type": "input_json_delta", "partial_json": "{}"},
        {"type": "citations_delta", "citation": {"type": "char_location"}},
        {"type": "shade_delta", "shade": 1},
        {},
        None,
    ]
)


def _typed(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    return st.fixed_dictionaries({"type": st.just(kind), **fields}).map(lambda e: sse(e, kind))


_EVENT = st.one_of(
    _typed("message_start", message=st.sampled_from([None, {}, {"id": "msg_1", "usage": {}}])),
    *[_typed("content_block_start", index=_INDEX, content_block=_STARTED)] * 3,
    *[_typed("content_block_delta", index=_INDEX, delta=_BLOCK_DELTA)] * 4,
    *[_typed("content_block_stop", index=_INDEX)] * 2,
    _typed(
        "message_delta",
        delta=st.sampled_from([None, {}, {"stop_reason": "end_turn"}, {"stop_reason": "tool_use"}]),
        usage=st.sampled_from([None, {}, {"output_tokens": 5}]),
    ),
    _typed("message_stop"),
    _typed("ping"),
    _typed("error", error=st.just({"type": "overloaded_error", "message": "Overloaded"})),
    OBJECTS.map(lambda value: sse(value, "content_block_start")),
    st.just(b"event: message_delta\ndata: {oops\n\n"),
)
ANTHROPIC_EVENTS = st.lists(_EVENT, max_size=12)


def dumped(value: Any) -> str:
    return json.dumps(value)

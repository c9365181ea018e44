"""The conversion as a whole: captured requests, and properties that hold for every one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.ir.collect import collect, replay, stop_of
from axonhub_cli.ir.events import Event
from axonhub_cli.ir.request import Block, RedactedThinking, Text, Thinking, ToolCall
from axonhub_cli.ir.response import Response, Stop, StopReason, Usage
from axonhub_cli.protocols.codec import ReplyContext
from axonhub_cli.protocols.openai_chat.codec import CODEC
from axonhub_cli.protocols.sse import parse_events
from tests.protocols.openai_chat.wire import DONE, call, chunk, decode, usage_chunk

CONTEXT = ReplyContext(model="m", id="chatcmpl-x", created=7)


# Requests.

HI = {"role": "user", "content": "hi"}

names = st.sampled_from(["f", "g", "h"])
texts = st.text(min_size=1, max_size=8)
text_parts = st.builds(lambda text: {"type": "text", "text": text}, texts)
images = st.sampled_from(
    [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,eA=="}},
        {"type": "image_url", "image_url": {"url": "https://a", "detail": "low"}},
        {"type": "input_audio", "input_audio": {"data": "x", "format": "wav"}},
        {"type": "file", "file": {"file_data": "data:text/plain;base64,eA==", "filename": "a"}},
        {
            "type": "file",
            "file": {"file_data": "data:application/pdf;base64,eA==", "filename": "b"},
        },
        {"type": "file", "file": {"file_id": "file-1"}},
    ]
)
contents = st.text(max_size=8) | st.lists(text_parts | images, max_size=3)
plain = st.text(max_size=8) | st.lists(text_parts, max_size=3)
functions = st.fixed_dictionaries({"name": names, "arguments": st.sampled_from(['{"a":1}', "{}"])})
calls = st.builds(
    lambda name, function: {"id": name, "type": "function", "function": function}, names, functions
)
users = st.fixed_dictionaries(
    {"role": st.just("user"), "content": contents}, optional={"name": names, "x": st.integers()}
)
systems = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "developer"]), "content": plain}, optional={"name": names}
)
answers = st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": plain | st.none()},
    optional={"reasoning_content": texts, "refusal": texts, "name": names},
)


@st.composite
def rounds(draw: st.DrawFn) -> list[dict[str, Any]]:
    """An assistant's calls with a result for each."""
    made = draw(st.lists(calls, min_size=1, max_size=3, unique_by=lambda c: c["id"]))
    message = draw(answers) | {"tool_calls": made}
    results = [
        {"role": "tool", "tool_call_id": one["id"], "content": draw(contents)} for one in made
    ]
    return [message, *results]


tools = st.fixed_dictionaries(
    {
        "type": st.just("function"),
        "function": st.fixed_dictionaries(
            {"name": names, "parameters": st.just({"type": "object", "properties": {}})},
            optional={"description": texts, "strict": st.booleans(), "x": st.integers()},
        ),
    },
    optional={"cache_control": st.just({"type": "ephemeral"})},
)
turns = st.lists(
    users.map(lambda m: [m]) | answers.map(lambda m: [m]) | systems.map(lambda m: [m]) | rounds(),
    min_size=1,
    max_size=5,
).map(lambda groups: [HI, *[message for group in groups for message in group]])
requests = st.fixed_dictionaries(
    {"model": st.just("m"), "messages": turns},
    optional={
        "tools": st.lists(tools, min_size=1, max_size=3),
        "max_completion_tokens": st.integers(1, 9),
        "temperature": st.floats(0, 2),
        "stop": texts | st.lists(texts, min_size=1, max_size=2),
        "reasoning_effort": st.sampled_from(["none", "low", "max"]),
        "thinking": st.just({"type": "enabled", "budget_tokens": 9}),
        "response_format": st.sampled_from(
            [
                {"type": "json_object"},
                {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
            ]
        ),
        "user": texts,
        "logprobs": st.booleans(),
        "stream_options": st.just({"include_usage": True}),
        "prompt_cache_key": texts,
    },
)


@given(requests)
def test_a_request_of_the_own_protocol_comes_back_as_it_was(body: dict[str, Any]) -> None:
    request = CODEC.decode_request(body)
    encoded = CODEC.encode_request(request, "m")
    assert encoded.losses == ()
    assert CODEC.decode_request(encoded.body) == request
    json.dumps(encoded.body)


@given(requests)
def test_messages_are_always_valid_chat(body: dict[str, Any]) -> None:
    request = CODEC.decode_request(body)
    _check_order(CODEC.encode_request(request, "m").body["messages"])


def _check_order(messages: list[dict[str, Any]]) -> None:
    owed: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            assert message["tool_call_id"] in owed
            owed.remove(message["tool_call_id"])
        else:
            assert not owed
            owed = [one["id"] for one in message.get("tool_calls") or ()]
    assert not owed


FIXTURES = sorted((Path(__file__).parents[2] / "fixtures").glob("*/*.json"))


def _captured() -> list[Any]:
    found = []
    for file in FIXTURES:
        capture = json.loads(file.read_text("utf-8"))
        if capture.get("path") == "/v1/chat/completions":
            found.append(pytest.param(capture["body"], id=f"{file.parent.name}/{file.stem}"))
    return found


@pytest.mark.parametrize("body", _captured())
def test_captured_requests_come_back_as_they_were(body: dict[str, Any]) -> None:
    request = CODEC.decode_request(body)
    back = CODEC.encode_request(request, body["model"])
    assert back.losses == ()
    assert CODEC.decode_request(back.body) == request
    assert back.body.keys() == body.keys()


# Answers.

blocks: st.SearchStrategy[Block] = (
    st.builds(Text, texts)
    | st.builds(Thinking, texts)
    | st.builds(Thinking, texts, texts)
    | st.builds(RedactedThinking, texts)
    | st.builds(
        ToolCall, st.uuids().map(str), names, st.sampled_from(['{"a": 1}', "{}", '{"🎈": "}"}'])
    )
)
reasons: list[StopReason] = ["end", "max_tokens", "tool_use", "refusal"]
counts = st.integers(0, 10**6)
responses = st.builds(
    Response,
    id=st.just("chatcmpl-1"),
    model=st.just("m"),
    content=st.lists(blocks, max_size=5).map(tuple),
    stop=st.builds(Stop, st.sampled_from(reasons)),
    usage=st.builds(
        Usage, input=counts, cache_read=counts, output=counts.map(lambda n: n + 1), reasoning=counts
    ),
)


def _flat(response: Response) -> Response:
    """As Chat holds it: reasoning, one text, calls; a paragraph between texts that are apart."""
    thoughts: list[Block] = [
        block for block in response.content if isinstance(block, Thinking | RedactedThinking)
    ]
    if not any(isinstance(b, RedactedThinking) or b.signature for b in thoughts):  # type: ignore[union-attr]
        joined = "\n\n".join([block.text for block in thoughts if isinstance(block, Thinking)])
        thoughts = [Thinking(joined)] if joined else []
    text, last = "", -1
    for at, block in enumerate(response.content):
        if isinstance(block, Text):
            text += block.text if not text or at == last + 1 else f"\n\n{block.text}"
            last = at
    called = [block for block in response.content if isinstance(block, ToolCall)]
    content = (*thoughts, *([Text(text)] if text else []), *called)
    return Response(
        id=response.id,
        model=response.model,
        content=content,
        stop=stop_of(content, response.stop),
        usage=response.usage,
    )


@given(responses)
def test_an_answer_comes_back_as_chat_holds_it(response: Response) -> None:
    assert CODEC.decode_response(CODEC.encode_response(response, CONTEXT)) == _flat(response)


def _streamed(events: list[Event]) -> bytes:
    encoder = CODEC.stream_encoder(CONTEXT)
    return b"".join([encoder.feed(event) for event in events])


@given(responses)
def test_a_stream_comes_back_with_every_block_s_content(response: Response) -> None:
    stream = _streamed([*replay(response)])
    back = collect(decode(stream))
    assert [b for b in back.content if isinstance(b, ToolCall)] == [
        b for b in response.content if isinstance(b, ToolCall)
    ]
    assert [b for b in back.content if isinstance(b, RedactedThinking)] == [
        b for b in response.content if isinstance(b, RedactedThinking)
    ]
    flat = _flat(response)
    assert "".join([b.text for b in back.content if isinstance(b, Text)]) == "".join(
        [b.text for b in flat.content if isinstance(b, Text)]
    )
    assert (back.stop, back.usage, back.id) == (flat.stop, flat.usage, flat.id)


@given(responses, st.lists(st.integers(0, 5000), max_size=6))
def test_any_split_of_a_stream_gives_the_same_events(response: Response, cuts: list[int]) -> None:
    stream = _streamed([*replay(response)])
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    assert decode(*pieces) == decode(stream)


@given(responses, st.integers(0, 10_000))
def test_a_stream_cut_anywhere_never_seems_complete(response: Response, cut: int) -> None:
    stream = _streamed([*replay(response)])
    part = stream[: cut % (len(stream) + 1)]
    whole_events = [event.data for event in parse_events(part)]
    complete = any(b'"finish_reason":"' in event or event == b"[DONE]" for event in whole_events)
    kinds = [type(event).__name__ for event in decode(part)]
    assert kinds[-1] == ("Finished" if complete else "Failed")
    assert kinds.count("BlockStarted") == kinds.count("BlockEnded")


wholes = st.fixed_dictionaries(
    {"content": texts | st.just("") | st.none()},
    optional={"reasoning_content": texts, "tool_calls": st.lists(calls, max_size=3)},
)


@given(wholes, st.sampled_from(["stop", "length", "tool_calls", "brand_new"]), st.randoms())
def test_a_streamed_answer_is_the_same_as_a_whole_one(
    message: dict[str, Any], finish: str, random: Any
) -> None:
    for at, one in enumerate(message.get("tool_calls", [])):
        one["id"] = f"c{at}"
    usage = {"prompt_tokens": 9, "completion_tokens": 4}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    whole = {"id": "chatcmpl-1", "model": "m", "choices": [choice], "usage": usage}
    chunks = [chunk({"role": "assistant", "content": ""})]
    for name in ("reasoning_content", "content"):
        chunks += [chunk({name: piece}) for piece in _pieces(message.get(name) or "", random)]
    for at, one in enumerate(message.get("tool_calls", [])):
        function = one["function"]
        chunks.append(chunk(call(at, id=one["id"], name=function["name"], arguments="")))
        for piece in _pieces(function["arguments"], random):
            chunks.append(chunk(call(at, arguments=piece)))
    stream = b"".join([*chunks, chunk({}, finish), usage_chunk(**usage), DONE])
    assert collect(decode(stream)) == CODEC.decode_response(whole)


def _pieces(text: str, random: Any) -> list[str]:
    cut = random.randint(0, len(text))
    return [text[:cut], text[cut:]]

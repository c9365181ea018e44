"""The official Anthropic SDK in front of a Chat Completions upstream: all of it is converted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.sdk.late import anthropic
from tests.support import chat_plays, plays
from tests.support.gateway import Gateway
from tests.support.home import KEY, TOKEN
from tests.support.upstream import Close, Play, Upstream

if TYPE_CHECKING:
    from anthropic.types import MessageParam, ToolParam

MODEL = "gpt-scripted-1"
HELLO: list[MessageParam] = [{"role": "user", "content": "hello"}]
WEATHER: ToolParam = {
    "name": "get_weather",
    "description": "The weather in a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
NOW: ToolParam = {"name": "now", "input_schema": {"type": "object"}}
PICTURE = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}


@pytest.fixture
def client(gateway: Gateway) -> Iterator[anthropic.Anthropic]:
    """The SDK with our address and our key, and without repeats: one call, one answer."""
    with anthropic.Anthropic(
        base_url=f"{gateway.url}/anthropic", api_key=KEY, max_retries=0, timeout=15
    ) as made:
        yield made


def only(upstream: Upstream) -> Any:
    (seen,) = upstream.generations
    return seen.json


def ask(client: anthropic.Anthropic, streamed: bool, **asked: Any) -> anthropic.types.Message:
    body: dict[str, Any] = {"model": MODEL, "max_tokens": 100, "messages": HELLO, **asked}
    if not streamed:
        answer: anthropic.types.Message = client.messages.create(**body)
        return answer
    with client.messages.stream(**body) as stream:
        return stream.get_final_message()


both_ways = pytest.mark.parametrize("streamed", [False, True])


@both_ways
def test_a_message(client: anthropic.Anthropic, gateway: Gateway, streamed: bool) -> None:
    options = {"temperature": 0.5, "stop_sequences": ["END"]}
    answer = ask(client, streamed, system="Be brief.", extra_body=options)
    assert [block.to_dict() for block in answer.content] == [plays.text("pong")]
    assert (answer.role, answer.stop_reason, answer.model) == ("assistant", "end_turn", MODEL)
    (seen,) = gateway.chat.generations
    assert seen.path == "/v1/chat/completions"
    body = seen.json
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, *HELLO]
    assert (body["temperature"], body["stop"]) == (0.5, ["END"])
    assert 100 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert body.get("stream", False) is streamed


@both_ways
def test_usage_without_counting_the_cache_twice(
    client: anthropic.Anthropic, streamed: bool
) -> None:
    usage = ask(client, streamed).usage
    assert (usage.input_tokens, usage.cache_read_input_tokens) == (12, 900)
    assert usage.output_tokens == 17


def test_our_credential_and_nothing_of_the_clients(
    client: anthropic.Anthropic, gateway: Gateway
) -> None:
    client.messages.create(
        model=MODEL,
        max_tokens=9,
        messages=HELLO,
        metadata={"user_id": "somebody"},
        extra_headers={"x-claude-code-session-id": "s-1", "anthropic-beta": "some-beta"},
    )
    (seen,) = gateway.chat.generations
    assert seen.header("authorization") == f"Bearer {TOKEN}"
    names = {name.lower() for name, _ in seen.headers}
    assert not any(name.startswith(("x-api-key", "anthropic-", "x-claude")) for name in names)
    assert KEY not in str(seen.headers)
    assert b"somebody" not in seen.body


def test_the_answer_says_how_it_was_served(client: anthropic.Anthropic) -> None:
    raw = client.messages.with_raw_response.create(model=MODEL, max_tokens=9, messages=HELLO)
    assert raw.headers["ah-channel"] == "chat"
    assert raw.headers["ah-upstream-model"] == MODEL
    assert raw.headers["content-type"].startswith("application/json")


def test_the_model_is_named_as_it_was_asked_for(
    client: anthropic.Anthropic, gateway: Gateway
) -> None:
    gateway.configure(mappings={"claude-haiku-4-5": MODEL})
    for streamed in (False, True):
        assert ask(client, streamed, model="claude-haiku-4-5").model == "claude-haiku-4-5"
    assert [seen.json["model"] for seen in gateway.chat.generations] == [MODEL, MODEL]


def test_the_asynchronous_client(gateway: Gateway) -> None:
    async def talk() -> tuple[str, str]:
        async with anthropic.AsyncAnthropic(
            base_url=gateway.url, api_key=KEY, max_retries=0, timeout=15
        ) as client:
            whole = await client.messages.create(model=MODEL, max_tokens=9, messages=HELLO)
            async with client.messages.stream(model=MODEL, max_tokens=9, messages=HELLO) as stream:
                streamed = await stream.get_final_text()
        (block,) = whole.content
        assert block.type == "text"
        return block.text, streamed

    assert asyncio.run(talk()) == ("pong", "pong")


CALLS = (
    chat_plays.call("get_weather", {"city": "Graz"}, "call_1"),
    chat_plays.call("now", {}, "call_2"),
)


@pytest.mark.parametrize(
    ("streamed", "play"),
    [
        (False, chat_plays.message("I look.", *CALLS)),
        (True, chat_plays.stream("I look.", *CALLS)),
        (True, chat_plays.sse(chat_plays.interleaved(*CALLS))),
        (True, chat_plays.sse(chat_plays.without_index(*CALLS))),
        (True, chat_plays.stream(*CALLS, finish="stop", usage=None)),
    ],
    ids=["whole", "streamed", "interleaved", "without index", "ended by stop"],
)
def test_parallel_tool_calls_and_their_results(
    client: anthropic.Anthropic, gateway: Gateway, streamed: bool, play: Play
) -> None:
    gateway.chat.script(play)
    tools = [WEATHER, NOW]
    first = ask(client, streamed, tools=tools)
    assert first.stop_reason == "tool_use"
    asked = [block for block in first.content if block.type == "tool_use"]
    assert [(call.name, call.input) for call in asked] == [
        ("get_weather", {"city": "Graz"}),
        ("now", {}),
    ]
    results = [
        {"type": "tool_result", "tool_use_id": asked[0].id, "content": "sun"},
        {"type": "tool_result", "tool_use_id": asked[1].id, "content": "no", "is_error": True},
        {"type": "text", "text": "go on"},
    ]
    history: list[Any] = [
        *HELLO,
        {"role": "assistant", "content": [block.to_dict() for block in first.content]},
        {"role": "user", "content": results},
    ]
    second = ask(client, streamed, messages=history, tools=tools)
    assert second.content[0].to_dict() == plays.text("pong")
    body = gateway.chat.generations[1].json
    _, said, sun, failed, rest = body["messages"]
    assert [call["id"] for call in said["tool_calls"]] == ["call_1", "call_2"]
    assert (sun["role"], sun["tool_call_id"], sun["content"]) == ("tool", "call_1", "sun")
    assert (failed["tool_call_id"], "no" in failed["content"]) == ("call_2", True)
    # That it failed is said in the text: Chat has no other place for it.
    assert failed["content"] != "no"
    assert rest == {"role": "user", "content": "go on"}
    assert [tool["function"]["name"] for tool in body["tools"]] == ["get_weather", "now"]


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "now"}, {"type": "function", "function": {"name": "now"}}),
    ],
)
def test_a_tool_choice(
    client: anthropic.Anthropic, gateway: Gateway, choice: Any, sent: Any
) -> None:
    ask(client, False, tools=[WEATHER, NOW], tool_choice=choice)
    assert only(gateway.chat)["tool_choice"] == sent


def test_a_picture(client: anthropic.Anthropic, gateway: Gateway) -> None:
    content: Any = [{"type": "image", "source": PICTURE}, {"type": "text", "text": "what?"}]
    ask(client, False, messages=[{"role": "user", "content": content}])
    image, text = only(gateway.chat)["messages"][0]["content"]
    assert image["image_url"]["url"] == "data:image/png;base64,iVBORw0KGgo="
    assert text == {"type": "text", "text": "what?"}


@both_ways
@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_comes_as_thinking_and_goes_back_as_reasoning(
    client: anthropic.Anthropic, gateway: Gateway, streamed: bool, field: str
) -> None:
    pieces = (chat_plays.reasoning("let me see", field), "pong", CALLS[1])
    gateway.chat.script(chat_plays.stream(*pieces) if streamed else chat_plays.message(*pieces))
    first = ask(client, streamed, tools=[NOW])
    thinking, text, call = first.content
    assert thinking.type == "thinking"
    assert thinking.thinking == "let me see"
    assert thinking.signature
    assert text.to_dict() == plays.text("pong")
    assert call.type == "tool_use"
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "12:00"}
    history: list[Any] = [
        *HELLO,
        {"role": "assistant", "content": [block.to_dict() for block in first.content]},
        {"role": "user", "content": [result]},
    ]
    ask(client, streamed, messages=history, tools=[NOW])
    body = gateway.chat.generations[1].body.decode()
    assert thinking.signature not in body


def test_structured_output(client: anthropic.Anthropic, gateway: Gateway) -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}}}
    wanted = {"format": {"type": "json_schema", "schema": schema}}
    ask(client, False, extra_body={"output_config": wanted})
    sent = only(gateway.chat)["response_format"]
    assert (sent["type"], sent["json_schema"]["schema"]) == ("json_schema", schema)


def test_tokens_are_counted_here(client: anthropic.Anthropic, gateway: Gateway) -> None:
    few = client.messages.count_tokens(model=MODEL, messages=HELLO).input_tokens
    long = "All human beings are born free and equal in dignity and rights. " * 20
    more = client.messages.count_tokens(model=MODEL, messages=HELLO, system=long).input_tokens
    tools = client.messages.count_tokens(model=MODEL, messages=HELLO, tools=[WEATHER]).input_tokens
    assert 0 < few < 50
    assert 200 < more - few < 400
    assert tools > few + 10
    assert gateway.chat.requests == []


@both_ways
@pytest.mark.parametrize(
    ("status", "kind", "code", "raised"),
    [
        (400, "invalid_request_error", None, "BadRequestError"),
        (404, "invalid_request_error", "model_not_found", "NotFoundError"),
        (429, "requests", "rate_limit_exceeded", "RateLimitError"),
        (500, "server_error", None, "InternalServerError"),
        (503, "server_error", None, "InternalServerError"),
    ],
)
def test_an_error_is_the_sdks_own_exception(
    client: anthropic.Anthropic,
    gateway: Gateway,
    status: int,
    kind: str,
    code: str | None,
    raised: str,
    streamed: bool,
) -> None:
    play = chat_plays.error(status, "the upstream's own words", kind, code)
    gateway.chat.answer = lambda request: play
    with pytest.raises(getattr(anthropic, raised)) as caught:
        client.messages.create(model=MODEL, max_tokens=9, messages=HELLO, stream=streamed)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["type"] == "error"
    assert "the upstream's own words" in caught.value.body["error"]["message"]


def test_too_long_a_prompt_is_said_in_the_words_that_clients_know(
    client: anthropic.Anthropic, gateway: Gateway
) -> None:
    words = "This model's maximum context length is 128000 tokens."
    gateway.chat.script(
        chat_plays.error(400, words, "invalid_request_error", "context_length_exceeded")
    )
    with pytest.raises(anthropic.BadRequestError) as caught:
        ask(client, False)
    assert "prompt is too long" in caught.value.message


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_of_ours_is_not_the_clients_fault(
    client: anthropic.Anthropic, gateway: Gateway, status: int
) -> None:
    gateway.chat.script(chat_plays.error(status, "no", "invalid_request_error", "invalid_api_key"))
    with pytest.raises(anthropic.InternalServerError) as caught:
        ask(client, False)
    assert caught.value.status_code == 502
    assert "axonhub channel" in caught.value.message


def test_retry_after_passes(client: anthropic.Anthropic, gateway: Gateway) -> None:
    gateway.chat.script(chat_plays.rate_limited("7"))
    with pytest.raises(anthropic.RateLimitError) as caught:
        ask(client, True)
    assert caught.value.response.headers["retry-after"] == "7"


CUT = chat_plays.as_chunks(chat_plays.reasoning("hm"), "an answer that will be cut")


@pytest.mark.parametrize(
    "play",
    [
        plays.truncated(CUT, len(b"".join(CUT[:4])) + 9, how=Close()),
        chat_plays.sse(CUT[:4]),
        chat_plays.broken_in_the_middle("an answer that will be cut"),
    ],
    ids=["closed", "ended without its end", "ended by an error"],
)
def test_a_broken_stream_raises(client: anthropic.Anthropic, gateway: Gateway, play: Play) -> None:
    gateway.chat.script(play)
    seen: list[str] = []
    with (
        pytest.raises(anthropic.APIStatusError),
        client.messages.create(model=MODEL, max_tokens=9, messages=HELLO, stream=True) as stream,
    ):
        seen.extend(event.type for event in stream)
    # What came in one read with its failure was never begun: an error status, not a half answer.
    assert seen[:1] in ([], ["message_start"])
    assert seen.count("content_block_start") == seen.count("content_block_stop")
    assert "message_stop" not in seen


@pytest.mark.parametrize("play", [plays.html(), plays.empty(), plays.reset()])
@both_ways
def test_what_is_no_answer_is_a_502(
    client: anthropic.Anthropic, gateway: Gateway, play: Play, streamed: bool
) -> None:
    gateway.chat.answer = lambda request: play
    with pytest.raises(anthropic.InternalServerError) as caught:
        ask(client, streamed)
    assert caught.value.status_code == 502


def test_a_stream_for_an_upstream_that_answers_whole(
    client: anthropic.Anthropic, gateway: Gateway
) -> None:
    gateway.chat.script(chat_plays.message("pong"))
    assert ask(client, True).content[0].to_dict() == plays.text("pong")


def test_a_whole_answer_from_an_upstream_that_streams(
    client: anthropic.Anthropic, gateway: Gateway
) -> None:
    gateway.chat.script(chat_plays.stream("pong"))
    assert ask(client, False).content[0].to_dict() == plays.text("pong")


def test_what_was_lost_stands_in_the_trace(client: anthropic.Anthropic, gateway: Gateway) -> None:
    raw = client.messages.with_raw_response.create(
        model=MODEL, max_tokens=9, messages=HELLO, extra_body={"top_k": 5}
    )
    losses = gateway.losses(raw.headers["ah-request-id"])
    assert any(loss["path"] == "top_k" for loss in losses)

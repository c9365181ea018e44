"""The official OpenAI SDK against a real daemon: Claude behind it, or a Chat upstream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.sdk.late import openai
from tests.support import chat_plays, plays
from tests.support.gateway import OAUTH_TOKEN, Gateway
from tests.support.home import KEY
from tests.support.upstream import Close, Play, Upstream

if TYPE_CHECKING:
    from openai.types.chat import (
        ChatCompletionMessageParam,
        ChatCompletionToolParam,
        ChatCompletionToolUnionParam,
    )

CLAUDE, SUBSCRIPTION, GPT = "claude-scripted-1", "sub-scripted-1", "gpt-scripted-1"
HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "hello"}]
WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
PICTURE = "data:image/png;base64,iVBORw0KGgo="
IDENTITY = "You are Claude Code, Anthropic's official CLI for Claude."

converted = pytest.mark.parametrize("model", [CLAUDE, SUBSCRIPTION])
everywhere = pytest.mark.parametrize("model", [CLAUDE, SUBSCRIPTION, GPT])


@pytest.fixture
def client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    """The SDK with our address and our key, and without repeats: one call, one answer."""
    with openai.OpenAI(
        base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0, timeout=15
    ) as made:
        yield made


def said(
    gateway: Gateway, model: str, *, text: str = "", calls: dict[str, Any] | None = None
) -> None:
    """Script the next answer of the model's upstream, as JSON or SSE as it is asked."""
    calls = calls or {}
    words = [text] if text else []
    blocks = [plays.tool_use(name, arguments, f"toolu_{name}") for name, arguments in calls.items()]
    pieces = [chat_plays.call(name, arguments, f"call_{name}") for name, arguments in calls.items()]
    gateway.anthropic.answer = lambda request: (
        plays.stream(*words, *blocks)
        if request.json.get("stream")
        else plays.message(*words, *blocks)
    )
    gateway.chat.answer = chat_plays.answering(lambda asked: [*words, *pieces])


def only(upstream: Upstream) -> Any:
    (seen,) = upstream.generations
    return seen.json


@everywhere
def test_an_answer(client: openai.OpenAI, gateway: Gateway, model: str) -> None:
    answer = client.chat.completions.create(model=model, messages=HELLO)
    (choice,) = answer.choices
    assert (choice.message.role, choice.message.content) == ("assistant", "pong")
    assert choice.finish_reason == "stop"
    assert answer.object == "chat.completion"
    assert answer.model == model


@converted
def test_the_usage_of_an_answer(client: openai.OpenAI, model: str) -> None:
    answer = client.chat.completions.create(model=model, messages=HELLO)
    usage = answer.usage
    assert usage is not None
    # 12 fresh, 40 written to the cache, 900 read from it: all of them were sent.
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (952, 5, 957)
    assert usage.prompt_tokens_details is not None
    assert usage.prompt_tokens_details.cached_tokens == 900


@everywhere
def test_a_stream(client: openai.OpenAI, gateway: Gateway, model: str) -> None:
    chunks = list(client.chat.completions.create(model=model, messages=HELLO, stream=True))
    words = [choice.delta.content for chunk in chunks for choice in chunk.choices]
    assert "".join(word or "" for word in words) == "pong"
    assert [c.finish_reason for chunk in chunks for c in chunk.choices][-1] == "stop"
    assert len({chunk.id for chunk in chunks}) == 1
    assert {chunk.model for chunk in chunks} == {model}
    assert all(chunk.usage is None for chunk in chunks)


@everywhere
def test_a_stream_tells_its_usage_when_asked(client: openai.OpenAI, model: str) -> None:
    chunks = list(
        client.chat.completions.create(
            model=model, messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
    )
    last = chunks[-1]
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.prompt_tokens_details is not None
    assert last.usage.prompt_tokens_details.cached_tokens == 900


def test_the_asynchronous_client(gateway: Gateway) -> None:
    async def talk() -> list[str]:
        async with openai.AsyncOpenAI(
            base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0, timeout=15
        ) as client:
            heard = []
            for model in (CLAUDE, GPT):
                whole = await client.chat.completions.create(model=model, messages=HELLO)
                heard.append(whole.choices[0].message.content or "")
                async with client.chat.completions.stream(model=model, messages=HELLO) as stream:
                    final = await stream.get_final_completion()
                heard.append(final.choices[0].message.content or "")
            return heard

    assert asyncio.run(talk()) == ["pong"] * 4


@everywhere
@pytest.mark.parametrize("streamed", [False, True])
def test_tool_calls_and_their_results(
    client: openai.OpenAI, gateway: Gateway, model: str, streamed: bool
) -> None:
    asked = {"get_weather": {"city": "Graz"}, "now": {}}
    said(gateway, model, text="I look.", calls=asked)
    tools: Any = [WEATHER, {"type": "function", "function": {"name": "now"}}]
    message = _message(client, streamed, model=model, messages=HELLO, tools=tools)
    assert message.content == "I look."
    calls = message.tool_calls
    assert {call.function.name: json.loads(call.function.arguments) for call in calls} == asked
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": f"result of {call.function.name}"}
        for call in calls
    ]
    gateway.reset()
    history: Any = [*HELLO, message.model_dump(exclude_none=True), *results]
    assert _message(client, streamed, model=model, messages=history, tools=tools).content == "pong"
    if model == GPT:
        assert only(gateway.chat)["messages"] == history
        return
    body = only(gateway.anthropic)
    assert [tool["name"] for tool in body["tools"]] == ["get_weather", "now"]
    user, assistant, answered = body["messages"]
    assert user["role"] == "user"
    assert [block["type"] for block in assistant["content"]] == ["text", "tool_use", "tool_use"]
    assert [block["input"] for block in assistant["content"][1:]] == list(asked.values())
    assert [block["tool_use_id"] for block in answered["content"]] == [call.id for call in calls]
    assert [block["type"] for block in answered["content"]] == ["tool_result"] * 2


def _message(client: openai.OpenAI, streamed: bool, **asked: Any) -> Any:
    if not streamed:
        choice = client.chat.completions.create(**asked).choices[0]
    else:
        with client.chat.completions.stream(**asked) as stream:
            choice = stream.get_final_completion().choices[0]
    if choice.message.tool_calls:
        assert choice.finish_reason == "tool_calls"
        assert choice.message.tool_calls[0].type == "function"
    return choice.message


@converted
def test_a_picture(client: openai.OpenAI, gateway: Gateway, model: str) -> None:
    content: Any = [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": PICTURE}},
    ]
    client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}])
    text, image = only(gateway.anthropic)["messages"][0]["content"]
    assert text == {"type": "text", "text": "what is this?"}
    source = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    assert image == {"type": "image", "source": source}


@everywhere
def test_structured_output_is_parsed(client: openai.OpenAI, gateway: Gateway, model: str) -> None:
    from pydantic import BaseModel

    class City(BaseModel):
        name: str
        people: int

    said(gateway, model, text='{"name": "Graz", "people": 300000}')
    answer = client.chat.completions.parse(model=model, messages=HELLO, response_format=City)
    assert answer.choices[0].message.parsed == City(name="Graz", people=300_000)
    if model == GPT:
        assert only(gateway.chat)["response_format"]["json_schema"]["name"] == "City"
    else:
        wanted = only(gateway.anthropic)["output_config"]["format"]
        assert wanted["type"] == "json_schema"
        assert set(wanted["schema"]["properties"]) == {"name", "people"}


@converted
def test_the_options_of_a_request(client: openai.OpenAI, gateway: Gateway, model: str) -> None:
    client.chat.completions.create(
        model=model,
        messages=[{"role": "system", "content": "Be brief."}, *HELLO],
        max_completion_tokens=77,
        stop=["END"],
        temperature=0.5,
        tools=[WEATHER],
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
        parallel_tool_calls=False,
    )
    body = only(gateway.anthropic)
    assert body["max_tokens"] == 77
    assert body["stop_sequences"] == ["END"]
    assert body["temperature"] == 0.5
    assert body["tool_choice"] == {
        "type": "tool",
        "name": "get_weather",
        "disable_parallel_tool_use": True,
    }


def test_a_subscription_sees_its_identity_first_and_the_system_after_it(
    client: openai.OpenAI, gateway: Gateway
) -> None:
    client.chat.completions.create(
        model=SUBSCRIPTION,
        messages=[{"role": "system", "content": "Be brief."}, *HELLO],
        tools=[WEATHER],
    )
    (seen,) = gateway.anthropic.generations
    first, second = seen.json["system"]
    assert (first["text"], second["text"]) == (IDENTITY, "Be brief.")
    assert [tool["name"] for tool in seen.json["tools"]] == ["get_weather"]
    assert seen.header("authorization") == f"Bearer {OAUTH_TOKEN}"
    assert seen.header("x-api-key") is None
    assert "oauth-2025-04-20" in (seen.header("anthropic-beta") or "")
    assert seen.header("anthropic-version") == "2023-06-01"
    assert KEY not in str(seen.headers)


def test_another_channel_adds_no_identity(client: openai.OpenAI, gateway: Gateway) -> None:
    client.chat.completions.create(
        model=CLAUDE, messages=[{"role": "system", "content": "Be brief."}, *HELLO]
    )
    assert IDENTITY not in json.dumps(only(gateway.anthropic))


@pytest.mark.parametrize("streamed", [False, True])
def test_thinking_arrives_as_reasoning(
    client: openai.OpenAI, gateway: Gateway, streamed: bool
) -> None:
    blocks = (plays.thinking("let me see"), "pong")
    gateway.anthropic.script(plays.stream(*blocks) if streamed else plays.message(*blocks))
    asked: Any = {"model": CLAUDE, "messages": HELLO, "reasoning_effort": "high"}
    if streamed:
        chunks = client.chat.completions.create(**asked, stream=True)
        deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
        heard = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
    else:
        message = client.chat.completions.create(**asked).choices[0].message
        heard = getattr(message, "reasoning_content", "")
    assert heard == "let me see"
    body = only(gateway.anthropic)
    assert "thinking" in body or "output_config" in body


@pytest.mark.parametrize(
    ("status", "kind", "raised"),
    [
        (400, "invalid_request_error", "BadRequestError"),
        (404, "not_found_error", "NotFoundError"),
        (413, "request_too_large", "APIStatusError"),
        (429, "rate_limit_error", "RateLimitError"),
        (500, "api_error", "InternalServerError"),
        (529, "overloaded_error", "InternalServerError"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_an_error_is_the_sdks_own_exception(
    client: openai.OpenAI,
    gateway: Gateway,
    status: int,
    kind: str,
    raised: str,
    streamed: bool,
) -> None:
    play = plays.error(status, kind, "the upstream's own words")
    gateway.anthropic.answer = lambda request: play
    with pytest.raises(getattr(openai, raised)) as caught:
        client.chat.completions.create(model=CLAUDE, messages=HELLO, stream=streamed)
    assert caught.value.status_code in (status, 503)
    assert isinstance(caught.value.body, dict)
    assert "the upstream's own words" in caught.value.body["message"]
    assert set(caught.value.body) >= {"message", "type", "code"}


@everywhere
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_of_ours_is_not_the_clients_fault(
    client: openai.OpenAI, gateway: Gateway, model: str, status: int
) -> None:
    gateway.anthropic.answer = lambda request: plays.error(status, "authentication_error", "no")
    gateway.chat.answer = lambda request: chat_plays.error(status, "no", "invalid_request_error")
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model=model, messages=HELLO)
    assert caught.value.status_code == 502
    assert "axonhub channel" in caught.value.message


def test_a_wrong_key(gateway: Gateway) -> None:
    with (
        openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="ah-wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        stranger.chat.completions.create(model=CLAUDE, messages=HELLO)
    assert caught.value.code == "invalid_api_key"


def test_an_unknown_model(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="llama-none", messages=HELLO)
    assert "llama-none" in caught.value.message


@converted
def test_a_wrong_request_names_what_is_wrong(client: openai.OpenAI, model: str) -> None:
    wrong: Any = [{"role": "narrator", "content": "x"}]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=model, messages=wrong)
    assert "messages" in caught.value.message


@everywhere
def test_retry_after_passes(client: openai.OpenAI, gateway: Gateway, model: str) -> None:
    gateway.anthropic.script(plays.rate_limited("7"))
    gateway.chat.script(chat_plays.rate_limited("7"))
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model=model, messages=HELLO)
    assert caught.value.response.headers["retry-after"] == "7"


CUT = plays.as_events(plays.text("an answer that will be cut"))
CUT_CHAT = chat_plays.as_chunks("an answer that will be cut")


@pytest.mark.parametrize(
    ("model", "anthropic", "chat"),
    [
        (CLAUDE, plays.truncated(CUT, len(b"".join(CUT[:4])) + 7, how=Close()), ()),
        (CLAUDE, plays.sse(CUT[:4]), ()),
        (
            CLAUDE,
            plays.sse(
                [*CUT[:4], plays.event("error", error={"type": "api_error", "message": "died"})]
            ),
            (),
        ),
        (GPT, (), plays.sse(CUT_CHAT[:3])),
        (GPT, (), chat_plays.broken_in_the_middle("an answer that will be cut")),
    ],
)
def test_a_broken_stream_raises(
    client: openai.OpenAI, gateway: Gateway, model: str, anthropic: Play, chat: Play
) -> None:
    gateway.anthropic.script(anthropic)
    gateway.chat.script(chat)
    heard = []
    with pytest.raises(openai.APIError):
        for chunk in client.chat.completions.create(model=model, messages=HELLO, stream=True):
            heard += [choice.delta.content or "" for choice in chunk.choices]
    # What came in one read with its failure was never begun: an error status, not a half answer.
    assert "an answer that will be cut".startswith("".join(heard))


@pytest.mark.parametrize("play", [plays.html(), plays.empty(), plays.reset()])
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("model", [CLAUDE, GPT])
def test_what_is_no_answer_is_a_502(
    client: openai.OpenAI, gateway: Gateway, play: Play, streamed: bool, model: str
) -> None:
    gateway.anthropic.answer = gateway.chat.answer = lambda request: play
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model=model, messages=HELLO, stream=streamed)
    assert caught.value.status_code == 502


def test_the_models_are_listed(client: openai.OpenAI, gateway: Gateway) -> None:
    gateway.configure(mappings={"my-favourite": CLAUDE})
    listed = list(client.models.list())
    assert all(model.object == "model" for model in listed)
    assert "my-favourite" in {model.id for model in listed}
    assert not any("*" in model.id for model in listed)
    assert client.models.retrieve("my-favourite").id == "my-favourite"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no-such-model")


def test_a_relayed_request_and_its_answer_are_untouched(
    client: openai.OpenAI, gateway: Gateway
) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model=GPT, messages=HELLO, extra_body={"shade": "blue"}
    )
    assert json.loads(raw.content) == chat_plays.as_completion("pong")
    assert raw.headers["ah-channel"] == "chat"
    assert only(gateway.chat) == {"model": GPT, "messages": HELLO, "shade": "blue"}


@converted
def test_a_free_form_tool(client: openai.OpenAI, gateway: Gateway, model: str) -> None:
    """The model was given a function of one text; the client gets the text."""
    patch: ChatCompletionToolUnionParam = {
        "type": "custom",
        "custom": {"name": "apply_patch", "description": "Applies a patch."},
    }
    said(gateway, model, calls={"apply_patch": {"input": "*** Begin\n"}})
    answer = client.chat.completions.create(model=model, messages=HELLO, tools=[patch])
    (call,) = answer.choices[0].message.tool_calls or []
    assert isinstance(call, openai.types.chat.ChatCompletionMessageCustomToolCall)
    assert (call.custom.name, call.custom.input) == ("apply_patch", "*** Begin\n")
    again: list[ChatCompletionMessageParam] = [
        *HELLO,
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": call.id,
                    "type": "custom",
                    "custom": {"name": call.custom.name, "input": call.custom.input},
                }
            ],
        },
        {"role": "tool", "tool_call_id": call.id, "content": "done"},
    ]
    said(gateway, model, text="done")
    answer = client.chat.completions.create(model=model, messages=again, tools=[patch])
    assert answer.choices[0].message.content == "done"
    used = gateway.anthropic.generations[-1].json["messages"][1]["content"][0]
    assert (used["name"], used["input"]) == ("apply_patch", {"input": "*** Begin\n"})

from __future__ import annotations

import base64
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from axonhub_cli.counting import request as counting
from axonhub_cli.counting.request import count, warm
from axonhub_cli.ir.request import (
    Block,
    Document,
    Image,
    Media,
    Message,
    Opaque,
    OutputFormat,
    RedactedThinking,
    Request,
    ServerTool,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from axonhub_cli.jsonio import Json
from tests.counting.pictures import as_base64, png
from tests.counting.texts import CLAUDE_COUNTS, CODE

WEATHER: Json = {
    "type": "object",
    "properties": {
        "location": {
            "type": "string",
            "description": "The city and state, e.g. San Francisco, CA",
        }
    },
    "required": ["location"],
}


def ask(
    *content: Block,
    model: str = "claude-sonnet-4-5",
    system: str | None = None,
    tools: Sequence[Tool | ServerTool] = (),
    tool_choice: ToolChoice | None = None,
    output: OutputFormat | None = None,
) -> Request:
    return Request(
        protocol="anthropic",
        model=model,
        system=(Text(system),) if system else (),
        messages=(Message("user", content),) if content else (),
        tools=tuple(tools),
        tool_choice=tool_choice,
        output=output,
    )


HELLO = Text("Hello, Claude")
TOOL = Tool("get_weather", "Get the current weather in a given location", WEATHER)


def test_anthropics_own_examples_count_as_documented() -> None:
    """https://platform.claude.com/docs/en/build-with-claude/token-counting."""
    assert count(ask(HELLO, system="You are a scientist")) == pytest.approx(14, abs=2)
    weather = Text("What's the weather like in San Francisco?")
    assert count(ask(weather, tools=[TOOL])) == pytest.approx(403, rel=0.05)


@pytest.mark.parametrize(("text", "old", "new"), CLAUDE_COUNTS)
def test_claude_is_met_within_a_quarter_and_rather_above(text: str, old: int, new: int) -> None:
    frame = counting._FRAME + counting._MESSAGE
    for model, tokens in (("claude-sonnet-4-5", old), ("claude-opus-5", new)):
        ours = count(ask(Text(text), model=model)) - frame
        assert 0.9 * tokens <= ours <= 1.26 * tokens


def test_system_and_tools_count() -> None:
    """CLIProxyAPI #679: 48 counted, 728 real."""
    bare = count(ask(HELLO))
    assert count(ask(HELLO, system=CODE)) > bare + 150
    assert count(ask(HELLO, tools=[TOOL])) > bare + 346
    ten = [Tool(f"{TOOL.name}_{number}", TOOL.description, WEATHER) for number in range(10)]
    assert count(ask(HELLO, tools=ten)) > bare + 346 + 9 * 50


def test_a_demanded_tool_call_has_its_own_prompt() -> None:
    asked = count(ask(HELLO, tools=[TOOL], tool_choice=ToolChoice("auto")))
    assert count(ask(HELLO, tools=[TOOL], tool_choice=ToolChoice("any"))) == asked - 33


@pytest.mark.parametrize(
    ("block", "least", "most"),
    [
        (Thinking(CODE, signature="x" * 4000), 160, 220),
        (RedactedThinking("x" * 500), 100, 100),
        (ToolCall("id", "Bash", '{"command":"git status --short"}'), 18, 35),
        (ToolResult("id", (Text(CODE), Image(Media(data=as_base64(png(280, 280)))))), 260, 330),
        (Image(Media("image/png", as_base64(png(1024, 1024)))), 1369, 1369),
        (Image(Media(url="https://example.com/a.png")), 1568, 1568),
        (Document(text=CODE, title="limits.py"), 160, 230),
        (Document(Media("text/plain", base64.b64encode(CODE.encode()).decode())), 160, 220),
        (Document(Media("application/pdf", as_base64(b"%PDF-1.7 /Type /Page"))), 1500, 3000),
        (Document(Media(url="https://example.com/a.pdf")), 1500, 3000),
        (Opaque("anthropic", "search_result", {"type": "search_result", "title": CODE}), 160, 260),
    ],
)
def test_every_kind_of_block_counts(block: Block, least: int, most: int) -> None:
    frame = counting._FRAME + counting._MESSAGE
    assert least <= count(ask(block)) - frame <= most


def test_server_tools_and_the_schema_of_the_answer_count() -> None:
    bare = count(ask(HELLO))
    search = ServerTool("anthropic", "web_search_20250305", "web_search", {"max_uses": 5})
    assert count(ask(HELLO, tools=[search])) > bare + 346
    schema = OutputFormat("json_schema", schema=WEATHER)
    assert count(ask(HELLO, output=schema)) > bare + 20


def test_each_message_costs_its_frame() -> None:
    turns = (Message("user", (HELLO,)), Message("assistant", (HELLO,)), Message("user", ()))
    request = Request(protocol="anthropic", model="gpt-4", messages=turns)
    assert count(request) == 3 + 3 * 4 + 2 * 3


def test_the_model_that_will_answer_decides() -> None:
    request = ask(Text(CODE), model="claude-opus-4-7")
    assert count(request, "claude-sonnet-4-5") == count(ask(Text(CODE)))
    assert count(request, "gpt-4") < count(request, "claude-sonnet-4-5") < count(request)


def test_an_empty_request_counts() -> None:
    assert count(ask()) == 3
    assert count(ask(Text(""))) == 7


def test_a_part_that_was_counted_is_not_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    request = ask(Text(CODE + "once more"), Image(Media(data=as_base64(png(64, 64)))))
    first = count(request)

    def refuse(*args: object) -> int:
        raise AssertionError("it was counted a second time")

    monkeypatch.setattr(counting, "image_tokens", refuse)
    monkeypatch.setattr(counting._Counter, "_count", refuse)
    assert count(request) == first


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_MOST_REMEMBERED", 3)
    memory = counting._Memory()
    for name in ("a", "b", "c", "a", "d"):
        memory.get(("space", name), lambda: 1)
    assert len(memory._counts) == 3
    assert memory.get(("space", "a"), lambda: 2) == 1
    assert memory.get(("space", "b"), lambda: 2) == 2


def test_threads_count_alike() -> None:
    """Wei-Shaw/claude-relay-service #731: an editor sends 40 to 50 counts a second."""
    requests = [ask(Text(f"{CODE}\n{number % 5}")) for number in range(50)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(count, requests))
    assert together == [count(request) for request in requests]


def test_warming_up_loads_what_the_model_needs() -> None:
    warm("claude-sonnet-4-5")
    warm()

"""What a request is like, read from the bytes of either protocol."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from axonhub_cli import jsonio
from axonhub_cli.routing.conditions import NO_TRAITS, Traits
from axonhub_cli.routing.features import Facts, estimate_tokens, read_traits

FIXTURES = Path(__file__).parent.parent / "fixtures"
ALL = frozenset(Traits.__struct_fields__)
TOOL = {"name": "Bash", "input_schema": {"type": "object"}}
PNG = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
IMAGE = {"type": "image", "source": PNG}


def traits(body: dict[str, Any], facts: Facts = Facts(), asked: frozenset[str] = ALL) -> Traits:
    data = json.dumps({"model": "m", "messages": [], **body}).encode()
    envelope, data = jsonio.read_envelope(data)
    return read_traits(asked, facts, data, envelope)


def captured(name: str) -> Traits:
    fixture = json.loads((FIXTURES / name).read_text())
    headers = {key.lower(): value for key, value in fixture["headers"]}
    client = "claude-code" if headers["user-agent"].startswith("claude-cli") else "opencode"
    facts = Facts(client, request_class=headers.get("x-claude-code-request-class"))
    return traits(fixture["body"], facts)


def user(*blocks: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(blocks)}]}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("claude-code/interactive.02.json", ["background"]),
        ("claude-code/interactive.03.json", ["thinking"]),
        ("claude-code/gateway_hints.01.json", ["thinking"]),
        ("claude-code/image_read.02.json", ["images", "thinking"]),
        ("opencode/chat_basic.01.json", ["background"]),
        ("opencode/chat_basic.02.json", []),
        ("opencode/chat_image.02.json", ["images"]),
    ],
)
def test_requests_of_real_clients(name: str, expected: list[str]) -> None:
    found = captured(name)
    flags = ("background", "images", "subagent", "thinking", "web_search")
    assert [flag for flag in flags if getattr(found, flag)] == expected


@pytest.mark.parametrize(
    ("facts", "body", "expected"),
    [
        (Facts("claude-code"), {}, True),
        (Facts("claude-code"), {"tools": []}, True),
        (Facts("claude-code"), {"tools": [TOOL]}, False),
        (Facts("claude-code"), {"messages": [{"role": "user", "content": "x"}] * 5}, False),
        (Facts("claude-code", generates=False), {}, False),
        (Facts("openai-sdk"), {}, False),
        (Facts("unknown"), {}, False),
        (Facts("claude-code", request_class="main"), {}, False),
        (Facts("claude-code", request_class="auxiliary"), {"tools": [TOOL]}, True),
        (
            Facts("claude-code", request_class="auxiliary"),
            {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
            False,
        ),
    ],
)
def test_a_background_request(facts: Facts, body: dict[str, Any], expected: bool) -> None:
    assert traits(body, facts).background is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, False),
        ({"thinking": {"type": "enabled", "budget_tokens": 8000}}, True),
        ({"thinking": {"type": "adaptive"}}, True),
        ({"thinking": {"type": "disabled"}}, False),
        ({"thinking": None}, False),
        ({"thinking": "yes"}, False),
        ({"reasoning_effort": "high"}, True),
        ({"reasoning_effort": "none"}, False),
        ({"reasoning": {"effort": "low"}}, True),
        ({"reasoning": {"effort": "none"}}, False),
        ({"reasoning": {"enabled": False}}, False),
        ({"enable_thinking": True}, True),
        ({"messages": [{"role": "user", "content": '{"thinking": {"type": "enabled"}}'}]}, False),
        ({"metadata": {"thinking": {"type": "enabled"}}}, False),
    ],
)
def test_a_request_that_lets_the_model_think(body: dict[str, Any], expected: bool) -> None:
    assert traits(body).thinking is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (user(IMAGE), True),
        (user({"type": "tool_result", "tool_use_id": "t", "content": [IMAGE]}), True),
        (user({"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}), True),
        (user({"type": "text", "text": '{"type": "image"}'}), False),
        (user({"type": "document", "source": PNG}), False),
        (user({"type": "tool_use", "name": "x", "input": {"type": "image"}}), False),
        ({"messages": [{"role": "user", "content": '"image"'}]}, False),
        ({"tools": [{"name": "image", "input_schema": {"type": "image"}}]}, False),
    ],
)
def test_a_request_with_images(body: dict[str, Any], expected: bool) -> None:
    assert traits(body).images is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, True),
        ({"tools": [TOOL, {"type": "web_search_20260101", "name": "web_search"}]}, True),
        ({"tools": [{"name": "WebSearch", "input_schema": {}}]}, False),
        ({"tools": [{"type": "function", "function": {"name": "web_search"}}]}, False),
        ({"tools": [{"type": "web_search", "web_search": {"enable": True}}]}, True),
        ({"tools": [{"type": "builtin_function", "function": {"name": "$web_search"}}]}, True),
        ({"web_search_options": {}}, True),
        ({"plugins": [{"id": "web"}]}, True),
        ({"plugins": [{"id": "file-parser"}, 3]}, False),
        (user({"type": "text", "text": "web"}), False),
        ({"tools": ["web", {"type": "web_fetch_20250910", "name": "web_fetch"}]}, False),
    ],
)
def test_a_request_that_searches_the_web(body: dict[str, Any], expected: bool) -> None:
    assert traits(body).web_search is expected


def test_subagents_clients_and_time_come_from_outside_the_body() -> None:
    assert traits({}, Facts(subagent=True)).subagent
    assert traits({}, Facts(request_class="subagent")).subagent
    assert not traits({}, Facts(request_class="main")).subagent
    found = traits({}, Facts("codex", minute=77))
    assert (found.client, found.minute) == ("codex", 77)


def test_tokens_are_estimated_from_bytes_without_those_of_images() -> None:
    assert estimate_tokens(b"x" * 4000) == 1000
    picture = json.dumps({"type": "base64", "data": "QUJD" * 100_000}).encode()
    assert 1500 <= estimate_tokens(picture) < 1550
    assert estimate_tokens(b'"base64"' + b" word" * 8000) > 9_900


def test_nothing_is_read_that_nobody_asks_for() -> None:
    body = {"thinking": {"type": "enabled"}, **user(IMAGE)}
    assert traits(body, Facts("codex"), frozenset()) is NO_TRAITS
    found = traits(body, asked=frozenset({"thinking"}))
    assert (found.thinking, found.images) == (True, False)
    facts = Facts("codex", subagent=True)
    assert read_traits(ALL, facts, b"", None) == Traits(client="codex", subagent=True)


def test_a_body_of_odd_shape_has_no_traits() -> None:
    body = {"tools": {"type": "web_search"}, "messages": "image", "thinking": [1], "plugins": "web"}
    found = traits(body)
    assert (found.thinking, found.images, found.web_search) == (False, False, False)

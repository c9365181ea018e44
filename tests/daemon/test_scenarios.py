"""Scenario routing in a running daemon: by what a request is like, for both protocols."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support import plays
from tests.support.gateway import COMPLETIONS, MESSAGES, Gateway
from tests.support.home import channel
from tests.support.plays import as_events
from tests.support.upstream import Gate

CLAUDE_CODE = {"user_agent": "claude-cli/2.1.330 (external, cli)"}
OPENCODE = {"user_agent": "opencode/1.18.33 ai-sdk/provider"}
TOOL = {"name": "Bash", "input_schema": {"type": "object"}}
FUNCTION = {"type": "function", "function": {"name": "bash", "parameters": {"type": "object"}}}
PICTURE = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
SCENARIOS = [
    {"from": "claude-.*", "to": "gpt-small", "when": {"background": True}},
    {"from": "claude-.*", "to": "claude-web", "when": {"web_search": True}},
    {"from": "claude-.*", "to": "gpt-long", "when": {"over_tokens": 5000}},
    {"from": "claude-.*", "to": "claude-eyes", "when": {"images": True}},
    {"from": "claude-.*", "to": "claude-sub", "when": {"subagent": True}},
    {"from": "claude-.*", "to": "gpt-thinker", "when": {"thinking": True}},
    {"from": "claude-.*", "to": "claude-rest"},
]


@pytest.fixture
def hub(gateway: Gateway) -> Gateway:
    gateway.configure(profile={"mappings": SCENARIOS})
    return gateway


def went_to(gateway: Gateway, path: str, body: dict[str, Any], **headers: str) -> str:
    """The model that was asked upstream, as the answer's header and the upstream itself say."""
    asked = {"model": "claude-opus-5-5", "max_tokens": 9, **body}
    asked.setdefault("messages", [{"role": "user", "content": "hi"}])
    status, got, answer = gateway.daemon.post(json.dumps(asked).encode(), path, **headers)
    assert status == 200, answer
    model = got["ah-upstream-model"]
    upstream = gateway.chat if model.startswith("gpt-") else gateway.anthropic
    assert upstream.generations[-1].json["model"] == model
    return model


@pytest.mark.parametrize(
    ("body", "headers", "model"),
    [
        ({"tools": [TOOL]}, CLAUDE_CODE, "claude-rest"),
        ({}, CLAUDE_CODE, "gpt-small"),
        ({}, CLAUDE_CODE | {"x_claude_code_request_class": "main"}, "claude-rest"),
        ({"tools": [TOOL]}, {"x_claude_code_request_class": "auxiliary"}, "gpt-small"),
        ({}, {}, "claude-rest"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, {}, "claude-web"),
        ({"messages": [{"role": "user", "content": "word " * 5000}]}, {}, "gpt-long"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image", "source": PICTURE}]}]},
            {},
            "claude-eyes",
        ),
        ({}, {"x_claude_code_agent_id": "agent-1"}, "claude-sub"),
        ({"max_tokens": 2048, "thinking": {"type": "adaptive"}}, {}, "gpt-thinker"),
    ],
)
def test_claude_code_is_routed_by_scenario(
    hub: Gateway, body: dict[str, Any], headers: dict[str, str], model: str
) -> None:
    assert went_to(hub, MESSAGES, body, **headers) == model


@pytest.mark.parametrize(
    ("body", "headers", "model"),
    [
        ({"tools": [FUNCTION]}, OPENCODE, "claude-rest"),
        ({}, OPENCODE, "gpt-small"),
        ({"messages": [{"role": "user", "content": "word " * 5000}]}, {}, "gpt-long"),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {
                                "type": "image_url",
                                "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="},
                            }
                        ],
                    }
                ]
            },
            {},
            "claude-eyes",
        ),
        ({"reasoning_effort": "high"}, {}, "gpt-thinker"),
        ({"reasoning_effort": "none"}, {}, "claude-rest"),
    ],
)
def test_a_chat_client_is_routed_by_scenario(
    hub: Gateway, body: dict[str, Any], headers: dict[str, str], model: str
) -> None:
    assert went_to(hub, COMPLETIONS, body, **headers) == model


def test_a_channel_with_conditions_serves_only_such_requests(gateway: Gateway) -> None:
    only = channel(gateway.anthropic.url, "night", models=["x"], when={"subagent": True})
    gateway.configure(only)
    status, answer = gateway.ask(MESSAGES, {"model": "x", "max_tokens": 9, "messages": []})
    assert status == 404
    assert answer["error"]["type"] == "not_found_error"
    assert "night serves only subagent requests" in answer["error"]["message"]
    assert went_to(gateway, MESSAGES, {"model": "x"}, x_claude_code_agent_id="a") == "x"


def test_lists_and_refusals_are_those_of_the_profile_that_asks(gateway: Gateway) -> None:
    rules = [{"from": "fast", "to": "claude-haiku"}]
    more = [channel(gateway.anthropic.url, "named", models=["claude-haiku", "claude-opus"])]
    limits = {"models": ["fast", "claude-h*"], "channels": ["named", "claude"]}
    gateway.configure(*more, profile={"mappings": rules, **limits})
    listed = json.loads(gateway.daemon.get("/v1/models")[2])["data"]
    assert [m["id"] for m in listed if "configured" not in m["id"]] == ["fast", "claude-haiku"]
    _, answer = gateway.ask(MESSAGES, {"model": "claude-opus", "max_tokens": 9, "messages": []})
    assert answer["error"]["type"] == "not_found_error"
    assert "profile default does not allow the model 'claude-opus'" in answer["error"]["message"]
    assert "it allows: fast, claude-h*" in answer["error"]["message"]
    assert went_to(gateway, MESSAGES, {"model": "fast"}) == "claude-haiku"
    assert gateway.daemon.get("/anthropic/v1/models/claude-opus")[0] == 404
    assert gateway.daemon.get("/v1/models/claude-h-unlisted")[0] == 200
    found = json.loads(gateway.daemon.get("/v1/models/fast?include=all")[2])
    assert [(c["name"], c["upstream_model"]) for c in found["channels"]] == [
        ("named", "claude-haiku"),
        ("claude", "claude-haiku"),
    ]


def test_a_profile_is_switched_while_a_stream_runs_which_stays_as_it_began(
    gateway: Gateway,
) -> None:
    gateway.configure(mappings={"fast": "claude-one"})
    gateway.home.axonhub("profile", "create", "other")
    gateway.home.axonhub("profile", "map", "fast", "claude-two", "--profile", "other")
    gate = Gate()
    gateway.anthropic.script(plays.held(as_events(plays.text("x")), 4, gate))
    body = {"model": "fast", "max_tokens": 9, "stream": True, "messages": []}
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(gateway.daemon.post, json.dumps(body).encode())
        try:
            gate.wait_reached()
            gateway.home.axonhub("profile", "use", "other")
            assert went_to(gateway, MESSAGES, {"model": "fast"}) == "claude-two"
        finally:
            gate.open()
        status, headers, answer = running.result(timeout=15)
    assert (status, headers["ah-upstream-model"]) == (200, "claude-one")
    assert b"message_stop" in answer

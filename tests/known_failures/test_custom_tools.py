"""What broke in other gateways with free-form tools: known-failures 21, in Chat's words.

`apply_patch` vanished from the list, or came back as an object where a text was expected.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import chat_plays, grammar, plays
from tests.support.gateway import COMPLETIONS, Gateway

PATCH = '*** Begin\n+ "a\\b" é😀\n*** End'
TOOL = {
    "type": "custom",
    "custom": {
        "name": "apply_patch",
        "description": "Applies a patch.",
        "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: A"}},
    },
}
CALLED: list[dict[str, Any]] = [
    {"role": "user", "content": "mend it"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "call_1", "type": "custom", "custom": {"name": "apply_patch", "input": PATCH}}
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "done"},
]
PLACES = {"anthropic": "claude-scripted-1", "another server of Chat": "deepseek-v4"}


def request(model: str, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": CALLED, "tools": [TOOL], **more}


def prepare(gateway: Gateway, model: str, *, streamed: bool) -> None:
    """The model calls the tool, in the words it was given."""
    gateway.provider("deepseek", "deepseek-v4")
    given = {"input": PATCH}
    if model.startswith("claude"):
        play = (plays.stream if streamed else plays.message)(plays.tool_use("apply_patch", given))
        gateway.anthropic.script(play)
    else:
        answer = chat_plays.stream if streamed else chat_plays.message
        gateway.chat.script(answer(chat_plays.call("apply_patch", given)))


@pytest.mark.parametrize("model", PLACES.values(), ids=PLACES.keys())
def test_apply_patch_vanishes(gateway: Gateway, model: str) -> None:
    """21: the tool is offered as a function of one text, its earlier calls with it."""
    prepare(gateway, model, streamed=False)
    status, answer = gateway.ask(COMPLETIONS, request(model))
    assert status == 200
    if model.startswith("claude"):
        body = gateway.anthropic.generations[0].json
        grammar.REQUEST["anthropic"](body)
        (tool,) = body["tools"]
        assert tool["input_schema"]["properties"] == {"input": {"type": "string"}}
        assert body["messages"][1]["content"][0]["input"] == {"input": PATCH}
    else:
        body = gateway.chat.generations[0].json
        grammar.REQUEST["openai_chat"](body)
        tool = body["tools"][0]["function"]
        assert tool["parameters"]["properties"] == {"input": {"type": "string"}}
        (call,) = body["messages"][1]["tool_calls"]
        assert json.loads(call["function"]["arguments"]) == {"input": PATCH}
    assert "start: A" in tool["description"]
    (call,) = answer["choices"][0]["message"]["tool_calls"]
    assert (call["type"], call["custom"]) == ("custom", {"name": "apply_patch", "input": PATCH})
    assert answer["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("model", PLACES.values(), ids=PLACES.keys())
def test_apply_patch_returns_as_an_object(gateway: Gateway, model: str) -> None:
    """21: what is streamed back is the text, and nothing of the JSON around it."""
    prepare(gateway, model, streamed=True)
    status, answer = gateway.ask(COMPLETIONS, request(model, stream=True))
    assert status == 200
    chunks = [
        json.loads(line[6:]) for line in answer.decode().splitlines() if line.startswith("data: {")
    ]
    pieces = [
        piece
        for chunk in chunks
        for choice in chunk["choices"]
        for piece in choice["delta"].get("tool_calls", [])
    ]
    assert [pieces[0][key] for key in ("index", "type")] == [0, "custom"]
    assert pieces[0]["custom"]["name"] == "apply_patch"
    assert "".join(piece["custom"].get("input", "") for piece in pieces) == PATCH
    assert all("function" not in piece for piece in pieces)


def test_that_no_grammar_is_enforced_is_told(gateway: Gateway) -> None:
    model = PLACES["anthropic"]
    prepare(gateway, model, streamed=False)
    _, headers, _ = gateway.daemon.post(json.dumps(request(model)).encode(), COMPLETIONS)
    losses = gateway.losses(headers["ah-request-id"])
    assert [loss["path"] for loss in losses if "custom" in loss["path"]] == [
        "tools[*].custom.format"
    ]


def test_openai_gets_its_own_words(gateway: Gateway) -> None:
    gateway.provider("openai", "gpt-own")
    sent = request("gpt-own")
    assert gateway.ask(COMPLETIONS, sent)[0] == 200
    assert gateway.chat.generations[0].json == sent

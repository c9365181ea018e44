from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.dialects import anthropic_blocks as quirks
from axonhub_cli.protocols.codec import UNSIGNED
from tests.dialects.bodies import USER, context, messages, run
from tests.dialects.test_anthropic_quirks import SAID, USED, text

IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}}
LINKED = {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}
PDF = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf"}}
FILE = {"type": "document", "title": "a.txt", "source": {"type": "text", "data": "words"}}


def user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def result(*blocks: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": "t", "content": list(blocks)}


def test_blocks_of_anthropics_own_features_become_text() -> None:
    found = {"type": "search_result", "title": "T", "source": "S", "content": [text("found")]}
    loaded = result({"type": "tool_reference", "tool_name": "Grep"})
    body, lost = run(quirks.known_blocks, messages(user(loaded, found, {"type": "server_x"})))
    assert body["messages"][0]["content"] == [
        result(text("[tool available now: Grep]")),
        text("T (S)\nfound"),
        text("[server_x left out]"),
    ]
    kinds = ["search_result", "server_x", "tool_reference"]
    assert lost == [f"messages[*].content[*]:{kind}" for kind in kinds]


def test_blocks_that_everybody_knows_stay() -> None:
    body = messages(USER, user(IMAGE, PDF, result(IMAGE)), USED, SAID, {"content": [3]})
    assert run(quirks.known_blocks, body) == (body, [])


@pytest.mark.parametrize(
    ("quirk", "block", "what"),
    [
        (quirks.no_image_blocks, IMAGE, "image"),
        (quirks.no_document_blocks, PDF, "document"),
        (quirks.inline_image_blocks, LINKED, "image at a URL"),
    ],
)
def test_what_the_model_cannot_read_is_replaced_also_inside_results(
    quirk: Any, block: Any, what: str
) -> None:
    placeholder = text(f"[{what} left out: glm cannot read it]")
    body, lost = run(quirk, messages(user(block, result(block))), context("glm"))
    assert body["messages"][0]["content"] == [placeholder, result(placeholder)]
    assert lost == ["messages[*].content[*]"]


def test_a_document_that_is_text_stays_as_text() -> None:
    body, _ = run(quirks.no_document_blocks, messages(user(FILE)))
    assert body["messages"][0]["content"] == [text("a.txt\nwords")]
    untitled = {"type": "document", "source": {"type": "text", "data": "words"}}
    body, _ = run(quirks.no_document_blocks, messages(user(untitled)))
    assert body["messages"][0]["content"] == [text("words")]


def test_an_image_inside_the_request_needs_no_fetching() -> None:
    body = messages(user(IMAGE))
    assert run(quirks.inline_image_blocks, body) == (body, [])


def test_our_own_mark_is_no_signature() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": UNSIGNED}
    other = {**thought, "signature": "EqQB"}
    body, lost = run(
        quirks.unmark_thinking, messages({"role": "assistant", "content": [thought, other]})
    )
    assert body["messages"][0]["content"] == [{**thought, "signature": ""}, other]
    assert lost == []


def test_known_failure_12_turns_that_call_tools_begin_with_a_thought() -> None:
    """axonhub-behaviour.md § 2.10: empty thinking blocks are added for DeepSeek."""
    body, _ = run(quirks.replay_thinking_blocks, messages(USER, USED, SAID))
    first = body["messages"][1]["content"][0]
    assert first == {"type": "thinking", "thinking": "", "signature": ""}
    assert body["messages"][0] == USER and body["messages"][2] == SAID
    assert run(quirks.replay_thinking_blocks, body)[0] is body
    off = {**messages(USED), "thinking": {"type": "disabled"}}
    assert run(quirks.replay_thinking_blocks, off) == (off, [])

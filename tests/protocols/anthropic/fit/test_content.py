"""Single blocks: what Claude can read stays, what it cannot is said or refused."""

from __future__ import annotations

import base64

import pytest

from axonhub_cli.errors import ClientError
from axonhub_cli.ir.request import (
    Block,
    Document,
    Image,
    Media,
    Message,
    Opaque,
    RedactedThinking,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from axonhub_cli.protocols.anthropic.fit.content import fit_blocks, fit_message, fit_text
from axonhub_cli.protocols.anthropic.losses import Losses
from axonhub_cli.protocols.codec import UNSIGNED

CACHED = {"cache_control": {"type": "ephemeral"}}


def fit(*blocks: Block, role: Role = "user") -> tuple[list[Block], list[str]]:
    losses = Losses()
    return fit_blocks(role, blocks, losses), [loss.path for loss in losses.all()]


@pytest.mark.parametrize(
    "block",
    [
        Text("x"),
        Text("x", CACHED),
        Image(Media(url="https://x/y.png")),
        Image(Media("image/webp", "UklGRabc")),
        Image(Media("image/png", "unusual")),
        Document(Media(url="https://x/y.pdf"), title="y"),
        Document(Media("application/pdf", "JVBERi0x")),
        Document(text="words", title="t"),
        Thinking("x", "c2ln"),
        RedactedThinking("x"),
        ToolCall("a", "f", "{}", CACHED),
        ToolResult("a", (Text("x"), Image(Media(url="u"))), is_error=True),
    ],
)
def test_what_claude_knows_stays(block: Block) -> None:
    assert fit(block) == ([block], [])


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_empty_text_is_dropped(text: str) -> None:
    """new-api #1854: an empty text block is a 400."""
    assert fit(Text(text), Text("x")) == ([Text("x")], [])


@pytest.mark.parametrize("signature", [None, UNSIGNED])
def test_unsigned_reasoning_is_not_taken_back(signature: str | None) -> None:
    assert fit(Thinking("x", signature), role="assistant") == ([], ["messages[*].content[*]"])


def test_members_that_claude_does_not_know_are_lost() -> None:
    odd = {"audio": 1, "cache_control": {"type": "ephemeral"}}
    assert fit(Text("x", odd)) == ([Text("x", CACHED)], ["messages[*].content[*].audio"])
    assert fit(Text("x", {"cache_control": "yes"}))[1] == ["messages[*].content[*].cache_control"]
    assert fit(Thinking("x", "s", {"id": 1}), RedactedThinking("y", {"id": 1})) == (
        [Thinking("x", "s"), RedactedThinking("y")],
        ["messages[*].content[*].id"],
    )


def test_an_image_s_type_is_what_its_bytes_are() -> None:
    data = "iVBORw0KGgo"
    for named in (None, "image/jpeg", "image/jpg", "application/octet-stream"):
        assert fit(Image(Media(named, data)))[0] == [Image(Media("image/png", data))]
    assert fit(Image(Media("image/jpg", "abcd")))[0] == [Image(Media("image/jpeg", "abcd"))]


def test_an_image_s_detail_is_lost() -> None:
    assert fit(Image(Media(url="u"), detail="high")) == (
        [Image(Media(url="u"))],
        ["messages[*].content[*].image_url.detail"],
    )


def test_a_text_file_is_read() -> None:
    data = base64.b64encode("é, b\n".encode()).decode()
    assert fit(Document(Media("text/csv", data), title="t.csv"))[0] == [
        Document(text="é, b\n", title="t.csv")
    ]


@pytest.mark.parametrize("media_type", [None, "application/octet-stream", "application/pdf"])
def test_a_pdf_is_known_by_its_bytes(media_type: str | None) -> None:
    (block,) = fit(Document(Media(media_type, "JVBERi0xLjc")))[0]
    assert block == Document(Media("application/pdf", "JVBERi0xLjc"))


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (Image(Media("image/svg+xml", "PHN2Zz4")), "image/svg"),
        (Image(Media()), "unknown"),
        (Image(Media(url="data:image/png,abc")), "data URL"),
        (Document(Media(url="data:,abc")), "data URL"),
        (Document(Media("application/zip", "UEsDB")), "application/zip"),
        (Document(Media("text/plain", "%%%")), "not base64 of UTF-8"),
        (Document(Media("text/plain", "//79")), "not base64 of UTF-8"),
        (Opaque("openai_chat", "input_audio", {}), "input_audio"),
    ],
)
def test_what_claude_cannot_read_is_refused(block: Block, words: str) -> None:
    with pytest.raises(ClientError, match=words) as caught:
        fit(block)
    assert caught.value.kind == "invalid_request"


def test_an_assistant_s_picture_is_named() -> None:
    assert fit(Image(Media(url="u")), Document(text="x"), role="assistant") == (
        [Text("[image]"), Text("[document]")],
        ["messages[*].content[*]"],
    )


def test_an_assistant_s_unknown_content_is_lost_and_its_refusal_said() -> None:
    refusal = Opaque("openai_chat", "refusal", {"type": "refusal", "refusal": "No."})
    empty = Opaque("openai_chat", "refusal", {})
    audio = Opaque("openai_chat", "audio", {"id": "x"})
    assert fit(refusal, empty, audio, role="assistant") == (
        [Text("No.")],
        ["messages[*].content[*]"],
    )


def test_a_result_s_unknown_part_is_given_as_text() -> None:
    part = Opaque("openai_chat", "odd", {"a": 1})
    (result,), losses = fit(ToolResult("a", (part, Text(""))))
    assert result == ToolResult("a", (Text('{"a":1}'),))
    assert losses == ["messages[*].content[*]"]


def test_a_turn_has_no_name() -> None:
    losses = Losses()
    turn = Message("user", (Text("x"),), name="Ann", extra={"audio": 1})
    assert fit_message(turn, losses) == ("user", [Text("x")])
    assert [loss.path for loss in losses.all()] == ["messages[*].name", "messages[*].audio"]


def test_only_text_stands_in_a_system_prompt() -> None:
    losses = Losses()
    assert fit_text(Text("x", CACHED), "system[*]", losses) == Text("x", CACHED)
    assert losses.all() == ()
    assert fit_text(Image(Media(url="u")), "system[*]", losses) == Text("[image]")
    assert [loss.path for loss in losses.all()] == ["system[*]"]

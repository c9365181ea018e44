"""Blocks as parts of Chat, or as text."""

from __future__ import annotations

import pytest

from axonhub_cli.errors import ClientError
from axonhub_cli.ir.request import Block, Document, Image, Media, Opaque, Part, Text, Thinking
from axonhub_cli.protocols.openai_chat.losses import Losses
from axonhub_cli.protocols.openai_chat.parts_encoder import PartsEncoder, join_texts, text_part

PNG = Media("image/png", "iVBORw0KGgo=")
PDF = Media("application/pdf", "JVBERi0xLjQK")
CACHED = {"cache_control": {"type": "ephemeral"}}


def encode(block: Block) -> tuple[list[object], list[str]]:
    losses = Losses()
    parts = PartsEncoder("anthropic", losses).encode(block, "messages.0.content.0")
    return list(parts), [loss.path for loss in losses.all()]


CACHE_LOSS = ["messages[*].content[*].cache_control"]


@pytest.mark.parametrize(
    ("block", "parts", "losses"),
    [
        (Text("a"), [{"type": "text", "text": "a"}], []),
        (Text("a", CACHED), [{"type": "text", "text": "a"}], CACHE_LOSS),
        (Text(""), [], []),
        (
            Image(PNG, extra=CACHED),
            [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}],
            CACHE_LOSS,
        ),
        (
            Image(Media(url="https://a")),
            [{"type": "image_url", "image_url": {"url": "https://a"}}],
            [],
        ),
        (
            Document(PDF, title="a.pdf", extra=CACHED),
            [
                {
                    "type": "file",
                    "file": {
                        "file_data": "data:application/pdf;base64,JVBERi0xLjQK",
                        "filename": "a.pdf",
                    },
                }
            ],
            CACHE_LOSS,
        ),
        (Document(text="b", title="A"), [{"type": "text", "text": "A\n\nb"}], []),
        (Document(text="b"), [{"type": "text", "text": "b"}], []),
        (
            Opaque("anthropic", "tool_reference", {"type": "tool_reference", "tool_name": "X"}),
            [{"type": "text", "text": '{"type":"tool_reference","tool_name":"X"}'}],
            ["messages[*].content[*]"],
        ),
        (
            Opaque(
                "anthropic", "search_result", {"t": "A", "c": [{"encrypted_content": "x", "u": 1}]}
            ),
            [{"type": "text", "text": '{"t":"A","c":[{"u":1}]}'}],
            ["messages[*].content[*]"],
        ),
    ],
)
def test_blocks_cross_as_parts_or_text(
    block: Block, parts: list[object], losses: list[str]
) -> None:
    assert encode(block) == (parts, losses)


@pytest.mark.parametrize(
    "block",
    [
        Image(Media()),
        Document(Media(url="https://a")),
        Document(),
        Opaque("anthropic", "image", {}),
        Opaque("anthropic", "container_upload", {}),
        Thinking("a"),
    ],
)
def test_content_that_would_be_lost_is_refused(block: Block) -> None:
    with pytest.raises(ClientError, match=r"^messages\.0\.content\.0: ") as caught:
        encode(block)
    assert caught.value.kind == "invalid_request"


def test_an_image_where_only_text_may_stand_is_refused() -> None:
    with pytest.raises(ClientError):
        PartsEncoder("anthropic", Losses()).text_of(Image(PNG), "system.0", "system[*]")


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (Text("a", {"x": 1}), {"type": "text", "text": "a", "x": 1}),
        (Text("no", {"type": "refusal"}), {"type": "refusal", "refusal": "no"}),
        (Opaque("openai_chat", "x", {"type": "x"}), {"type": "x"}),
        (Opaque("openai_chat", "x", None), {"type": "x"}),
        (
            Image(Media(url="https://a"), "low", {"x": 1}),
            {"type": "image_url", "image_url": {"url": "https://a", "detail": "low"}, "x": 1},
        ),
    ],
)
def test_parts_of_the_own_protocol_come_back_as_they_were(block: Part, part: object) -> None:
    assert PartsEncoder("openai_chat", Losses()).encode(block, "p") == [part]
    assert text_part("a") == {"type": "text", "text": "a"}


def test_a_document_of_the_own_protocol_comes_back() -> None:
    part = PartsEncoder.own(Document(PDF, title="a.pdf", extra={"x": 1}))
    assert (part["type"], part["x"], part["file"]["filename"]) == ("file", 1, "a.pdf")


def test_a_block_that_is_no_part_is_refused() -> None:
    with pytest.raises(ClientError):
        PartsEncoder.own(Thinking("a"))


def test_neighbouring_texts_are_one_and_others_are_paragraphs() -> None:
    assert join_texts([(0, "a"), (1, "b"), (2, ""), (3, "c"), (5, "d")]) == "ab\n\nc\n\nd"
    assert join_texts([]) == ""

"""Blocks of content: each kind and source to the hub and back."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.errors import ClientError
from axonhub_cli.ir.request import Block, Document, Image, Media, Opaque, Text, ToolResult
from axonhub_cli.protocols.anthropic.blocks import (
    decode_blocks,
    encode_block,
    encode_content,
    read_input,
)

PNG = {"type": "base64", "media_type": "image/png", "data": "iVBOR"}
PDF = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0"}
PARTS = {
    "type": "content",
    "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
}
MIXED = {"type": "content", "content": [{"type": "text", "text": "a"}, {"type": "image"}]}
FILE = {"type": "file", "file_id": "file_1"}

CASES: list[tuple[dict[str, Any], Block]] = [
    ({"type": "image", "source": PNG}, Image(Media("image/png", "iVBOR"))),
    ({"type": "image", "source": {"type": "url", "url": "u"}}, Image(Media(url="u"))),
    (
        {"type": "document", "source": PDF, "title": "t", "context": "c"},
        Document(Media("application/pdf", "JVBERi0"), title="t", extra={"context": "c"}),
    ),
    ({"type": "document", "source": {"type": "url", "url": "u"}}, Document(Media(url="u"))),
    (
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "words"},
            "citations": {"enabled": True},
        },
        Document(Media("text/plain"), "words", extra={"citations": {"enabled": True}}),
    ),
    ({"type": "document", "source": PARTS}, Document(text="a\n\nb", extra={"source": PARTS})),
    (
        {"type": "document", "source": {"type": "content", "content": "words"}},
        Document(text="words", extra={"source": {"type": "content", "content": "words"}}),
    ),
    *[
        (block, Opaque("anthropic", str(block["type"]), block))
        for block in (
            {"type": "image", "source": FILE},
            {"type": "document", "source": FILE},
            {"type": "document", "source": MIXED},
            {"type": "image", "source": PNG | {"new": 1}},
            {"type": "container_upload", "file_id": "f"},
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        )
    ],
]


@pytest.mark.parametrize(("wire", "block"), CASES)
def test_a_block_crosses_both_ways(wire: dict[str, Any], block: Block) -> None:
    assert decode_blocks([wire], "p") == (block,)
    assert encode_block(block) == wire


def test_a_tool_result_holds_all_kinds_of_parts() -> None:
    reference = {"type": "tool_reference", "tool_name": "Write"}
    found = {"type": "search_result", "source": "s", "title": "t", "content": []}
    wire = {
        "type": "tool_result",
        "tool_use_id": "a",
        "content": [
            {"type": "text", "text": "x"},
            {"type": "image", "source": PNG},
            {"type": "document", "source": PDF},
            reference,
            found,
        ],
        "is_error": True,
        "cache_control": {"type": "ephemeral"},
    }
    (result,) = decode_blocks([wire], "p")
    assert result == ToolResult(
        "a",
        (
            Text("x"),
            Image(Media("image/png", "iVBOR")),
            Document(Media("application/pdf", "JVBERi0")),
            Opaque("anthropic", "tool_reference", reference),
            Opaque("anthropic", "search_result", found),
        ),
        is_error=True,
        extra={"cache_control": {"type": "ephemeral"}},
    )
    assert encode_block(result) == wire


@pytest.mark.parametrize("content", [None, "", []])
def test_an_empty_result_has_no_content(content: Any) -> None:
    wire = {"type": "tool_result", "tool_use_id": "a", "content": content}
    (result,) = decode_blocks([wire], "p")
    assert result == ToolResult("a")
    assert encode_block(result) == {"type": "tool_result", "tool_use_id": "a"}


@pytest.mark.parametrize(
    ("block", "path"),
    [
        ({"type": "text"}, "p.0.text"),
        ({"type": "text", "text": None}, "p.0.text"),
        ({"type": "image"}, "p.0.source"),
        ({"type": "image", "source": {"type": "url"}}, "p.0.source.url"),
        ({"type": "image", "source": {"type": "base64", "data": ""}}, "p.0.source.media_type"),
        ({"type": "document", "source": PDF, "title": 1}, "p.0.title"),
        (
            {"type": "document", "source": {"type": "text", "data": "", "media_type": 1}},
            "p.0.source.media_type",
        ),
        ({"type": "thinking", "thinking": 1}, "p.0.thinking"),
        ({"type": "redacted_thinking"}, "p.0.data"),
        ({"type": "tool_use", "name": "f", "input": {}}, "p.0.id"),
        ({"type": "tool_use", "id": "a", "name": "f", "input": "{}"}, "p.0.input"),
        ({"type": "tool_result", "content": "x"}, "p.0.tool_use_id"),
        ({"type": "tool_result", "tool_use_id": "a", "content": {}}, "p.0.content"),
        (
            {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text"}]},
            "p.0.content.0.text",
        ),
        (
            {
                "type": "tool_result",
                "tool_use_id": "a",
                "content": [{"type": "tool_use", "id": "b", "name": "f", "input": {}}],
            },
            "p.0.content.0",
        ),
    ],
)
def test_an_error_names_the_path(block: Any, path: str) -> None:
    with pytest.raises(ClientError) as caught:
        decode_blocks([block], "p")
    assert caught.value.message.startswith(f"{path}: ")


def test_a_content_is_a_string_only_for_one_plain_text() -> None:
    assert encode_content((Text("x"),)) == "x"
    assert encode_content(()) == []
    for blocks in ((Text(""),), (Text("x"), Text("y")), (Text("x", {"a": 1}),)):
        assert encode_content(blocks) == [encode_block(block) for block in blocks]


def test_a_block_without_an_object_is_at_least_its_kind() -> None:
    assert encode_block(Opaque("anthropic", "odd", 3)) == {"type": "odd"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", {}),
        ("{}", {}),
        ('{"a": 1}', {"a": 1}),
        ("[1]", {"INVALID_JSON": "[1]"}),
        ('{"a', {"INVALID_JSON": '{"a'}),
    ],
)
def test_input_is_always_an_object(arguments: str, expected: Any) -> None:
    assert read_input(arguments) == expected

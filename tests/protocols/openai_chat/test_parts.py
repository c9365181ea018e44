"""Content parts, read strictly and written back."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from axonhub_cli.errors import ClientError
from axonhub_cli.ir.request import Document, Image, Media, Opaque, Text
from axonhub_cli.protocols.openai_chat.parts import (
    decode_content,
    encode_file,
    encode_image,
    read_data_url,
)

PNG = "data:image/png;base64,iVBORw0KGgo="
PDF = "JVBERi0xLjQK"


def file(**members: Any) -> dict[str, Any]:
    return {"type": "file", "file": members}


def text_url(text: str) -> str:
    return f"data:text/markdown;charset=utf-8;base64,{base64.b64encode(text.encode()).decode()}"


CASES: list[tuple[dict[str, Any], object]] = [
    ({"type": "text", "text": "a"}, Text("a")),
    ({"type": "text", "text": "a", "x": 1}, Text("a", {"x": 1})),
    ({"type": "refusal", "refusal": "no"}, Text("no", {"type": "refusal"})),
    (
        {"type": "image_url", "image_url": {"url": PNG}},
        Image(Media("image/png", "iVBORw0KGgo=")),
    ),
    (
        {"type": "image_url", "image_url": {"url": "https://a.example/b.png", "detail": "low"}},
        Image(Media(url="https://a.example/b.png"), "low"),
    ),
    ({"type": "image_url", "image_url": "https://a"}, Image(Media(url="https://a"))),
    ({"type": "image_url", "image_url": {"url": "data:,x"}}, Image(Media(url="data:,x"))),
    (
        file(file_data=f"data:application/pdf;base64,{PDF}", filename="a.pdf"),
        Document(Media("application/pdf", PDF), title="a.pdf"),
    ),
    (file(file_data=PDF), Document(Media("application/pdf", PDF))),
    (
        file(file_data=text_url("# Ä"), filename="a.md"),
        Document(Media("text/markdown"), "# Ä", "a.md"),
    ),
]


@pytest.mark.parametrize(("part", "block"), CASES)
def test_parts_become_blocks(part: dict[str, Any], block: object) -> None:
    assert decode_content([part], "messages.0.content") == (block,)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_audio", "input_audio": {"data": "x", "format": "wav"}},
        file(file_id="file-1"),
        file(file_data="data:x;base64,eA==", brand_new=1),
        {"type": "image_url", "image_url": {"url": PNG, "brand_new": 1}},
        {"type": "video_url", "video_url": {"url": "https://a"}},
    ],
)
def test_what_has_no_form_in_the_hub_is_kept_whole(part: dict[str, Any]) -> None:
    assert decode_content([part], "p") == (Opaque("openai_chat", part["type"], part),)


def test_a_string_is_one_text_and_nothing_is_none() -> None:
    assert decode_content("a", "p") == (Text("a"),)
    assert decode_content("", "p") == ()
    assert decode_content(None, "p") == ()


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (7, "c"),
        ({}, "c"),
        (["a"], "c.0"),
        ([{"type": "text", "text": 7}], "c.0.text"),
        ([{"text": "a"}], "c.0.type"),
        ([{"type": "image_url"}], "c.0.image_url"),
        ([{"type": "image_url", "image_url": {}}], "c.0.image_url.url"),
        ([{"type": "file"}], "c.0.file"),
        ([file(file_data="no base64")], "c.0.file.file_data"),
        ([{"type": "refusal"}], "c.0.refusal"),
    ],
)
def test_what_is_wrong_is_named(content: object, path: str) -> None:
    with pytest.raises(ClientError, match=f"^{path}: ") as caught:
        decode_content(content, "c")
    assert caught.value.kind == "invalid_request"


@pytest.mark.parametrize("block", [block for _, block in CASES if isinstance(block, Image)])
def test_images_come_back(block: Image) -> None:
    assert decode_content([encode_image(block)], "c") == (block,)


@pytest.mark.parametrize("block", [block for _, block in CASES if isinstance(block, Document)])
def test_documents_come_back(block: Document) -> None:
    back = decode_content([encode_file(block)], "c")[0]
    assert isinstance(back, Document)
    # OpenAI refuses a file without a name, so a nameless one gets one.
    assert back == (block if block.title else Document(block.source, title="document.pdf"))


def test_a_text_needs_no_name() -> None:
    text = Document(Media("text/plain"), "a")
    assert decode_content([encode_file(text)], "c") == (text,)


def test_a_data_url_is_read_by_its_parts() -> None:
    assert read_data_url("data:;base64,eA==") == Media(None, "eA==")
    assert read_data_url("https://a") is None


def test_text_that_is_no_utf_8_stays_bytes() -> None:
    broken = file(file_data="data:text/plain;base64,//79", filename="a")
    assert decode_content([broken], "c") == (Document(Media("text/plain", "//79"), title="a"),)

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.counting.documents import pdf_pages
from tests.counting.pictures import as_base64

HEAD = b"%PDF-1.7\n"
PAGES = b"1 0 obj <</Type /Pages /Kids [2 0 R 3 0 R] /Count 2>> endobj\n"
PAGE = b"2 0 obj <</Type /Page /Parent 1 0 R>> endobj\n"


def object_stream(objects: bytes) -> bytes:
    packed = zlib.compress(objects)
    head = b"9 0 obj <</Type /ObjStm /N 2 /First 10 /Filter /FlateDecode /Length %d>>" % len(packed)
    return head + b"\nstream\r\n" + packed + b"\r\nendstream\nendobj\n"


@pytest.mark.parametrize(
    ("pdf", "pages"),
    [
        (HEAD + PAGES + PAGE * 2, 2),
        (HEAD + PAGES.replace(b" /", b"/") + PAGE.replace(b"e /P", b"e/P") * 3, 3),
        (HEAD + object_stream(PAGES + PAGE * 4) + object_stream(PAGE * 3), 7),
        (HEAD + b"1 0 obj <</Linearized 1 /L 90000 /H [ 5 9 ] /O 12 /E 900 /N 12 /T 8>>", 12),
        (HEAD + b"9 0 obj <</Type /ObjStm>>\nstream\nnot zlib\nendstream", 1),
        (HEAD + bytes(400_000), 8),
        (b"", 1),
    ],
)
def test_the_pages_of_a_pdf_are_found(pdf: bytes, pages: int) -> None:
    assert pdf_pages(as_base64(pdf)) == pages


def test_what_is_no_base64_is_one_page() -> None:
    assert pdf_pages("?") == 1


def test_a_bomb_is_not_unpacked_whole() -> None:
    assert pdf_pages(as_base64(HEAD + object_stream(bytes(40_000_000)) + PAGE)) == 1


@given(st.binary(max_size=300))
def test_any_bytes_have_a_page(data: bytes) -> None:
    assert pdf_pages(as_base64(HEAD + data)) >= 1

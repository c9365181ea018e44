"""A PDF's pages, found without a PDF library: the page objects, plain or in object streams."""

from __future__ import annotations

import binascii
import re
import zlib

_BYTES_PER_PAGE = 50_000
"""Of a PDF whose pages cannot be found (encrypted, damaged)."""
_MOST_PAGES = 3000
_MOST_UNPACKED = 32 * 1024 * 1024

_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_LINEARIZED = re.compile(rb"/Linearized\b[^>]{0,200}?/N\s+(\d{1,5})\b")
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm\b[^>]{0,400}>>\s*stream\r?\n")


def pdf_pages(data: str) -> int:
    """The number of pages of a base64 PDF; at least one, a guess by size where none is found."""
    try:
        pdf = binascii.a2b_base64(data)
    except (ValueError, binascii.Error):
        return 1
    told = _LINEARIZED.search(pdf, 0, 2048)
    pages = int(told[1]) if told else len(_PAGE.findall(pdf)) + _hidden_pages(pdf)
    return min(pages or len(pdf) // _BYTES_PER_PAGE or 1, _MOST_PAGES)


def _hidden_pages(pdf: bytes) -> int:
    """Pages in compressed object streams (ISO 32000-1, 7.5.7)."""
    pages = 0
    budget = _MOST_UNPACKED
    whole = memoryview(pdf)
    for begin in _OBJECT_STREAM.finditer(pdf):
        end = pdf.find(b"endstream", begin.end())
        try:
            objects = zlib.decompressobj().decompress(whole[begin.end() : end], budget)
        except zlib.error:
            continue
        pages += len(_PAGE.findall(objects))
        budget -= len(objects)
        if budget <= 0:
            break
    return pages

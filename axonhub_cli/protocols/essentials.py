"""What of an answer tells how it ended and what it used, where the whole of it cannot be kept.

    event: message_start … \\n\\n … event: message_delta …     a stream's beginning and its end
    {"model": "m", "content": [{"text": ""}], "usage": {…}}   a document without its long texts

`read_totals` reads from it what it would read from the whole. Of a stream and of an answer that is
neither, some kilobytes are left.
"""

from __future__ import annotations

from collections.abc import Sequence

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Json

HEAD = 4 * 1024
TAIL = 16 * 1024
"""Bytes; an event that tells the usage may list much besides."""

_LARGEST = 64 * 1024
_LONGEST_TEXT = 256
_DEEPEST = 8
_MOST = 64


def essentials(answer: Sequence[bytes]) -> bytes:
    """Of an answer in pieces; the whole where that is small."""
    size = sum(map(len, answer))
    if size <= HEAD + TAIL:
        return b"".join(answer)
    head = _first(answer)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        shortened = _shorten_document(b"".join(answer))
        if shortened is not None:
            return shortened
    return head + b"\n\n" + _last(answer)


def add_to_end(end: bytes, chunk: bytes) -> bytes:
    """The last of what has come of a stream, which is all that is kept of it from here on."""
    return (end + chunk[-TAIL:])[-TAIL:]


def _first(answer: Sequence[bytes]) -> bytes:
    found = b""
    for chunk in answer:
        found += chunk[: HEAD - len(found)]
        if len(found) >= HEAD:
            break
    return found


def _last(answer: Sequence[bytes]) -> bytes:
    found = b""
    for chunk in reversed(answer):
        found = chunk[-(TAIL - len(found)) :] + found
        if len(found) >= TAIL:
            break
    return found


def _shorten_document(body: bytes) -> bytes | None:
    """None for what is no JSON, or is long without long texts."""
    try:
        value = jsonio.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except jsonio.InvalidJson:
        return None
    shortened = jsonio.encode(_shorten(value, 0))
    return shortened if len(shortened) <= _LARGEST else None


def _shorten(value: Json, depth: int) -> Json:
    match value:
        case str():
            return value if len(value) <= _LONGEST_TEXT else ""
        case list():
            kept = value[:_MOST] if depth < _DEEPEST else []
            return [_shorten(item, depth + 1) for item in kept]
        case dict():
            items = list(value.items())[:_MOST] if depth < _DEEPEST else []
            return {name: _shorten(item, depth + 1) for name, item in items}
        case _:
            return value

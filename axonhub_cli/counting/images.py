"""An image's tokens, from the pixel size in the first bytes of its file."""

from __future__ import annotations

import binascii
import math
import struct

from axonhub_cli.counting.families import Family

_PATCH = 28
# A JPEG's size stands behind its metadata (a preview, a colour profile).
_HEAD = 256 * 1024
_JPEG_WITHOUT_SIZE = {0xC4, 0xC8, 0xCC}


def image_tokens(data: str | None, family: Family) -> int:
    """Tokens of a base64 image: one for each square of 28 pixels, about width * height / 750.

    An image too large is scaled down first (family.image_edge, family.image). One whose size is
    unknown, at a URL or in another format, counts as the largest.
    """
    size = None if data is None else _pixel_size(_decode_head(data))
    if size is None:
        return family.image
    width, height = size
    scale = min(
        1.0,
        family.image_edge / max(width, height),
        math.sqrt(family.image * _PATCH**2 / (width * height)),
    )
    squares = math.ceil(width * scale / _PATCH) * math.ceil(height * scale / _PATCH)
    return min(squares, family.image)


def _decode_head(data: str) -> bytes:
    try:
        return binascii.a2b_base64(data[:_HEAD])
    except (ValueError, binascii.Error):
        return b""


def _pixel_size(head: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF, WebP or JPEG; None for anything else."""
    try:
        size = _read_size(head)
    except (struct.error, IndexError):
        return None
    return size if size is not None and min(size) > 0 else None


def _read_size(head: bytes) -> tuple[int, int] | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        width, height = struct.unpack_from(">II", head, 16)
    elif head.startswith((b"GIF87a", b"GIF89a")):
        width, height = struct.unpack_from("<HH", head, 6)
    elif head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _webp_size(head)
    elif head.startswith(b"\xff\xd8"):
        return _jpeg_size(head)
    else:
        return None
    return width, height


def _webp_size(head: bytes) -> tuple[int, int] | None:
    """RFC 9649: the lossy, the lossless and the extended form each say it elsewhere."""
    form = head[12:16]
    if form == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    if form == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8X" and len(head) >= 30:
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    return None


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    """The first frame header (ITU T.81 B.2.2); the segments before it are stepped over."""
    at = 2
    while at + 9 <= len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in _JPEG_WITHOUT_SIZE:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        else:
            (length,) = struct.unpack_from(">H", head, at + 2)
            at += 2 + length
    return None

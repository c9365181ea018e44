"""Files that are as much of an image as its size: the headers, byte by byte."""

from __future__ import annotations

import base64
import struct


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(
        ">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 6, 0, 0, 0
    )


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\xf7\0\0"


def jpeg(width: int, height: int) -> bytes:
    jfif = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0\1\1\0\0\1\0\1\0\0"
    profile = b"\xff\xe2" + struct.pack(">H", 5002) + bytes(5000)
    tables = b"\xff\xc4" + struct.pack(">H", 21) + bytes(19)
    frame = b"\xff\xff\xc2" + struct.pack(">HBHH", 17, 8, height, width) + bytes(10)
    return b"\xff\xd8" + jfif + profile + tables + frame


def webp(form: bytes, width: int, height: int) -> bytes:
    if form == b"VP8 ":
        body = b"\x30\x01\0\x9d\x01\x2a" + struct.pack("<HH", width, height | 0x4000)
    elif form == b"VP8L":
        body = b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14)
    else:
        body = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return (
        b"RIFF"
        + struct.pack("<I", len(body) + 12)
        + b"WEBP"
        + form
        + struct.pack("<I", len(body))
        + body
    )


def as_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()

"""Content encodings, unpacked piece by piece with a limit on what comes out.

Clients compress request bodies (Codex sends zstd), and some upstreams compress answers although
they were asked not to. A small body may unpack to gigabytes: the limit is checked while unpacking.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Protocol

KNOWN = ("gzip", "x-gzip", "deflate", "br", "zstd")
# Nobody nests them on purpose; each costs memory before a byte has come.
_MOST_LAYERS = 5
# 32: find out whether the header is gzip's or zlib's.
_GZIP_WINDOW = 32 + zlib.MAX_WBITS


class TooLarge(Exception):
    """More came out than the limit allows."""


class Undecodable(Exception):
    """The bytes are not what their encoding says; or the encoding is unknown."""


class Decoder(Protocol):
    def feed(self, data: bytes) -> bytes: ...
    def finish(self) -> None: ...


def make_decoder(encoding: str, limit: int) -> Decoder:
    """A decoder for one Content-Encoding value (several, comma-separated, were applied in order).

    Raises `Undecodable` for an unknown one.
    """
    names = [name for part in encoding.split(",") if (name := part.strip().lower())]
    names = [name for name in reversed(names) if name != "identity"]
    if len(names) > _MOST_LAYERS:
        raise Undecodable(f"{len(names)} content-encodings, one inside the other, are too many")
    decoders = [_one(name, limit) for name in names]
    if len(decoders) == 1:
        return decoders[0]
    return _Chain(decoders)


def decode(data: bytes, encoding: str, limit: int) -> bytes:
    """A whole body. Raises `TooLarge` or `Undecodable`."""
    decoder = make_decoder(encoding, limit)
    result = decoder.feed(data)
    decoder.finish()
    return result


def _one(name: str, limit: int) -> Decoder:
    make = _MAKERS.get(name)
    if make is None:
        raise Undecodable(f"content-encoding {name!r} is not known; there are: {', '.join(KNOWN)}")
    return make(limit)


class _Chain:
    def __init__(self, decoders: list[Decoder]) -> None:
        self._decoders = decoders

    def feed(self, data: bytes) -> bytes:
        for decoder in self._decoders:
            data = decoder.feed(data)
        return data

    def finish(self) -> None:
        for decoder in self._decoders:
            decoder.finish()


class _Budget:
    """How much may still come out."""

    def __init__(self, limit: int) -> None:
        self.left = max(limit, 0)

    def spend(self, data: bytes) -> bytes:
        self.left -= len(data)
        if self.left < 0:
            raise TooLarge
        return data


class _Zlib:
    """gzip, whose members may follow one another (RFC 1952), and deflate."""

    # Small pieces in: each of many tiny gzip members has the rest of its piece copied.
    _PIECE = 4096

    def __init__(self, limit: int, *, gzip: bool) -> None:
        self._budget = _Budget(limit)
        self._gzip = gzip
        self._object = zlib.decompressobj(_GZIP_WINDOW)
        self._head = b""

    def feed(self, data: bytes) -> bytes:
        if len(self._head) < 2:
            data = self._head = self._head + data
            if len(data) < 2:
                return b""
            if not self._gzip:
                self._object = zlib.decompressobj(_deflate_window(data))
        parts: list[bytes] = []
        for start in range(0, len(data), self._PIECE):
            piece = data[start : start + self._PIECE]
            while piece:
                parts.append(self._budget.spend(self._step(piece)))
                piece = self._rest()
        return b"".join(parts)

    def _step(self, data: bytes) -> bytes:
        try:
            # One byte over the budget shows that there is more.
            return self._object.decompress(data, self._budget.left + 1)
        except zlib.error as error:
            raise Undecodable(str(error)) from error

    def _rest(self) -> bytes:
        rest = self._object.unused_data
        if not rest:
            return self._object.unconsumed_tail
        if not self._gzip:
            raise Undecodable("something follows the end of the compressed data")
        self._object = zlib.decompressobj(_GZIP_WINDOW)
        return rest

    def finish(self) -> None:
        if self._head and not self._object.eof:
            raise Undecodable("the compressed data is cut off")


def _deflate_window(head: bytes) -> int:
    """ "deflate" means zlib's format, but some senders leave out its header (RFC 1950, 2.2)."""
    has_header = head[0] & 0x0F == zlib.DEFLATED and int.from_bytes(head[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS


class _Brotli:
    def __init__(self, limit: int) -> None:
        import brotli  # type: ignore[import-untyped]

        self._budget = _Budget(limit)
        self._object = brotli.Decompressor()
        self._error: type[Exception] = brotli.error
        self._fed = False

    def feed(self, data: bytes) -> bytes:
        if not data:
            return b""
        self._fed = True
        parts: list[bytes] = []
        try:
            piece = self._object.process(data, output_buffer_limit=self._budget.left + 1)
            parts.append(self._budget.spend(piece))
            while not self._object.can_accept_more_data():
                piece = self._object.process(b"", output_buffer_limit=self._budget.left + 1)
                parts.append(self._budget.spend(piece))
        except self._error as error:
            raise Undecodable(str(error)) from error
        return b"".join(parts)

    def finish(self) -> None:
        if self._fed and not self._object.is_finished():
            raise Undecodable("the compressed data is cut off")


class _Zstd:
    # One block of 128 KiB takes four bytes at least (RFC 8878, 3.1.1.2).
    _MOST_GROWTH = 32 * 1024

    def __init__(self, limit: int) -> None:
        import zstandard

        self._budget = _Budget(limit)
        self._zstandard = zstandard
        # 8 MiB: what RFC 8878 asks a decoder to support; a larger window is refused.
        self._context = zstandard.ZstdDecompressor(max_window_size=8 << 20)
        self._object = self._context.decompressobj()
        self._fed = False

    def feed(self, data: bytes) -> bytes:
        parts: list[bytes] = []
        at = 0
        while at < len(data):
            self._fed = True
            # zstandard takes no limit on what comes out, so what goes in is kept small.
            size = min(max(self._budget.left // self._MOST_GROWTH, 16), 1024)
            parts.append(self._budget.spend(self._step(data[at : at + size])))
            at += size
        return b"".join(parts)

    def _step(self, data: bytes) -> bytes:
        out = b""
        try:
            while data:
                if self._object.eof:
                    self._object = self._context.decompressobj()
                out += self._object.decompress(data)
                data = self._object.unused_data if self._object.eof else b""
        except self._zstandard.ZstdError as error:
            raise Undecodable(str(error)) from error
        return out

    def finish(self) -> None:
        if self._fed and not self._object.eof:
            raise Undecodable("the compressed data is cut off")


_MAKERS: dict[str, Callable[[int], Decoder]] = {
    "gzip": lambda limit: _Zlib(limit, gzip=True),
    "x-gzip": lambda limit: _Zlib(limit, gzip=True),
    "deflate": lambda limit: _Zlib(limit, gzip=False),
    "br": _Brotli,
    "zstd": _Zstd,
}

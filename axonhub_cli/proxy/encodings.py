"""Content encodings, unpacked piece by piece with a limit on what comes out.

Clients compress request bodies (Codex sends zstd), and some upstreams compress answers although
they were asked not to. A small body may unpack to gigabytes: the limit is checked while unpacking.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Protocol

KNOWN = ("gzip", "x-gzip", "deflate", "br", "zstd")


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
    decoders = [_one(name, limit) for name in reversed(names) if name != "identity"]
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
        self.left = limit

    def spend(self, data: bytes) -> bytes:
        self.left -= len(data)
        if self.left < 0:
            raise TooLarge
        return data


class _Zlib:
    def __init__(self, limit: int, window_bits: int) -> None:
        self._budget = _Budget(limit)
        self._object = zlib.decompressobj(window_bits)
        self._raw = window_bits == zlib.MAX_WBITS
        self._fed = False

    def feed(self, data: bytes) -> bytes:
        parts: list[bytes] = []
        while data:
            parts.append(self._budget.spend(self._step(data)))
            if self._object.eof and self._object.unused_data:
                # gzip members may follow one another (RFC 1952).
                data, self._object = self._object.unused_data, zlib.decompressobj(47)
            else:
                data = self._object.unconsumed_tail
        return b"".join(parts)

    def _step(self, data: bytes) -> bytes:
        # One byte over the budget shows that there is more.
        most = self._budget.left + 1
        try:
            return self._object.decompress(data, most)
        except zlib.error as error:
            if not self._raw or self._fed:
                raise Undecodable(str(error)) from error
        finally:
            self._fed = True
        # "deflate" means zlib's format, but some senders leave out its header.
        self._object = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            return self._object.decompress(data, most)
        except zlib.error as error:
            raise Undecodable(str(error)) from error

    def finish(self) -> None:
        if self._fed and not self._object.eof:
            raise Undecodable("the compressed data is cut off")


class _Brotli:
    def __init__(self, limit: int) -> None:
        import brotli  # type: ignore[import-untyped]

        self._budget = _Budget(limit)
        self._object = brotli.Decompressor()
        self._error: type[Exception] = brotli.error
        self._fed = False

    def feed(self, data: bytes) -> bytes:
        parts: list[bytes] = []
        self._fed = self._fed or bool(data)
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
    _PIECE = 64 * 1024

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
        # Small pieces in: a frame unpacks to at most some 3,000 times its size at once.
        view = memoryview(data)
        for start in range(0, len(data), 1024):
            self._fed = True
            parts.append(self._budget.spend(self._step(bytes(view[start : start + 1024]))))
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
    "gzip": lambda limit: _Zlib(limit, 47),
    "x-gzip": lambda limit: _Zlib(limit, 47),
    "deflate": lambda limit: _Zlib(limit, zlib.MAX_WBITS),
    "br": _Brotli,
    "zstd": _Zstd,
}

"""Compress what is stored: zstd, with a dictionary of what all small documents here begin with.

    28 B5 2F FD …     a plain zstd frame, as the first versions wrote it
    01 …              a zstd frame without its magic number, with dictionary 1

A stored answer is some kilobytes of the same few events; what compresses its framing is knowing it
beforehand. A dictionary is part of the file's format: it never changes, a better one is a new one.
"""

from __future__ import annotations

import zstandard
from zstandard import DICT_TYPE_RAWCONTENT, FORMAT_ZSTD1_MAGICLESS, ZstdCompressionDict

from axonhub_cli.tracing.dictionary import DICTIONARY_1

_ONE = b"\x01"
_LEVEL = 3
_LARGE = 256 * 1024
"""Bytes from which on a dictionary makes no difference."""


class Packer:
    """zstd with its working memory kept; for one thread."""

    def __init__(self) -> None:
        known = ZstdCompressionDict(DICTIONARY_1, dict_type=DICT_TYPE_RAWCONTENT)
        parameters = zstandard.ZstdCompressionParameters.from_level(
            _LEVEL, format=FORMAT_ZSTD1_MAGICLESS, write_content_size=True
        )
        known.precompute_compress(compression_params=parameters)
        self._compressor = zstandard.ZstdCompressor(dict_data=known, compression_params=parameters)
        self._plain = zstandard.ZstdCompressor(level=_LEVEL, write_content_size=True)
        self._decompressor = zstandard.ZstdDecompressor(
            dict_data=known, format=FORMAT_ZSTD1_MAGICLESS
        )
        self._plain_decompressor = zstandard.ZstdDecompressor()

    def pack(self, data: bytes) -> bytes:
        """Raises nothing; the empty bytes too become some."""
        if len(data) >= _LARGE:
            return self._plain.compress(data)
        return _ONE + self._compressor.compress(data)

    def unpack(self, data: bytes) -> bytes:
        """Raises `zstandard.ZstdError` for what `pack` never made."""
        if data.startswith(_ONE):
            return self._decompressor.decompress(memoryview(data)[1:])
        return self._plain_decompressor.decompress(data)

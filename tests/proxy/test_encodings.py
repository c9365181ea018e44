"""Content encodings: round trips in any split, bombs, and bytes that are not what they claim."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable
from functools import cache

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.proxy.encodings import TooLarge, Undecodable, decode, make_decoder

Packer = Callable[[bytes], bytes]

LIMIT = 1 << 20


def headerless(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def members(data: bytes) -> bytes:
    third = len(data) // 3 + 1
    return b"".join(gzip.compress(data[at : at + third]) for at in (0, third, 2 * third))


def frames(data: bytes) -> bytes:
    half = len(data) // 2
    return zstandard.compress(data[:half]) + zstandard.compress(data[half:])


def unsized(data: bytes) -> bytes:
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, tuple[str, Packer]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "gzip members": ("gzip", members),
    "deflate": ("deflate", zlib.compress),
    "deflate level 0": ("deflate", lambda data: zlib.compress(data, 0)),
    "deflate without header": ("deflate", headerless),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstandard.compress),
    "zstd frames": ("zstd", frames),
    "zstd of unknown size": ("zstd", unsized),
    "gzip in br": ("gzip, br", lambda data: brotli.compress(gzip.compress(data))),
    "all": (
        "deflate, identity ,ZSTD,,br",
        lambda data: brotli.compress(zstandard.compress(zlib.compress(data))),
    ),
}
EACH = pytest.mark.parametrize(("encoding", "pack"), PACKERS.values(), ids=PACKERS)


def fed(encoding: str, packed: bytes, cuts: list[int], limit: int = LIMIT) -> bytes:
    """Unpacked piece by piece, cut at these places."""
    decoder = make_decoder(encoding, limit)
    places = sorted({0, len(packed), *(cut % (len(packed) + 1) for cut in cuts)})
    out = [decoder.feed(packed[a:b]) for a, b in zip(places, places[1:], strict=False)]
    decoder.finish()
    return b"".join(out)


@EACH
@given(st.binary(max_size=300), st.lists(st.integers(0, 500), max_size=8))
def test_a_round_trip_in_any_split(
    encoding: str, pack: Packer, data: bytes, cuts: list[int]
) -> None:
    assert fed(encoding, pack(data), cuts) == data


@EACH
@pytest.mark.parametrize("data", [b"", b"x", random.Random(1).randbytes(3000)])
def test_a_round_trip_byte_by_byte(encoding: str, pack: Packer, data: bytes) -> None:
    packed = pack(data)
    assert fed(encoding, packed, list(range(len(packed)))) == data


@EACH
def test_megabytes_pass_and_exactly_the_limit_is_within_it(encoding: str, pack: Packer) -> None:
    data = random.Random(2).randbytes(1000) * 3000
    # Of several encodings each must keep within the limit: what lies between may be larger.
    room = len(data) + (1000 if "," in encoding else 0)
    assert decode(pack(data), encoding, room) == data
    with pytest.raises(TooLarge):
        decode(pack(data), encoding, len(data) - 1)


@EACH
@given(st.integers(1, 400))
def test_what_is_cut_off_is_refused(encoding: str, pack: Packer, cut: int) -> None:
    packed = pack(b'{"model": "claude", "odd": 1.0} \xf0\x9f\x8e\x88' * 9)
    if cut >= len(packed):
        return
    # Whole members or frames are a whole body to whoever cannot know that there were more.
    if encoding in ("gzip", "zstd") and packed[cut : cut + 2] in (b"\x1f\x8b", b"\x28\xb5"):
        return
    with pytest.raises(Undecodable):
        decode(packed[:cut], encoding, LIMIT)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
@given(st.binary(min_size=1, max_size=200), st.lists(st.integers(0, 300), max_size=4))
def test_garbage_is_refused_and_nothing_else_is_raised(
    encoding: str, data: bytes, cuts: list[int]
) -> None:
    try:
        fed(encoding, data, cuts)
    except (Undecodable, TooLarge):
        return
    # What chance made well-formed is so in whatever split.
    assert fed(encoding, data, []) == fed(encoding, data, cuts)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_plain_text_is_refused(encoding: str) -> None:
    with pytest.raises(Undecodable):
        decode(b'{"model": "claude-sonnet-4-5", "messages": []}', encoding, LIMIT)


@EACH
def test_what_follows_the_end_is_refused(encoding: str, pack: Packer) -> None:
    for rest in (b"more", b'{"model": "x"}', b"\x00\x00"):
        with pytest.raises(Undecodable):
            fed(encoding, pack(b"x" * 50) + rest, [])
        with pytest.raises(Undecodable):
            fed(encoding, pack(b"x" * 50) + rest, list(range(500)))


@EACH
def test_one_flipped_bit_never_crashes(encoding: str, pack: Packer) -> None:
    packed = pack(b"some text, some more text, and some text again" * 3)
    for place in range(min(len(packed), 60)):
        broken = bytearray(packed)
        broken[place] ^= 0x40
        try:
            decode(bytes(broken), encoding, LIMIT)
        except (Undecodable, TooLarge):
            continue


BOMBS: dict[str, tuple[str, Packer]] = {
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", lambda zeros: zlib.compress(zeros, 9)),
    "deflate without header": ("deflate", headerless),
    "br": ("br", lambda zeros: brotli.compress(zeros, quality=1)),
    "zstd": ("zstd", zstandard.compress),
    "zstd frames": ("zstd", lambda zeros: zstandard.compress(zeros[: 128 << 10]) * 128),
    "gzip members": ("gzip", lambda zeros: gzip.compress(zeros[: 128 << 10]) * 128),
    "two layers": ("deflate, zstd", lambda zeros: zstandard.compress(zlib.compress(zeros, 9))),
}


@cache
def bomb_of(kind: str) -> tuple[str, bytes]:
    """Its encoding, and what 16 MB come out of."""
    encoding, pack = BOMBS[kind]
    return encoding, pack(bytes(16 << 20))


@pytest.mark.parametrize("kind", BOMBS)
@pytest.mark.parametrize("limit", [0, 1000, 1 << 20])
def test_a_bomb_is_stopped_when_little_more_than_the_limit_came_out(kind: str, limit: int) -> None:
    """Fed in small pieces, so that what came out before the end can be counted."""
    encoding, bomb = bomb_of(kind)
    decoder = make_decoder(encoding, limit)
    came = 0
    with pytest.raises(TooLarge):
        for start in range(0, len(bomb), 64):
            came += len(decoder.feed(bomb[start : start + 64]))
    assert came <= limit
    # The piece that broke the limit is thrown away; it is small too (zstandard's case is worst).
    with pytest.raises(TooLarge):
        decode(bomb, encoding, limit)


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_takes_no_memory(kind: str) -> None:
    import tracemalloc

    encoding, bomb = bomb_of(kind)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            decode(bomb, encoding, 100_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


@pytest.mark.parametrize("limit", [-1, -1000])
def test_a_negative_limit_is_none_at_all(limit: int) -> None:
    for encoding, pack in PACKERS.values():
        with pytest.raises(TooLarge):
            decode(pack(b"x"), encoding, limit)


@pytest.mark.parametrize("encoding", ["snappy", "gzip, snappy", "compress", "gzip;q=1", "*", "é"])
def test_an_unknown_encoding_is_named_with_the_known_ones(encoding: str) -> None:
    with pytest.raises(Undecodable) as caught:
        make_decoder(encoding, LIMIT)
    assert "zstd" in str(caught.value)


@pytest.mark.parametrize("encoding", ["", "identity", " Identity , ", ","])
def test_identity_is_no_encoding(encoding: str) -> None:
    assert decode(b"as it is", encoding, LIMIT) == b"as it is"


def test_many_layers_are_refused_before_they_cost_memory() -> None:
    with pytest.raises(Undecodable, match="10000 content-encodings"):
        make_decoder(",".join(["gzip"] * 10_000), LIMIT)


def test_many_empty_members_are_unpacked_piece_by_piece() -> None:
    """Each leaves the rest of the input to be copied: in one go that is quadratic."""
    assert decode(gzip.compress(b"") * 20_000, "gzip", LIMIT) == b""
    assert decode(zstandard.compress(b"") * 20_000, "zstd", LIMIT) == b""

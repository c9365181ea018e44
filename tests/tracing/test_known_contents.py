from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.tracing.blobs import address
from axonhub_cli.tracing.known_contents import SMALLEST, KnownContents

EDGE = b"e" * 30
PARTS = st.lists(st.sampled_from([b"", b"a", b"b", b"ab", b"ba"]), max_size=30)


@given(PARTS)
def test_an_address_is_the_hash_whatever_was_seen_before(middles: list[bytes]) -> None:
    known = KnownContents(generation_bytes=3 * SMALLEST)
    for middle in middles:
        # Alike at both ends, and some of them in length.
        part = EDGE + middle + b"x" * SMALLEST + middle + EDGE
        assert known.find(memoryview(part)) == address(part)
        assert known.find(part) == address(part)


def test_what_was_seen_is_found_without_a_copy_of_the_body() -> None:
    known = KnownContents()
    body = b"m" * 10_000
    first = known.find(memoryview(body)[:5000])
    assert known.find(memoryview(b"m" * 5000)) is first


def test_short_and_huge_parts_are_hashed_each_time() -> None:
    known = KnownContents(generation_bytes=SMALLEST)
    for part in (b"x" * (SMALLEST - 1), b"x" * (SMALLEST + 1)):
        assert known.find(part) == known.find(part) == address(part)
        assert known.find(part) is not known.find(part)


def test_the_oldest_are_forgotten() -> None:
    known = KnownContents(generation_bytes=2 * SMALLEST)
    parts = [bytes([n]) * SMALLEST for n in range(8)]
    first = known.find(parts[0])
    for part in parts[1:]:
        known.find(part)
    assert known.find(parts[0]) == first
    assert known.find(parts[0]) is not first

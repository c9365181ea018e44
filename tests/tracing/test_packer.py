import pytest
import zstandard

from axonhub_cli.tracing.packer import Packer
from tests.support import chat_plays, plays


@pytest.mark.parametrize("data", [b"", b"x", b"ab" * 5000, b"large" * 100_000])
def test_packed_bytes_come_back(data: bytes) -> None:
    packer = Packer()
    assert packer.unpack(packer.pack(data)) == data


def test_what_the_first_versions_packed_is_read() -> None:
    old = zstandard.ZstdCompressor(level=3).compress(b"from long ago")
    assert Packer().unpack(old) == b"from long ago"


def test_what_was_never_packed_is_refused() -> None:
    for data in (b"", b"\x01", b"no frame"):
        with pytest.raises(zstandard.ZstdError):
            Packer().unpack(data)


def test_the_framing_of_a_stream_takes_next_to_nothing() -> None:
    packer = Packer()
    for events in (plays.as_events(plays.text("pong")), chat_plays.as_chunks("pong")):
        assert len(packer.pack(b"".join(events))) < 450

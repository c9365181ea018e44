from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.counting.families import family_of
from axonhub_cli.counting.images import image_tokens
from tests.counting.pictures import as_base64, gif, jpeg, png, webp

OLD = family_of("claude-haiku-4-5")
NEW = family_of("claude-opus-5-5")


@pytest.mark.parametrize(
    ("width", "height", "old", "new"),
    [
        # Measured by others (JOHNISKING/image-token-cost), the prompt around it taken off.
        (256, 256, 100, 100),
        (512, 512, 361, 361),
        (768, 768, 784, 784),
        (1024, 1024, 1369, 1369),
        (1280, 720, 1196, 1196),
        (1920, 1080, 1560, 2691),
        (1080, 1920, 1560, 2691),
    ],
)
def test_an_image_counts_as_measured(width: int, height: int, old: int, new: int) -> None:
    data = as_base64(png(width, height))
    assert image_tokens(data, OLD) == pytest.approx(old, rel=0.01)
    assert image_tokens(data, NEW) == new


@pytest.mark.parametrize(
    "image",
    [
        png(640, 480),
        gif(640, 480),
        jpeg(640, 480),
        webp(b"VP8 ", 640, 480),
        webp(b"VP8L", 640, 480),
        webp(b"VP8X", 640, 480),
    ],
)
def test_every_format_says_its_size(image: bytes) -> None:
    assert image_tokens(as_base64(image), OLD) == 23 * 18


@pytest.mark.parametrize("data", [None, "", "!", as_base64(b"BM6\0\0\0"), as_base64(png(0, 0))])
def test_an_image_of_unknown_size_counts_as_the_largest(data: str | None) -> None:
    assert image_tokens(data, OLD) == OLD.image


@given(st.integers(1, 60_000), st.integers(1, 60_000))
def test_no_image_costs_more_than_the_largest(width: int, height: int) -> None:
    assert 1 <= image_tokens(as_base64(png(width, height)), NEW) <= NEW.image


@given(
    st.sampled_from([b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8X", b"GIF89a", b""]),
    st.binary(max_size=200),
)
def test_a_damaged_image_still_counts(head: bytes, rest: bytes) -> None:
    assert 1 <= image_tokens(as_base64(head + rest), OLD) <= OLD.image


@given(st.text(max_size=100))
def test_what_is_no_base64_still_counts(data: str) -> None:
    assert 1 <= image_tokens(data, OLD) <= OLD.image

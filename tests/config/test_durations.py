from __future__ import annotations

import pytest

from axonhub_cli.config.durations import seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500ms", 0.5),
        ("90s", 90),
        ("1.5s", 1.5),
        ("10m", 600),
        ("1h30m", 5400),
        ("7d", 604800),
        ("0s", 0),
    ],
)
def test_a_number_and_a_unit_is_a_duration(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "600", "s", "-1s", "1 s", "1S", "1s!", "١s", "1e3s", "1s\n"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 500ms, 90s"):
        seconds(text)

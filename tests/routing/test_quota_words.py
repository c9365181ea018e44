from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from axonhub_cli.routing.quota import Limit
from axonhub_cli.routing.quota_words import in_words, reset_in_words

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 21, 0, tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Limit("requests", 100, 100, "day", False, None), "100 of 100 today"),
        (
            Limit("tokens", 2e6, 1234567, "hour", True, None),
            "1,234,567 of 2,000,000 in the last hour",
        ),
        (Limit("cost", 2, 1.98, "day", True, None), "$1.9800 of $2.00 in the last 24 hours"),
        (Limit("cost", 0.001, 0.0012, "all", False, None), "$0.0012 of $0.0010 in all"),
        (Limit("requests", 5, 5, "all", False, None), "5 of 5 in all"),
        (Limit("requests", 5, 4, "all", True, None), "4 of 5 in all"),
    ],
)
def test_what_was_used_is_told_with_its_window(limit: Limit, words: str) -> None:
    assert in_words(limit) == words


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (None, "it never resets"),
        (-5, "it resets in 0 s"),
        (20.2, "it resets in 21 s"),
        (300, "it resets at 21:05 (in 5 min)"),
        (3 * 3600, "it resets at 00:00 (in 3 h)"),
        (6 * 86_400, "it resets at 21:00 on 2026-11-30 (in 6 days)"),
    ],
)
def test_when_it_resets_is_told_as_a_time_and_a_distance(left: float | None, words: str) -> None:
    assert reset_in_words(None if left is None else NOW + left, NOW, BERLIN) == words

import pytest

from axonhub_cli.cli.figures import ago, count, moment, short_ids, took

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("passed", "shown"),
    [
        (-5, "just now"),
        (59, "just now"),
        (300, "5 min ago"),
        (3 * 3600, "3 h ago"),
        (24 * 3600, "1 day ago"),
        (9 * 24 * 3600, "9 days ago"),
    ],
)
def test_a_past_moment_is_shown_by_its_distance(passed: float, shown: str) -> None:
    assert ago(NOW - passed, NOW) == shown


def test_the_date_is_shown_unless_it_is_todays() -> None:
    assert len(moment(NOW, NOW)) == len("12:00:00")
    assert moment(NOW - 3 * 24 * 3600, NOW).startswith("2027-01-12 ")


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (None, "–"),
        (0, "0 ms"),
        (340.4, "340 ms"),
        (2100, "2.1 s"),
        (185_000, "3 min 5 s"),
        (119_900, "2 min 0 s"),
    ],
)
def test_a_span_has_the_unit_that_fits(ms: float | None, shown: str) -> None:
    assert took(ms) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (None, "–"),
        (0, "0"),
        (812, "812"),
        (999, "999"),
        (1000, "1.0k"),
        (4120, "4.1k"),
        (9960, "10k"),
        (98_400, "98k"),
        (999_600, "1.0M"),
        (12_300_000, "12M"),
    ],
)
def test_tokens_take_few_characters(number: int | None, shown: str) -> None:
    assert count(number) == shown


def test_an_id_is_shortened_as_far_as_it_stays_its_own() -> None:
    one, other, third = "0123456789ab", "012345678xyz", "task-1"
    assert short_ids([one, other, third, one]) == {
        one: "0123456789",
        other: "012345678x",
        third: "task-1",
    }
    assert short_ids(["abcdefghijkl"]) == {"abcdefghijkl": "abcdefgh"}
    assert short_ids(["req_0123456789"]) == {"req_0123456789": "req_01234567"}
    assert short_ids(["abcdefgh", "abcdefghi"]) == {
        "abcdefgh": "abcdefgh",
        "abcdefghi": "abcdefghi",
    }

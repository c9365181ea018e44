"""Which token a session uses, who is put aside for how long, and each way back."""

from __future__ import annotations

from collections import Counter

import pytest
from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.routing.tokens import RULES, Tokens

NOW = 1_800_000_000.0
HOUR = 3600.0


class Token(Struct, frozen=True):
    label: str
    mark: str = "m"


A, B, C = Token("a"), Token("b"), Token("c")
ALL = (A, B, C)


def chosen(tokens: Tokens, session: str, now: float = NOW, tried: tuple[str, ...] = ()) -> str:
    token = tokens.choose("ch", ALL, session, "m", now, tried)
    assert token is not None
    return token.label


def session_of(label: str) -> str:
    """A session whose token is this one."""
    return next(s for s in map(str, range(1000)) if chosen(Tokens(), s) == label)


def test_a_channel_without_tokens_gives_none_and_one_with_a_single_token_gives_it() -> None:
    tokens = Tokens()
    tokens.failed("ch", A, "m", "401", NOW)
    assert tokens.choose("ch", (), "s", "m", NOW) is None
    assert tokens.choose("ch", (A,), "s", "m", NOW, ("a",)) is A


def test_sessions_are_shared_evenly_and_each_stays_with_its_token() -> None:
    tokens = Tokens()
    picks = {str(s): chosen(tokens, str(s)) for s in range(3000)}
    assert all(900 < count < 1100 for count in Counter(picks.values()).values())
    assert picks == {str(s): chosen(tokens, str(s)) for s in range(3000)}


def test_only_the_sessions_of_a_token_that_is_aside_move() -> None:
    tokens = Tokens()
    before = {str(s): chosen(tokens, str(s)) for s in range(300)}
    tokens.failed("ch", A, "m", "401", NOW)
    after = {str(s): chosen(tokens, str(s)) for s in range(300)}
    assert "a" not in after.values()
    assert {s for s in before if before[s] != after[s]} == {s for s in before if before[s] == "a"}


def test_what_failed_in_this_request_is_taken_last() -> None:
    tokens = Tokens()
    session = session_of("a")
    second = chosen(tokens, session, tried=("a",))
    third = chosen(tokens, session, tried=("a", second))
    assert {"a", second, third} == {"a", "b", "c"}
    assert chosen(tokens, session, tried=("a", "b", "c")) == "a"


def test_a_token_that_is_aside_comes_before_one_that_failed_in_this_request() -> None:
    tokens = Tokens()
    tokens.failed("ch", B, "m", "401", NOW)
    tokens.failed("ch", C, "m", "401", NOW)
    assert chosen(tokens, session_of("a"), tried=("a",)) in ("b", "c")


def test_when_all_are_aside_the_one_nearest_its_return_is_used() -> None:
    tokens = Tokens()
    tokens.failed("ch", A, "m", "401", NOW)
    tokens.failed("ch", B, "m", "429_retry_after", NOW, 20.0)
    tokens.failed("ch", C, "m", "402", NOW)
    assert {chosen(tokens, str(s)) for s in range(20)} == {"b"}


@pytest.mark.parametrize(
    ("kind", "asked", "seconds"),
    [
        ("401", None, 600.0),
        ("401", 5.0, 600.0),
        ("402", None, HOUR),
        ("403", None, 600.0),
        ("429", None, 30.0),
        ("429_retry_after", 42.0, 42.0),
        ("429_retry_after", -1.0, 0.0),
        ("429_retry_after", 1e9, 6 * HOUR),
        ("429_retry_after", float("nan"), 30.0),
        ("529", None, 0.0),
        ("timeout", None, 0.0),
    ],
)
def test_how_long_a_failure_puts_a_token_aside(
    kind: str, asked: float | None, seconds: float
) -> None:
    tokens = Tokens()
    tokens.failed("ch", A, "m", kind, NOW, asked)
    assert tokens.wait("ch", A, "m", NOW) == seconds


@pytest.mark.parametrize("kind", sorted(RULES))
def test_a_refused_key_or_an_empty_account_counts_for_every_model(kind: str) -> None:
    tokens = Tokens()
    tokens.failed("ch", A, "m", kind, NOW)
    assert tokens.wait("ch", A, "m", NOW) > 0
    assert (tokens.wait("ch", A, "another", NOW) > 0) == (kind in ("401", "402"))
    assert tokens.wait("other channel", A, "m", NOW) == 0


def test_each_further_refusal_doubles_the_time_up_to_six_hours() -> None:
    tokens, now, spans = Tokens(), NOW, []
    for _ in range(8):
        tokens.failed("ch", A, "m", "401", now)
        spans.append(tokens.wait("ch", A, "m", now))
        now += spans[-1]
    assert spans == [600, 1200, 2400, 4800, 9600, 19200, 6 * HOUR, 6 * HOUR]


def test_failures_of_the_same_while_count_once() -> None:
    tokens = Tokens()
    for second in range(5):
        tokens.failed("ch", A, "m", "401", NOW + second)
    assert tokens.wait("ch", A, "m", NOW) == 600.0


def test_a_shorter_wait_never_replaces_a_longer_one_and_a_longer_one_does() -> None:
    tokens = Tokens()
    tokens.failed("ch", A, "m", "429_retry_after", NOW, 60.0)
    tokens.failed("ch", A, "m", "429_retry_after", NOW, 5.0)
    assert tokens.wait("ch", A, "m", NOW) == 60.0
    tokens.failed("ch", A, "m", "429_retry_after", NOW, 90.0)
    assert tokens.wait("ch", A, "m", NOW) == 90.0


def test_time_brings_a_token_back() -> None:
    tokens = Tokens()
    tokens.failed("ch", A, "m", "401", NOW)
    assert chosen(tokens, session_of("a"), NOW + 599) != "a"
    assert chosen(tokens, session_of("a"), NOW + 600) == "a"


def test_an_answer_brings_it_back_and_forgets_what_was() -> None:
    tokens = Tokens()
    tokens.failed("ch", A, "m", "401", NOW)
    tokens.failed("ch", A, "m", "429", NOW)
    tokens.answered("ch", A, "m")
    assert len(tokens) == 0
    tokens.failed("ch", A, "m", "401", NOW + 1000)
    assert tokens.wait("ch", A, "m", NOW + 1000) == 600.0


def test_another_value_of_the_same_name_is_a_new_token() -> None:
    tokens = Tokens()
    tokens.failed("ch", A, "m", "401", NOW)
    renewed = Token("a", "another")
    assert tokens.wait("ch", renewed, "m", NOW) == 0
    tokens.failed("ch", renewed, "m", "401", NOW)
    assert tokens.wait("ch", renewed, "m", NOW) == 600.0
    assert tokens.wait("ch", A, "m", NOW) == 0


def test_a_token_whose_allowance_is_used_up_is_aside_until_its_reset() -> None:
    tokens = Tokens()
    tokens.exhausted("ch", A, NOW, NOW + 500)
    assert tokens.wait("ch", A, "any", NOW) == 500.0
    tokens.exhausted("ch", B, NOW, NOW + 5 * 86400)
    assert tokens.wait("ch", B, "any", NOW) == 6 * HOUR, "and is tried in between"


def test_a_person_brings_one_back_or_all_of_a_channel() -> None:
    tokens = Tokens()
    for channel, token in (("ch", A), ("ch", B), ("other", A)):
        tokens.failed(channel, token, "m", "401", NOW)
    assert tokens.enable("ch", "a") == 1
    assert tokens.wait("ch", A, "m", NOW) == 0
    assert tokens.wait("ch", B, "m", NOW) > 0
    assert tokens.enable("ch") == 1
    assert tokens.enable("ch") == 0
    assert tokens.wait("other", A, "m", NOW) > 0


def test_a_restart_changes_nothing() -> None:
    tokens = Tokens()
    tokens.failed("ch", A, "m", "401", NOW)
    tokens.failed("ch", B, "m", "429_retry_after", NOW, 100.0)
    later = Tokens()
    later.restore(jsonio.decode(jsonio.encode(tokens.dump())), NOW + 40)
    assert later.wait("ch", A, "any", NOW + 40) == 560.0
    assert later.wait("ch", B, "m", NOW + 40) == 60.0
    assert later.wait("ch", B, "any", NOW + 40) == 0
    assert later.dump() == tokens.dump()


def test_a_clock_that_was_set_back_keeps_nobody_aside_for_longer() -> None:
    tokens = Tokens()
    tokens.failed("ch", A, "m", "401", NOW)
    assert tokens.wait("ch", A, "m", NOW - 1e6) == 600.0
    later = Tokens()
    later.restore(tokens.dump(), NOW - 2e6)
    assert later.wait("ch", A, "m", NOW - 2e6) == 600.0


@pytest.mark.parametrize("saved", [None, 3, {}, [1], [{"channel": "ch"}], [{"channel": 1}]])
def test_a_state_that_is_none_is_passed_over(saved: object) -> None:
    tokens = Tokens()
    tokens.restore(saved, NOW)
    assert len(tokens) == 0


def test_the_revision_grows_with_every_change_worth_saving() -> None:
    tokens = Tokens()
    tokens.failed("ch", A, "m", "529", NOW)
    tokens.answered("ch", A, "m")
    assert tokens.revision == 0
    tokens.failed("ch", A, "m", "401", NOW)
    tokens.answered("ch", A, "m")
    assert tokens.revision == 2


def test_what_is_remembered_is_bounded() -> None:
    tokens = Tokens()
    for number in range(1500):
        tokens.failed("ch", A, f"model-{number}", "403", NOW)
    assert len(tokens) == 1000
    assert tokens.wait("ch", A, "model-1499", NOW) > 0
    tokens.failed("ch", A, "late", "403", NOW + 1000)
    assert len(tokens) == 1, "those whose time is over go first"

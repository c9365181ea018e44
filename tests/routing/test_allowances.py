"""What is left of a token's limits: at once, later, after a restart, and when it is not known."""

from __future__ import annotations

import pytest
from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.routing.allowances import Allowances

NOW = 1_783_320_000.0


class Token(Struct, frozen=True):
    label: str
    mark: str = "m"


A = Token("a")


def headers(**said: str) -> list[tuple[bytes, bytes]]:
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in said.items()]


def bucket(remaining: int, reset: str = "60s", limit: int = 100) -> list[tuple[bytes, bytes]]:
    return headers(
        x_ratelimit_limit_requests=str(limit),
        x_ratelimit_remaining_requests=str(remaining),
        x_ratelimit_reset_requests=reset,
    )


def plan(five: float, week: float = 0.1, **more: str) -> list[tuple[bytes, bytes]]:
    prefix = "anthropic_ratelimit_unified_"
    return headers(
        **{
            f"{prefix}5h_utilization": str(five),
            f"{prefix}5h_reset": str(int(NOW + 3600)),
            f"{prefix}7d_utilization": str(week),
            f"{prefix}7d_reset": str(int(NOW + 86400)),
            **{f"{prefix}{name}": value for name, value in more.items()},
        }
    )


def test_nothing_is_known_of_a_token_that_was_never_used() -> None:
    limits = Allowances()
    assert limits.headroom("ch", A, "m", NOW) is None
    assert limits.quota("ch", None, NOW) is None
    limits.note("ch", A, "m", bucket(50), NOW)
    assert limits.headroom("ch", Token("b"), "m", NOW) is None
    assert limits.headroom("ch", Token("a", "another value"), "m", NOW) is None
    assert limits.headroom("ch", A, "another model", NOW) is None
    assert limits.headroom("another channel", A, "m", NOW) is None


def test_a_rate_refills_evenly_until_its_reset() -> None:
    limits = Allowances()
    limits.note("ch", A, "m", bucket(20), NOW)
    left = [limits.headroom("ch", A, "m", NOW + s) for s in (0, 30, 60, 1000)]
    assert left == pytest.approx([0.2, 0.6, 1.0, 1.0])


def test_an_exhausted_rate_is_none_at_first_and_soon_some_again() -> None:
    limits = Allowances()
    limits.note("ch", A, "m", bucket(0), NOW)
    assert limits.headroom("ch", A, "m", NOW) == 0.0
    assert limits.headroom("ch", A, "m", NOW + 0.5) == 0.0
    assert limits.headroom("ch", A, "m", NOW + 6) == pytest.approx(0.1)


def test_the_scarcest_window_counts() -> None:
    limits = Allowances()
    tokens = headers(x_ratelimit_limit_tokens="1000", x_ratelimit_remaining_tokens="300")
    limits.note("ch", A, "m", [*bucket(50), *tokens], NOW)
    assert limits.headroom("ch", A, "m", NOW) == pytest.approx(0.3)


def test_an_allowance_comes_back_at_once_and_is_of_every_model() -> None:
    limits = Allowances()
    limits.note("ch", A, "m", plan(0.9), NOW)
    assert limits.headroom("ch", A, "m", NOW) is None
    left = [limits.quota("ch", A, NOW + s) for s in (0, 3599, 3600, 86400)]
    assert left == pytest.approx([0.1, 0.1, 0.9, 1.0])


def test_an_exhausted_allowance_is_none_until_its_reset() -> None:
    limits = Allowances()
    assert limits.note("ch", A, "m", plan(1.0), NOW) == NOW + 3600
    assert limits.quota("ch", A, NOW + 3599) == 0.0
    assert limits.quota("ch", A, NOW + 3600) == pytest.approx(0.9)


def test_a_refusal_holds_until_the_reset_that_goes_with_it() -> None:
    limits = Allowances()
    refused = plan(0.98, status="rejected", reset=str(int(NOW + 500)))
    assert limits.note("ch", A, "m", refused, NOW, failed=True) == NOW + 500
    assert limits.quota("ch", A, NOW + 499) == 0.0
    assert limits.quota("ch", A, NOW + 500) == 1.0


@pytest.mark.parametrize(
    "more", [{"status": "allowed"}, {"overage_status": "allowed"}, {"status": "allowed_warning"}]
)
def test_an_account_that_goes_on_for_money_is_the_last_choice_and_not_exhausted(
    more: dict[str, str],
) -> None:
    limits = Allowances()
    assert limits.note("ch", A, "m", plan(1.02, **more), NOW) is None
    assert limits.quota("ch", A, NOW) == 0.01


def test_a_window_of_some_models_counts_for_none() -> None:
    limits = Allowances()
    scoped = {"7d_opus_utilization": "1", "representative_claim": "seven_day_opus"}
    limits.note("ch", A, "m", plan(0.2, **scoped, status="rejected"), NOW)
    assert limits.quota("ch", A, NOW) == pytest.approx(0.8)


def test_without_a_reset_what_was_said_holds_for_five_minutes() -> None:
    limits = Allowances()
    month = headers(x_ratelimitbysize_limit_month="10", x_ratelimitbysize_remaining_month="0")
    assert limits.note("ch", A, "m", month, NOW) == NOW + 300
    assert limits.quota("ch", A, NOW + 299) == 0.0
    assert limits.quota("ch", A, NOW + 300) == 1.0


def test_no_more_than_four_answers_a_second_are_read_and_every_failed_one() -> None:
    limits = Allowances()
    limits.note("ch", A, "m", bucket(50), NOW)
    limits.note("ch", A, "m", bucket(40), NOW + 0.1)
    assert limits.headroom("ch", A, "m", NOW) == 0.5
    limits.note("ch", A, "m", bucket(30), NOW + 0.1, failed=True)
    assert limits.headroom("ch", A, "m", NOW + 0.1) == pytest.approx(0.3)
    limits.note("ch", A, "m", bucket(20), NOW + 0.4)
    assert limits.headroom("ch", A, "m", NOW + 0.4) == pytest.approx(0.2)


def test_answers_without_such_headers_leave_no_trace() -> None:
    limits = Allowances()
    limits.note("ch", None, "m", headers(content_type="text/html"), NOW)
    assert (len(limits), limits.revision) == (0, 0)


def test_a_restart_changes_nothing() -> None:
    limits = Allowances()
    limits.note("ch", A, "m", [*bucket(20), *plan(1.0, status="rejected")], NOW)
    limits.note("local", None, "m", bucket(70), NOW)
    later = Allowances()
    later.restore(jsonio.decode(jsonio.encode(limits.dump())), NOW + 30)
    assert later.dump() == limits.dump()
    assert later.headroom("ch", A, "m", NOW + 30) == pytest.approx(0.6)
    assert later.quota("ch", A, NOW + 30) == 0.0
    assert later.headroom("local", None, "m", NOW) == pytest.approx(0.7)


@pytest.mark.parametrize("saved", [None, "x", [None], [{"channel": "ch"}], {"a": 1}])
def test_a_state_that_is_none_is_passed_over(saved: object) -> None:
    limits = Allowances()
    limits.restore(saved, NOW)
    assert len(limits) == 0


def test_what_was_told_in_a_future_is_not_believed() -> None:
    limits = Allowances()
    limits.note("ch", A, "m", plan(1.0), NOW)
    later = Allowances()
    later.restore(limits.dump(), NOW - 10)
    assert len(later) == 0


def test_what_is_remembered_is_bounded_and_the_oldest_goes_first() -> None:
    limits = Allowances()
    for number in range(2100):
        limits.note("ch", A, f"model-{number}", bucket(50), NOW)
    assert len(limits) == 2000
    assert limits.headroom("ch", A, "model-0", NOW) is None
    assert limits.headroom("ch", A, "model-2099", NOW) == 0.5


def test_of_an_exhausted_account_every_answer_says_so() -> None:
    limits = Allowances()
    used_up = plan(1.0)
    assert limits.note("ch", A, "m", used_up, NOW) == NOW + 3600
    # Answers under way end at the same moment: each would take the token back.
    assert limits.note("ch", A, "m", used_up, NOW + 0.01) == NOW + 3600

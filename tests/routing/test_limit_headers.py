"""Rate-limit headers of each vendor, as their answers show them, and what is made of them."""

from __future__ import annotations

import pytest

from axonhub_cli.routing.limit_headers import Told, Window, read_limits

NOW = 1_783_320_000.0


def read(headers: dict[str, str]) -> Told:
    told = read_limits([(n.encode(), v.encode()) for n, v in headers.items()], NOW)
    assert told is not None
    return told


SUBSCRIPTION = {
    "anthropic-ratelimit-unified-status": "allowed",
    "anthropic-ratelimit-unified-5h-status": "allowed",
    "anthropic-ratelimit-unified-5h-reset": "1783325400",
    "anthropic-ratelimit-unified-5h-utilization": "0.09",
    "anthropic-ratelimit-unified-7d-status": "allowed_warning",
    "anthropic-ratelimit-unified-7d-reset": "1783490400",
    "anthropic-ratelimit-unified-7d-utilization": "0.81",
    "anthropic-ratelimit-unified-7d-surpassed-threshold": "0.75",
    "anthropic-ratelimit-unified-representative-claim": "seven_day",
    "anthropic-ratelimit-unified-reset": "1783490400",
    "anthropic-ratelimit-unified-fallback": "available",
    "anthropic-ratelimit-unified-fallback-percentage": "0.5",
    "anthropic-ratelimit-unified-overage-status": "rejected",
    "anthropic-ratelimit-unified-overage-disabled-reason": "org_level_disabled",
}


def test_a_claude_subscription_tells_its_two_windows_and_which_one_binds() -> None:
    assert read(SUBSCRIPTION) == Told(
        (
            Window("5h", "allowance", 0.09, resets_at=1783325400.0, status="allowed"),
            Window("7d", "allowance", 0.81, resets_at=1783490400.0, status="warning", binding=True),
        ),
        "allowed",
        1783490400.0,
        overage=False,
        fallback="available",
    )


def test_a_refused_subscription_is_refused_until_its_reset() -> None:
    told = read(
        SUBSCRIPTION
        | {
            "anthropic-ratelimit-unified-status": "rejected",
            "anthropic-ratelimit-unified-7d-status": "rejected",
        }
    )
    assert (told.status, told.resets_at) == ("refused", 1783490400.0)
    assert [(w.name, w.used) for w in told.windows] == [("5h", 0.09), ("7d", 1.0)]


def test_a_limit_of_some_models_is_scoped_and_no_word_on_the_account() -> None:
    told = read(
        {
            "anthropic-ratelimit-unified-status": "rejected",
            "anthropic-ratelimit-unified-representative-claim": "seven_day_opus",
            "anthropic-ratelimit-unified-7d_opus-status": "rejected",
            "anthropic-ratelimit-unified-7d_opus-utilization": "1.01",
        }
    )
    assert told.status is None
    assert told.windows == (Window("7d_opus", "allowance", 1.01, scoped=True, status="refused"),)


def test_use_beyond_the_allowance_is_told_apart() -> None:
    overage = {"anthropic-ratelimit-unified-overage-status": "allowed"}
    assert read(SUBSCRIPTION | overage).overage is True


def test_an_api_key_of_anthropic_tells_buckets_and_dates() -> None:
    told = read(
        {
            "anthropic-ratelimit-requests-limit": "50",
            "anthropic-ratelimit-requests-remaining": "49",
            "anthropic-ratelimit-requests-reset": "2026-07-06T06:40:01Z",
            "Anthropic-RateLimit-Input-Tokens-Limit": "30000",
            "Anthropic-RateLimit-Input-Tokens-Remaining": "15000",
            "Anthropic-RateLimit-Input-Tokens-Reset": "2026-07-06T06:40:30Z",
        }
    )
    assert told.windows == (
        Window("requests", "rate", pytest.approx(0.02), 50.0, 49.0, NOW + 1),
        Window("input tokens", "rate", 0.5, 30000.0, 15000.0, NOW + 30),
    )


def test_openai_tells_durations() -> None:
    told = read(
        {
            "x-ratelimit-limit-requests": "60",
            "x-ratelimit-limit-tokens": "150000",
            "x-ratelimit-remaining-requests": "59",
            "x-ratelimit-remaining-tokens": "75000",
            "x-ratelimit-reset-requests": "1s",
            "x-ratelimit-reset-tokens": "6m0s",
            "x-ratelimit-limit-tokens_usage_based": "160000",
        }
    )
    assert [(w.name, w.remaining, w.resets_at) for w in told.windows] == [
        ("requests", 59.0, NOW + 1),
        ("tokens", 75000.0, NOW + 360),
    ]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("20ms", 0.02),
        ("6m0s", 360.0),
        ("2m59.56s", 179.56),
        ("7.66s", 7.66),
        ("1h2m3s", 3723.0),
        ("1d", 86400.0),
        ("12", 12.0),
        ("0", 0.0),
        (f"{NOW + 50:.0f}", 50.0),
        (f"{(NOW + 50) * 1000:.0f}", 50.0),
        ("2026-07-06T06:41:00+00:00", 60.0),
        # Nothing that can be read: a rate's window is a minute.
        ("soon", 60.0),
        ("2026-07-06T06:41:00", 60.0),
        ("nan", 60.0),
        ("9" * 400 + "s", 60.0),
        ("", 60.0),
    ],
)
def test_a_reset_is_a_duration_a_number_or_a_date(text: str, seconds: float) -> None:
    (window,) = read(
        {
            "x-ratelimit-limit-requests": "10",
            "x-ratelimit-remaining-requests": "5",
            "x-ratelimit-reset-requests": text,
        }
    ).windows
    assert window.resets_at == pytest.approx(NOW + seconds)


def test_mistral_names_the_minute_in_new_and_old_names() -> None:
    assert read(
        {
            "x-ratelimit-limit-tokens-minute": "5000000",
            "x-ratelimit-remaining-tokens-minute": "4999911",
            "x-ratelimit-tokens-query-cost": "52",
            "x-ratelimit-limit-req-minute": "720",
            "x-ratelimit-remaining-req-minute": "717",
        }
    ).windows == (
        Window("tokens/minute", "rate", pytest.approx(0.0, abs=1e-4), 5e6, 4999911.0, NOW + 60),
        Window("requests/minute", "rate", pytest.approx(3 / 720), 720.0, 717.0, NOW + 60),
    )
    (minute, month) = read(
        {
            "x-ratelimitbysize-limit-minute": "500000",
            "x-ratelimitbysize-remaining-minute": "250000",
            "x-ratelimitbysize-limit-month": "1000000000",
            "x-ratelimitbysize-remaining-month": "1000000000",
            "ratelimitbysize-query-cost": "32003",
        }
    ).windows
    assert (minute.name, minute.kind, minute.used) == ("tokens/minute", "rate", 0.5)
    assert (month.name, month.kind, month.resets_at) == ("tokens/month", "allowance", None)


def test_a_limit_of_a_day_is_an_allowance() -> None:
    (window,) = read(
        {
            "x-ratelimit-limit-requests-day": "14400",
            "x-ratelimit-remaining-requests-day": "3600",
            "x-ratelimit-reset-requests-day": "33011.382867",
        }
    ).windows
    assert window == Window("requests/day", "allowance", 0.75, 14400.0, 3600.0, NOW + 33011.382867)


def test_openrouter_gives_its_reset_in_milliseconds() -> None:
    (window,) = read(
        {
            "X-RateLimit-Limit": "50",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(int((NOW + 3600) * 1000)),
        }
    ).windows
    assert (window.name, window.used, window.resets_at) == ("requests", 1.0, NOW + 3600)


def test_codex_windows_are_named_by_their_length() -> None:
    told = read(
        {
            "x-codex-primary-used-percent": "12.5",
            "x-codex-primary-window-minutes": "300",
            "x-codex-primary-reset-after-seconds": "600",
            "x-codex-secondary-used-percent": "100",
            "x-codex-secondary-window-minutes": "10080",
            "x-codex-secondary-reset-at": "1783490400",
            "x-codex-credits-has-credits": "True",
            "x-codex-primary-over-secondary-limit-percent": "3",
        }
    )
    assert told == Told(
        (
            Window("5h", "allowance", 0.125, resets_at=NOW + 600),
            Window("7d", "allowance", 1.0, resets_at=1783490400.0),
        ),
        overage=True,
    )


def test_a_codex_window_that_is_none_is_left_out() -> None:
    told = read(
        {
            "x-codex-primary-used-percent": "3",
            "x-codex-primary-window-minutes": "43200",
            "x-codex-secondary-used-percent": "0",
            "x-codex-secondary-window-minutes": "0",
        }
    )
    assert [w.name for w in told.windows] == ["30d"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/event-stream", "retry-after": "3"},
        # Azure, where it does not know.
        {
            "x-ratelimit-limit-tokens": "-1",
            "x-ratelimit-remaining-tokens": "-1",
            "x-ratelimit-reset-tokens": "0",
        },
        {"x-ratelimit-remaining-requests": "7"},
        {"x-ratelimit-limit-requests": "many", "x-ratelimit-remaining-requests": "some"},
        {"anthropic-ratelimit-unified-representative-claim": "five_hour"},
        {"anthropic-ratelimit-unified-5h-utilization": "nope"},
        {"x-codex-plan-type": "plus", "x-codex-turn-state": "abc"},
    ],
)
def test_what_says_nothing_of_a_limit_is_nothing(headers: dict[str, str]) -> None:
    assert read_limits([(n.encode(), v.encode()) for n, v in headers.items()], NOW) is None

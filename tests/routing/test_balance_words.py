"""Error bodies of vendors whose account is empty, and those that only look like it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from axonhub_cli.routing.balance_words import says_no_balance


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (
            400,
            {
                "type": "error",
                "error": {
                    "type": "invalid_request_error",
                    "message": "Your credit balance is too low to access the Anthropic API. Please "
                    "go to Plans & Billing to upgrade or purchase credits.",
                },
            },
        ),
        (
            429,
            {
                "error": {
                    "message": "You exceeded your current quota, please check your plan and "
                    "billing details.",
                    "type": "insufficient_quota",
                    "param": None,
                    "code": "insufficient_quota",
                }
            },
        ),
        (429, {"error": {"message": "Billing hard limit", "code": "billing_hard_limit_reached"}}),
        (402, {"error": {"message": "Insufficient Balance", "type": "unknown_error"}}),
        (402, {"error": {"message": "no", "type": "insufficient_balance"}}),
        (402, {"error": {"message": "Insufficient credits. Add more", "code": 402}}),
        (429, {"error": {"message": "suspended", "type": "exceeded_current_quota_error"}}),
        (429, {"error": {"code": "1113", "message": "余额不足或无可用资源包,请充值。"}}),
        (400, {"code": "Arrearage", "message": "Access denied"}),
        (403, {"error": {"code": "AccountOverdueError", "message": "overdue"}}),
        (403, {"code": 30001, "message": "Sorry, your account balance is insufficient"}),
        (403, {"code": "…", "error": "Your team has either used all available credits or …"}),
        (403, {"error": {"code": "insufficient_user_quota", "message": "用户额度不足"}}),
    ],
)
def test_an_empty_account_is_known_by_its_words(status: int, body: Any) -> None:
    assert says_no_balance(status, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "body"),
    [
        # Gemini's limit per minute, in OpenAI's words.
        (
            429,
            {
                "error": {
                    "code": 429,
                    "message": "You exceeded your current quota, please check your plan and "
                    "billing details.",
                    "status": "RESOURCE_EXHAUSTED",
                }
            },
        ),
        (429, {"error": {"type": "rate_limit_error", "message": "slow down"}}),
        (400, {"error": {"message": "messages: at least one message is required"}}),
        (500, {"error": {"message": "Insufficient Balance"}}),
        (403, ["insufficient balance"]),
        (403, {"error": None}),
    ],
)
def test_other_errors_are_none(status: int, body: Any) -> None:
    assert not says_no_balance(status, json.dumps(body).encode())


@pytest.mark.parametrize("body", [b"", b"<html>Insufficient Balance</html>", b"x" * 100_000])
def test_what_is_no_json_says_nothing(body: bytes) -> None:
    assert not says_no_balance(402, body)

"""What each model is paid for, and which refusals are not (platform.claude.com/docs, 2026-11)."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.ir.response import Run, Usage
from axonhub_cli.protocols.anthropic.runs import NOTHING, Bill, is_free_refusal, read_bill

OWN = Usage(input=412, output=264, web_searches=2)


def run(kind: str, model: str | None = None, taken: int = 9, given: int = 5) -> dict[str, Any]:
    named = {} if model is None else {"model": model}
    return {"type": kind, "input_tokens": taken, "output_tokens": given} | named


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"iterations": None},
        {"iterations": [7, None]},
        {"iterations": [run("message"), run("compaction")]},
    ],
)
def test_one_model_is_paid_by_the_totals(usage: Any) -> None:
    assert read_bill(usage, OWN) == Bill()


def test_an_advisor_is_paid_at_its_own_prices_beside_the_model_that_asked_it() -> None:
    listed = [run("message"), run("advisor_message", "claude-fable-5", 823, 1612), run("message")]
    advised = Run("claude-fable-5", Usage(input=823, output=1612))
    assert read_bill({"iterations": listed}, OWN) == Bill((Run(None, OWN), advised))


def test_of_the_models_that_declined_only_those_that_had_begun_are_known_to_be_paid() -> None:
    served = run("fallback_message", "claude-opus-4-8", 412, 264)
    answered = Run("claude-opus-4-8", OWN)
    before = [run("message", "claude-fable-5", 535, 0), served]
    assert read_bill({"iterations": before}, OWN) == Bill((answered,), whole=False)
    amid = [run("message", "claude-fable-5", 535, 7), served]
    begun = Run("claude-fable-5", Usage(input=535, output=7))
    assert read_bill({"iterations": amid}, OWN) == Bill((begun, answered))
    none = [run("message", "claude-fable-5", 535, 0), run("fallback_message", "x", 535, 0)]
    assert read_bill({"iterations": none}, OWN) == Bill((NOTHING,), whole=False)


@pytest.mark.parametrize(
    "odd", [run("advisor_message"), run("new_kind", "m"), {"type": "advisor_message", "model": "m"}]
)
def test_what_tells_no_model_or_no_counts_is_not_all(odd: dict[str, Any]) -> None:
    assert read_bill({"iterations": [odd]}, OWN) == Bill((Run(None, OWN),), whole=False)


@pytest.mark.parametrize(
    ("category", "free"),
    [("cyber", True), ("general_harms", True), (None, True), ("bio", False)],
)
def test_a_refusal_before_any_output_is_free_in_most_categories(
    category: str | None, free: bool
) -> None:
    assert is_free_refusal("refusal", {"category": category}) is free
    assert not is_free_refusal("end_turn", {"category": category})


def test_a_refusal_without_details_is_free() -> None:
    assert is_free_refusal("refusal", None)

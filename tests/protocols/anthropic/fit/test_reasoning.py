"""How a model is told to think, by what it can (axonhub-behaviour § 2.4)."""

from __future__ import annotations

import pytest

from axonhub_cli.ir.request import (
    Message,
    Reasoning,
    Request,
    Sampling,
    Text,
    Thinking,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from axonhub_cli.protocols.anthropic.fit.reasoning import fit_reasoning
from axonhub_cli.protocols.anthropic.losses import Losses

ASK = (Message("user", (Text("x"),)),)


def fit(
    reasoning: Reasoning,
    model: str = "claude-sonnet-4-5",
    *,
    max_tokens: int | None = None,
    messages: tuple[Message, ...] = ASK,
    choice: ToolChoice | None = None,
) -> tuple[Reasoning, int, list[str]]:
    losses = Losses()
    request = Request(
        protocol="openai_chat",
        model="m",
        reasoning=reasoning,
        sampling=Sampling(max_tokens=max_tokens),
    )
    fitted, limit = fit_reasoning(
        request, model=model, messages=messages, choice=choice, losses=losses
    )
    return fitted, limit, [loss.reason for loss in losses.all()]


def test_nothing_asked_is_nothing_said() -> None:
    assert fit(Reasoning()) == (Reasoning(), 8192, [])
    assert fit(Reasoning(), max_tokens=100) == (Reasoning(), 100, [])


@pytest.mark.parametrize(
    ("model", "effort", "expected"),
    [
        ("claude-opus-5-5", "minimal", Reasoning("adaptive", "low")),
        ("claude-opus-5-5", "medium", Reasoning("adaptive", "medium")),
        ("claude-opus-5-5", "xhigh", Reasoning("adaptive", "xhigh")),
        ("claude-opus-4-6", "xhigh", Reasoning("adaptive", "max")),
        ("claude-sonnet-4-6", "high", Reasoning("adaptive", "high")),
        ("claude-sonnet-4-5", "minimal", Reasoning("enabled", budget=1024)),
        ("claude-sonnet-4-5", "medium", Reasoning("enabled", budget=8192)),
        ("glm-4.6", "high", Reasoning("enabled", budget=16384)),
    ],
)
def test_an_effort_is_said_as_the_model_takes_it(
    model: str, effort: str, expected: Reasoning
) -> None:
    assert fit(Reasoning(effort=effort), model)[::2] == (expected, [])


@pytest.mark.parametrize("asked", [Reasoning("disabled"), Reasoning(effort="none")])
def test_thinking_can_be_turned_off(asked: Reasoning) -> None:
    assert fit(asked) == (Reasoning("disabled"), 8192, [])
    assert fit(asked, "claude-3-opus") == (Reasoning(), 8192, [])


def test_a_budget_is_kept_where_the_model_takes_one() -> None:
    assert fit(Reasoning(budget=5000)) == (Reasoning("enabled", budget=5000), 9096, [])
    assert fit(Reasoning("enabled", budget=100))[0].budget == 1024


@pytest.mark.parametrize(
    ("budget", "effort"), [(500, "low"), (8192, "medium"), (9000, "high"), (10**6, "max")]
)
def test_a_budget_becomes_an_effort_where_it_must(budget: int, effort: str) -> None:
    effort = "low" if budget <= 1024 else effort
    fitted, limit, losses = fit(Reasoning(budget=budget), "claude-opus-5-5")
    assert (fitted, limit) == (Reasoning("adaptive", effort), 16384)
    assert losses == ["the model takes an effort, not a budget of tokens"]


def test_adaptive_without_an_effort_is_a_high_budget() -> None:
    assert fit(Reasoning("adaptive"))[0] == Reasoning("enabled", budget=16384)
    assert fit(Reasoning("adaptive"), "claude-opus-5-5")[0] == Reasoning("adaptive")


def test_a_budget_stays_below_max_tokens() -> None:
    assert fit(Reasoning(effort="high"), max_tokens=4000)[:2] == (
        Reasoning("enabled", budget=2000),
        4000,
    )
    assert fit(Reasoning(effort="low"), max_tokens=4000) == (
        Reasoning("enabled", budget=2048),
        4000,
        [],
    )
    assert fit(Reasoning(effort="high"), max_tokens=1100)[0].budget == 1024
    fitted, limit, losses = fit(Reasoning(effort="high"), max_tokens=1024)
    assert (fitted, limit) == (Reasoning(), 1024)
    assert losses == ["thinking needs more than 1024 tokens, 1024 are allowed"]


def test_max_tokens_leave_room_for_the_budget() -> None:
    assert fit(Reasoning(effort="max"))[:2] == (Reasoning("enabled", budget=31999), 36095)


def test_an_unknown_effort_is_told() -> None:
    fitted, _, losses = fit(Reasoning(effort="wild"), "claude-opus-5-5")
    assert fitted == Reasoning("adaptive")
    assert losses == ["'wild' is no effort that Claude knows"]
    fitted, _, losses = fit(Reasoning(effort="wild"))
    assert fitted == Reasoning("enabled", budget=8192)
    assert len(losses) == 1


def test_a_forced_tool_and_thinking_do_not_go_together() -> None:
    for choice in (ToolChoice("any"), ToolChoice("tool", "f")):
        fitted, _, losses = fit(Reasoning(effort="high"), choice=choice)
        assert fitted == Reasoning()
        assert losses == ["no thinking where tool_choice forces a tool"]
        fitted, _, losses = fit(Reasoning(effort="high"), "claude-opus-4-6", choice=choice)
        assert fitted == Reasoning(effort="high")
        assert len(losses) == 1
    assert fit(Reasoning(effort="high"), choice=ToolChoice("auto"))[2] == []


def test_a_model_that_does_not_think_is_not_asked_to() -> None:
    assert fit(Reasoning(effort="high"), "claude-3-5-haiku-latest")[::2] == (
        Reasoning(),
        ["claude-3-5-haiku-latest does not think"],
    )


def test_an_answer_to_be_continued_is_not_thought_about() -> None:
    prefill = (*ASK, Message("assistant", (Text("{"),)))
    assert fit(Reasoning(effort="high"), messages=prefill)[0] == Reasoning()


def test_calls_that_began_without_thinking_go_on_without() -> None:
    """'Expected `thinking` or `redacted_thinking`, but found `tool_use`' is a 400."""
    call, result = ToolCall("a", "f", ""), Message("user", (ToolResult("a"),))
    bare = (*ASK, Message("assistant", (call,)), result)
    thought = (*ASK, Message("assistant", (Thinking("x", "s"), call)), result)
    assert fit(Reasoning(effort="high"), messages=bare)[0] == Reasoning()
    assert fit(Reasoning(effort="high"), messages=thought)[0].mode == "enabled"
    assert fit(Reasoning(effort="high"), "claude-opus-5-5", messages=bare)[0].mode == "adaptive"
    assert fit(Reasoning(effort="high"), "glm-4.6", messages=bare)[0].mode == "enabled"

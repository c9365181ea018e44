"""Variables in values: which there are, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.overrides.variables import (
    NAMES,
    Facts,
    Missing,
    check,
    look_up,
    placeholders,
    render,
)

FACTS = Facts(
    model="claude-x",
    upstream_model="glm-4.6",
    protocol="anthropic",
    upstream_protocol="openai_chat",
    stream=True,
    client="claude-code",
    session="s-1",
    channel="main",
    key="default",
    profile="night",
    effort=lambda: "high",
    metadata=lambda: {"team": "core", "deep": {"a": 1}, "a.b": 2},
    headers={"x-team": "lab"},
)
BODY = b'{"thinking":{"budget_tokens":1024},"tags":["a"],"n":null}'


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("request.model", "claude-x"),
        ("request.protocol", "anthropic"),
        ("request.stream", True),
        ("request.effort", "high"),
        ("request.client", "claude-code"),
        ("request.session", "s-1"),
        ("upstream.model", "glm-4.6"),
        ("upstream.protocol", "openai_chat"),
        ("channel.name", "main"),
        ("key.name", "default"),
        ("profile.name", "night"),
        ("request.metadata.team", "core"),
        ("request.metadata.deep", {"a": 1}),
        ("request.metadata.a.b", 2),
        ("request.headers.X-Team", "lab"),
        ("body.thinking.budget_tokens", 1024),
        ("body.tags[0]", "a"),
        ("body.n", None),
        ("request.metadata.none", None),
        ("request.headers.none", None),
        ("body.none.at.all", None),
    ],
)
def test_a_variable_is_what_the_request_says(name: str, value: Any) -> None:
    assert check(name) is None
    assert look_up(name, FACTS, BODY) == value


def test_every_name_that_is_told_is_one() -> None:
    for name in NAMES:
        assert check(name) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("request.modle", "there is no variable 'request.modle'"),
        ("request.metadata.", "there is no variable"),
        ("", "there is no variable ''"),
        ("request.headers.Authorization", "is a credential"),
        ("request.headers.x-api-key", "is a credential"),
        ("body.", "the path is empty"),
        ("body.a..b", "a name is missing"),
        ("body.messages[*].role", "names several values"),
    ],
)
def test_a_name_that_is_none_is_refused(name: str, said: str) -> None:
    assert said in (check(name) or "")


@pytest.mark.parametrize(
    ("value", "rendered"),
    [
        ("plain", "plain"),
        ("{{request.model}}", "claude-x"),
        ("{{ request.model }}!", "claude-x!"),
        ("{{request.stream}}", True),
        ("{{request.metadata.deep}}", {"a": 1}),
        ("a {{request.metadata.deep}} {{request.stream}}", 'a {"a":1} true'),
        ("{{request.model}}{{upstream.model}}", "claude-xglm-4.6"),
        ({"a": ["{{channel.name}}", 1.5, None]}, {"a": ["main", 1.5, None]}),
        (7, 7),
        (None, None),
    ],
)
def test_variables_are_put_in(value: Any, rendered: Any) -> None:
    assert render(value, FACTS, BODY) == rendered


def test_what_the_request_has_not_cannot_be_put_in() -> None:
    with pytest.raises(Missing, match=r"^request\.headers\.none$"):
        render({"a": ["x {{request.headers.none}}"]}, FACTS, BODY)


def test_the_variables_of_a_value_are_found_at_any_depth() -> None:
    value = {"a": ["{{x}}", {"b": "{{ y }} {{z}}"}], "c": 1}
    assert list(placeholders(value)) == ["x", "y", "z"]


def test_nothing_is_looked_for_before_it_is_asked_for() -> None:
    def fails() -> str | None:
        raise AssertionError

    assert render("{{request.model}}", Facts(model="m", effort=fails), b"{}") == "m"

"""Conditions: what holds for which request, how they are written, and what is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import When
from axonhub_cli.errors import ConfigError
from axonhub_cli.routing.conditions import (
    CLIENTS,
    Traits,
    as_plain,
    asked,
    explain,
    faults_of,
    holds,
    parse,
    words_of,
)
from axonhub_cli.tracing import identity

FLAGS = ("background", "thinking", "images", "web_search", "subagent")

conditions = st.builds(
    When,
    **{name: st.sampled_from([None, True, False]) for name in FLAGS},
    over_tokens=st.none() | st.integers(1, 10**6),
    client=st.lists(st.sampled_from(CLIENTS), unique=True).map(tuple),
    time=st.sampled_from([None, "22:00-06:00", "mon-fri 09:00-17:00"]),
)


@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_holds_when_the_request_is_such_or_is_not(name: str) -> None:
    such, other = Traits(**{name: True}), Traits()
    yes, no = When(**{name: True}), When(**{name: False})
    assert (holds(yes, such), holds(yes, other)) == (True, False)
    assert (holds(no, such), holds(no, other)) == (False, True)


@pytest.mark.parametrize(
    ("when", "traits", "expected"),
    [
        (None, Traits(), True),
        (When(over_tokens=100), Traits(tokens=100), False),
        (When(over_tokens=100), Traits(tokens=101), True),
        (When(up_to_tokens=100), Traits(tokens=100), True),
        (When(up_to_tokens=100), Traits(tokens=101), False),
        (When(client=("codex", "opencode")), Traits(client="opencode"), True),
        (When(client=("codex",)), Traits(client="claude-code"), False),
        (When(time="00:00-12:00"), Traits(minute=60), True),
        (When(time="00:00-12:00"), Traits(minute=13 * 60), False),
        (When(background=True, images=True), Traits(background=True), False),
        (When(background=True, images=True), Traits(background=True, images=True), True),
    ],
)
def test_all_that_are_given_must_hold(when: When | None, traits: Traits, expected: bool) -> None:
    assert holds(when, traits) is expected


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        (["background"], {"background": True}),
        (["not-background"], {"background": False}),
        (["Thinking", "images"], {"thinking": True, "images": True}),
        (["web-search"], {"web_search": True}),
        (["web_search"], {"web_search": True}),
        (["not-subagent"], {"subagent": False}),
        (["long-context"], {"over_tokens": 60_000}),
        (["not-long-context"], {"up_to_tokens": 60_000}),
        (["tokens>100k"], {"over_tokens": 100_000}),
        (["tokens > 5"], {"over_tokens": 5}),
        (["tokens<=5"], {"up_to_tokens": 5}),
        (["client=codex"], {"client": ("codex",)}),
        (
            ["client=codex, opencode", "client=axonhub"],
            {"client": ("codex", "opencode", "axonhub")},
        ),
        (["time=mon-fri  09:00-17:00"], {"time": "mon-fri 09:00-17:00"}),
        (["background", "background"], {"background": True}),
    ],
)
def test_conditions_are_written_as_words(words: list[str], fields: dict[str, Any]) -> None:
    assert parse(words) == When(**fields)


def test_no_word_is_no_condition() -> None:
    assert parse([]) is None
    assert parse([" "]) is None
    assert words_of(None) == ()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["backgroud"], "'backgroud' is no condition"),
        (["tokens<5"], "is no condition"),
        (["tokens>"], "is no condition"),
        (["not-client=codex"], "is no condition"),
        (["background", "not-background"], "contradict"),
        (["tokens>5", "tokens>6"], "contradict"),
        (["tokens>5", "tokens<=5"], "over 5 and up to 5"),
        (["tokens>0"], "0 is no number of tokens"),
        (["client=claude"], "unknown client 'claude': there are claude-code, codex"),
        (["time=9-5"], "is not HH:MM-HH:MM"),
        (["client="], "'client=' names no client"),
    ],
)
def test_what_is_no_condition_is_refused(words: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(words)
    assert said in caught.value.message


@given(conditions)
def test_words_and_tables_say_what_was_meant(when: When) -> None:
    assert msgspec.convert(as_plain(when), When) == when
    assert parse(words_of(when)) == (None if when == When() else when)


@given(conditions)
def test_what_is_asked_decides_alone(when: When) -> None:
    """Traits that no condition asks for may be anything."""
    traits = Traits(True, False, True, True, False, 70_000, "codex", 600)
    kept = {name: getattr(traits, name) for name in asked([when, None])}
    assert holds(when, Traits(**kept)) is holds(when, traits)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["background"], "background requests"),
        (["not-thinking", "images"], "non-thinking image requests"),
        (["web-search", "client=codex,opencode"], "web-search codex or opencode requests"),
        (["tokens>5"], "requests of over 5 tokens"),
        (["tokens<=5", "time=sat"], "requests of up to 5 tokens at sat"),
    ],
)
def test_conditions_are_explained_as_a_clause(words: list[str], said: str) -> None:
    when = parse(words)
    assert when is not None
    assert explain(when) == said


def test_faults_of_a_table_name_their_key() -> None:
    assert list(faults_of(When()))[0][0] == ""
    found = list(faults_of(When(over_tokens=0, client=("codex", "x"), time="later")))
    assert [where for where, _ in found] == ["over_tokens", "client[1]", "time"]


def test_the_known_clients_are_those_of_the_trace() -> None:
    assert {*CLIENTS} == {name for _, name in identity._CLIENTS} | {identity.find_client(None)}

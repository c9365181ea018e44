"""The list of models: what can be asked for, in Anthropic's shape, page by page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import Channel, Config, Mapping, Profile
from axonhub_cli.daemon.models import encode_list, encode_model, usable_models
from axonhub_cli.errors import ClientError


def channel(*models: str, **fields: Any) -> Channel:
    return Channel(name="c", type="anthropic", models=models, **fields)


def profile(*rules: tuple[str, str]) -> Profile:
    return Profile("p", tuple(Mapping(source, target) for source, target in rules))


def usable(config: tuple[Channel, ...], *rules: tuple[str, str]) -> list[str]:
    return usable_models(Config(channels=config), profile(*rules))


def test_names_of_channels_without_patterns_each_once() -> None:
    one = channel("a", "b", "claude-*", mappings=(Mapping("alias", "a"), Mapping("x.*", "a")))
    assert usable((one, channel("b", "c"))) == ["alias", "a", "b", "c"]
    assert usable_models(Config(channels=(one,)), None) == ["alias", "a", "b"]
    assert usable_models(Config(), None) == []


def test_what_nobody_would_answer_is_not_listed() -> None:
    assert usable((channel("off", enabled=False), channel("never", weight=0))) == []


def test_names_of_the_profile_come_first_when_something_serves_them() -> None:
    rules = (("opus", "a"), ("gone", "missing"), ("claude-.*", "a"), ("free", "claude-x"))
    assert usable((channel("a", "claude-*"),), *rules) == ["opus", "free", "a"]
    assert usable((channel("a", enabled=False),), *rules) == []


def test_a_name_that_the_profile_leads_away_is_not_listed() -> None:
    """Asking for it would be a 404, although a channel serves a model of that name."""
    assert usable((channel("a", "b"),), ("a", "missing")) == ["b"]
    assert usable((channel("a", "b"),), ("a", "b")) == ["a", "b"]


def listed(names: list[str], query: str = "") -> tuple[list[str], bool]:
    page = json.loads(encode_list(names, query))
    ids = [model["id"] for model in page["data"]]
    assert (page["first_id"], page["last_id"]) == ((ids[0], ids[-1]) if ids else (None, None))
    return ids, page["has_more"]


def test_a_model_has_what_clients_read() -> None:
    expected = {
        "type": "model",
        "id": "claude-ü",
        "display_name": "claude-ü",
        "created_at": "1970-01-01T00:00:00Z",
    }
    assert json.loads(encode_model(["claude-ü"], "claude-ü")) == expected
    assert json.loads(encode_list(["claude-ü"], ""))["data"] == [expected]


def test_an_unknown_model_is_not_found() -> None:
    with pytest.raises(ClientError) as caught:
        encode_model(["a"], "b")
    assert caught.value.kind == "not_found"


@pytest.mark.parametrize(
    ("query", "ids", "more"),
    [
        ("", "abcde", False),
        ("limit=1000", "abcde", False),
        ("limit=5", "abcde", False),
        ("limit=2", "ab", True),
        ("limit=2&after_id=b", "cd", True),
        ("limit=2&after_id=c", "de", False),
        ("after_id=e", "", False),
        ("after_id=unknown", "abcde", False),
        ("limit=2&before_id=d", "bc", True),
        ("before_id=b", "a", False),
        ("before_id=a", "", False),
        ("limit=2&before_id=unknown", "de", True),
        ("before_id=d&after_id=a", "abc", False),
        ("limit=1&limit=3", "abc", True),
        ("beta=true&limit=&after_id=", "abcde", False),
        ("%ff=%fe&&;=&limit=2", "ab", True),
    ],
)
def test_a_page_is_what_the_query_asks_for(query: str, ids: str, more: bool) -> None:
    assert listed(list("abcde"), query) == (list(ids), more)


@pytest.mark.parametrize(
    "limit", ["0", "1001", "-1", "x", "1.5", "%C2%B2", "1e3", "9" * 5000, "%00", "+5", "0x5"]
)
def test_a_limit_out_of_range_is_refused(limit: str) -> None:
    with pytest.raises(ClientError, match="limit") as caught:
        encode_list(["a"], f"limit={limit}")
    assert caught.value.kind == "invalid_request"


@given(st.lists(st.text("abc", min_size=1, max_size=3), unique=True), st.integers(1, 5))
def test_pages_in_either_direction_hold_each_model_once(names: list[str], size: int) -> None:
    found: list[str] = []
    more = True
    while more:
        after = f"&after_id={found[-1]}" if found else ""
        ids, more = listed(names, f"limit={size}{after}")
        found += ids
    assert found == names
    back: list[str] = []
    more = True
    while more:
        before = back[0] if back else "the-end"
        ids, more = listed(names, f"limit={size}&before_id={before}")
        back = ids + back
    assert back == names

"""The list of models: what can be asked for, in Anthropic's shape, page by page."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import Channel, Config, Mapping, Profile
from axonhub_cli.daemon.models import (
    encode_list,
    encode_model,
    encode_openai_list,
    encode_openai_model,
)
from axonhub_cli.errors import ClientError


def config(*names: str) -> Config:
    """One channel that serves these."""
    return Config(channels=(Channel(name="c", type="anthropic", models=names),))


def listed(names: list[str], query: str = "") -> tuple[list[str], bool]:
    page = json.loads(encode_list(config(*names), None, query))
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
    only = config("claude-ü")
    assert json.loads(encode_model(only, None, "claude-ü", "")) == expected
    assert json.loads(encode_list(only, None, ""))["data"] == [expected]


def test_an_unknown_model_is_not_found_in_either_shape() -> None:
    for encode in (encode_model, encode_openai_model):
        with pytest.raises(ClientError) as caught:
            encode(config("a"), None, "b", "")
        assert caught.value.kind == "not_found"


def test_a_model_that_a_pattern_serves_is_found_though_not_listed() -> None:
    conf = config("claude-*")
    assert json.loads(encode_list(conf, None, ""))["data"] == []
    assert json.loads(encode_openai_model(conf, None, "claude-x", ""))["id"] == "claude-x"


def test_openai_clients_get_all_of_them_at_once() -> None:
    found = json.loads(encode_openai_list(config("a", "b"), None, "limit=1"))
    assert found["object"] == "list"
    assert [(m["id"], m["object"], m["owned_by"]) for m in found["data"]] == [
        ("a", "model", "axonhub"),
        ("b", "model", "axonhub"),
    ]


def test_include_all_says_who_serves_a_model_and_as_what() -> None:
    profile = Profile("p", (Mapping("fast", "a"),), channels=("c",))
    other = Channel(name="other", type="openai-compatible", base_url="http://x", models=("a",))
    conf = Config(channels=(*config("a").channels, other))
    mine = {
        "name": "c",
        "type": "anthropic",
        "protocols": ["anthropic"],
        "upstream_model": "a",
    }
    for text in (
        encode_openai_list(conf, profile, "include=all"),
        encode_list(conf, profile, "include=all"),
    ):
        assert [(m["id"], m["channels"]) for m in json.loads(text)["data"]] == [
            ("fast", [mine]),
            ("a", [mine]),
        ]
    assert json.loads(encode_model(conf, profile, "fast", "include=all"))["channels"] == [mine]
    assert len(json.loads(encode_openai_model(conf, None, "a", "include=all"))["channels"]) == 2


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
        encode_list(config("a"), None, f"limit={limit}")
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

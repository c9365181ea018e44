"""The client's query: no key of ours in it goes on, and of the rest never a byte is changed."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.proxy.query import passed_query

KEY = "ah-" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "pair",
    [
        f"key={KEY}",
        f"KEY={KEY}",
        f"api_key={KEY}",
        f"anything={KEY}",
        f"a=1;key={KEY}",
        f"next=https://x/?key={KEY}",
        KEY,
        f"{KEY}=",
        f"Bearer+{KEY}",
        f"key={KEY.replace('ah-', '%61h-')}",
        f"key={KEY.replace('-', '%2D')}",
        "k%65y=" + "".join(f"%{ord(c):02x}" for c in KEY),
        f"key={quote(KEY.replace('-', '%2d'))}",
        f"access_token=ah-{'x' * 8}",
        "x-goog-api-key=%61h-short",
    ],
)
def test_a_pair_that_holds_a_key_of_ours_is_left_out(pair: str) -> None:
    assert passed_query(pair) == ""
    assert passed_query(f"beta=true&{pair}&x=%41+%zz") == "beta=true&x=%41+%zz"


@pytest.mark.parametrize(
    "query",
    ["", "beta=true", "key=sk-1", "ah=1", "q=ah-yes", f"token={KEY[:-1].replace('ah', 'bh')}"]
    + ["&&a==b&", "a=%C3%A9%ff&é=ü", "key=", "a=%2541h-"],
)
def test_any_other_pair_stays_as_it_is_written(query: str) -> None:
    assert passed_query(query) == query


@given(st.lists(st.text("a=%2&+;-h", max_size=8)))
def test_what_has_no_key_in_it_is_never_touched(parts: list[str]) -> None:
    query = "&".join(part.replace("h", "i") for part in parts)
    assert passed_query(query) == query

"""Expressions that could make the engine run for ever are refused, what people write is not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.errors import ConfigError
from axonhub_cli.routing.backtracking import LONGEST, find_trap, is_exponential
from axonhub_cli.routing.mapping import check_pattern, matches


@pytest.mark.parametrize(
    "source",
    [
        r"(([ab]|[ab]))+([ab]|[ab])",
        r"(ab|ab)*",
        r"(a(?:|))+",
        r"(a+)+",
        r"(a+)+$",
        r"(a*)*",
        r"(a|ab|b)*",
        r"(a+b*)+",
        r"(.*a)*",
        r"(.*)*x",
        r"(\w+\s?)*",
        r"(a|b|ab)*c",
        r"(x+x+)+y",
        r"([a-z]+)*",
        r"(?:[a-z]+-?)+",
        r"(.+.+)+",
        r".*a.*b.*c.*d.*e",
        r"(a?){30}a{30}",
        r"(a{1,30}){1,30}",
        r"((a+)b?)+",
        r"(?=(a+)+)b",
        r"(a?a)*",
        r"(a{1,5}){1,5}",
        r"(aa|aaa)+",
        r"(a{0,90}){2,3}",
        r"(a|a?)+",
        r"(?P<x>a+)(?P=x)*",
    ],
)
def test_an_expression_with_a_trap_is_refused(source: str) -> None:
    re.compile(source)
    trap = find_trap(source)
    assert trap is not None
    with pytest.raises(ConfigError) as caught:
        check_pattern(source)
    assert caught.value.message == f"the expression {source!r} {trap}"
    assert caught.value.hint


@pytest.mark.parametrize(
    "source",
    [
        r"claude-.*",
        r".*opus.*",
        r"claude-(opus|sonnet)-.*",
        r"(claude|gpt)(-[a-z]+)*",
        r"claude-[a-z]+-[0-9]+",
        r"gpt-\d+(\.\d+)*",
        r"(ab)*",
        r"x+y*",
        r"(a+b)*",
        r"claude-(?!opus).*",
        r"(?P<x>a)(?P=x)",
        r"[a-z]{4}-[0-9]{2,8}",
        r"([a-z]{4}-){3}",
        r"anthropic/claude-.*-.*",
        r".*claude.*sonnet.*4.*",
        r"(?i)claude-.*",
        r"a{2,3}b{2,3}",
        r"(.*-)?(haiku|mini)(-.*)?",
        r"(?:a|b)*c+",
        r"[^/]+/[^/]+/[^/]+/[^/]+/[^/]+/[^/]+",
        r".*",
        r"claude-.*|gpt-.*|o1-.*|gemini-.*|glm-.*|x.*",
        r"([a-z]{2,3}-){1,3}x",
        r".*?claude",
        r"gpt-4(o|\.1)?(-mini)?(-\d{4}-\d{2}-\d{2})?",
        r"[a-z]{1,100}",
    ],
)
def test_an_expression_without_one_is_taken(source: str) -> None:
    assert find_trap(source) is None
    # What would be a trap were it one: no letter of the end fits.
    for letter in "a-x1/":
        assert matches(source, letter * 60 + "!") in (True, False)


LENGTH = 300

Ways = tuple[str, list[int]]
"""An expression, and in how many ways it matches `aaa…` of each length."""


def product(left: Ways, right: Ways) -> Ways:
    (a, one), (b, two) = left, right
    ways = [0] * (LENGTH + 1)
    for i, n in enumerate(one):
        if n:
            for j in range(LENGTH + 1 - i):
                ways[i + j] += n * two[j]
    return a + b, ways


def either(left: Ways, right: Ways) -> Ways:
    pairs = zip(left[1], right[1], strict=True)
    # The engine's parser makes one set of characters of several, unless they are the same.
    merged = left[0] != right[0] and {left[0], right[0]} <= {"a", "b", "[ab]"}
    return f"({left[0]}|{right[0]})", [max(n, m) if merged else n + m for n, m in pairs]


def repeated(inner: Ways, sign: str) -> Ways:
    source, once = f"({inner[0]}){sign}", inner[1]
    nothing = [1] + [0] * LENGTH
    if sign == "?":
        return source, [n + m for n, m in zip(nothing, once, strict=True)]
    if sign == "{2}":
        return source, product(inner, inner)[1]
    # The engine makes no empty round twice.
    total = [0] * (LENGTH + 1)
    total[0] = 1 + once[0]
    for length in range(1, LENGTH + 1):
        total[length] = sum(once[k] * total[length - k] for k in range(1, length + 1) if once[k])
    return source, total


def atom(source: str) -> Ways:
    fits = re.fullmatch(source, "a") is not None
    return source, [0, int(fits)] + [0] * (LENGTH - 1)


expressions = st.recursive(
    st.sampled_from(["a", "b", "[ab]", "."]).map(atom),
    lambda inner: st.one_of(
        st.builds(product, inner, inner),
        st.builds(either, inner, inner),
        st.builds(repeated, inner, st.sampled_from(["*", "?", "{2}"])),
    ),
    max_leaves=6,
)


@given(expressions)
def test_an_expression_that_passes_has_no_exponential_number_of_ways(found: Ways) -> None:
    """Counted by other means than the check's; the engine itself might never come to an end."""
    source, ways = found
    if find_trap(source) is None:
        assert sum(ways) < LENGTH**6


def test_ways_are_counted_as_meant() -> None:
    assert sum(repeated(repeated(atom("a"), "*"), "*")[1]) > LENGTH**6
    assert sum(repeated(either(atom("a"), atom(".")), "*")[1]) > LENGTH**6
    assert sum(product(repeated(atom("."), "*"), repeated(atom("a"), "*"))[1]) < LENGTH**3


def test_a_name_that_is_longer_than_any_matches_no_pattern() -> None:
    assert matches("a+", "a" * LONGEST)
    assert not matches("a+", "a" * (LONGEST + 1))
    assert matches("a" * 999, "a" * 999), "an exact name is no pattern"


def test_only_what_is_known_to_run_for_ever_is_exponential() -> None:
    assert is_exponential("(a+)+$")
    assert not is_exponential(".*a.*b.*c.*d.*e")
    assert not is_exponential("a?" + "b" * 200 + "c+")
    assert not is_exponential("plain")

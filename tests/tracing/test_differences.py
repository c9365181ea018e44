import json
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.tracing.differences import Difference, differences, written


def found(old: Any, new: Any) -> list[tuple[str, str]]:
    return [(each.kind, each.path) for each in differences(old, new)]


def tools(names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


def test_what_was_taken_out_in_several_places_is_told_and_nothing_else() -> None:
    assert found(tools("ABCDE"), tools("ACE")) == [("removed", "1"), ("removed", "3")]
    assert found(tools("ACE"), tools("ABCDEF")) == [("added", "1"), ("added", "3"), ("added", "5")]
    assert found(tools("ABC"), tools("XABC")) == [("added", "0")]


def test_an_item_that_was_changed_is_compared_with_what_became_of_it() -> None:
    old = [{"name": "A", "strict": True}, {"name": "B", "x": 1}, {"name": "C"}]
    new = [{"name": "B", "x": 2}, {"name": "C"}]
    assert found(old, new) == [("removed", "0"), ("changed", "1.x")]
    calls = [{"type": "tool_use", "id": "a!", "name": "f"}, {"type": "text", "text": "x"}]
    assert found(calls, [calls[0] | {"id": "a_"}, calls[1]]) == [("changed", "0.id")]
    roles = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    assert found(roles, [{"role": "user", "content": "s"}, roles[1]]) == [("changed", "0.role")]


def test_long_lists_are_compared_in_time() -> None:
    numbers = list(range(5000))
    assert found(numbers, [n + 9000 for n in numbers])[0] == ("changed", "0")
    kinds = {kind for kind, _ in found(numbers, [n + 9000 for n in numbers[1:]])}
    assert kinds == {"removed", "added"}


def test_half_a_pair_is_a_difference_that_can_be_written() -> None:
    half, whole = json.loads(r'{"a": ["x \ud83d"]}'), {"a": ["x \ufffd"]}
    (one,) = differences(half, whole)
    assert one == Difference("a.0", "changed", "x \ud83d", "x \ufffd")
    assert written(half) == r'{"a": ["x \ud83d"]}'


values = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from("ab"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "name", "id", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(values, values)
def test_there_are_differences_where_values_differ(old: Any, new: Any) -> None:
    assert bool(found(old, new)) == (old != new)


@given(st.lists(values, max_size=8), st.randoms())
def test_items_that_were_only_taken_out_are_all_that_is_told(
    items: list[Any], chance: random.Random
) -> None:
    kept = [item for item in items if chance.random() < 0.5]
    kinds = [kind for kind, path in found(items, kept)]
    assert kinds == ["removed"] * (len(items) - len(kept))

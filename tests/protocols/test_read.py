from __future__ import annotations

from collections.abc import Callable

import pytest

from axonhub_cli.errors import ClientError
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols import read


@pytest.mark.parametrize(
    ("reader", "good", "bad"),
    [
        (read.need_dict, {}, []),
        (read.need_list, [], {}),
        (read.need_str, "", 1),
        (read.opt_str, None, 1),
        (read.opt_bool, True, 1),
        (read.opt_int, 3, "3"),
        (read.opt_int, 3, True),
        (read.opt_float, 0.5, "0.5"),
    ],
)
def test_the_strict_ones_name_the_path(
    reader: Callable[[Json, str], Json], good: Json, bad: Json
) -> None:
    assert reader(good, "a.0") == good
    with pytest.raises(ClientError, match=r"^a\.0: Input should be ") as raised:
        reader(bad, "a.0")
    assert raised.value.kind == "invalid_request"


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert read.opt_int(4096.0, "max_tokens") == 4096


def test_the_lenient_ones_never_fail() -> None:
    for value in (None, 1, "x", [1], {"a": 1}, True, 1.5):
        assert isinstance(read.as_str(value), str)
        assert isinstance(read.as_dict(value), dict)
        assert isinstance(read.as_list(value), list)
        assert read.as_int(value) in (None, 1)


@pytest.mark.parametrize(
    ("value", "count"),
    [(12, 12), (12.0, 12), (0, 0), (1.5, None), (-1, None), (True, None), (2.0**70, None)],
)
def test_a_count_is_whole_and_no_nonsense(value: Json, count: int | None) -> None:
    assert read.as_count(value) == count
    assert read.as_count(float("inf")) is None
    assert read.as_count(-3, least=-5) == -3


def test_the_rest_is_what_is_not_known() -> None:
    assert read.rest({"a": 1, "b": 2}, frozenset({"a"})) == {"b": 2}

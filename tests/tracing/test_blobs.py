import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.tracing import blobs


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=9), st.binary(max_size=9))
def test_a_difference_leads_from_the_old_to_the_new(
    head: bytes, tail: bytes, was: bytes, now: bytes
) -> None:
    old, new = head + was + tail, head + now + tail
    start, end, middle = blobs.difference(old, new)
    assert old[:start] + middle + old[end:] == new
    assert len(middle) <= len(now)


@pytest.mark.parametrize("numbers", [[], [7], [1, 2, 3, 900, 4], [2**40, 1]])
def test_numbers_come_back_as_they_were_written(numbers: list[int]) -> None:
    assert blobs.read_numbers(blobs.write_numbers(numbers)) == numbers


def test_a_body_without_holes_is_its_skeleton() -> None:
    body = b"any body"
    assert blobs.cut_out(body, []) is body
    assert blobs.fill(body, []) is body


def test_addresses_in_a_row_are_told_apart() -> None:
    names = [blobs.address(part) for part in (b"a", b"b", b"c")]
    assert blobs.split_addresses(b"".join(names)) == names
    assert blobs.address(memoryview(b"a")) == names[0]

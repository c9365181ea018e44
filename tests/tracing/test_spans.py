import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.tracing import blobs
from axonhub_cli.tracing.spans import NO_ITEMS, find_items
from tests.tracing.records import body_of

LONG = "x" * 400


def parts_of(body: bytes) -> list[bytes]:
    return [body[start:end] for start, end in find_items(body).spans]


def together(body: bytes) -> bytes:
    return blobs.fill(blobs.cut_out(body, find_items(body).spans), parts_of(body))


def test_messages_system_blocks_and_tools_are_items() -> None:
    body = body_of("claude-code/tooltest.02")
    decoded = json.loads(body)
    wanted = [*decoded["messages"], *decoded["system"], *decoded["tools"]]
    found = [json.loads(part) for part in parts_of(body)]
    assert sorted(found, key=str) == sorted(wanted, key=str)
    counts = {"messages": len(decoded["messages"]), "system": 3, "tools": len(decoded["tools"])}
    assert dict(find_items(body).arrays) == counts


def with_system(text: str, **options: Any) -> bytes:
    messages = [{"role": "user", "content": LONG}, {"role": "user", "content": "system"}]
    whole = {"model": "system", "messages": messages, "system": text, "max_tokens": 1}
    return json.dumps(whole, **options).encode()


@pytest.mark.parametrize("separators", [(",", ":"), (", ", " : ")])
def test_a_long_system_text_is_one_item(separators: tuple[str, str]) -> None:
    text = 'Be "brief".\n\t\\ Über' * 200
    body = with_system(text, ensure_ascii=False, separators=separators)
    assert json.loads(parts_of(body)[-1]) == text
    assert dict(find_items(body).arrays) == {"messages": 2, "system": 1}
    assert together(body) == body


def test_a_short_text_stays_in_place() -> None:
    assert dict(find_items(with_system("brief") + b" " * 2048).arrays) == {"messages": 2}


@given(st.text(max_size=30), st.text('"\\\\\n:{}system', max_size=12), st.booleans())
def test_a_text_is_found_however_it_is_written(start: str, middle: str, ascii_only: bool) -> None:
    text = start + "x" * 1024 + middle + "ü" * 1000 + middle
    body = with_system(text, ensure_ascii=ascii_only)
    assert json.loads(parts_of(body)[-1]) == text
    assert together(body) == body


@pytest.mark.parametrize(
    "name", ["claude-code/basic", "claude-code/image_read.02", "opencode/anth_tooltest.03"]
)
def test_a_captured_body_comes_back_byte_for_byte(name: str) -> None:
    body = body_of(name)
    skeleton = blobs.cut_out(body, find_items(body).spans)
    assert len(skeleton) < 2500
    assert together(body) == body


def test_a_second_turn_shares_all_but_its_last_messages() -> None:
    first, second = (
        {blobs.address(part) for part in parts_of(body_of(f"claude-code/{name}"))}
        for name in ("basic", "continue")
    )
    assert len(first & second) >= 13


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"messages":[]}',
        b"\0" * 5000,
        b"[" * 5000,
        b'{"messages": 7, "x": "' + b"y" * 5000 + b'"}',
        b'"' + b"messages" * 1000 + b'"',
        '{"messages": ["\ud83d…'.encode("utf-8", "replace") * 900,
        b'{"messages":["' + b"x" * 5000 + b'"',
    ],
    # Their own text would be pages of it in each report.
    ids=["empty", "short", "NUL", "deep", "odd array", "string", "half an emoji", "cut off"],
)
def test_what_is_no_such_object_stays_whole(body: bytes) -> None:
    assert find_items(body) == NO_ITEMS


def test_odd_spacing_is_kept() -> None:
    item = json.dumps({"role": "user", "content": LONG})
    body = (
        f'\n{{ "x" : 1.0 ,"messages"\t: [ {item} ,\r\n {item}\n] , "z":"{LONG * 4}"}} \n'.encode()
    )
    assert parts_of(body) == [item.encode()] * 2
    assert together(body) == body


def test_a_key_of_the_same_name_elsewhere_does_not_mislead() -> None:
    item = {"role": "user", "content": LONG}
    for decoy in ("messages", [], [1], [LONG], [item, 2], {"messages": [item] * 3}):
        body = json.dumps({"decoy": {"messages": decoy}, "messages": [item] * 6}).encode()
        assert together(body) == body


def test_a_key_given_twice_does_not_mislead() -> None:
    one, two = (json.dumps([{"content": c * 900}] * 2) for c in "ab")
    body = f'{{"messages":{one},"messages":{two}}}'.encode()
    assert together(body) == body


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just(LONG),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["messages", "system", "tools", "role", "content"]), inner, max_size=4
        )
    ),
    max_leaves=30,
)


@given(
    st.dictionaries(st.sampled_from(["messages", "system", "tools", "x"]), json_values),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:\r ")]),
    st.booleans(),
)
def test_any_object_comes_back_byte_for_byte(
    value: dict[str, Any], separators: tuple[str, str], ascii_only: bool
) -> None:
    padded = value | {"padding": LONG * 6}
    body = json.dumps(padded, separators=separators, ensure_ascii=ascii_only).encode(
        "utf-8", "surrogatepass"
    )
    assert together(body) == body


@given(st.binary(max_size=300))
def test_any_bytes_come_back(tail: bytes) -> None:
    body = b'{"messages":[' + b'"' + LONG.encode() * 6 + b'"' + tail
    assert together(body) == body

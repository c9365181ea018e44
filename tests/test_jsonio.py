from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli import jsonio
from axonhub_cli.jsonio import InvalidJson, Json, Span

space = st.text(" \t\n\r", max_size=3)
# Ways to write a value that a decoder and an encoder in a row would not keep.
odd_scalars = st.sampled_from(
    [
        "1.0",
        "1e5",
        "-0",
        "0.10",
        "1E+2",
        "true",
        "null",
        r'"\u0061\/"',
        r'"\\\""',
        '"é😀"',
        '"]},:"',
    ]
)
scalars = odd_scalars | st.text(st.characters(exclude_categories=["Cs"])).map(json.dumps)
names = st.sampled_from(['"a"', '"b"', r'"\u0061"', '"model"', '""', r'"a\"b"', '"{"'])


def arrays(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda items, gap: f"[{gap}{','.join(gap + item + gap for item in items)}{gap}]",
        st.lists(items, max_size=4),
        space,
    )


def objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda fields, gap: (
            f"{{{gap}{','.join(f'{gap}{k}{gap}:{gap}{v}{gap}' for k, v in fields)}{gap}}}"
        ),
        st.lists(st.tuples(names, values), max_size=4),
        space,
    )


documents = st.recursive(scalars, lambda inner: arrays(inner) | objects(inner), max_leaves=12)


@given(st.lists(st.tuples(names, documents), max_size=5), space, space)
def test_members_are_found_where_they_stand(
    fields: list[tuple[str, str]], gap: str, around: str
) -> None:
    """Duplicate keys, escapes, odd spacing and odd numbers included."""
    data = f"{around}{{".encode()
    expected: list[Span] = []
    for index, (name, value) in enumerate(fields):
        data += f"{',' if index else ''}{gap}{name}{gap}:{gap}".encode()
        expected.append(Span(json.loads(name), len(data), len(data) + len(value.encode())))
        data += (value + gap).encode()
    data += f"{gap}}}{around}".encode()
    assert jsonio.object_spans(data) == expected
    # The same object inside another document: spans count from the document's start.
    begin = len(data)
    moved = [Span(span.key, span.start + begin, span.end + begin) for span in expected]
    nested = b"x" * begin + data + b',"y"'
    assert jsonio.object_spans(nested, begin, begin + len(data)) == moved


@given(st.lists(documents, max_size=5), space, space)
def test_items_are_found_where_they_stand(items: list[str], gap: str, around: str) -> None:
    data = f"?{around}[".encode()
    expected: list[tuple[int, int]] = []
    for index, item in enumerate(items):
        data += f"{',' if index else ''}{gap}".encode()
        expected.append((len(data), len(data) + len(item.encode())))
        data += (item + gap).encode()
    data += f"]{around}".encode()
    assert jsonio.array_spans(data + b"?", 1, len(data)) == expected


@given(objects(documents))
def test_replacing_members_leaves_all_other_bytes_alone(text: str) -> None:
    data = text.encode()
    spans = jsonio.object_spans(data)
    assert jsonio.splice(data, [(s.start, s.end, data[s.start : s.end]) for s in spans]) == data
    replaced = jsonio.splice(data, [(s.start, s.end, b'"new"') for s in reversed(spans)])
    assert set(json.loads(replaced).values()) <= {"new"}
    between, at = [], 0
    for span in spans:
        between.append(data[at : span.start])
        at = span.end
    assert replaced == b'"new"'.join([*between, data[at:]])


def test_splicing_can_insert() -> None:
    assert jsonio.splice(b"[1]", [(1, 1, b"0,"), (2, 2, b",2")]) == b"[0,1,2]"
    assert jsonio.splice(b"[1]", []) == b"[1]"


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"1", b"null", b'{"a":}', b'{"a":1', b'{"a":1}x', b"\xff"]
)
def test_what_is_no_object_has_no_members(data: bytes) -> None:
    with pytest.raises(InvalidJson):
        jsonio.object_spans(data)


@pytest.mark.parametrize("data", [b"", b"{}", b"null", b"[1,]", b"[1"])
def test_what_is_no_array_has_no_items(data: bytes) -> None:
    with pytest.raises(InvalidJson):
        jsonio.array_spans(data, 0, len(data))


@given(documents)
def test_decoding_reads_what_the_standard_library_reads(text: str) -> None:
    assert jsonio.decode(text.encode()) == json.loads(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_what_is_encoded_is_decoded_again(value: Any) -> None:
    assert jsonio.decode(jsonio.encode(value)) == value


@pytest.mark.parametrize(
    ("data", "repaired"),
    [
        (rb'"\ud83d"', rb'"\ufffd"'),
        (rb'"\uDE00 tail"', rb'"\ufffd tail"'),
        (rb'"\ud83d\ude00"', rb'"\ud83d\ude00"'),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\ud83d\ude00\ude00"', rb'"\ud83d\ude00\ufffd"'),
        (rb'"\ud83d\u0041"', rb'"\ufffd\u0041"'),
        (rb'"\\ud83d"', rb'"\\ud83d"'),
        (rb'"\\\ud83d"', rb'"\\\ufffd"'),
        (rb'"\ud83d\\ude00"', rb'"\ufffd\\ude00"'),
        (rb'"\"\ud83d"', rb'"\"\ufffd"'),
        (rb'{"\ud83d":1.0 }', rb'{"\ufffd":1.0 }'),
    ],
)
def test_only_an_unpaired_surrogate_is_repaired(data: bytes, repaired: bytes) -> None:
    assert jsonio.repair_surrogates(data) == repaired
    if data == repaired:
        assert jsonio.repair_surrogates(data) is data
    assert jsonio.decode(data) == json.loads(repaired)


escapes = st.sampled_from(
    [r"\ud83d", r"\ude00", r"\uD800", r"\\", r"\"", r"\u0041", "u", "d83d", "é"]
)


@given(st.lists(escapes, max_size=12).map("".join))
def test_any_string_can_be_read_after_its_repair(inner: str) -> None:
    data = f'{{"model": "m", "text": "{inner}"}}'.encode()
    repaired = jsonio.repair_surrogates(data)
    assert len(repaired) == len(data)
    envelope, document = jsonio.read_envelope(data)
    assert (envelope.model, document) == ("m", repaired)
    # The standard library reads each half as a character; they are what got replaced.
    expected = json.loads(data)["text"].encode("utf-16-le", "surrogatepass")
    expected_text = expected.decode("utf-16-le", "replace")
    assert jsonio.decode(data)["text"].replace("�", "") == expected_text.replace("�", "")


def test_an_envelope_is_read_without_the_rest() -> None:
    data = b'{"x": [1.0, {}], "model": "m", "stream": true, "metadata": {"user_id": "u"}, "y": 1}'
    envelope, document = jsonio.read_envelope(data)
    assert (envelope.model, envelope.stream) == ("m", True)
    assert bytes(envelope.metadata) == b'{"user_id": "u"}'
    assert document is data
    assert jsonio.read_envelope(b"{}")[0] == jsonio.Envelope()


def test_an_odd_array_hides_no_other_fault_of_the_document() -> None:
    half = rb'{"tools": {}, "model": "m", "text": "\ud83d"}'
    envelope, document = jsonio.read_envelope(half)
    assert (envelope, document) == (jsonio.Envelope("m"), half.replace(rb"\ud83d", rb"\ufffd"))
    for broken in (b'{"tools": {}, "model": "m",', b'{"tools": {}, "a": ' + b"[" * 100_000):
        with pytest.raises(InvalidJson):
            jsonio.read_envelope(broken)


@pytest.mark.parametrize("data", [b'{"model": 5}', b"[]", b'{"stream": "yes"}'])
def test_an_envelope_of_another_shape_is_told_with_its_path(data: bytes) -> None:
    with pytest.raises(msgspec.ValidationError, match="Expected"):
        jsonio.read_envelope(data)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"nope", b'"\xff"', rb'{"a": "\ud83d" ', b"[" * 100_000]
)
def test_what_is_no_json_is_told(data: bytes) -> None:
    for read in (jsonio.decode, jsonio.read_envelope):
        with pytest.raises((InvalidJson, msgspec.ValidationError)) as caught:
            read(data)
        assert str(caught.value)


@given(
    st.dictionaries(
        st.sampled_from(["model", "messages", "tools", "system", 'a"b']),
        st.integers()
        | st.text(max_size=5)
        | st.lists(st.dictionaries(st.text(max_size=3), st.integers())),
    )
)
def test_encoding_in_parts_is_encoding(value: dict[str, Any]) -> None:
    data, parts = jsonio.encode_in_parts(value)
    assert data == jsonio.encode(value)
    items = [
        item
        for name, array in value.items()
        if name in jsonio.ARRAYS and isinstance(array, list | str)
        for item in (array if isinstance(array, list) else [array])
    ]
    assert [jsonio.decode(data[start:end]) for start, end in parts] == items


def around(data: bytes) -> Json:
    """Decoded around the arrays, and then those too."""
    envelope, data = jsonio.read_envelope(data)
    return jsonio.decode(jsonio.encode(jsonio.decode_around(data, envelope)))


@pytest.mark.parametrize(
    "data",
    [
        b'{"model":"m","messages":[{"a":1},2],"tools":[],"x":[1]}',
        b'{"messages": [ {"a":1} , 2 ], "model":"m"}',
        # The array of that name further in comes first, and is as long.
        b'{"metadata":{"messages":[11]},"messages":[22]}',
        b'{"metadata":{"messages":[11]},"messages":[11]}',
        b'{"messages":[{"tools":[7]}],"tools":[7]}',
        b'{"messages":[{"tools":[7]},{"messages":[{"tools":[7]}]}],"tools":[8]}',
        b'{"messages":[1],"messages":[2]}',
        b'{"messages":[1],"messages":[1]}',
        b'{"messages":"text","system":"also","tools":null}',
        b'{"x":"\\"messages\\":[1]","messages":[1]}',
    ],
)
def test_decoding_around_the_arrays_says_what_decoding_all_says(data: bytes) -> None:
    assert around(data) == jsonio.decode(data)


def test_only_the_named_arrays_stay_raw() -> None:
    data = b'{"messages":[1],"input":[1]}'
    envelope, _ = jsonio.read_envelope(data)
    body = jsonio.decode_around(data, envelope, ("messages",))
    assert isinstance(body["messages"][0], msgspec.Raw)
    assert body["input"] == [1]


def test_decoding_around_says_what_is_no_json() -> None:
    data = b'{"messages":[1],"x":"\xff"}'
    with pytest.raises(jsonio.InvalidJson):
        jsonio.decode_around(data, jsonio.Envelope(messages=[]))

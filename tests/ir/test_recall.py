from __future__ import annotations

import weakref
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from axonhub_cli import jsonio
from axonhub_cli.errors import ClientError
from axonhub_cli.ir.naming import Naming
from axonhub_cli.ir.recall import LARGE, NOTHING, Recall
from axonhub_cli.ir.request import Request
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.read import need_dict
from axonhub_cli.proxy.convert import encode_known
from tests.protocols import strategies
from tests.support.codecs import CODECS, others

SIZES = pytest.mark.parametrize("size", [10, LARGE * 2])


class Counting:
    """A maker that counts how often it had to work."""

    def __init__(self) -> None:
        self.made = 0

    def make(self, value: Json, path: str) -> Json:
        self.made += 1
        return {"made of": value}


def raw(value: Json) -> Raw:
    """A part as a request holds it."""
    return msgspec.json.decode(msgspec.json.encode([value]), type=list[Raw])[0]


@SIZES
def test_a_part_that_comes_again_is_not_made_again(size: int) -> None:
    recall, counting = Recall(), Counting()
    first = recall.of(raw("x" * size), "messages.0", counting.make)
    assert first == {"made of": "x" * size}
    assert recall.of(raw("x" * size), "messages.5", counting.make) is first
    assert counting.made == 1


def test_parts_that_differ_where_nobody_samples_are_not_taken_for_each_other() -> None:
    recall, counting = Recall(), Counting()
    texts = ["x" * at + "y" + "x" * (LARGE * 2 - at) for at in range(0, LARGE * 2, 97)]
    for text in texts * 2:
        assert recall.of(raw(text), "", counting.make) == {"made of": text}


class Made:
    """What can be seen to go."""

    def __init__(self, value: Json, path: str) -> None:
        self.value = value


def test_parts_that_take_each_others_place_do_not_heap_up() -> None:
    recall = Recall(LARGE * 20)
    made = weakref.WeakSet[Made]()
    for number in range(200):
        # A clock at the beginning: alike in length and in all samples.
        made.add(recall.of(raw(f"{number:03}" + "x" * LARGE), "", Made))
    assert len(made) <= 40


def test_what_is_made_in_another_way_is_another_thing() -> None:
    recall = Recall()
    assert recall.of(raw("a"), "", lambda value, path: 1) == 1
    assert recall.of(raw("a"), "", lambda value, path: 2) == 2


def test_what_could_not_be_made_is_told_each_time_with_its_own_path() -> None:
    recall = Recall()
    for path in ("messages.0", "messages.7"):
        with pytest.raises(ClientError, match=path):
            recall.of(raw("no object"), path, need_dict)


def test_a_decoded_value_is_made_anew_and_nothing_remembers_nothing() -> None:
    counting = Counting()
    for recall in (Recall(), NOTHING):
        recall.of("a", "", counting.make)
        recall.of("a", "", counting.make)
    assert counting.made == 4
    NOTHING.of(raw("a"), "", counting.make)
    NOTHING.of(raw("a"), "", counting.make)
    assert counting.made == 6


def test_what_is_made_of_a_known_part_is_found_as_long_as_the_part_is_known() -> None:
    recall, counting = Recall(generation_bytes=10_000), Counting()
    part = recall.of(raw("k" * 3000), "", counting.make)
    assert recall.find("wire", part) is None
    recall.keep("wire", part, "first", place=1)
    assert recall.find("wire", part, 1) == "first"
    assert recall.find("wire", part, 2) is None
    assert recall.find("other", part, 1) is None
    for number in range(50):
        recall.of(raw(f"{number:04}" + "x" * 2000), "", counting.make)
        assert recall.find("wire", part, 1) == "first", "it is in use"
    for number in range(50):
        recall.of(raw(f"{number:04}" + "y" * 2000), "", counting.make)
    assert recall.find("wire", part, 1) is None


def test_nothing_is_kept_of_an_object_that_is_no_known_part() -> None:
    """It would be held for ever, and its id become another object's."""
    recall = Recall()
    stranger = {"a": 1}
    recall.keep("wire", stranger, "value")
    assert recall.find("wire", stranger) is None


def test_memory_is_bounded_and_what_is_in_use_stays() -> None:
    recall, counting = Recall(generation_bytes=10_000), Counting()
    kept = raw("k" * 3000)
    first = recall.of(kept, "", counting.make)
    for number in range(50):
        recall.of(raw(f"{number:04}" + "x" * 2000), "", counting.make)
        assert recall.of(kept, "", counting.make) is first
    assert counting.made == 51
    recall.of(raw("x" * 20_000), "", counting.make)
    recall.of(raw("x" * 20_000), "", counting.make)
    assert counting.made == 53, "a part larger than a generation is not kept"


@pytest.mark.parametrize("protocol", sorted(CODECS))
@given(data=st.data())
def test_a_request_with_known_parts_is_the_same_request(protocol: str, data: Any) -> None:
    """Whatever came before it, and however its arrays are written."""
    requests = {"anthropic": strategies.anthropic_requests, "openai_chat": strategies.chat_requests}
    codec, recall = CODECS[protocol], Recall()
    bodies = data.draw(st.lists(requests[protocol](), min_size=1, max_size=3))
    spaces = data.draw(st.booleans())
    for body in [*bodies, *bodies]:
        wire = jsonio.encode(body)
        wire = msgspec.json.format(wire, indent=1) if spaces else wire
        envelope, _ = jsonio.read_envelope(wire)
        around = jsonio.decode_around(wire, envelope, codec.arrays)
        request = codec.decode_request(around, recall)
        assert request == codec.decode_request(body)
        for other in others(protocol):
            assert written(request, other, recall) == written(request, other, NOTHING)


def written(request: Request, upstream: str, recall: Recall) -> Any:
    """The wire form of another protocol and the losses on the way, or what cannot cross."""
    naming = Naming(request, client=request.protocol, upstream=upstream, recall=recall)
    try:
        encoded = CODECS[upstream].encode_request(naming.request(request), "m", recall)
    except ClientError as error:
        return error.message
    encode_item = partial(encode_known, recall)
    return jsonio.encode_in_parts(encoded.body, encode_item), encoded.losses

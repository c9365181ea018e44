"""What holds for every request, answer and stream, whatever is in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from axonhub_cli.errors import ClientError, UpstreamGarbled
from axonhub_cli.ir.collect import BrokenAnswer, collect, replay
from axonhub_cli.ir.events import BlockEnded, BlockStarted, Event, Failed, Finished, Started
from axonhub_cli.ir.response import Response, Usage
from axonhub_cli.protocols.codec import ReplyContext
from tests.protocols import chaos, strategies
from tests.support import grammar
from tests.support.codecs import CODECS, UPSTREAM_MODEL, events_of, names, others, stream_of

PROTOCOLS = sorted(CODECS)
REQUESTS: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
    "anthropic": strategies.anthropic_requests,
    "openai_chat": strategies.chat_requests,
}
MESSAGES = {
    "anthropic": strategies.anthropic_message,
    "openai_chat": strategies.chat_completion,
}
STREAMS: dict[str, Callable[[Any], st.SearchStrategy[list[bytes]]]] = {
    "anthropic": strategies.anthropic_streams,
    "openai_chat": strategies.chat_streams,
}
ODD_STREAMS = {"anthropic": chaos.ANTHROPIC_EVENTS, "openai_chat": chaos.CHAT_CHUNKS}

both = pytest.mark.parametrize("protocol", PROTOCOLS)


@st.composite
def answers(draw: st.DrawFn, protocol: str) -> list[strategies.Piece]:
    in_order = protocol == "openai_chat"
    return draw(strategies.pieces(in_order=in_order, signed=not in_order))


def check_events(events: list[Event]) -> Event:
    """The grammar of `ir.events`; returns the last one, `Finished` or `Failed`."""
    *before, last = events
    assert isinstance(last, Finished | Failed)
    assert all(not isinstance(event, Finished | Failed) for event in before)
    assert sum(isinstance(event, Started) for event in before) <= 1
    assert not before or isinstance(before[0], Started)
    assert before or isinstance(last, Failed)
    begun: set[int] = set()
    ended: set[int] = set()
    for event in before[1:]:
        key = event.key  # type: ignore[union-attr]
        match event:
            case BlockStarted():
                assert key not in begun
                begun.add(key)
            case BlockEnded():
                assert key in begun - ended
                ended.add(key)
            case _:
                assert key in begun - ended
    assert begun == ended
    return last


# ------------------------------------------------------------------------------------- streams


@both
@given(data=st.data())
def test_any_split_of_the_bytes_gives_the_same_events_and_bytes(
    protocol: str, data: st.DataObject
) -> None:
    stream = b"".join(data.draw(STREAMS[protocol](data.draw(answers(protocol)))))
    if data.draw(st.booleans()):
        stream = stream.replace(b"\n", b"\r\n")
    whole = events_of(protocol, [stream])
    parts = events_of(protocol, data.draw(strategies.splits(stream)))
    assert parts == whole
    for target in PROTOCOLS:
        assert stream_of(target, parts) == stream_of(target, whole)


@both
@given(data=st.data())
def test_a_stream_collected_is_the_answer_that_came_whole(
    protocol: str, data: st.DataObject
) -> None:
    said = data.draw(answers(protocol))
    streamed = collect(events_of(protocol, data.draw(STREAMS[protocol](said))))
    assert streamed == CODECS[protocol].decode_response(MESSAGES[protocol](said))


@both
@given(data=st.data())
def test_every_stream_obeys_the_grammar_of_its_protocol(protocol: str, data: st.DataObject) -> None:
    events = events_of(protocol, data.draw(STREAMS[protocol](data.draw(answers(protocol)))))
    assert isinstance(check_events(events), Finished)
    for target in PROTOCOLS:
        assert grammar.STREAM[target](stream_of(target, events)) != "error"


@both
@given(data=st.data())
def test_whatever_an_upstream_streams_the_client_gets_a_proper_stream(
    protocol: str, data: st.DataObject
) -> None:
    chunks = data.draw(ODD_STREAMS[protocol])
    events = events_of(protocol, chunks)
    last = check_events(events)
    for target in others(protocol):
        told = map(names(target, protocol).event, events)
        ending = grammar.STREAM[target](stream_of(target, told))
        assert (ending == "error") == isinstance(last, Failed)


@both
@given(data=st.data())
def test_a_stream_cut_anywhere_is_one_error_with_every_block_closed(
    protocol: str, data: st.DataObject
) -> None:
    chunks = data.draw(STREAMS[protocol](data.draw(answers(protocol))))
    stream = b"".join(chunks)
    whole = events_of(protocol, [stream])
    at = data.draw(st.integers(0, len(stream)))
    events = events_of(protocol, [stream[:at]])
    last = check_events(events)
    marks = {"anthropic": b'"type": "message_delta"', "openai_chat": b'"finish_reason": "'}
    finish = sum(len(chunk) for chunk in chunks[: _first(chunks, marks[protocol]) + 1])
    assert isinstance(last, Finished) == (at >= finish)
    if isinstance(last, Finished):
        assert last.stop == whole[-1].stop  # type: ignore[union-attr]
    for target in PROTOCOLS:
        ending = grammar.STREAM[target](stream_of(target, events))
        assert (ending == "error") == (at < finish)


def _first(chunks: list[bytes], mark: bytes) -> int:
    return next(at for at, chunk in enumerate(chunks) if mark in chunk)


@both
@given(data=st.data())
def test_an_answer_streamed_to_its_own_protocol_comes_back_the_same(
    protocol: str, data: st.DataObject
) -> None:
    response = CODECS[protocol].decode_response(MESSAGES[protocol](data.draw(answers(protocol))))
    assert collect(replay(response)) == response
    context = ReplyContext(model=response.model or "", id="id_1", created=1_700_000_001)
    streamed = stream_of(protocol, replay(response), context)
    assert normal(collect(events_of(protocol, [streamed]))) == normal(response)


@both
@given(data=st.data())
def test_an_answer_crosses_streamed_as_it_crosses_whole(protocol: str, data: st.DataObject) -> None:
    # In Chat's order: a whole completion knows no other.
    said = data.draw(strategies.pieces(in_order=True, signed=protocol == "anthropic"))
    response = CODECS[protocol].decode_response(MESSAGES[protocol](said))
    context = ReplyContext(model="asked-for", id="id_1", created=1_700_000_001)
    for target in PROTOCOLS:
        whole = CODECS[target].encode_response(response, context)
        streamed = stream_of(target, replay(response), context)
        ours = CODECS[target].decode_response(whole)
        assert normal(collect(events_of(target, [streamed]))) == normal(ours)


def normal(response: Response) -> Response:
    """Tokens that nobody told of are none, and the tier is the one there is."""
    usage = response.usage
    told = {name: getattr(usage, name) or 0 for name in usage.__struct_fields__}
    return replace(response, usage=Usage(**told), service_tier=None)


# ------------------------------------------------------------------------- requests and answers


@both
@given(data=st.data())
def test_a_request_comes_back_from_its_own_protocol_the_same(
    protocol: str, data: st.DataObject
) -> None:
    codec = CODECS[protocol]
    request = codec.decode_request(data.draw(REQUESTS[protocol]()))
    encoded = codec.encode_request(request, request.model)
    assert encoded.losses == ()
    # An upstream is always asked for its usage, whatever the client wants to be told.
    assert codec.decode_request(encoded.body) == replace(request, wants_usage=True)


@both
@given(data=st.data())
def test_a_request_that_crossed_stays_what_it_is(protocol: str, data: st.DataObject) -> None:
    request = CODECS[protocol].decode_request(data.draw(REQUESTS[protocol]()))
    for target in PROTOCOLS:
        codec = CODECS[target]
        body = codec.encode_request(request, UPSTREAM_MODEL).body
        again = codec.encode_request(codec.decode_request(body), UPSTREAM_MODEL)
        assert again.body == body
        assert again.losses == ()


@both
@given(data=st.data())
def test_every_request_obeys_the_grammar_of_its_protocol(
    protocol: str, data: st.DataObject
) -> None:
    wire = data.draw(REQUESTS[protocol]())
    grammar.REQUEST[protocol](wire)
    request = CODECS[protocol].decode_request(wire)
    for target in PROTOCOLS:
        grammar.REQUEST[target](CODECS[target].encode_request(request, UPSTREAM_MODEL).body)


@both
@given(data=st.data())
def test_every_answer_obeys_the_grammar_of_its_protocol(protocol: str, data: st.DataObject) -> None:
    response = CODECS[protocol].decode_response(MESSAGES[protocol](data.draw(answers(protocol))))
    context = ReplyContext(model="asked-for", id="id_1", created=1_700_000_001)
    for target in PROTOCOLS:
        grammar.RESPONSE[target](CODECS[target].encode_response(response, context))


# ---------------------------------------------------------------------------------- wrong input


@both
@given(data=st.data())
def test_a_wrong_request_raises_only_client_errors(protocol: str, data: st.DataObject) -> None:
    good = data.draw(REQUESTS[protocol]())
    wire = data.draw(st.one_of(chaos.mutated(good), chaos.OBJECTS))
    try:
        request = CODECS[protocol].decode_request(wire)
    except ClientError as error:
        assert error.message
        return
    for target in PROTOCOLS:
        try:
            CODECS[target].encode_request(request, UPSTREAM_MODEL)
        except ClientError as error:
            assert error.message


@both
@given(data=st.data())
def test_a_wrong_answer_raises_only_upstream_garbled(protocol: str, data: st.DataObject) -> None:
    good = MESSAGES[protocol](data.draw(answers(protocol)))
    wire = data.draw(st.one_of(chaos.mutated(good), chaos.JSON))
    context = ReplyContext(model="asked-for", id="id_1")
    try:
        response = CODECS[protocol].decode_response(wire)
    except UpstreamGarbled as error:
        assert error.message
        return
    for target in others(protocol):
        grammar.RESPONSE[target](CODECS[target].encode_response(response, context))


@both
@given(status=st.sampled_from([400, 401, 404, 413, 418, 429, 500, 503, 529]), body=st.data())
def test_any_error_answer_can_be_told(protocol: str, status: int, body: st.DataObject) -> None:
    raw = body.draw(st.one_of(st.binary(max_size=30), chaos.JSON.map(chaos.dumped).map(str.encode)))
    info = CODECS[protocol].decode_error(status, raw)
    assert info.message
    assert 400 <= info.status <= 599


def test_a_broken_stream_collected_is_an_error() -> None:
    events = events_of("anthropic", [b""])
    with pytest.raises(BrokenAnswer):
        collect(events)

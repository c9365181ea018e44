"""One channel, every fault: what the client sees, over real sockets."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from axonhub_cli.tracing.queries import TraceReader
from tests.support import plays
from tests.support.daemon import Daemon
from tests.support.home import TOKEN, Home, channel
from tests.support.plays import JSON, as_events, body, error_body
from tests.support.upstream import (
    Close,
    Data,
    End,
    Hang,
    Head,
    Play,
    Reset,
    Upstream,
    refusing_url,
)

WHOLE = b'{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}'
STREAMED = WHOLE[:-1] + b',"stream":true}'
BOTH = pytest.mark.parametrize("request_body", [WHOLE, STREAMED], ids=["whole", "stream"])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Upstream, Daemon]]:
    """One daemon for all: a channel that failed is tried again, as it is the only one."""
    upstream = Upstream(plays.default_answer)
    upstream.start()
    try:
        with running(Home(tmp_path_factory.mktemp("shared")), upstream.url) as daemon:
            yield upstream, daemon
    finally:
        upstream.stop()


@pytest.fixture
def upstream(shared: tuple[Upstream, Daemon]) -> Upstream:
    shared[0].reset(plays.default_answer)
    return shared[0]


@pytest.fixture
def daemon(shared: tuple[Upstream, Daemon], upstream: Upstream) -> Daemon:
    return shared[1]


@contextmanager
def running(home: Home, url: str, **settings: object) -> Iterator[Daemon]:
    home.configure(channel(url), server=dict(settings))
    daemon = Daemon(home).start()
    try:
        yield daemon
    finally:
        daemon.stop()


def message_of(answer: bytes) -> str:
    found = json.loads(answer)
    assert found["type"] == "error"
    return str(found["error"]["message"])


@BOTH
def test_a_good_answer_passes_byte_for_byte(
    daemon: Daemon, upstream: Upstream, request_body: bytes
) -> None:
    expected = (
        b"".join(as_events(plays.text("héllo 🎉")))
        if request_body is STREAMED
        else b'{ "type" : "message", "odd":1.0,"content":[] }'
    )
    upstream.script(
        plays.sse([expected]) if request_body is STREAMED else body(200, expected, JSON)
    )
    status, headers, answer = daemon.post(request_body)
    assert (status, answer) == (200, expected)
    assert headers["ah-channel"] == "main"
    assert headers["ah-upstream-model"] == "claude-sonnet-4-5"
    assert headers["ah-request-id"].startswith("req_")


def test_the_upstreams_own_name_for_a_request_is_kept(home: Home, upstream: Upstream) -> None:
    names = ("request-id", "x-request-id")
    answer = b'{"type":"message","content":[]}'
    with running(home, upstream.url) as daemon:
        for name in names:
            upstream.script(body(200, answer, JSON, (name, f"from {name}")))
        asked = [daemon.post(WHOLE)[1]["ah-request-id"] for _ in names]
    with TraceReader(home.paths.trace_db) as reader:
        kept = [reader.request(id).attempts[0].upstream_request_id for id in asked]
    assert kept == ["from request-id", "from x-request-id"]


@BOTH
@pytest.mark.parametrize("status", [400, 402, 404, 408, 409, 413, 422, 429, 500, 503, 529])
def test_the_only_channels_error_reaches_the_client_unchanged(
    daemon: Daemon, upstream: Upstream, request_body: bytes, status: int
) -> None:
    words = error_body("some_error", f"status {status}: prompt is too long")
    upstream.script(body(status, words, JSON, ("retry-after", "7"), ("x-should-retry", "true")))
    seen, headers, answer = daemon.post(request_body)
    assert (seen, answer) == (status, words)
    assert (headers["retry-after"], headers["x-should-retry"]) == ("7", "true")
    assert len(upstream.requests) == 1


@BOTH
@pytest.mark.parametrize("status", [404, 429, 502, 503])
def test_a_web_page_with_an_error_status_becomes_an_error_of_the_clients_shape(
    daemon: Daemon, upstream: Upstream, request_body: bytes, status: int
) -> None:
    page, kind = gzip.compress(b"<html>Bad gateway</html>"), ("content-type", "text/html")
    more = (("content-encoding", "gzip"), ("retry-after", "7"), ("request-id", "req_up"))
    upstream.script(body(status, page, kind, *more))
    seen, headers, answer = daemon.post(request_body)
    assert (seen, headers["content-type"]) == (status, "application/json")
    assert (headers["retry-after"], headers["request-id"]) == ("7", "req_up")
    assert "content-encoding" not in headers
    assert f"it answered {status}" in message_of(answer)


@BOTH
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_of_ours_becomes_a_502_that_names_channel_and_fix(
    daemon: Daemon, upstream: Upstream, request_body: bytes, status: int
) -> None:
    upstream.script(plays.error(status, "authentication_error", "invalid bearer token"))
    seen, headers, answer = daemon.post(request_body)
    assert seen == 502
    assert headers["x-should-retry"] == "false"
    assert "'main'" in message_of(answer)
    assert "axonhub channel edit main" in message_of(answer)
    assert "invalid bearer token" in message_of(answer)


@BOTH
def test_a_refused_connection_is_a_502_with_the_address(home: Home, request_body: bytes) -> None:
    with refusing_url() as url, running(home, url) as daemon:
        status, _, answer = daemon.post(request_body)
    assert status == 502
    assert "cannot connect to 127.0.0.1" in message_of(answer)


@BOTH
def test_a_connection_that_dies_before_any_byte_is_repeated_once(
    daemon: Daemon, upstream: Upstream, request_body: bytes
) -> None:
    upstream.script(plays.reset())
    status, _, answer = daemon.post(request_body)
    assert status == 200
    assert b"pong" in answer
    assert [r.body for r in upstream.requests] == [request_body] * 2


@BOTH
def test_a_connection_that_dies_twice_is_a_502(
    daemon: Daemon, upstream: Upstream, request_body: bytes
) -> None:
    upstream.script(plays.reset(), plays.reset())
    status, _, answer = daemon.post(request_body)
    assert status == 502
    assert "closed the connection without an answer" in message_of(answer)
    assert len(upstream.requests) == 2


GARBAGE: dict[str, tuple[Play, str]] = {
    "html": (plays.html(), "web page"),
    "empty": (plays.empty(), "empty body"),
    "redirect": (body(302, b"", ("location", "https://login.example/")), "redirects to"),
    "no json": (body(200, b"ok", JSON), "not JSON"),
}


@BOTH
@pytest.mark.parametrize("play, words", GARBAGE.values(), ids=GARBAGE.keys())
def test_what_is_no_answer_is_a_502_that_says_so(
    daemon: Daemon, upstream: Upstream, request_body: bytes, play: Play, words: str
) -> None:
    upstream.script(play)
    status, _, answer = daemon.post(request_body)
    assert status == 502
    assert words in message_of(answer)


def test_an_empty_stream_is_a_502(daemon: Daemon, upstream: Upstream) -> None:
    upstream.script(plays.sse([]))
    status, _, answer = daemon.post(STREAMED)
    assert status == 502
    assert "before any content" in message_of(answer)


@pytest.mark.parametrize("encoding", ["gzip"])
def test_an_answer_that_is_compressed_unasked_is_unpacked(
    daemon: Daemon, upstream: Upstream, encoding: str
) -> None:
    upstream.script(plays.zipped("pong"))
    status, headers, answer = daemon.post(WHOLE)
    assert status == 200
    assert json.loads(answer)["content"][0]["text"] == "pong"
    assert "content-encoding" not in headers
    assert upstream.requests[0].header("accept-encoding") == "identity"


@pytest.mark.parametrize(
    "kind, status", [("overloaded_error", 529), ("rate_limit_error", 429), ("api_error", 500)]
)
@BOTH
def test_an_error_where_an_answer_should_begin_gets_its_status(
    daemon: Daemon, upstream: Upstream, request_body: bytes, kind: str, status: int
) -> None:
    words = error_body(kind, "no")
    first = b"event: error\ndata: " + words + b"\n\n"
    upstream.script(
        plays.sse([as_events()[0], first]) if request_body is STREAMED else body(200, words, JSON)
    )
    seen, headers, answer = daemon.post(request_body)
    assert (seen, answer) == (status, words)
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize("how", [Close(), Reset(), End()], ids=["close", "reset", "end"])
def test_a_stream_cut_after_content_ends_with_one_error_event(
    daemon: Daemon, upstream: Upstream, how: Close | Reset | End
) -> None:
    pieces = as_events(plays.text("a long story"))
    whole = b"".join(pieces[:3])
    upstream.script(plays.truncated(pieces, len(whole) + 9, how=how))
    status, _, answer = daemon.post(STREAMED)
    assert status == 200
    assert answer.startswith(whole)
    rest = answer[len(whole) :]
    assert rest.startswith(b"event: error\ndata: ")
    assert rest.count(b"event: ") == 1
    assert rest.endswith(b"\n\n")
    assert "api_error" in json.loads(rest.partition(b"data: ")[2])["error"]["type"]


def test_a_stream_whose_stop_reason_came_gets_its_missing_end(
    daemon: Daemon, upstream: Upstream
) -> None:
    pieces = as_events(plays.text("done"))
    upstream.script(plays.sse(pieces[:-1]))
    _, _, answer = daemon.post(STREAMED)
    assert (
        answer == b"".join(pieces[:-1]) + b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    )


def test_an_error_event_inside_a_stream_passes_as_it_is(daemon: Daemon, upstream: Upstream) -> None:
    pieces = [*as_events(plays.text("x"))[:3], b'event: error\ndata: {"type":"error"}\n\n']
    upstream.script(plays.sse(pieces))
    assert daemon.post(STREAMED)[2] == b"".join(pieces)


def test_a_whole_answer_to_a_streamed_request_passes(daemon: Daemon, upstream: Upstream) -> None:
    upstream.script(plays.message("pong"))
    status, headers, answer = daemon.post(STREAMED)
    assert status == 200
    assert headers["content-type"].startswith("application/json")
    assert json.loads(answer)["content"][0]["text"] == "pong"


@BOTH
def test_an_upstream_that_never_answers_is_a_504(
    home: Home, upstream: Upstream, request_body: bytes
) -> None:
    upstream.script(plays.hang())
    home.configure(
        channel(upstream.url, first_event_timeout="200ms"),
        server={"llm_request_timeout": "200ms"},
    )
    daemon = Daemon(home).start()
    try:
        status, _, answer = daemon.post(request_body)
        upstream.requests[0].wait_closed()
    finally:
        daemon.stop()
    assert status == 504
    assert json.loads(answer)["error"]["type"] == "timeout_error"
    assert "within 0.2 s" in message_of(answer)


def test_an_upstream_that_falls_silent_in_mid_stream_is_an_error_event(
    home: Home, upstream: Upstream
) -> None:
    pieces = as_events(plays.text("so"))[:3]
    upstream.script(
        (Head(200, (("content-type", "text/event-stream"),)), *map(Data, pieces), Hang())
    )
    home.configure(channel(upstream.url, idle_timeout="200ms"))
    daemon = Daemon(home).start()
    try:
        status, _, answer = daemon.post(STREAMED)
        upstream.requests[0].wait_closed()
    finally:
        daemon.stop()
    assert status == 200
    assert answer.startswith(b"".join(pieces) + b"event: error\n")
    assert b"silent for 0.2 s" in answer


def test_interim_responses_are_skipped(daemon: Daemon, upstream: Upstream) -> None:
    upstream.script(plays.early_hints(plays.message("pong")))
    assert daemon.post(WHOLE)[0] == 200


ERROR_EVENT = b'event: error\ndata: {"type":"error","error":{"message":"no"}}\n\n'
ENDS = {
    "message_stop": as_events(plays.text("x")),
    "an error": [*as_events(plays.text("x"))[:4], ERROR_EVENT],
}


@pytest.mark.parametrize("pieces", ENDS.values(), ids=ENDS.keys())
def test_a_stream_ends_for_the_client_though_the_upstream_hangs_on(
    daemon: Daemon, upstream: Upstream, pieces: list[bytes]
) -> None:
    upstream.script((Head(200, (plays.SSE,)), *map(Data, pieces), Hang()))
    assert daemon.post(STREAMED)[::2] == (200, b"".join(pieces))
    upstream.requests[0].wait_closed()


@pytest.mark.parametrize("head", [(), (JSON,), (("content-type", "text/plain"),)])
def test_events_are_known_whatever_they_are_labelled(
    daemon: Daemon, upstream: Upstream, head: tuple[tuple[str, str], ...]
) -> None:
    pieces = as_events(plays.text("x"))
    upstream.script((Head(200, head), *map(Data, pieces), End()))
    assert daemon.post(STREAMED)[::2] == (200, b"".join(pieces))


def test_an_answer_that_is_not_streamed_is_known_without_a_label(
    daemon: Daemon, upstream: Upstream
) -> None:
    upstream.script(body(200, b'{"content":[]}'))
    assert daemon.post(STREAMED)[::2] == (200, b'{"content":[]}')


@BOTH
@pytest.mark.parametrize("status", [101, 600, 999])
def test_a_status_that_no_answer_has_is_a_502(
    daemon: Daemon, upstream: Upstream, request_body: bytes, status: int
) -> None:
    upstream.script(body(status, b"{}", JSON))
    seen, _, answer = daemon.post(request_body)
    assert (seen, str(status) in message_of(answer)) == (502, True)


@BOTH
@pytest.mark.parametrize(
    "play",
    [
        (Head(529, (JSON, ("content-length", "99"))), Data(b"{"), Close()),
        body(529, b"no gzip", JSON, ("content-encoding", "gzip")),
        body(529, b"x", JSON, ("content-encoding", "new")),
    ],
)
def test_an_error_whose_words_are_lost_keeps_its_status(
    daemon: Daemon, upstream: Upstream, request_body: bytes, play: Play
) -> None:
    upstream.script(play)
    assert daemon.post(request_body)[0] == 529


def test_a_large_packed_error_passes(daemon: Daemon, upstream: Upstream) -> None:
    words = error_body("api_error", "z" * 2_000_000)
    upstream.script(body(500, gzip.compress(words), JSON, ("content-encoding", "gzip")))
    assert daemon.post(WHOLE)[::2] == (500, words)


ECHO = error_body("invalid_request_error", f"bad key {TOKEN}")
ECHOES: dict[str, Play] = {
    "401": body(401, ECHO, JSON),
    "400": body(400, ECHO, JSON, ("x-echo", TOKEN)),
    "500 text": body(500, TOKEN.encode(), ("content-type", "text/plain")),
    "redirect": body(302, b"", ("location", f"https://x.example/?k={TOKEN}")),
    "200": body(200, b'{"k":"' + TOKEN.encode() + b'"}', JSON, ("x-echo", TOKEN)),
    "error first": plays.sse([b"event: error\ndata: " + ECHO + b"\n\n"]),
    "error inside": plays.sse(
        [*as_events(plays.text("x"))[:4], b"event: error\ndata: " + ECHO + b"\n\n"]
    ),
}


@BOTH
@pytest.mark.parametrize("play", ECHOES.values(), ids=ECHOES.keys())
def test_a_token_that_an_upstream_repeats_reaches_nobody(
    home: Home, upstream: Upstream, request_body: bytes, play: Play
) -> None:
    upstream.script(play)
    with running(home, upstream.url) as daemon:
        _, headers, answer = daemon.post(request_body)
    assert TOKEN not in str(headers)
    assert TOKEN.encode() not in answer
    with TraceReader(home.paths.trace_db) as reader:
        row = reader.request(headers["ah-request-id"])
        kept = reader.answer_body(row.id)
    assert TOKEN not in str(row)
    assert TOKEN.encode() not in (kept or b"")

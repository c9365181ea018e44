"""Several channels: failover as a story, and what the trace of it says."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support import plays
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.plays import as_events, default_answer
from tests.support.upstream import Close, Data, End, Gate, Head, Play, Upstream, Wait

BODY = b'{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}'
STREAMED = BODY[:-1] + b',"stream":true}'


@pytest.fixture
def second() -> Iterator[Upstream]:
    server = Upstream(default_answer)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def pair(home: Home, upstream: Upstream, second: Upstream) -> Iterator[Daemon]:
    """Channel `a` first, channel `b` after it."""
    home.configure(channel(upstream.url, "a"), channel(second.url, "b", priority=1))
    daemon = Daemon(home).start()
    try:
        yield daemon
    finally:
        daemon.stop()


FAULTS: dict[str, Play] = {
    "529": plays.overloaded(),
    "429": plays.rate_limited("30"),
    "500": plays.error(500, "api_error", "x"),
    "401": plays.error(401, "authentication_error", "x"),
    "402": plays.error(402, "billing_error", "x"),
    "404": plays.error(404, "not_found_error", "x"),
    "408": plays.error(408, "timeout_error", "x"),
    "409": plays.error(409, "conflict_error", "x"),
    "html": plays.html(),
    "empty": plays.empty(),
    "error first": plays.sse([b'event: error\ndata: {"type":"error","error":{}}\n\n']),
    "cut before content": plays.truncated(as_events(plays.text("x")), 40, how=Close()),
}


@pytest.mark.parametrize("play", FAULTS.values(), ids=FAULTS.keys())
def test_the_second_channel_answers_when_the_first_fails(
    pair: Daemon, upstream: Upstream, second: Upstream, play: Play
) -> None:
    upstream.script(play)
    status, headers, answer = pair.post(STREAMED)
    assert (status, headers["ah-channel"]) == (200, "b")
    assert b"pong" in answer
    assert (len(upstream.requests), len(second.requests)) == (1, 1)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_request_that_is_itself_at_fault_is_not_tried_elsewhere(
    pair: Daemon, upstream: Upstream, second: Upstream, status: int
) -> None:
    upstream.script(plays.error(status, "invalid_request_error", "prompt is too long"))
    assert pair.post(BODY)[0] == status
    assert second.requests == []


def test_a_dead_connection_is_repeated_before_the_next_channel_is_asked(
    pair: Daemon, upstream: Upstream, second: Upstream
) -> None:
    upstream.script(plays.reset(), plays.reset())
    assert pair.post(BODY)[1]["ah-channel"] == "b"
    assert len(upstream.requests) == 2


def test_a_channel_that_failed_rests_and_is_tried_last(
    pair: Daemon, upstream: Upstream, second: Upstream
) -> None:
    upstream.script(plays.overloaded())
    pair.post(BODY)
    assert pair.post(BODY)[1]["ah-channel"] == "b"
    second.script(plays.overloaded())
    assert pair.post(BODY)[1]["ah-channel"] == "a"


def test_a_date_to_retry_after_is_honoured(
    pair: Daemon, upstream: Upstream, second: Upstream
) -> None:
    upstream.script(plays.rate_limited("Wed, 21 Oct 2015 07:28:00 GMT"))
    assert pair.post(BODY)[1]["ah-channel"] == "b"
    # That moment has passed: the first channel rests no longer.
    assert pair.post(BODY)[1]["ah-channel"] == "a"


def test_when_all_fail_alike_the_client_gets_that_answer(
    pair: Daemon, upstream: Upstream, second: Upstream
) -> None:
    upstream.script(plays.overloaded())
    second.script(plays.overloaded())
    status, _, answer = pair.post(BODY)
    assert (status, json.loads(answer)["error"]["type"]) == (529, "overloaded_error")


def test_when_they_fail_differently_the_most_telling_answer_goes_out(
    pair: Daemon, upstream: Upstream, second: Upstream
) -> None:
    upstream.script(plays.rate_limited("12"))
    second.script(plays.error(500, "api_error", "x"))
    status, headers, _ = pair.post(BODY)
    assert (status, headers["retry-after"]) == (429, "12")


def test_when_nobody_answered_every_attempt_is_named(
    pair: Daemon, upstream: Upstream, second: Upstream
) -> None:
    upstream.script(plays.html())
    second.script(plays.empty())
    status, _, answer = pair.post(BODY)
    message = json.loads(answer)["error"]["message"]
    assert status == 502
    assert "channel 'a': it answered with a web page" in message
    assert "channel 'b': it answered 200 with an empty body" in message


def test_nothing_is_repeated_after_the_commit(
    pair: Daemon, upstream: Upstream, second: Upstream
) -> None:
    pieces = as_events(plays.text("x"))
    upstream.script(plays.truncated(pieces, len(b"".join(pieces[:3])), how=Close()))
    status, headers, answer = pair.post(STREAMED)
    assert (status, headers["ah-channel"]) == (200, "a")
    assert answer.endswith(b"\n\n")
    assert b"event: error" in answer
    assert second.requests == []


def test_all_requests_of_a_session_go_to_one_channel(
    home: Home, upstream: Upstream, second: Upstream
) -> None:
    home.configure(channel(upstream.url, "a"), channel(second.url, "b"))
    daemon = Daemon(home).start()
    try:
        chosen = {
            session: {
                daemon.post(BODY, x_claude_code_session_id=session)[1]["ah-channel"]
                for _ in range(3)
            }
            for session in (f"session-{n}" for n in range(12))
        }
    finally:
        daemon.stop()
    assert all(len(channels) == 1 for channels in chosen.values())
    assert set().union(*chosen.values()) == {"a", "b"}


def test_a_stream_opened_by_a_ping_still_fails_over(
    home: Home, upstream: Upstream, second: Upstream
) -> None:
    gate = Gate()
    upstream.script(
        (Wait(gate), Head(529, (("content-length", "2"),)), Data(b"{}"), End()),
    )
    home.configure(
        channel(upstream.url, "a"),
        channel(second.url, "b", priority=1),
        server={"ping_interval": "50ms"},
    )
    daemon = Daemon(home).start()
    try:
        answer = _read_until_ping(daemon, gate)
    finally:
        daemon.stop()
    ping = b'event: ping\ndata: {"type": "ping"}\n\n'
    assert answer.startswith(ping)
    while answer.startswith(ping):
        answer = answer.removeprefix(ping)
    assert answer == b"".join(as_events(plays.text("pong")))


def test_a_final_failure_of_an_opened_stream_is_an_error_event(
    home: Home, upstream: Upstream
) -> None:
    gate = Gate()
    words = plays.error_body("overloaded_error", "Overloaded")
    upstream.script(
        (Wait(gate), Head(529, (("content-length", str(len(words))),)), Data(words), End()),
    )
    home.configure(channel(upstream.url, "a"), server={"ping_interval": "50ms"})
    daemon = Daemon(home).start()
    try:
        answer = _read_until_ping(daemon, gate)
    finally:
        daemon.stop()
    last = answer.rpartition(b"event: error\ndata: ")[2]
    assert json.loads(last)["error"] == {"type": "overloaded_error", "message": "Overloaded"}


def test_a_whole_answer_never_lands_in_a_stream_that_a_ping_has_opened(
    home: Home, upstream: Upstream
) -> None:
    gate = Gate()
    upstream.script((Wait(gate), *plays.message("pong")))
    home.configure(channel(upstream.url), server={"ping_interval": "50ms"})
    daemon = Daemon(home).start()
    try:
        answer = _read_until_ping(daemon, gate)
    finally:
        daemon.stop()
    last = answer.rpartition(b"event: error\ndata: ")[2]
    assert "without streaming" in json.loads(last)["error"]["message"]
    assert b"pong" not in answer


def _read_until_ping(daemon: Daemon, gate: Gate) -> bytes:
    """Post, wait for the first ping, let the upstream go on, read the rest."""
    from http.client import HTTPConnection

    from tests.support.home import KEY

    connection = HTTPConnection("127.0.0.1", daemon.port, timeout=15)
    try:
        connection.request(
            "POST",
            "/v1/messages",
            STREAMED,
            {"x-api-key": KEY, "content-type": "application/json"},
        )
        answer = connection.getresponse()
        assert answer.status == 200
        first = answer.read(1)
        gate.open()
        return first + answer.read()
    finally:
        connection.close()


def test_the_mapped_model_is_sent_and_the_rest_of_the_body_stays(
    home: Home, upstream: Upstream
) -> None:
    home.configure(channel(upstream.url), mappings={"gpt-.*": "claude-haiku-4-5"})
    odd = b'{ "model" : "gpt-5" ,"max_tokens":9, "temperature":1.0,"messages":[],"x":"\\u00e9" }'
    daemon = Daemon(home).start()
    try:
        assert daemon.post(odd)[1]["ah-upstream-model"] == "claude-haiku-4-5"
    finally:
        daemon.stop()
    assert upstream.requests[0].body == odd.replace(b'"gpt-5"', b'"claude-haiku-4-5"')


def test_a_lone_surrogate_is_repaired_in_place(daemon: Daemon, upstream: Upstream) -> None:
    sent = BODY.replace(b'"hi"', b'"half \\ud83d, whole \\ud83d\\ude00"')
    assert daemon.post(sent)[0] == 200
    assert upstream.requests[0].body == sent.replace(b"\\ud83d,", b"\\ufffd,")


def test_failed_attempts_are_in_the_trace(pair: Daemon, home: Home, upstream: Upstream) -> None:
    upstream.script(plays.overloaded())
    _, headers, _ = pair.post(BODY)
    pair.stop()
    found = next(r for r in home.json("request", "list") if r["id"] == headers["ah-request-id"])
    assert (found["status"], found["channel"]) == ("completed", "b")
    assert [(a["channel"], a["status"]) for a in found["attempts"]] == [("a", 529), ("b", 200)]


def test_a_refused_token_of_a_command_is_asked_for_again(home: Home, upstream: Upstream) -> None:
    source = home.path / "token.txt"
    source.write_text("old-token")
    home.configure(channel(upstream.url, tokens=[f"command:cat {source}"]))
    upstream.script(plays.error(401, "authentication_error", "expired"))
    daemon = Daemon(home).start()
    try:
        source.write_text("new-token")
        assert daemon.post(BODY)[0] == 502
        assert daemon.post(BODY)[0] == 200
    finally:
        daemon.stop()
    assert [r.header("x-api-key") for r in upstream.requests] == ["old-token", "new-token"]


def test_the_client_is_told_to_ask_again_when_the_first_of_the_channels_may(
    pair: Daemon, upstream: Upstream, second: Upstream
) -> None:
    """Claude Code gives up at once when told to wait for an hour."""
    upstream.script(plays.rate_limited("3600"))
    second.script(plays.overloaded())
    status, headers, _ = pair.post(BODY)
    assert (status, headers["retry-after"]) == (429, "15")
    assert headers["ah-upstream-retry-after"] == "3600"
    assert headers["ah-attempts"] == "a: 429_retry_after, b: 529"


def test_a_channel_that_a_person_must_mend_promises_nothing(
    pair: Daemon, upstream: Upstream, second: Upstream
) -> None:
    upstream.script(plays.rate_limited("3600"))
    second.script(plays.error(404, "not_found_error", "no such model"))
    status, headers, _ = pair.post(BODY)
    assert (status, headers["retry-after"]) == (429, "3600")


def test_the_only_channels_time_to_ask_again_is_passed_on_as_it_is(
    home: Home, upstream: Upstream
) -> None:
    upstream.script(plays.rate_limited("3600"))
    home.configure(channel(upstream.url))
    daemon = Daemon(home).start()
    try:
        status, headers, _ = daemon.post(BODY)
    finally:
        daemon.stop()
    assert (status, headers["retry-after"]) == (429, "3600")
    assert "ah-upstream-retry-after" not in headers

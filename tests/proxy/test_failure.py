"""What a client is told when every attempt has failed."""

from __future__ import annotations

import json

import pytest

from axonhub_cli.errors import (
    ChannelBusy,
    UpstreamError,
    UpstreamGarbled,
    UpstreamStatus,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from axonhub_cli.proxy.failure import DO_NOT_RETRY, describe, sentence
from axonhub_cli.routing.policy import classify
from axonhub_cli.routing.telling import Failure

TIMEOUT = UpstreamTimeout("no event came within 180 s")
REFUSED = UpstreamUnreachable("cannot connect to host", hint="is it running?")


def status(number: int, message: object = None, body: bytes | None = None) -> UpstreamStatus:
    if body is None:
        body = json.dumps({"error": {"type": "x", "message": message}}).encode()
    return UpstreamStatus(number, [(b"retry-after", b"7")], body, message=f"it answered {number}")


def failed(*errors: UpstreamError) -> list[Failure]:
    return [
        Failure(name, error, classify(error).kind)
        for name, error in zip("abcdef", errors, strict=False)
    ]


@pytest.mark.parametrize("number", [400, 404, 408, 413, 422, 429, 500, 502, 503, 504, 529])
def test_an_upstreams_answer_stays_as_it_is(number: int) -> None:
    error = status(number, body=b'{ "error" : {"message":"prompt is too long"} }')
    answer = describe(failed(error), "req_1")
    assert answer.body is error.body
    assert answer.headers is error.headers
    assert (answer.info.status, answer.info.request_id) == (number, "req_1")
    # For a stream that is open already, in which a status means nothing.
    assert answer.info.message == "prompt is too long"


def test_an_open_stream_is_told_an_upstreams_whole_message() -> None:
    words = "prompt is too long: " + "x" * 2000
    assert describe(failed(status(400, words)), "r").info.message == words


@pytest.mark.parametrize(
    ("number", "kind"),
    [(400, "invalid_request"), (404, "not_found"), (429, "rate_limited"), (529, "overloaded")]
    + [(500, "upstream"), (418, "upstream"), (504, "timeout")],
)
def test_an_open_stream_is_told_the_kind(number: int, kind: str) -> None:
    assert describe(failed(status(number, "m")), "r").info.kind == kind


@pytest.mark.parametrize("number", [401, 403])
def test_our_own_credential_is_never_the_clients_401(number: int) -> None:
    answer = describe(failed(status(number, "invalid x-api-key")), "req_1")
    assert (answer.info.status, answer.info.kind, answer.body) == (502, "upstream", None)
    assert answer.headers == [DO_NOT_RETRY]
    for words in ("channel 'a'", "invalid x-api-key", "axonhub channel edit a --ask-token"):
        assert words in answer.info.message


def test_of_several_failures_the_refused_credential_is_named_with_the_others() -> None:
    answer = describe(failed(status(401, "bad"), TIMEOUT, status(500, "oops")), "r")
    assert "axonhub channel edit a --ask-token" in answer.info.message
    assert "Also tried: channel 'b': no event came" in answer.info.message
    assert "channel 'c': it answered 500 (oops)" in answer.info.message


def test_the_last_one_that_was_refused_is_named() -> None:
    answer = describe(failed(status(401, "first"), status(403, "second")), "r")
    assert "channel edit b" in answer.info.message
    assert "channel 'a': it answered 401 (first)" in answer.info.message


def test_a_limit_is_told_rather_than_a_refused_credential() -> None:
    answer = describe(failed(status(401), status(429, "slow down"), status(500)), "r")
    assert (answer.info.status, answer.info.message) == (429, "slow down")


def test_a_fault_of_the_request_is_told_whatever_came_before() -> None:
    answer = describe(failed(status(529), status(400, "prompt is too long")), "r")
    assert (answer.info.status, answer.info.message) == (400, "prompt is too long")


@pytest.mark.parametrize(
    ("errors", "kind", "code"),
    [
        ([TIMEOUT], "timeout", 504),
        ([TIMEOUT, TIMEOUT], "timeout", 504),
        ([REFUSED], "upstream", 502),
        ([TIMEOUT, REFUSED], "upstream", 502),
        ([status(500), status(502)], "upstream", 502),
    ],
)
def test_without_a_telling_answer_each_attempt_is_listed(
    errors: list[UpstreamError], kind: str, code: int
) -> None:
    answer = describe(failed(*errors), "req_1")
    assert (answer.info.kind, answer.info.status, answer.body) == (kind, code, None)
    for name in "ab"[: len(errors)]:
        assert f"channel {name!r}: " in answer.info.message
    assert ("all 2 attempts failed" in answer.info.message) is (len(errors) == 2)


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ([TIMEOUT, status(529), status(500)], "529"),
        ([status(401), TIMEOUT], "401"),
        ([TIMEOUT, REFUSED], "connection"),
        ([ChannelBusy("is full")], "busy"),
    ],
)
def test_the_answer_names_the_kind_of_the_failure_that_it_tells_of(
    errors: list[UpstreamError], kind: str
) -> None:
    assert describe(failed(*errors), "r").failure == kind


def test_a_sentence_has_the_upstreams_words_and_the_hint() -> None:
    assert sentence(Failure("a", status(529, "Overloaded"))) == (
        "channel 'a': it answered 529 (Overloaded)"
    )
    assert sentence(Failure("a", REFUSED)) == (
        "channel 'a': cannot connect to host; is it running?"
    )
    assert sentence(Failure("a", UpstreamGarbled("a web page"))) == "channel 'a': a web page"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"null", b"[]", b"7", b"{}", b'{"error": null}', b'{"error": {}}']
    + [b'{"error": {"message": 7}}', b'{"error": ["x"]}', b"\xff", b'{"error": "\xff"}']
    + [b'{"error":' * 100_000, b'{"error": 1e999}'],
)
def test_an_error_body_may_be_anything(body: bytes) -> None:
    error = status(500, body=body)
    assert sentence(Failure("a", error)) == "channel 'a': it answered 500"
    assert describe(failed(error), "r").info.message.startswith("channel 'a': it answered 500")


@pytest.mark.parametrize(
    "body", [b"{}", b' {"error": null}\n', b'{"detail": "x"}', rb'{"error": "\ud83d"}']
)
def test_any_json_object_of_an_upstreams_stays_as_it_is(body: bytes) -> None:
    assert describe(failed(status(500, body=body)), "r").body is body


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"null", b"[]", b"7", b'"x"', b'{"error":', b'{"e": 1e999}', b"\xff"]
)
def test_a_body_that_is_no_json_object_gives_way_to_the_clients_own_shape(body: bytes) -> None:
    about = [(b"Content-Type", b"text/html"), (b"content-language", b"en"), (b"etag", b"x")]
    kept = [(b"retry-after", b"7"), (b"request-id", b"req_up"), (b"x-should-retry", b"true")]
    error = UpstreamStatus(502, [*about, *kept], body, message="it answered 502")
    answer = describe(failed(error), "r")
    assert (answer.body, answer.headers) == (None, kept)
    assert (answer.info.status, answer.info.kind, answer.channel) == (502, "upstream", "a")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"no healthy\r\n upstream\n", " (no healthy upstream)"),
        (b"x" * 100_000, f" ({'x' * 300})"),
        (b" <!DOCTYPE html>\n<p>Bad gateway", ""),
        (b"\x1b[31mred", ""),
        (b"\xff", ""),
        (b" ", ""),
    ],
)
def test_a_line_of_text_is_told_and_a_page_is_not(body: bytes, told: str) -> None:
    answer = describe(failed(status(503, body=body)), "r")
    assert answer.info.message == f"channel 'a': it answered 503{told}"


def test_other_vendors_shapes_are_read_too() -> None:
    assert "(quota)" in sentence(Failure("a", status(429, body=b'{"error": "quota"}')))
    long = status(500, "x" * 1_000_000)
    assert len(sentence(Failure("a", long))) < 400
    assert "\ufffd" in sentence(Failure("a", status(500, body=rb'{"error":"\ud83d"}')))


BUSY = Failure("a", ChannelBusy("is at capacity (2 of 2 requests at once)", retry_after=7), "busy")


def test_a_channel_at_capacity_is_a_429_that_says_when_to_come_back() -> None:
    later = Failure("b", ChannelBusy("is at capacity (1 of 1)", retry_after=30), "busy")
    answer = describe([later, BUSY], "req_1")
    assert (answer.info.status, answer.headers) == (429, [(b"retry-after", b"7")])
    assert "channel 'a' is at capacity (2 of 2 requests at once)" in answer.info.message


def test_a_channel_at_capacity_helps_more_than_one_that_cannot_be_reached() -> None:
    gone = Failure("b", UpstreamUnreachable("refused"), "connection")
    answer = describe([BUSY, gone], "req_1")
    assert answer.info.status == 429
    assert "channel 'b': refused" in answer.info.message


def test_an_answer_counts_more_than_a_channel_that_was_not_asked() -> None:
    overloaded = Failure("b", UpstreamStatus(529, [], b"{}", message="529"), "529")
    assert describe([BUSY, overloaded], "req_1").info.status == 529


def test_when_several_tokens_are_refused_the_advice_is_to_look_at_them() -> None:
    answer = describe(failed(status(401, "no"), status(401, "no")), "req_1")
    assert answer.info.status == 502
    both = [Failure("a", f.error, f.kind) for f in failed(status(401, "no"), status(401, "no"))]
    assert "axonhub channel token a" in describe(both, "req_1").info.message

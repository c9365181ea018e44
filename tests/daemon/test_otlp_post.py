"""One post, and what is made of its answer."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from time import time

import pytest
from msgspec.structs import replace

from axonhub_cli.daemon.otlp_post import NO_STATUS, Poster
from axonhub_cli.daemon.otlp_settings import Destination
from tests.support.collector import Collector
from tests.support.upstream import PATIENCE

BODY = b'{"resourceSpans":[]}'


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


def destination(url: str, *, gzip: bool = False, ca_file: str | None = None) -> Destination:
    return Destination(f"{url}/v1/traces", {"x-key": "k"}, {"x-given": "g"}, 1.0, gzip, ca_file)


def test_a_connection_is_kept_and_made_anew_when_it_was_closed(collector: Collector) -> None:
    poster, to = Poster(str.upper), destination(collector.url)
    collector.answer("traces", 200)
    collector.answer("traces", 200, connection="close")
    for _ in range(3):
        assert poster.post(to, BODY, PATIENCE).kind == "taken"
    poster.close()
    first, second, third = (collector.traces.get_nowait() for _ in range(3))
    assert first.connection == second.connection != third.connection
    assert (first.headers["x-key"], first.headers["x-given"]) == ("K", "g")


def test_a_connection_that_died_meanwhile_costs_nothing(collector: Collector) -> None:
    poster, to = Poster(str), destination(collector.url)
    assert poster.post(to, BODY, PATIENCE).kind == "taken"
    connection = poster._connection
    assert connection is not None and connection.sock is not None
    connection.sock.shutdown(1)
    assert poster.post(to, BODY, PATIENCE).kind == "taken"
    poster.close()


def test_a_body_is_packed_where_that_is_wanted(collector: Collector) -> None:
    poster = Poster(str)
    assert poster.post(destination(collector.url, gzip=True), BODY, PATIENCE).kind == "taken"
    poster.close()
    post = collector.traces.get_nowait()
    assert post.headers["content-encoding"] == "gzip"
    assert post.body == {"resourceSpans": []}


def test_retry_after_is_seconds_or_a_date(collector: Collector) -> None:
    poster, to = Poster(str), destination(collector.url)
    collector.answer("traces", 429, retry_after="7")
    collector.answer("traces", 503, retry_after=formatdate(time() + 100, usegmt=True))
    collector.answer("traces", 503)
    verdicts = [poster.post(to, BODY, PATIENCE) for _ in range(3)]
    poster.close()
    assert [v.kind for v in verdicts] == ["again"] * 3
    assert verdicts[0].wait == 7
    assert verdicts[1].wait is not None and 90 < verdicts[1].wait <= 100
    assert verdicts[2].wait is None


@pytest.mark.parametrize(
    ("said", "rejected", "why"),
    [
        (b"", 0, None),
        (b"{}", 0, None),
        (b"not json", 0, None),
        (b'{"partialSuccess":{}}', 0, None),
        (b'{"partialSuccess":{"rejectedSpans":"0","errorMessage":"old names"}}', 0, None),
        (b'{"partialSuccess":{"rejectedSpans":"2"}}', 2, "rejected 2 of it"),
        (b'{"partialSuccess":{"rejectedSpans":2,"errorMessage":"old"}}', 2, "2 of it: old"),
        (b'{"partialSuccess":{"rejectedDataPoints":"1"}}', 1, "rejected 1 of it"),
        (b'{"partialSuccess":{"rejectedSpans":-1}}', 0, None),
    ],
)
def test_a_partial_success_says_what_was_rejected(
    collector: Collector, said: bytes, rejected: int, why: str | None
) -> None:
    collector.answer("traces", 200, said)
    poster = Poster(str)
    verdict = poster.post(destination(collector.url), BODY, PATIENCE)
    poster.close()
    assert (verdict.kind, verdict.rejected) == ("taken", rejected)
    assert verdict.why is None if why is None else why in (verdict.why or "")


def test_a_redirect_is_no_success(collector: Collector) -> None:
    collector.answer("traces", 302, location="http://127.0.0.1:1/")
    poster = Poster(str)
    verdict = poster.post(destination(collector.url), BODY, PATIENCE)
    poster.close()
    assert (verdict.kind, verdict.code) == ("refused", "302")
    assert verdict.why is not None and "is the endpoint right?" in verdict.why


@pytest.mark.parametrize(
    ("status", "hint"),
    [(404, "is the endpoint right?"), (401, "look at telemetry.otlp_headers"), (400, "400")],
)
def test_a_refusal_says_where_to_look(collector: Collector, status: int, hint: str) -> None:
    collector.answer("traces", status)
    poster = Poster(str)
    verdict = poster.post(destination(collector.url), BODY, PATIENCE)
    poster.close()
    assert verdict.kind == "refused"
    assert verdict.why is not None and verdict.why.endswith(hint)


def test_the_port_of_another_transport_is_pointed_out() -> None:
    proxy = "ftp://proxy"  # so that nobody is asked
    to = replace(destination("http://far.example:4317"), proxy=proxy)
    why = Poster(str).post(to, BODY, PATIENCE).why
    assert why is not None and why.endswith("OTLP/gRPC's port, OTLP/HTTP's is 4318")


def test_what_is_not_there_is_told_by_its_reason(collector: Collector, tmp_path: Path) -> None:
    collector.close()
    poster = Poster(str)
    verdict = poster.post(destination(collector.url), BODY, PATIENCE)
    assert (verdict.kind, verdict.code) == ("again", NO_STATUS)
    assert verdict.why == f"{collector.url}/v1/traces: Connection refused"
    missing = tmp_path / "ca.pem"
    to = destination("https://localhost:1", ca_file=str(missing))
    why = poster.post(to, BODY, PATIENCE).why
    assert why is not None and f"its ca_file {missing}: No such file" in why


def test_a_collector_is_reached_through_a_proxy(collector: Collector) -> None:
    poster = Poster(str)
    proxy = collector.url.replace("//", "//me:it%27s@")
    to = replace(destination("http://far.example"), proxy=proxy)
    assert poster.post(to, BODY, PATIENCE).kind == "taken"
    poster.close()
    post = collector.traces.get_nowait()
    assert post.path == "http://far.example/v1/traces"
    assert post.headers["host"] == "far.example"
    assert post.headers["proxy-authorization"] == "Basic bWU6aXQncw=="


def test_a_tunnel_that_is_refused_and_a_proxy_of_another_kind_are_told(
    collector: Collector,
) -> None:
    poster = Poster(str)
    # The collector knows no CONNECT.
    to = replace(destination("https://far.example"), proxy=collector.url)
    why = poster.post(to, BODY, PATIENCE).why
    assert why is not None and "Tunnel connection failed: 501" in why
    to = replace(to, proxy="socks5://u:p@127.0.0.1:1")
    why = poster.post(to, BODY, PATIENCE).why
    assert why == "https://far.example/v1/traces: only http:// proxies are spoken to"

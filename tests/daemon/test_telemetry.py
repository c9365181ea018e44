"""The exporter against a collector that takes, refuses, delays and comes back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import Empty
from time import monotonic, sleep
from typing import Any

import pytest

from axonhub_cli.config.schema import Signal, Telemetry
from axonhub_cli.daemon.telemetry import Exporter, Pace
from axonhub_cli.errors import SecretError
from axonhub_cli.tracing.entries import Entry, finished_entry
from axonhub_cli.tracing.metrics import gauge
from tests.support.collector import Collector
from tests.support.upstream import PATIENCE
from tests.tracing.records import context, record

# Nothing here waits for a clock, but for the shortest pauses there are.
QUICK = Pace(batch=2, gather=0.01, metrics=0.01, first_pause=0.001, longest_pause=0.002)
ONLY_AT_THE_END = Pace(gather=PATIENCE, metrics=PATIENCE)


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


@pytest.fixture
def exporter(collector: Collector) -> Iterator[Callable[..., Exporter]]:
    """Makes one that is closed at the end."""
    made: list[Exporter] = []

    def make(
        pace: Pace = QUICK, reveal: Callable[[str], str] = str, url: str = "", **settings: Any
    ) -> Exporter:
        told = Telemetry(otlp_endpoint=url or collector.url, **settings)
        made.append(Exporter(lambda: told, reveal, pace=pace))
        return made[-1]

    yield make
    for each in made:
        each.close(PATIENCE)


def entry(**changes: Any) -> Entry:
    return finished_entry(record("r1", **changes), context(), stored=False)


def test_spans_and_metrics_are_posted_with_the_headers_that_are_secrets(
    collector: Collector,
) -> None:
    settings = Telemetry(collector.url + "/base/", {"x-key": "env:OTLP_KEY"})
    reveal = {"env:OTLP_KEY": "the key"}.__getitem__
    exporter = Exporter(lambda: settings, reveal, pace=ONLY_AT_THE_END)
    exporter.observe(entry())
    exporter.observe(entry(source="test"))
    exporter.close(PATIENCE)
    traces, metrics = collector.traces.get_nowait(), collector.metrics.get_nowait()
    assert (traces.path, metrics.path) == ("/base/v1/traces", "/base/v1/metrics")
    assert [post.headers["x-key"] for post in (traces, metrics)] == ["the key"] * 2
    assert traces.headers["user-agent"].startswith("axonhub/")
    assert len(traces.spans) == 2
    assert traces.resource == metrics.resource
    assert set(traces.resource) == {"service.name", "service.version", "service.instance.id"}
    assert collector.traces.empty() and collector.metrics.empty()


def test_without_an_endpoint_nothing_is_begun() -> None:
    exporter = Exporter(Telemetry, str)
    threads = threading.active_count()
    exporter.observe(entry())
    exporter.close(PATIENCE)
    assert threading.active_count() == threads
    assert (exporter.active, exporter.problem) == (False, None)


def test_a_signal_that_is_not_wanted_is_not_sent(
    collector: Collector, exporter: Callable[..., Exporter]
) -> None:
    found: list[tuple[int, int]] = []
    signals: tuple[tuple[Signal, ...], ...] = ((), ("metrics",), ("traces",))
    for wanted in signals:
        made = exporter(ONLY_AT_THE_END, signals=wanted)
        made.observe(entry())
        made.close(PATIENCE)
        found.append((collector.traces.qsize(), collector.metrics.qsize()))
    assert found == [(0, 0), (0, 1), (1, 1)]


def test_what_a_collector_cannot_take_now_is_sent_again(
    collector: Collector, exporter: Callable[..., Exporter], log: pytest.LogCaptureFixture
) -> None:
    for status in (429, 502, 503, 504):
        collector.answer("traces", status)
    collector.answer("traces", 503, retry_after="0")
    made = exporter()
    made.observe(entry())
    posts = [collector.traces.get(timeout=PATIENCE) for _ in range(6)]
    assert all(post.body == posts[0].body for post in posts)
    made.close(PATIENCE)
    assert counted(made)['axonhub_otlp_spans_total{outcome="sent"}'] == 2
    assert collector.traces.empty()
    assert log.text.count("telemetry is not taken (traces)") == 1
    assert log.text.count("telemetry is taken again (traces); 0 spans were lost") == 1


@pytest.mark.parametrize("status", [301, 400, 401, 404, 413, 500])
def test_what_a_collector_refuses_is_dropped_at_once_and_told(
    collector: Collector, exporter: Callable[..., Exporter], status: int
) -> None:
    collector.answer("traces", status)
    made = exporter()
    made.observe(entry())
    assert collector.traces.get(timeout=PATIENCE)
    made.observe(entry())
    assert collector.traces.get(timeout=PATIENCE)
    made.close(PATIENCE)
    assert made.outcomes.dropped("refused") == 2
    assert counted(made)[f'axonhub_otlp_posts_total{{signal="traces",code="{status}"}}'] == 1
    assert counted(made)['axonhub_otlp_spans_total{outcome="sent"}'] == 2


def test_a_collector_that_never_comes_is_given_up(
    collector: Collector, exporter: Callable[..., Exporter], log: pytest.LogCaptureFixture
) -> None:
    collector.close()
    pace = Pace(batch=2, gather=0.01, metrics=0.01, first_pause=0.001, give_up=0.0)
    made = exporter(pace)
    made.observe(entry())
    made.close(PATIENCE)
    lost = made.outcomes.dropped("unreachable") + made.outcomes.dropped("shutdown")
    assert lost == 2
    assert made.problem is not None and "Connection refused" in made.problem
    assert "2 spans were lost so far" in made.problem
    assert "Connection refused" in log.text


def test_a_signal_is_judged_by_its_own_answers(
    collector: Collector, exporter: Callable[..., Exporter]
) -> None:
    collector.answers["metrics"] = [(404, {}, b"")] * 1000
    made = exporter()
    made.observe(entry())
    assert collector.traces.get(timeout=PATIENCE)
    assert collector.metrics.get(timeout=PATIENCE)
    made.close(PATIENCE)
    assert made.problem is not None and made.problem.startswith("metrics: ")
    assert "answered 404" in made.problem
    told = counted(made)
    assert told['axonhub_otlp_up{signal="traces"}'] == 1
    assert told['axonhub_otlp_up{signal="metrics"}'] == 0


def test_what_is_rejected_of_a_post_is_counted_and_not_sent_again(
    collector: Collector, exporter: Callable[..., Exporter]
) -> None:
    partial = b'{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}'
    collector.answer("traces", 200, partial)
    made = exporter()
    made.observe(entry())
    assert collector.traces.get(timeout=PATIENCE)
    made.close(PATIENCE)
    assert collector.traces.empty()
    assert made.outcomes.dropped("rejected") == 1
    assert counted(made)['axonhub_otlp_spans_total{outcome="sent"}'] == 1
    assert made.problem is not None and "rejected 1 of it: too old" in made.problem


def test_under_steady_load_a_batch_does_not_wait_for_the_load_to_end(
    collector: Collector, exporter: Callable[..., Exporter]
) -> None:
    made = exporter(Pace(batch=1_000_000, gather=0.05, metrics=PATIENCE))
    stop = threading.Event()

    def load() -> None:
        while not stop.wait(0.001):
            made.observe(entry())

    thread = threading.Thread(target=load)
    thread.start()
    try:
        assert collector.traces.get(timeout=PATIENCE).spans
    finally:
        stop.set()
        thread.join(PATIENCE)


def test_metrics_are_posted_at_their_own_pace(
    collector: Collector, exporter: Callable[..., Exporter]
) -> None:
    made = exporter(Pace(gather=0.01, metrics=0.01))
    made.observe(entry())
    posts = [collector.metrics.get(timeout=PATIENCE) for _ in range(3)]
    assert all(post.metrics["axonhub.requests"] for post in posts)
    assert len({post.connection for post in posts}) == 1
    assert collector.traces.qsize() == 1


def test_metrics_that_are_not_taken_go_out_again_before_their_time(
    collector: Collector, exporter: Callable[..., Exporter]
) -> None:
    for _ in range(3):
        collector.answer("metrics", 503)
    made = exporter(Pace(gather=0.01, metrics=PATIENCE, first_pause=0.001))
    made.observe(entry())
    assert [collector.metrics.get(timeout=PATIENCE).path for _ in range(4)]


def test_what_finds_no_place_is_dropped_but_counts_in_the_sums(
    collector: Collector, exporter: Callable[..., Exporter]
) -> None:
    release = threading.Event()

    def reveal(reference: str) -> str:
        release.wait(PATIENCE)
        return "key"

    pace = Pace(waiting=10, batch=2, gather=0.0, metrics=PATIENCE)
    made = exporter(pace, reveal, otlp_headers={"k": "env:K"})
    for _ in range(9):
        made.observe(entry())
    dropped = made.outcomes.dropped("queue_full")
    # Up to two are in hand already.
    assert 6 <= dropped <= 8
    release.set()
    made.close(PATIENCE)
    last = list(collector.metrics.queue)[-1]
    (point,) = last.metrics["axonhub.requests"]["sum"]["dataPoints"]
    assert point["asDouble"] == 9
    assert counted(made)['axonhub_otlp_spans_total{outcome="sent"}'] == 18 - dropped


def test_what_could_not_be_sent_before_the_end_is_told(
    collector: Collector, exporter: Callable[..., Exporter], log: pytest.LogCaptureFixture
) -> None:
    collector.answers["traces"] = [(503, {}, b"")] * 1000
    made = exporter(Pace(gather=PATIENCE, first_pause=PATIENCE))
    made.observe(entry())
    made.close(PATIENCE)
    assert made.outcomes.dropped("shutdown") == 2
    assert "2 spans were not sent before the end" in log.text


def test_a_pause_ends_with_the_daemon(
    collector: Collector, exporter: Callable[..., Exporter]
) -> None:
    collector.answer("traces", 503, retry_after="100")
    made = exporter()
    made.observe(entry())
    assert collector.traces.get(timeout=PATIENCE)
    made.close(PATIENCE)
    # Once more at the end: it may have come back.
    assert collector.traces.get_nowait()
    assert made.outcomes.dropped("shutdown") == 0


def test_a_collector_that_wants_a_long_rest_gets_it(
    collector: Collector, exporter: Callable[..., Exporter]
) -> None:
    """What would be given up meanwhile is, and the next batch waits all the same."""
    collector.answer("traces", 429, retry_after="100")
    made = exporter(Pace(batch=2, gather=0.01, give_up=PATIENCE / 2))
    made.observe(entry())
    assert collector.traces.get(timeout=PATIENCE)
    made.observe(entry())
    deadline = monotonic() + PATIENCE
    while not made.outcomes.dropped("unreachable") and monotonic() < deadline:
        sleep(0)
    assert (made.outcomes.dropped("unreachable"), made.waiting) == (2, 2)
    assert collector.traces.empty()
    made.close(PATIENCE)
    assert len(collector.traces.get_nowait().spans) == 2


def test_a_secret_that_cannot_be_read_is_asked_for_again(
    collector: Collector, exporter: Callable[..., Exporter], log: pytest.LogCaptureFixture
) -> None:
    locked = [True]

    def reveal(reference: str) -> str:
        if locked:
            locked.pop()
            raise SecretError("the keyring is locked")
        return "the key"

    made = exporter(reveal=reveal, otlp_headers={"x-key": "keyring:k"}, signals=("traces",))
    made.observe(entry())
    assert collector.traces.get(timeout=PATIENCE).headers["x-key"] == "the key"
    assert "the keyring is locked" in log.text


def test_a_header_that_cannot_be_sent_ends_no_thread_and_is_not_logged(
    collector: Collector, exporter: Callable[..., Exporter], log: pytest.LogCaptureFixture
) -> None:
    values = ["Bearer secret\r\nwith a line", "well"]

    def reveal(reference: str) -> str:
        return values.pop(0) if len(values) > 1 else values[0]

    made = exporter(reveal=reveal, otlp_headers={"x-key": "env:K"}, signals=("traces",))
    made.observe(entry())
    made.observe(entry())
    assert collector.traces.get(timeout=PATIENCE).headers["x-key"] == "well"
    made.close(PATIENCE)
    assert made.outcomes.dropped("refused") == 2
    assert "ValueError" in log.text
    assert "secret" not in log.text


def test_gauges_are_read_with_each_post_of_metrics(collector: Collector) -> None:
    settings = Telemetry(collector.url)
    exporter = Exporter(
        lambda: settings,
        str,
        gauges=lambda: [gauge("axonhub_in_flight", "Calls.", [(3.0, {"channel": "main"})])],
        pace=QUICK,
    )
    exporter.observe(entry())
    told = collector.metrics.get(timeout=PATIENCE).metrics["axonhub.in_flight"]
    exporter.close(PATIENCE)
    assert told["gauge"]["dataPoints"][0]["asDouble"] == 3.0


def test_switched_off_while_it_runs_nothing_is_sent_any_more(collector: Collector) -> None:
    settings = [Telemetry(collector.url)]
    exporter = Exporter(lambda: settings[-1], str, pace=ONLY_AT_THE_END)
    exporter.observe(entry())
    settings.append(Telemetry())
    exporter.observe(entry())
    exporter.close(PATIENCE)
    with pytest.raises(Empty):
        collector.traces.get_nowait()
    assert exporter.outcomes.dropped("shutdown") == 2
    assert exporter.problem is None


def test_pauses_grow_to_a_limit_and_are_spread() -> None:
    pace = Pace()
    assert [pace.pause(n, 1.0) for n in (1, 2, 3, 7, 50)] == [1.0, 2.0, 4.0, 60.0, 60.0]
    assert pace.pause(3, 0.0) == 2.0


def counted(exporter: Exporter) -> dict[str, float]:
    lines = [line for each in exporter.outcomes.counters(exporter.waiting) for line in each.lines()]
    samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}

import asyncio
import json
import threading
from collections.abc import Iterator

import pytest

from axonhub_cli.daemon.observers import Observers
from axonhub_cli.daemon.runtime import Runtime
from axonhub_cli.tracing.entries import finished_entry
from axonhub_cli.tracing.live import Feed
from axonhub_cli.tracing.metrics import Counter, gauge
from tests.support.collector import Collector
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.plays import overloaded
from tests.support.upstream import PATIENCE, Upstream
from tests.tracing.records import attempt, context, record

TRACE = "a" * 32


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


def test_a_daemon_sends_spans_of_what_went_through(
    home: Home, upstream: Upstream, collector: Collector
) -> None:
    """With a failover, as the client, both upstreams and the collector see it."""
    home.configure(channel(upstream.url, name="first"), channel(upstream.url, name="second"))
    text = home.paths.config_file.read_text()
    home.paths.config_file.write_text(
        f'{text}\n[telemetry]\notlp_endpoint = "{collector.url}"\n'
        'otlp_headers = { x-key = "env:TEST_TOKEN" }\n'
    )
    upstream.script(overloaded())
    daemon = Daemon(home).start()
    try:
        body = {"model": "claude-x", "messages": [{"role": "user", "content": "hi"}]}
        told = {"traceparent": f"00-{TRACE}-{'b' * 16}-01", "tracestate": "mine=1"}
        status, _, _ = daemon.post(json.dumps(body).encode(), **told)
        counted = daemon.get("/metrics")[2].decode()
        assert daemon.post(b"{}", authorization="Bearer ah-no")[0] == 401
    finally:
        daemon.stop()
    traces = collector.traces.get(timeout=PATIENCE)
    metrics = collector.metrics.get(timeout=PATIENCE)
    assert status == 200
    assert traces.headers["x-key"] == metrics.headers["x-key"] == home.environ["TEST_TOKEN"]
    request, failed, answered = traces.spans
    assert [span["traceId"] for span in traces.spans] == [TRACE] * 3
    assert [span["parentSpanId"] for span in (failed, answered)] == [request["spanId"]] * 2
    assert failed["status"] == {"code": 2, "message": "answered 529"}
    assert {"status"} & {*request, *answered} == set()
    # What happens upstream belongs to the attempt that asked for it.
    parents = [f"00-{TRACE}-{span['spanId']}-01" for span in (failed, answered)]
    assert [seen.header("traceparent") for seen in upstream.generations] == parents
    assert [seen.header("tracestate") for seen in upstream.generations] == ["mine=1"] * 2
    names = {"gen_ai.client.token.usage", "axonhub.requests", "axonhub.attempt.errors"}
    assert names <= set(metrics.metrics)
    points = metrics.metrics["axonhub.requests"]["sum"]["dataPoints"]
    assert sorted(point["asDouble"] for point in points) == [1.0, 1.0]
    assert "axonhub_otlp_queue_spans" in counted


def test_gauges_are_read_on_the_loop_for_the_thread_that_asks(home: Home) -> None:
    read_by: list[int] = []

    def gauges() -> list[Counter]:
        read_by.append(threading.get_ident())
        return [gauge("axonhub_x", "X.", [(1.0, {})])]

    def broken() -> list[Counter]:
        raise LookupError("nothing to read")

    async def story() -> int:
        observers = Observers(Runtime(home.paths, home.environ), Feed(), {})
        assert await asyncio.to_thread(observers.read_gauges) == ()
        observers.use_gauges(asyncio.get_running_loop(), gauges)
        (found,) = await asyncio.to_thread(observers.read_gauges)
        assert found.about == ("axonhub_x", "X.")
        observers.use_gauges(asyncio.get_running_loop(), broken)
        with pytest.raises(LookupError):
            await asyncio.to_thread(observers.read_gauges)
        closed = asyncio.new_event_loop()
        closed.close()
        observers.use_gauges(closed, gauges)
        assert await asyncio.to_thread(observers.read_gauges) == ()
        return threading.get_ident()

    assert read_by == [asyncio.run(story())]


def test_one_that_cannot_take_a_request_keeps_it_from_no_other(home: Home) -> None:
    home.configure(channel("http://127.0.0.1:9"))
    made = finished_entry(
        record("r1", attempts=[attempt(status="failed")]), context(), stored=False
    )
    made.decision = b"no JSON"

    async def story() -> object:
        runtime = Runtime(home.paths, home.environ)
        await runtime.start()
        feed = Feed()
        listener = feed.listen()
        Observers(runtime, feed, {}).observe(made)
        async with asyncio.timeout(PATIENCE):
            return await listener.take()

    event = asyncio.run(story())
    assert isinstance(event, dict)
    assert (event["event"], event["id"]) == ("finished", "r1")

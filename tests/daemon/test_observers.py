import asyncio
import json

from axonhub_cli.daemon.observers import Observers
from axonhub_cli.daemon.runtime import Runtime
from axonhub_cli.tracing.entries import finished_entry
from axonhub_cli.tracing.live import Feed
from tests.support.collector import Collector
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.upstream import PATIENCE, Upstream
from tests.tracing.records import attempt, context, record


def test_a_daemon_sends_spans_of_what_went_through(home: Home, upstream: Upstream) -> None:
    collector = Collector()
    home.configure(channel(upstream.url))
    text = home.paths.config_file.read_text()
    home.paths.config_file.write_text(
        f'{text}\n[telemetry]\notlp_endpoint = "{collector.url}"\n'
        'otlp_headers = { x-key = "env:TEST_TOKEN" }\n'
    )
    daemon = Daemon(home).start()
    try:
        body = {"model": "claude-x", "messages": [{"role": "user", "content": "hi"}]}
        daemon.post(json.dumps(body).encode(), traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
        daemon.stop()
        traces = collector.traces.get(timeout=PATIENCE)
        metrics = collector.metrics.get(timeout=PATIENCE)
    finally:
        daemon.stop()
        collector.close()
    assert traces.headers["x-key"] == metrics.headers["x-key"] == home.environ["TEST_TOKEN"]
    request, attempt = traces.spans
    assert (request["traceId"], attempt["parentSpanId"]) == ("a" * 32, request["spanId"])
    # What happens upstream belongs to the attempt that asked for it.
    (seen,) = upstream.generations
    assert seen.header("traceparent") == f"00-{'a' * 32}-{attempt['spanId']}-01"
    assert {"gen_ai.client.token.usage", "axonhub.requests"} <= set(metrics.metrics)


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

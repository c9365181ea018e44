import json

from tests.daemon.test_telemetry import Collector
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.upstream import PATIENCE, Upstream


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
        path, key, told = collector.posts.get(timeout=PATIENCE)
    finally:
        daemon.stop()
        collector.close()
    assert (path, key) == ("/v1/traces", home.environ["TEST_TOKEN"])
    request, attempt = told["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert (request["traceId"], attempt["parentSpanId"]) == ("a" * 32, request["spanId"])

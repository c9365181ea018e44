import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import Any

import pytest

from axonhub_cli.config.schema import Telemetry
from axonhub_cli.daemon.telemetry import Exporter
from axonhub_cli.errors import SecretError
from axonhub_cli.tracing.entries import Entry, finished_entry
from tests.support.upstream import PATIENCE
from tests.tracing.records import context, record


class Collector:
    """An OTLP endpoint that keeps what is posted."""

    def __init__(self) -> None:
        self.posts: Queue[tuple[str, str | None, Any]] = Queue()
        self.status = 200
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.posts.put((self.path, self.headers["x-key"], json.loads(body)))
                self.send_response(collector.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(PATIENCE)


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


def entry(**changes: Any) -> Entry:
    return finished_entry(record("r1", **changes), context(), stored=False)


def test_spans_are_posted_with_the_headers_that_are_secrets(collector: Collector) -> None:
    settings = Telemetry(collector.url + "/base/", {"x-key": "env:OTLP_KEY"})
    exporter = Exporter(lambda: settings, {"env:OTLP_KEY": "the key"}.__getitem__)
    exporter.observe(entry())
    exporter.observe(entry(source="test"))
    exporter.close(PATIENCE)
    path, key, body = collector.posts.get(timeout=PATIENCE)
    assert (path, key) == ("/base/v1/traces", "the key")
    assert len(body["resourceSpans"][0]["scopeSpans"][0]["spans"]) == 2
    path, _, body = collector.posts.get(timeout=PATIENCE)
    assert path == "/base/v1/metrics"
    names = [m["name"] for m in body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]]
    assert names == ["gen_ai.client.operation.duration", "gen_ai.client.token.usage"]
    assert collector.posts.empty()


def test_without_an_endpoint_nothing_is_begun() -> None:
    exporter = Exporter(Telemetry, str)
    threads = threading.active_count()
    exporter.observe(entry())
    exporter.close(PATIENCE)
    assert threading.active_count() == threads


def test_a_refusal_and_a_missing_secret_are_told_once(
    collector: Collector, log: pytest.LogCaptureFixture
) -> None:
    collector.status = 500
    settings = Telemetry(collector.url, {})
    exporter = Exporter(lambda: settings, str)
    exporter.observe(entry())
    exporter.close(PATIENCE)
    assert exporter.dropped == 2
    assert "it answered 500" in log.text

    def locked(reference: str) -> str:
        raise SecretError("the keyring is locked")

    other = Exporter(lambda: Telemetry(collector.url, {"x-key": "keyring:k"}), locked)
    other.observe(entry())
    other.close(PATIENCE)
    assert other.dropped == 2


def test_a_header_that_cannot_be_sent_ends_no_thread_and_is_not_logged(
    collector: Collector, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("axonhub_cli.daemon.telemetry.BATCH", 2)  # those of one request
    values = ["Bearer secret\r\nwith a line", "well"]
    told = threading.Event()

    def reveal(reference: str) -> str:
        told.set()
        return values.pop(0) if len(values) > 1 else values[0]

    exporter = Exporter(lambda: Telemetry(collector.url, {"x-key": "env:K"}), reveal)
    exporter.observe(entry())
    assert told.wait(PATIENCE)
    exporter.observe(entry())
    exporter.close(PATIENCE)
    assert collector.posts.get(timeout=PATIENCE)[1] == "well"
    assert exporter.dropped == 2
    assert "ValueError" in log.text
    assert "secret" not in log.text

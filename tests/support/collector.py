"""An OTLP endpoint on loopback that keeps what is posted and answers as it is told to."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

from tests.support.upstream import PATIENCE


class Post:
    """One request to the collector."""

    def __init__(self, path: str, headers: Mapping[str, str], raw: bytes, connection: int) -> None:
        self.path = path
        self.headers = {name.lower(): value for name, value in headers.items()}
        packed = self.headers.get("content-encoding") == "gzip"
        self.body: Any = json.loads(gzip.decompress(raw) if packed else raw)
        self.connection = connection
        """The client's port: the same for posts over one connection."""

    @property
    def resource(self) -> dict[str, Any]:
        (told,) = self.body.get("resourceSpans") or self.body["resourceMetrics"]
        return {
            each["key"]: each["value"]["stringValue"] for each in told["resource"]["attributes"]
        }

    @property
    def spans(self) -> list[Any]:
        (told,) = self.body["resourceSpans"]
        found: list[Any] = told["scopeSpans"][0]["spans"]
        return found

    @property
    def metrics(self) -> dict[str, Any]:
        (told,) = self.body["resourceMetrics"]
        return {each["name"]: each for each in told["scopeMetrics"][0]["metrics"]}


class Collector:
    """`traces` and `metrics` hold what was posted. `answers`: to the next posts of a signal, each a
    status, headers and a body; when they are used up, or there are none, 200."""

    def __init__(self) -> None:
        self.traces: Queue[Post] = Queue()
        self.metrics: Queue[Post] = Queue()
        self.answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                signal = "traces" if self.path.endswith("traces") else "metrics"
                # Before the answer: who has that may look at once.
                post = Post(self.path, dict(self.headers), raw, self.client_address[1])
                getattr(collector, signal).put(post)
                planned = collector.answers.get(signal)
                status, headers, body = planned.pop(0) if planned else (200, {}, b"{}")
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True)
        self._thread.start()

    def answer(self, signal: str, status: int, body: bytes = b"", **headers: str) -> None:
        """Plan the answer to the next post of that signal that has none planned."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.setdefault(signal, []).append((status, told, body))

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(PATIENCE)

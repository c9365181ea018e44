"""`axonhub serve` as its users treat it: signals, crashes, two at once, a home that cannot be."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest

from tests.support import plays
from tests.support.daemon import DaemonProcess
from tests.support.home import KEY, Home, channel
from tests.support.upstream import Gate, Upstream

pytestmark = pytest.mark.timeout(60)

REQUEST = {"model": "claude-x", "max_tokens": 9, "stream": True, "messages": []}
EVENTS = plays.as_events(plays.text("pong"))


@pytest.fixture
def process(home: Home, upstream: Upstream) -> Iterator[DaemonProcess]:
    home.configure(channel(upstream.url))
    daemon = DaemonProcess(home).start()
    try:
        yield daemon
    finally:
        daemon.stop()


class Client:
    """One streamed request, read step by step."""

    def __init__(self, daemon: DaemonProcess) -> None:
        self._connection = HTTPConnection("127.0.0.1", daemon.port, timeout=15)
        headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
        self._connection.request(
            "POST", "/anthropic/v1/messages", json.dumps(REQUEST).encode(), headers
        )

    def __enter__(self) -> HTTPResponse:
        return self._connection.getresponse()

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def test_a_daemon_killed_in_mid_stream_hinders_nothing(
    process: DaemonProcess, home: Home, upstream: Upstream
) -> None:
    upstream.script(plays.held(EVENTS, 4, Gate()))
    port = process.port
    with Client(process) as answer:
        assert answer.readline() == b"event: message_start\n"
        process.kill()
    upstream.requests[0].wait_closed()
    assert home.axonhub("status", check=False).returncode == 1
    process.start("--port", str(port))
    with Client(process) as answer:
        assert answer.read() == b"".join(EVENTS)


def test_a_second_daemon_says_that_one_runs_already(process: DaemonProcess, home: Home) -> None:
    second = home.axonhub("serve", "--port", str(process.port), check=False)
    assert second.returncode == 1
    assert "runs already" in second.stderr
    assert process.url in second.stderr


def test_a_port_that_another_program_has_is_named(home: Home) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = home.axonhub("serve", "--port", port, check=False)
    assert done.returncode == 1
    assert port in done.stderr
    assert "hint: " in done.stderr


def test_a_stopped_daemon_lets_a_stream_end(
    process: DaemonProcess, home: Home, upstream: Upstream
) -> None:
    gate = Gate()
    upstream.script(plays.held(EVENTS, 4, gate))
    with Client(process) as answer:
        assert answer.readline() == b"event: message_start\n"
        os.kill(process.pid, signal.SIGTERM)
        gate.open()
        assert answer.read() == b"".join(EVENTS).removeprefix(b"event: message_start\n")
    assert process.end(signal.SIGTERM) == 0
    assert not home.paths.state_file.exists()


def test_a_home_that_cannot_be_written_is_a_sentence(home: Home) -> None:
    home.environ["AXONHUB_HOME"] = "/proc/axonhub"
    done = home.axonhub("serve", "--port", "0", check=False)
    assert done.returncode in (1, 2)
    assert any(line.startswith("error: ") for line in done.stderr.splitlines())
    assert "Traceback" not in done.stderr

"""A daemon's life and death, as a person and a service manager see it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from http.client import HTTPConnection

import pytest

from axonhub_cli.daemon import lifecycle
from axonhub_cli.daemon.state import find_daemon, read_state
from axonhub_cli.errors import CommandFailed, ConfigError, UsageError
from axonhub_cli.tracing.writer import TraceWriter
from tests.support import plays
from tests.support.certificate import make_certificate
from tests.support.daemon import Daemon, DaemonProcess
from tests.support.home import KEY, Home, channel
from tests.support.plays import as_events
from tests.support.upstream import Gate, Upstream

STREAMED = b'{"model":"claude-x","stream":true,"messages":[]}'
HEADERS = {"x-api-key": KEY, "content-type": "application/json"}


def start(home: Home, upstream: Upstream, **server: object) -> DaemonProcess:
    home.configure(channel(upstream.url), server=dict(server))
    return DaemonProcess(home).start()


def test_the_ready_line_names_address_channels_and_configuration(
    home: Home, upstream: Upstream
) -> None:
    daemon = start(home, upstream)
    line = daemon.log[0]
    daemon.stop()
    assert "http://localhost:" in line
    assert "with 1 channel," in line
    assert str(home.paths.config_file) in line


def test_without_a_channel_it_says_how_to_add_one(home: Home) -> None:
    home.configure()
    daemon = DaemonProcess(home).start()
    daemon.stop()
    assert any("axonhub channel add" in line for line in daemon.log)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_running_streams_end(
    home: Home, upstream: Upstream, number: signal.Signals
) -> None:
    gate = Gate()
    pieces = as_events(plays.text("to the end"))
    upstream.script(plays.held(pieces, 4, gate))
    daemon = start(home, upstream)
    connection = HTTPConnection("127.0.0.1", daemon.port, timeout=15)
    connection.request("POST", "/v1/messages", STREAMED, HEADERS)
    answer = connection.getresponse()
    first = answer.read(1)
    ended: list[int | None] = []
    stopper = threading.Thread(target=lambda: ended.append(daemon.end(number)))
    stopper.start()
    _until_refused(daemon.port)
    gate.open()
    assert first + answer.read() == b"".join(pieces)
    connection.close()
    stopper.join(15)
    assert ended == [0]
    assert read_state(home.paths) is None


def test_a_stream_that_outlasts_the_drain_ends_with_an_error_event(
    home: Home, upstream: Upstream
) -> None:
    upstream.script(plays.held(as_events(plays.text("x")), 4, Gate()))
    daemon = start(home, upstream, drain_timeout="1s")
    connection = HTTPConnection("127.0.0.1", daemon.port, timeout=15)
    connection.request("POST", "/v1/messages", STREAMED, HEADERS)
    answer = connection.getresponse()
    first = answer.read(1)
    stopper = threading.Thread(target=daemon.stop)
    stopper.start()
    rest = answer.read()
    stopper.join(15)
    connection.close()
    assert b"event: error" in first + rest
    assert b"axonhub was stopped" in rest
    assert "Traceback" not in "\n".join(daemon.log)


def test_a_second_signal_ends_streams_at_once_and_without_a_traceback(
    home: Home, upstream: Upstream
) -> None:
    upstream.script(plays.held(as_events(plays.text("x")), 4, Gate()))
    daemon = start(home, upstream)
    connection = HTTPConnection("127.0.0.1", daemon.port, timeout=15)
    connection.request("POST", "/v1/messages", STREAMED, HEADERS)
    answer = connection.getresponse()
    first = answer.read(1)
    os.kill(daemon.pid, signal.SIGINT)
    _until_refused(daemon.port)
    assert daemon.end(signal.SIGINT) == 0
    rest = answer.read()
    connection.close()
    assert b"axonhub was stopped" in first + rest
    said = "\n".join(daemon.log)
    assert "1 running request may end, for at most 30 s; Ctrl-C again cuts off" in said
    assert "Traceback" not in said


def test_after_a_kill_the_next_daemon_starts_and_serves(home: Home, upstream: Upstream) -> None:
    upstream.script(plays.held(as_events(plays.text("x")), 4, Gate()))
    daemon = start(home, upstream)
    connection = HTTPConnection("127.0.0.1", daemon.port, timeout=15)
    connection.request("POST", "/v1/messages", STREAMED, HEADERS)
    assert connection.getresponse().read(1)
    daemon.kill()
    connection.close()
    assert read_state(home.paths) is not None
    assert find_daemon(home.paths) is None
    again = DaemonProcess(home).start("--port", str(daemon.port))
    try:
        assert again.post(STREAMED)[0] == 200
        assert find_daemon(home.paths) is not None
    finally:
        again.stop()


def test_a_second_daemon_says_that_one_runs_already(home: Home, upstream: Upstream) -> None:
    home.configure(channel(upstream.url))
    daemon = Daemon(home).start()
    try:
        second = home.axonhub("serve", "--port", str(daemon.port), check=False)
        assert second.returncode == 1
        assert f"axonhub runs already: http://localhost:{daemon.port}" in second.stderr
        assert find_daemon(home.paths) is not None
    finally:
        daemon.stop()


def test_a_second_daemon_on_another_port_is_refused_and_hides_nothing(
    home: Home, upstream: Upstream
) -> None:
    home.configure(channel(upstream.url))
    daemon = Daemon(home).start()
    try:
        second = home.axonhub("serve", "--port", "0", check=False)
        assert second.returncode == 1
        assert f"axonhub runs already: http://localhost:{daemon.port}" in second.stderr
        found = find_daemon(home.paths)
        assert found is not None
        assert found.port == daemon.port
    finally:
        daemon.stop()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_foreign_listener_on_either_loopback_address_is_reported(
    home: Home, address: str
) -> None:
    home.configure()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as foreign:
        foreign.bind((address, 0))
        foreign.listen()
        port = foreign.getsockname()[1]
        with pytest.raises(CommandFailed) as refused:
            lifecycle.Daemon(home.paths, home.environ, lifecycle.Listen(port=port)).run(print)
    assert f"port {port} on {address} is taken" in refused.value.message
    assert "--port" in (refused.value.hint or "")


def test_a_broken_configuration_is_an_error_not_a_traceback(home: Home) -> None:
    home.paths.config_file.parent.mkdir(parents=True)
    home.paths.config_file.write_text("[servre]\n")
    refused = home.axonhub("serve", "--port", "0", check=False)
    assert refused.returncode == 2
    assert "servre" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_address_that_is_not_ours_is_a_usage_error(home: Home) -> None:
    home.configure()
    listen = lifecycle.Listen(host="192.0.2.1", port=0)
    with pytest.raises(UsageError, match="not an address of this machine"):
        lifecycle.Daemon(home.paths, home.environ, listen).run(print)


def test_another_address_works_and_says_what_it_means(home: Home, upstream: Upstream) -> None:
    home.configure(channel(upstream.url))
    daemon = DaemonProcess(home).start("--host", "0.0.0.0")
    try:
        assert daemon.post(STREAMED)[0] == 200
    finally:
        daemon.stop()
    assert any("warning: listening on 0.0.0.0" in line for line in daemon.log)


def test_both_loopback_addresses_answer(home: Home, upstream: Upstream) -> None:
    home.configure(channel(upstream.url))
    daemon = Daemon(home).start()
    try:
        for address in ("127.0.0.1", "::1"):
            connection = HTTPConnection(address, daemon.port, timeout=15)
            connection.request("GET", "/health")
            assert connection.getresponse().status == 200
            connection.close()
    finally:
        daemon.stop()


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_files_that_are_no_certificate_are_named(home: Home, content: str | None) -> None:
    file = home.path / "cert.pem"
    if content is not None:
        file.write_text(content)
    listen = lifecycle.Listen(port=0, tls_cert=str(file), tls_key=str(file))
    with pytest.raises(ConfigError, match="TLS cannot be served with .*cert.pem"):
        lifecycle.Daemon(home.paths, home.environ, listen).run(print)
    assert read_state(home.paths) is None


def test_tls_is_served_with_a_certificate(home: Home, upstream: Upstream) -> None:
    import ssl
    from http.client import HTTPSConnection

    cert, key = make_certificate(home.path)
    home.configure(channel(upstream.url))
    daemon = DaemonProcess(home).start("--tls-cert", str(cert), "--tls-key", str(key))
    try:
        assert daemon.url.startswith("https://")
        context = ssl.create_default_context(cafile=str(cert))
        connection = HTTPSConnection("localhost", daemon.port, timeout=15, context=context)
        connection.request("GET", "/health")
        assert connection.getresponse().status == 200
        connection.close()
        assert find_daemon(home.paths) is not None
    finally:
        daemon.stop()


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() != 0, reason="becomes another user")
def test_a_home_that_cannot_be_written_is_said(home: Home) -> None:
    home.configure()
    for folder in (home.path, home.paths.config_file.parent, home.paths.config_file):
        folder.chmod(0o755)
    # The interpreter itself may be readable by root alone: import first, then become somebody else.
    script = (
        "import os, sys; import axonhub_cli.cli.main as main, axonhub_cli.cli.serve,"
        "axonhub_cli.daemon.lifecycle, uvicorn.protocols.http.auto, uvicorn.lifespan.on;"
        "os.setuid(65534); sys.exit(main.run(['serve', '--port', '0']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=home.environ,
        capture_output=True,
        text=True,
        timeout=15,
    )
    assert done.returncode in (1, 2), done.stderr
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr


def _until_refused(port: int) -> None:
    """A daemon that is stopping takes no new connection."""
    for _ in range(10_000):
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=5)
        except OSError:
            return
        # One that came just before is closed without an answer.
        connection.settimeout(0.01)
        try:
            connection.recv(1)
        except OSError:
            pass
        connection.close()
    raise AssertionError("it still accepts connections")


def test_a_daemon_whose_application_cannot_begin_does_not_say_that_it_listens(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(writer: TraceWriter) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(TraceWriter, "start", refuse)
    home.configure()
    said: list[str] = []
    listen = lifecycle.Listen(port=0, log_level="error")
    with pytest.raises(CommandFailed, match="could not begin"):
        lifecycle.Daemon(home.paths, home.environ, listen).run(said.append)
    assert said == []
    assert read_state(home.paths) is None

"""The trace file of a real daemon: killed under load, on a full disk, and searched for secrets."""

import contextlib
import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from axonhub_cli.tracing.packer import Packer
from axonhub_cli.tracing.queries import TraceReader
from tests.support.daemon import Daemon, DaemonProcess
from tests.support.home import KEY, TOKEN, Home, channel
from tests.support.plays import error, message
from tests.support.upstream import PATIENCE, Upstream

COOKIE = "session-cookie-" + "c" * 20
BODY: dict[str, Any] = {
    "model": "claude-x",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "hi" * 2000}],
}


@pytest.fixture
def process(home: Home, upstream: Upstream) -> Iterator[DaemonProcess]:
    home.configure(channel(upstream.url))
    daemon = DaemonProcess(home).start("--log-level", "debug")
    try:
        yield daemon
    finally:
        daemon.stop()


def ask(daemon: DaemonProcess, **more: Any) -> str:
    """One request; its id."""
    status, headers, answer = daemon.post(json.dumps(BODY | more).encode())
    assert status == 200, answer
    return headers["ah-request-id"]


def recorded(home: Home) -> set[str]:
    with TraceReader(home.paths.trace_db) as reader:
        return {request.id for request in reader.list_requests()}


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.02)


def test_a_daemon_killed_under_load_loses_at_most_what_came_last(
    process: DaemonProcess, home: Home
) -> None:
    answered: list[str] = []
    killed = threading.Event()

    def load(worker: int) -> None:
        with contextlib.suppress(OSError, HTTPException, AssertionError, KeyError):
            for number in range(10_000):
                answered.append(ask(process, metadata={"user_id": f"{worker}-{number}"}))
                if killed.is_set():
                    return

    workers = [threading.Thread(target=load, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    wait_for(lambda: len(answered) > 200)
    settled, latest = set(answered), ask(process)
    wait_for(lambda: latest in recorded(home))
    process.kill()
    killed.set()
    for worker in workers:
        worker.join(PATIENCE)
    assert settled <= recorded(home)
    with contextlib.closing(sqlite3.connect(home.paths.trace_db)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    process.start()
    after = ask(process)
    wait_for(lambda: after in recorded(home))


@pytest.mark.skipif(sys.platform != "linux", reason="only there can a limit be set from outside")
def test_on_a_full_disk_requests_go_on_and_are_kept_until_there_is_room(
    process: DaemonProcess, home: Home
) -> None:
    import resource

    first = ask(process)
    wait_for(lambda: first in recorded(home))
    limits = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, limits[1]))
    during = [ask(process, metadata={"user_id": "x" * 500 * n}) for n in range(5)]
    wait_for(lambda: "cannot write the trace file" in home.axonhub("status", check=False).stderr)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limits)
    wait_for(lambda: recorded(home).issuperset([first, *during]))
    after = ask(process)
    wait_for(lambda: after in recorded(home))
    assert "trace file" not in home.axonhub("status").stderr


def test_no_credential_that_was_in_play_is_in_any_file_or_log(
    home: Home, upstream: Upstream
) -> None:
    home.configure(
        channel(upstream.url, "first"),
        channel(upstream.url, "second", priority=1, mappings=[{"from": "claude-x", "to": "y"}]),
        server={"trace": {"redact": ["order-[0-9]+"]}},
    )
    daemon = DaemonProcess(home).start("--log-level", "debug")
    try:
        upstream.script(
            error(500, "api_error", f"no such token {TOKEN}"),
            error(401, "authentication_error", f"bad {TOKEN}"),
            message("pong", "order-4711"),
        )
        for path, headers in (
            ("/v1/messages", {"cookie": f"a={COOKIE}"}),
            ("/v1/messages", {"x_api_key": KEY, "proxy_authorization": COOKIE}),
            (f"/v1/messages?key={KEY}", {"x_amz_security_token": COOKIE}),
            (f"/v1/messages?beta=true&Api_Key=%61{KEY[1:]}&z", {}),
            ("/v1/messages", {"authorization": f"Bearer {KEY}x"}),
            (
                f"/v1/messages?client_secret={COOKIE}&Sig={COOKIE}&x=1",
                {"x_access": f"bearer {COOKIE}"},
            ),
            (
                f"/v1/messages?u=https%3A%2F%2Fh%3Fkey%3D{COOKIE}",
                {"x_forwarded_client_cert": COOKIE},
            ),
            ("/v1/messages", {"x_url": f"https://h/?auth_token={COOKIE}", "x_otp": COOKIE}),
            ("/v1/chat/completions", {"set_cookie": COOKIE}),
        ):
            sent = BODY | {"order": "order-42"}
            daemon.post(json.dumps(sent).encode(), path, **headers)
    finally:
        daemon.stop()
    found = _everything(home) + "\n".join(daemon.log).encode()
    assert b"pong" in found
    for secret in (TOKEN, KEY, COOKIE, "order-42", "order-4711"):
        assert secret.encode() not in found, secret
    targets = [request.target for request in upstream.requests]
    assert "/v1/messages?beta=true&z" in targets
    assert not any(KEY[1:] in line for line in (*targets, *_sent_headers(upstream)))


def test_with_bodies_off_nothing_that_was_said_is_in_any_file(
    home: Home, upstream: Upstream
) -> None:
    home.configure(channel(upstream.url), server={"trace": {"bodies": "off"}})
    upstream.script(message("the-answer"))
    daemon = Daemon(home).start()
    try:
        said = [{"role": "user", "content": "the-question"}]
        sent = BODY | {"messages": said, "system": "the-prompt"}
        status, headers, _ = daemon.post(json.dumps(sent).encode())
        assert status == 200
    finally:
        daemon.stop()
    found = _everything(home)
    assert headers["ah-trace-id"].encode() in found
    for words in (b"the-question", b"the-prompt", b"the-answer"):
        assert words not in found


def _sent_headers(upstream: Upstream) -> Iterator[str]:
    for request in upstream.requests:
        yield from (f"{name}: {value}" for name, value in request.headers)


def _everything(home: Home) -> bytes:
    """All files below the home but the configuration, and all that is packed in the trace file."""
    files = [
        path.read_bytes()
        for path in Path(home.environ["AXONHUB_HOME"]).rglob("*")
        if path.is_file() and path.suffix != ".toml"
    ]
    unpack = Packer().unpack
    with contextlib.closing(sqlite3.connect(home.paths.trace_db)) as db:
        tables = [
            name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        for table in tables:
            for row in db.execute(f"SELECT * FROM {table}"):
                files += [str(value).encode() for value in row]
                files += [unpack(value) for value in row if _is_packed(value)]
    return b"\n".join(files)


def _is_packed(value: Any) -> bool:
    return isinstance(value, bytes) and value[:1] in (b"\x01", b"\x28") and len(value) > 16

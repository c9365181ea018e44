import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue

from tests.support.daemon import Daemon
from tests.support.home import Home
from tests.support.plays import overloaded
from tests.support.upstream import PATIENCE, Upstream

HI = json.dumps({"model": "claude-x", "messages": [{"role": "user", "content": "hi"}]}).encode()


class Tail:
    """`axonhub trace tail` with its lines as they come."""

    def __init__(self, home: Home, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "axonhub_cli", "trace", "tail", *options],
            env=home.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.out: Queue[str] = Queue()
        self.err: Queue[str] = Queue()
        self.readers = [
            threading.Thread(target=self._read, args=[stream, lines], daemon=True)
            for stream, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err))
        ]
        for reader in self.readers:
            reader.start()

    def _read(self, stream: object, lines: Queue[str]) -> None:
        assert isinstance(stream, Iterator)
        for line in stream:
            lines.put(line.rstrip())


@contextmanager
def tailing(home: Home, *options: str) -> Iterator[Tail]:
    tail = Tail(home, *options)
    try:
        yield tail
    finally:
        tail.process.kill()
        tail.process.wait(PATIENCE)
        for reader in tail.readers:
            reader.join(PATIENCE)
        for stream in (tail.process.stdout, tail.process.stderr):
            if stream is not None:
                stream.close()


def ask_until_heard(daemon: Daemon, tail: Tail) -> str:
    """The first line: it takes a moment until the command listens."""
    while tail.out.empty():
        daemon.post(HI)
        assert tail.process.poll() is None
    return tail.out.get(timeout=PATIENCE)


def test_requests_are_followed_over_a_restart_until_ctrl_c(
    daemon: Daemon, upstream: Upstream
) -> None:
    with tailing(daemon.home) as tail:
        ask_until_heard(daemon, tail)
        upstream.script(overloaded())
        daemon.post(HI)
        line = ""
        while "✗" not in line:
            line = tail.out.get(timeout=PATIENCE)
        assert "529" in line
        daemon.stop()
        assert "has stopped" in tail.err.get(timeout=PATIENCE)
        daemon.start()
        while "is back" not in (tail.err.get(timeout=PATIENCE)):
            pass
        tail.process.send_signal(signal.SIGINT)
        assert tail.process.wait(PATIENCE) == 130
        assert tail.err.empty()


def test_as_json_each_event_is_a_line(daemon: Daemon) -> None:
    with tailing(daemon.home, "--json", "--status", "completed") as tail:
        event = json.loads(ask_until_heard(daemon, tail))
        assert (event["event"], event["status"]) == ("finished", "completed")
        assert event["tokens"]["output"] == 5
        assert "proof" not in event


def test_without_a_daemon_there_is_nothing_to_follow(home: Home) -> None:
    done = home.axonhub("trace", "tail", check=False)
    assert (done.returncode, "axonhub start" in done.stderr) == (1, True)

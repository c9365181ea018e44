"""Real daemons for tests: in a thread of this process (fast), or as `axonhub serve` of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from http.client import HTTPConnection

from axonhub_cli.daemon import lifecycle
from tests.support.home import KEY, Home
from tests.support.upstream import PATIENCE

_URL = re.compile(r"https?://\S+:\d+")


class Daemon:
    """A daemon in a thread, on a port that was free."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.url = ""
        self.log: list[str] = []
        """What it said when it was ready; of a process, all that it wrote to stderr."""
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], None] = lambda: None
        self._code = 0

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def start(self) -> Daemon:
        listen = lifecycle.Listen(port=0, log_level="error")
        daemon = lifecycle.Daemon(self.home.paths, self.home.environ, listen)
        self._stop = daemon.stop
        self._begin(lambda: daemon.run(self._heard))
        return self

    def stop(self) -> int:
        """Let running answers end, then close; returns the exit code (0: all went well)."""
        self._stop()
        self._join()
        return self._code

    def post(
        self, body: bytes, path: str = "/anthropic/v1/messages", **headers: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One raw request with the test key; returns status, headers and the whole body."""
        sent = {"content-type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self._request("POST", path, body, sent)

    def get(self, path: str) -> tuple[int, Mapping[str, str], bytes]:
        """The same without a body."""
        return self._request("GET", path, None, {})

    def _request(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {"authorization": f"Bearer {KEY}", **headers})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def _begin(self, run: Callable[[], None]) -> None:
        """Run it in a thread, and wait for its ready line."""

        def guarded() -> None:
            try:
                run()
            except Exception as error:
                self.log.append(repr(error))
                self._code = 1
            finally:
                self._ready.set()

        self.url = ""
        self._ready.clear()
        self._thread = threading.Thread(target=guarded, name="daemon", daemon=True)
        self._thread.start()
        if not self._ready.wait(PATIENCE) or not self.url:
            self.stop()
            raise AssertionError(f"the daemon did not start: {self.log}")

    def _heard(self, line: str) -> None:
        self.log.append(line.rstrip("\n"))
        found = _URL.search(line)
        if found and not self.url:
            self.url = found[0]
            self._ready.set()

    def _join(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "the daemon does not end"


class DaemonProcess(Daemon):
    """`axonhub serve`, to be stopped by signals as a person or a service manager does."""

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *options: str) -> DaemonProcess:
        """Start it, on a free port unless `options` name one."""
        port = [] if "--port" in options else ["--port", "0"]
        process = subprocess.Popen(
            [sys.executable, "-m", "axonhub_cli", "serve", *port, *options],
            env=self.home.environ,
            cwd=self.home.path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._process = process

        def read() -> None:
            assert process.stderr is not None
            with process.stderr as lines:
                for line in lines:
                    self._heard(line)

        self._begin(read)
        return self

    def stop(self) -> int:
        return self.end(signal.SIGTERM)

    def kill(self) -> None:
        """No chance to tidy up."""
        self.end(signal.SIGKILL)

    def end(self, signal_number: int) -> int:
        """Send a signal and wait; returns the exit code, the last one when it is gone already."""
        process, self._process = self._process, None
        if process is None:
            return self._code
        process.send_signal(signal_number)
        try:
            self._code = process.wait(PATIENCE)
            return self._code
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE)
            raise
        finally:
            self._join()

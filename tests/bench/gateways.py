"""Starting the mock upstream and the gateways before it, and where each is addressed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import procs
from gen_bodies import make
from scenarios import SMALL

HERE = Path(__file__).resolve().parent
DIRECT = "direct"
"""No gateway: the load generator calls the mock itself."""

_START_S = 60.0


class GatewayFailed(Exception):
    """It did not start, or its first answer is wrong."""


class Bench:
    """One run: the mock, the gateways that were started, and their temporary files.

    Gateways are pinned to the first core, the mock and the load to the last, unless `pin` is off.
    """

    def __init__(self, registry: Path, *, mock_port: int, python: str, pin: bool) -> None:
        known: dict[str, Any] = json.loads(registry.read_text())
        self.gateways = {name: entry for name, entry in known.items() if name[0] != "_"}
        self.upstream = f"http://127.0.0.1:{mock_port}"
        self.folder = Path(tempfile.mkdtemp(prefix="axonhub-bench-"))
        self.pids: dict[str, int] = {}
        self._mock_port = mock_port
        self._places = {"upstream": self.upstream, "here": HERE, "python": python}
        self._cores = sorted(os.sched_getaffinity(0)) if pin else []
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Bench:
        require_free(self._mock_port)
        command = [str(HERE / "bin" / "mock"), str(self._mock_port)]
        mock = self._spawn(command, -1, HERE, dict(os.environ))
        self.pids["mock"] = mock.pid
        deadline = time.monotonic() + _START_S
        while not self._mock_answers():
            if mock.poll() is not None or time.monotonic() > deadline:
                raise GatewayFailed("the mock did not start: run make first")
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            _end(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def on_core(self, index: int) -> list[str]:
        """The prefix of a command that is to run on the first (0) or the last (-1) core."""
        if len(self._cores) < 2:
            return []
        return ["taskset", "-c", str(self._cores[index])]

    def start(self, name: str) -> float:
        """Start a gateway; returns the seconds until its first right answer."""
        entry = self.gateways[name]
        require_free(entry["port"])
        run = self.folder / name
        run.mkdir()
        places = self._places | {"port": entry["port"], "run": run}
        for target, source in entry.get("files", {}).items():
            (run / target).write_text(_filled((HERE / "configs" / source).read_text(), places))
        environ = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        environ |= {k: _filled(v, places) for k, v in entry.get("env", {}).items()}
        command = [_filled(word, places) for word in entry["cmd"]]
        begun = time.monotonic()
        process = self._spawn(command, 0, run, environ)
        self.pids[name] = process.pid
        reason = "no answer"
        while time.monotonic() - begun < _START_S and process.poll() is None:
            ok, reason = self.probe(name)
            if ok:
                return time.monotonic() - begun
            time.sleep(0.01)
        raise GatewayFailed(f"{name}: {reason}: {(run / 'log').read_text()[-600:]}")

    def stop(self, name: str) -> None:
        """End a gateway and what it started."""
        pid = self.pids.pop(name)
        process = next(process for process in self._processes if process.pid == pid)
        _end(process)
        shutil.rmtree(self.folder / name)

    def serves(self, name: str, route: str) -> bool:
        return route in self.gateways[name]["routes"]

    def target(self, name: str, route_name: str, model: str) -> tuple[str, list[str], str]:
        """URL and extra headers of a gateway's route, and how it wants the model to be named."""
        entry = self.gateways[name]
        base = self.upstream if name == DIRECT else f"http://127.0.0.1:{entry['port']}"
        route = entry["routes"][route_name]
        # The mock needs no key. A gateway must not take the load generator's for its own.
        headers = ["x-api-key: sk-x", "anthropic-version: 2023-06-01", *route.get("headers", [])]
        return base + route["path"], headers, route.get("model", "{m}").replace("{m}", model)

    def probe(
        self,
        name: str,
        route: str | None = None,
        *,
        model: str = SMALL,
        stream: bool = False,
        tokens: int = 32,
    ) -> tuple[bool, str]:
        """One request, on its first route unless one is named: is every chunk there?"""
        route = route or next(iter(self.gateways[name]["routes"]))
        url, lines, asked = self.target(name, route, model)
        headers = dict(line.split(": ", 1) for line in lines) | {"content-type": "application/json"}
        body = make("small", asked, stream=stream, protocol=route[0])
        request = urllib.request.Request(url, body, headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=20) as answer:
                found = answer.read().count(b"t~")
        except urllib.error.HTTPError as error:
            return False, f"HTTP {error.code} {error.read()[:200]!r}"
        except OSError as error:
            return False, str(error)
        return found == tokens, f"{found} of {tokens} chunks"

    def mock_stats(self, path: str = "__stats") -> dict[str, Any]:
        """What the mock counted since the last `__reset`."""
        try:
            with urllib.request.urlopen(f"{self.upstream}/{path}", timeout=5) as answer:
                stats: dict[str, Any] = json.load(answer)
        except OSError as error:
            raise GatewayFailed(f"the mock does not answer: {error}") from error
        return stats

    def _mock_answers(self) -> bool:
        try:
            return "peerbench-mock" in json.dumps(self.mock_stats())
        except GatewayFailed:
            return False

    def _spawn(
        self, command: list[str], core: int, folder: Path, environ: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        log = self.folder / "mock.log" if folder == HERE else folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*self.on_core(core), *command],
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._processes.append(process)
        return process


def require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise GatewayFailed(f"port {port} is taken by another process") from error


def _filled(text: str, places: dict[str, Any]) -> str:
    for name, value in places.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in procs.tree(process.pid) if process.poll() is None else ():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        try:
            process.wait(5)
            return
        except subprocess.TimeoutExpired:
            continue

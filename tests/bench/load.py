"""One measurement: the load generator against one gateway, with that gateway's CPU and memory."""

from __future__ import annotations

import json
import subprocess
import threading
from typing import Any

import procs
from gateways import DIRECT, HERE, Bench
from gen_bodies import make
from scenarios import Cell, Scenario

Row = dict[str, Any]


def measure(bench: Bench, name: str, label: str, scenario: Scenario, cell: Cell) -> Row:
    """Run one cell; latencies in ms, CPU over all requests that were sent, warm-up included."""
    pids = [] if name == DIRECT else procs.tree(bench.pids[name])
    warm_up = 0 if scenario.slow else max(cell.concurrency, 5)
    command = _command(bench, name, label, scenario, cell, warm_up)
    bench.mock_stats("__reset")
    before = procs.cpu_s(pids)
    with _PeakMemory(pids if scenario.slow else []) as peak:
        done = subprocess.run(command, capture_output=True, text=True, timeout=cell.seconds + 90)
    used = procs.cpu_s(pids) - before
    row: Row = json.loads(done.stdout)
    memory = procs.rss_mb(pids)
    sent = max(1, row["n"] + warm_up)
    row |= {
        "gateway": name,
        "scenario": label,
        "stream": scenario.stream,
        "cpu_ms_per_req": round(used / sent * 1e3, 4),
        "cpu_us_per_chunk": round(used / sent / scenario.tokens * 1e6, 2),
        "rss_mb": round(memory, 1),
        "rss_peak_mb": round(max(peak.mb, memory), 1),
        "up_conns": bench.mock_stats()["connections"],
    }
    return row


def _command(
    bench: Bench, name: str, label: str, scenario: Scenario, cell: Cell, warm_up: int
) -> list[str]:
    url, headers, model = bench.target(name, scenario.route, scenario.model)
    body = bench.folder / f"{name}-{label}.json"
    if not body.exists():
        body.write_bytes(
            make(scenario.body, model, stream=scenario.stream, protocol=scenario.route[0])
        )
    options = {
        "-u": url,
        "-b": body,
        "-c": cell.concurrency,
        "-n": cell.requests,
        "-t": cell.seconds,
        "-x": scenario.tokens,
        "-w": warm_up,
        "-T": 60,
    }
    command = [*bench.on_core(-1), str(HERE / "bin" / "lg")]
    command += [str(part) for pair in options.items() for part in pair]
    return command + [part for header in headers for part in ("-H", header)]


class _PeakMemory:
    """The largest resident memory of `pids` while the context lasts, sampled every 100 ms."""

    def __init__(self, pids: list[int]) -> None:
        self.mb = 0.0
        self._pids = pids
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _PeakMemory:
        if self._pids:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._pids:
            self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            self.mb = max(self.mb, procs.rss_mb(self._pids))

"""What recording costs a request: a steady load on a daemon that records and on one that does not.

    make && python traced_load.py [--seconds 60] [--rate 100] [--context 300000]

Both run at once, on the first core; the load goes to one for some seconds, then to the other, and
so on. Requests are sent at fixed times whatever became of the earlier ones. Each belongs to one of
some sessions that grow by an exchange a turn. Reported are the times to the last byte, the daemon's
memory, its CPU, and whether every request is in the file with its body.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from procs import cpu_s, rss_mb, tree
from session_store import exchange, words

HERE = Path(__file__).parent
KEY = "ah-" + "b" * 64
UPSTREAM, TRACED, UNTRACED = 18300, 18301, 18302
SESSIONS = 10
TURNS = 40
_UNTRACED = """
from axonhub_cli.daemon import app

class Nothing(app.TraceWriter):
    def put(self, record, stage):
        pass

app.TraceWriter = Nothing
from axonhub_cli.cli.main import run
import sys
run(sys.argv[1:])
"""


class Session:
    """Bodies that begin alike and grow, as an agent's do."""

    def __init__(self, number: int, context: int) -> None:
        self._rng = random.Random(number)
        self.name = f"session-{number}"
        first = [m for n in range(40) for m in exchange(self._rng, n, context // 42, "random")]
        begin = {"role": "user", "content": words(self._rng, 400, "random")}
        system = words(random.Random(0), context // 20, "random")
        head = {"model": "mock-c20-f5-g1", "max_tokens": 99, "stream": True, "system": system}
        written = json.dumps(head | {"messages": [begin, *first]}, separators=(",", ":"))
        self._base = written.removesuffix("]}").encode()
        self._tail: list[bytes] = []

    def body(self) -> bytes:
        if len(self._tail) >= TURNS:
            self._tail = []
        added = exchange(self._rng, self._rng.getrandbits(24), 700, "random")
        self._tail.append(json.dumps(added, separators=(",", ":"))[1:-1].encode())
        return b",".join([self._base, *self._tail]) + b"]}"


async def send(port: int, body: bytes, session: str) -> float:
    """One request on a connection of its own; seconds until the whole answer was there."""
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"POST /anthropic/v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\n"
        f"authorization: Bearer {KEY}\r\n"
        f"x-claude-code-session-id: {session}\r\ncontent-type: application/json\r\n"
        f"connection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200") and b"message_stop" in answer, answer[:300]
    return time.perf_counter() - began


async def load(port: int, sessions: list[Session], seconds: float, rate: float) -> list[float]:
    loop = asyncio.get_running_loop()
    start = loop.time()
    sent: list[asyncio.Task[float]] = []
    for number in range(int(seconds * rate)):
        await asyncio.sleep(max(0.0, start + number / rate - loop.time()))
        session = sessions[number % len(sessions)]
        sent.append(loop.create_task(send(port, session.body(), session.name)))
    return list(await asyncio.gather(*sent))


@contextlib.contextmanager
def daemon(folder: Path, port: int, code: str | None) -> Iterator[int]:
    """A daemon with its home in this folder; its pid."""
    folder.mkdir()
    config = (HERE / "configs" / "axonhub.toml").read_text()
    config = config.replace("{upstream}", f"http://127.0.0.1:{UPSTREAM}")
    (folder / "config.toml").write_text(config)
    (folder / "config.toml").chmod(0o600)
    environ = os.environ | {"AXONHUB_HOME": str(folder), "AXONHUB_SECRETS_BACKEND": "file"}
    environ |= {"BENCH_TOKEN": "bench"}
    start = ["-m", "axonhub_cli"] if code is None else ["-c", code]
    process = subprocess.Popen(
        ["taskset", "-c", "0", sys.executable, *start, "serve", "--port", str(port)],
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        while "http://" not in (line := process.stderr.readline()):
            assert line, "the daemon does not start"
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def report(name: str, times: list[float], pid: int, before: float) -> None:
    times = sorted(times)
    p50, p99 = (times[int(len(times) * part)] * 1000 for part in (0.5, 0.99))
    cpu = (cpu_s(tree(pid)) - before) / len(times) * 1000
    print(
        f"{name:10} p50 {p50:7.2f} ms   p99 {p99:7.2f} ms   {cpu:5.2f} ms CPU a request"
        f"   {rss_mb(tree(pid)):5.0f} MB"
    )


def check(folder: Path, sent: int) -> None:
    with contextlib.closing(sqlite3.connect(folder / "data" / "traces.db")) as db:
        (rows,) = db.execute("SELECT count(*) FROM requests").fetchone()
        (bodies,) = db.execute("SELECT count(*) FROM bodies WHERE attempt = 0").fetchone()
        (total,) = db.execute("SELECT sum(size) FROM bodies WHERE attempt = 0").fetchone()
    size = (folder / "data" / "traces.db").stat().st_size
    print(
        f"{sent} sent, {rows} recorded, {bodies} with their body;"
        f" {total / 1e6:,.0f} MB of bodies in {size / 1e6:,.1f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--context", type=int, default=300_000)
    parser.add_argument("--round", type=float, default=5, help="seconds before it changes over")
    given = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    sessions = [Session(number, given.context) for number in range(SESSIONS)]
    mock = subprocess.Popen([HERE / "bin" / "mock", str(UPSTREAM)])
    folder = Path(tempfile.mkdtemp())
    try:
        with (
            daemon(folder / "traced", TRACED, None) as traced,
            daemon(folder / "untraced", UNTRACED, _UNTRACED) as untraced,
        ):
            run(given, sessions, {"traced": (TRACED, traced), "untraced": (UNTRACED, untraced)})
            time.sleep(2)
            check(folder / "traced", int(given.rate * given.round) * rounds(given))
    finally:
        mock.kill()
        mock.wait()
        shutil.rmtree(folder)


def rounds(given: argparse.Namespace) -> int:
    return max(1, round(given.seconds / given.round))


def run(
    given: argparse.Namespace, sessions: list[Session], daemons: dict[str, tuple[int, int]]
) -> None:
    times: dict[str, list[float]] = {name: [] for name in daemons}
    before = {name: cpu_s(tree(pid)) for name, (_, pid) in daemons.items()}
    for number in range(rounds(given)):
        for name, (port, pid) in sorted(daemons.items(), reverse=bool(number % 2)):
            times[name] += asyncio.run(load(port, sessions, given.round, given.rate))
            if name == "traced":
                print(f"  round {number + 1}: {rss_mb(tree(pid)):.0f} MB")
    for name, (_, pid) in daemons.items():
        report(name, times[name], pid, before[name])


if __name__ == "__main__":
    main()

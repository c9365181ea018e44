"""1,000 streams at once over ten channels of which every fifth attempt fails, three times over."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support import plays
from tests.support.daemon import DaemonProcess
from tests.support.home import KEY, Home, channel
from tests.support.upstream import (
    Close,
    Data,
    End,
    Gate,
    Hang,
    Head,
    Play,
    Reset,
    SeenRequest,
    Upstream,
    Wait,
)

pytestmark = [pytest.mark.load, pytest.mark.timeout(300)]

STREAMS = 1000
CHANNELS = 10
SHARE = 0.2
SEED = 4
MOST_GROWTH = 20 * 1024 * 1024
PATIENCE_S = 90.0

_HEAD = Head(200, (plays.SSE,))
_START = 3
"""So many events of an answer hold the beginning of its content."""


class Crowd:
    """One run: what each request is to meet, and the gate at which all streams stand at once."""

    def __init__(self, run: int) -> None:
        self.run = run
        self.gate = Gate()
        self.injected = 0
        self.hit_late: set[int] = set()
        """The requests that met a fault after their content had begun."""
        self._left = STREAMS

    def arrived(self) -> None:
        """One client has seen content, or the end; after the last the upstreams go on."""
        self._left -= 1
        if self._left == 0:
            self.gate.open()

    def answer(self, request: SeenRequest) -> Play:
        number = int(request.json["messages"][0]["content"])
        name = request.path.split("/")[1]
        # By request and channel, so that a run is the same whatever comes first.
        dice = random.Random(f"{SEED} {self.run} {number} {name}")
        pieces = [Data(piece) for piece in pieces_of(number, name)]
        if dice.random() >= SHARE:
            return (_HEAD, *pieces[:_START], Wait(self.gate), *pieces[_START:], End())
        fault, play = dice.choice(list(self._faults(pieces).items()))
        self.injected += 1
        if "middle" in fault:
            self.hit_late.add(number)
        return play

    def _faults(self, pieces: list[Data]) -> dict[str, Play]:
        begun = (_HEAD, *pieces[:_START], Wait(self.gate))
        error = plays.event("error", error={"type": "overloaded_error", "message": "x"})
        return {
            "529": plays.overloaded(),
            "429": plays.rate_limited(),
            "500": plays.error(500, "api_error", "x"),
            "reset": plays.reset(),
            "empty": plays.empty(),
            "a web page": plays.html(),
            "silence": plays.hang(),
            "an error first": plays.sse([error]),
            "cut before content": (_HEAD, pieces[0], Close()),
            "reset in the middle": (*begun, Reset()),
            "end in the middle": (*begun, *pieces[_START:5], End()),
            "an error in the middle": (*begun, Data(error), End()),
            "silence in the middle": (*begun, Hang()),
        }


def words_of(number: int, name: str) -> str:
    return f"answer {number} of {name} " * 20


def pieces_of(number: int, name: str) -> list[bytes]:
    words = words_of(number, name)
    parts = [words[at : at + 40] for at in range(0, len(words), 40)]
    deltas = [
        plays.event("content_block_delta", index=0, delta={"type": "text_delta", "text": part})
        for part in parts
    ]
    first, ping, block, _, *rest = plays.as_events(plays.text(""))
    assert ping.startswith(b"event: ping")
    return [first, block, *deltas, *rest]


async def stream(port: int, number: int, crowd: Crowd) -> str:
    """One client: its answer is judged as it is read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        asked = {
            "model": "claude-sonnet-4-5",
            "max_tokens": 9,
            "stream": True,
            "messages": [{"role": "user", "content": str(number)}],
        }
        body = json.dumps(asked).encode()
        writer.write(
            b"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n"
            b"x-api-key: %b\r\ncontent-length: %d\r\n\r\n%b" % (KEY.encode(), len(body), body)
        )
        begun = await reader.readuntil(b"content_block_delta")
        crowd.arrived()
        return judge(begun + await reader.read(), number)
    except asyncio.IncompleteReadError as error:
        crowd.arrived()
        return judge(error.partial, number)
    finally:
        writer.close()


def judge(answer: bytes, number: int) -> str:
    """`whole` or `broken`; anything else fails."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), answer[:2000]
    events = [json.loads(line[6:]) for line in lines_of(body) if line.startswith(b"data: ")]
    kinds = Counter(event["type"] for event in events)
    text = "".join(e["delta"]["text"] for e in events if e["type"] == "content_block_delta")
    name = text.split()[3]  # whoever the head names: a ping may have opened it
    whole = words_of(number, name)
    assert kinds["message_start"] == 1, "the client was answered twice, or not at all"
    if kinds["message_stop"]:
        assert (text, kinds["message_stop"], kinds["error"]) == (whole, 1, 0)
        return "whole"
    assert kinds["error"] == 1, kinds
    assert whole.startswith(text)
    return "broken"


def lines_of(body: bytes) -> list[bytes]:
    """Of a chunked body; the chunks' sizes stand on lines of their own."""
    data, rest = b"", body
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        data, rest = data + rest[:length], rest[length + 2 :]
        if length == 0:
            break
    return data.split(b"\n")


class Process:
    """What the system says of the daemon."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")

    @property
    def memory(self) -> int:
        for line in (self._folder / "status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    @property
    def sockets(self) -> int:
        found = 0
        for entry in (self._folder / "fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                found += os.readlink(entry).startswith("socket:")
        return found


@pytest.fixture
def crowded(home: Home, upstream: Upstream) -> Iterator[DaemonProcess]:
    channels = [
        channel(
            f"{upstream.url}/c{number}",
            f"c{number}",
            first_event_timeout="3s",
            idle_timeout="10s",
        )
        for number in range(CHANNELS)
    ]
    home.configure(
        *channels, routing={"retries": 1, "retry_delay": "20ms"}, server={"ping_interval": "2s"}
    )
    daemon = DaemonProcess(home).start()
    try:
        yield daemon
    finally:
        daemon.stop()


async def run_once(port: int, crowd: Crowd) -> list[str]:
    """How each of the streams ended."""
    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.gather(*[stream(port, n, crowd) for n in range(STREAMS)])


def settle(daemon: DaemonProcess, upstream: Upstream) -> None:
    """Until every upstream play is over, and so nothing is on its way any more."""
    for request in upstream.requests:
        assert request.done.wait(PATIENCE_S), "the daemon holds on to an upstream"
    assert daemon.get("/health")[0] == 200


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_each_of_a_thousand_streams_gets_its_answer_or_one_error(
    crowded: DaemonProcess, upstream: Upstream
) -> None:
    process = Process(crowded.pid)
    memory: list[int] = []
    sockets: list[int] = []
    for run in range(3):
        crowd = Crowd(run)
        upstream.reset(crowd.answer)
        ended = asyncio.run(run_once(crowded.port, crowd))
        settle(crowded, upstream)
        broken = {number for number, end in enumerate(ended) if end == "broken"}
        assert broken
        assert broken <= crowd.hit_late, "a stream broke that no fault had hit"
        assert crowd.injected > STREAMS * SHARE / 2
        memory.append(process.memory)
        sockets.append(process.sockets)
    assert memory[2] - memory[0] < MOST_GROWTH, memory
    # What stays open between the runs is the pool's, which does not grow with them.
    assert sockets[2] <= sockets[0] * 1.2 + 50, sockets

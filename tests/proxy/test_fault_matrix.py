"""Every fault of an upstream × the pairs of protocols × streamed or not, over real sockets.

All of it is run once, against one daemon; then each case is looked at: what the client saw, what
was tried, and what the trace says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any

import pytest

from axonhub_cli.tracing.queries import TraceReader
from tests.proxy.faults import CASES, WIRES, Case
from tests.support import chat_plays, plays
from tests.support.daemon import Daemon
from tests.support.home import KEY, Home, channel
from tests.support.upstream import PATIENCE, Gate, Play, SeenRequest, Upstream, refusing_url

_BY_MODEL = {case.model: case for case in CASES}
_AT_ONCE = 12
_GATES = {model: Gate() for model in _BY_MODEL}


@dataclass
class Seen:
    """What came of one case."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    traced: dict[str, Any] = field(default_factory=dict)
    decision: dict[str, Any] = field(default_factory=dict)


class Matrix:
    """The upstreams of both protocols, one that fails and one that answers, and the daemon."""

    def __init__(self, home: Home, stack: ExitStack) -> None:
        self._home = home
        self._failing = {name: self._start(Upstream(_fail), stack) for name in WIRES}
        good = {"anthropic": plays.default_answer, "openai_chat": chat_plays.default_answer}
        self._good = {name: self._start(Upstream(good[name]), stack) for name in WIRES}
        dead = stack.enter_context(refusing_url())
        channels = [
            entry
            for name, type in (
                ("anthropic", "anthropic-compatible"),
                ("openai_chat", "openai-compatible"),
            )
            for entry in _channels(name, type, self._failing[name], self._good[name], dead)
        ]
        home.configure(*channels, routing={"retries": 1, "retry_delay": "1ms"})
        self.daemon = Daemon(home).start()

    def run(self) -> dict[str, Seen]:
        """Run every case; the daemon is stopped at the end, so that all is recorded."""
        try:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                seen = dict(zip(_BY_MODEL, pool.map(self._ask, CASES), strict=True))
        finally:
            self.daemon.stop()
        with TraceReader(self._home.paths.trace_db) as reader:
            for row in reader.list_requests():
                assert row.model is not None
                found = seen[row.model]
                found.traced, found.decision = row.as_json(), reader.decision(row)
        return seen

    def _start(self, upstream: Upstream, stack: ExitStack) -> Upstream:
        upstream.start()
        stack.callback(upstream.stop)
        return upstream

    def _ask(self, case: Case) -> Seen:
        connection = HTTPConnection("127.0.0.1", self.daemon.port, timeout=PATIENCE)
        try:
            headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
            connection.request("POST", WIRES[case.client].path, case.body(), headers)
            if case.ending == "left":
                self._leave(case, connection)
                return Seen()
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            first = answer.read(1)
            _GATES[case.model].open()
            return Seen(answer.status, told, first + answer.read())
        finally:
            connection.close()

    def _leave(self, case: Case, connection: HTTPConnection) -> None:
        """Close the connection at the place of the case; the upstream sees that of its own."""
        upstream = self._failing[case.upstream]
        request = upstream.wait_until(lambda seen: seen.json["model"] == case.model)
        if case.name == "left after headers" and case.streams:
            assert connection.getresponse().read(1)
        connection.close()
        request.wait_closed()


def _fail(request: SeenRequest) -> Play:
    model = request.json["model"]
    return _BY_MODEL[model].play(_GATES[model])


def _channels(
    name: str, type: str, failing: Upstream, good: Upstream, dead: str
) -> list[dict[str, Any]]:
    short = {f"{limit}_timeout": "300ms" for limit in ("first_event", "idle", "total")}
    return [
        channel(failing.url, f"first-{name}", type=type, models=[f"first.*.up-{name}.*"]),
        channel(failing.url, f"slow-{name}", type=type, models=[f"slow.*.up-{name}.*"], **short),
        channel(dead, f"dead-{name}", type=type, models=[f"dead.*.up-{name}.*"]),
        channel(good.url, f"second-{name}", type=type, models=[f"*.up-{name}.*"], priority=1),
    ]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    with ExitStack() as stack:
        yield Matrix(Home(tmp_path_factory.mktemp("matrix")), stack).run()


BY_NAME = pytest.mark.parametrize("case", CASES, ids=[case.model for case in CASES])


@BY_NAME
def test_what_the_client_saw(seen: dict[str, Seen], case: Case) -> None:
    found = seen[case.model]
    events = found.body.count(b"event: error") + found.body.count(b'data: {"error"')
    text = _text(found.body, case) if found.status == 200 else ""
    match case.ending:
        case "answered":
            expected = "half" if case.fault.half else "pong"
            assert (found.status, text, events) == (200, expected, 0)
        case "broken":
            assert (found.status, events, b"pong" in found.body) == (200, 1, False)
            assert text and "half".startswith(text)
        case "told":
            error = json.loads(found.body)["error"]
            assert (found.status, error["message"]) == (
                case.fault.status,
                f"words of {case.fault.status}",
            )
        case "left":
            assert found.status == 0


@BY_NAME
def test_what_was_tried(seen: dict[str, Seen], case: Case) -> None:
    found = seen[case.model]
    assert [attempt["channel"] for attempt in found.traced["attempts"]] == case.tried
    if case.ending != "left":
        told = [part.split()[0].rstrip(":") for part in found.headers["ah-attempts"].split(", ")]
        assert told == case.tried


@BY_NAME
def test_what_the_trace_says(seen: dict[str, Seen], case: Case) -> None:
    found = seen[case.model]
    assert [f["kind"] for f in found.decision.get("failures", [])] == list(case.kinds)
    states = {"answered": "completed", "told": "failed", "broken": "failed", "left": "canceled"}
    assert found.traced["status"] == states[case.ending]
    failed = found.traced["attempts"][: len(case.kinds)]
    assert all(attempt["error"] for attempt in failed)
    assert {attempt["state"] for attempt in failed} <= {"failed"}


def _text(body: bytes, case: Case) -> str:
    """The words of an answer in the client's protocol."""
    if not case.streams:
        whole = json.loads(body)
        if case.client == "anthropic":
            return "".join(block["text"] for block in whole["content"])
        return str(whole["choices"][0]["message"]["content"])
    words = []
    for line in body.split(b"\n"):
        if not line.startswith(b"data: {"):
            continue
        data = json.loads(line[6:])
        if case.client == "anthropic":
            words.append(data.get("delta", {}).get("text", ""))
        else:
            words += [c["delta"].get("content") or "" for c in data.get("choices", [])]
    return "".join(words)

"""The fault matrix: each way in which an upstream fails, in the words of each protocol."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Literal

from tests.support import chat_plays, plays
from tests.support.plays import JSON, SSE, body
from tests.support.upstream import Close, Data, End, Gate, Hang, Head, Play, Reset, Step, Wait

Protocol = Literal["anthropic", "openai_chat"]
Ending = Literal["answered", "told", "broken", "left"]


@dataclass(frozen=True)
class Wire:
    """How an upstream of one protocol says things."""

    protocol: Protocol
    path: str
    pieces: tuple[bytes, ...]
    """The events of the answer `half`."""
    content: int
    """How many of them hold the first content."""
    whole: bytes
    error_event: bytes

    def error(self, status: int) -> Play:
        if self.protocol == "anthropic":
            return plays.error(status, "x", f"words of {status}")
        return chat_plays.error(status, f"words of {status}")

    def cut(self, pieces: int, *, how: Close | Reset | End | Hang) -> Play:
        data = b"".join(self.pieces[:pieces])
        return (Head(200, (SSE,)), *([Data(data)] if data else []), how)

    def cut_late(self, gate: Gate, *rest: Step) -> Play:
        """The content, then what follows it once the client has seen some."""
        data = Data(b"".join(self.pieces[: self.content]))
        return (Head(200, (SSE,)), data, Wait(gate), *rest)

    def cut_whole(self, how: Close | Reset | Hang) -> Play:
        length = ("content-length", str(len(self.whole)))
        return (Head(200, (JSON, length)), Data(self.whole[:40]), how)


WIRES: dict[Protocol, Wire] = {
    "anthropic": Wire(
        "anthropic",
        "/anthropic/v1/messages",
        tuple(plays.as_events(plays.text("half"))),
        4,
        json.dumps(plays.as_message(plays.text("half"))).encode(),
        plays.event("error", error={"type": "overloaded_error", "message": "words of 529"}),
    ),
    "openai_chat": Wire(
        "openai_chat",
        "/v1/chat/completions",
        tuple(chat_plays.as_chunks("half")),
        3,
        json.dumps(chat_plays.as_completion("half")).encode(),
        chat_plays.event({"error": {"message": "words of 529", "code": 529}}),
    ),
}


@dataclass(frozen=True)
class Fault:
    """What the first channel does to a stream and to a whole answer, the kinds that are noted of
    its attempts, and how it ends for the client."""

    stream: Callable[[Wire, Gate], Play]
    """The gate opens when the client has seen the first bytes."""
    whole: Callable[[Wire], Play]
    kinds: tuple[str, ...] = ()
    whole_kinds: tuple[str, ...] | None = None
    ending: Ending = "answered"
    whole_ending: Ending | None = None
    status: int = 200
    channel: Literal["first", "slow", "dead"] = "first"
    """`slow` has short time limits; on `dead` every connection is refused."""
    half: bool = False
    """It is the first channel that answers."""


def _both(play: Callable[[Wire], Play], *kinds: str, **more: object) -> Fault:
    return Fault(lambda wire, gate: play(wire), play, kinds, **more)  # type: ignore[arg-type]


def _status(number: int, *kinds: str) -> Fault:
    return _both(lambda wire: wire.error(number), *kinds)


def _refused(number: int, kind: str) -> Fault:
    return _both(lambda wire: wire.error(number), kind, ending="told", status=number)


def _zipped(data: bytes, kind: tuple[str, str]) -> Play:
    return body(200, gzip.compress(data), kind, ("content-encoding", "gzip"))


def _error_body(wire: Wire) -> Play:
    _, _, data = wire.error_event.strip().rpartition(b"data: ")
    return body(200, data, JSON)


FAULTS: dict[str, Fault] = {
    "refused": _both(lambda wire: (Hang(),), "connection", channel="dead"),
    "reset": _both(lambda wire: plays.reset(), "dropped", "dropped"),
    "closed": _both(lambda wire: (Close(),), "dropped", "dropped"),
    "400": _refused(400, "request"),
    "413": _refused(413, "413"),
    "422": _refused(422, "request"),
    "401": _status(401, "401"),
    "402": _status(402, "402"),
    "403": _status(403, "403"),
    "404": _status(404, "404"),
    "408": _status(408, "408", "408"),
    "409": _status(409, "409", "409"),
    "429": _status(429, "429"),
    "500": _status(500, "5xx", "5xx"),
    "501": _status(501, "501"),
    "502": _status(502, "5xx", "5xx"),
    "503": _status(503, "503"),
    "504": _status(504, "5xx", "5xx"),
    "529": _status(529, "529"),
    "silent": _both(
        lambda wire: plays.hang(), "first_token_timeout", whole_kinds=("timeout",), channel="slow"
    ),
    "silent before content": Fault(
        lambda wire, gate: wire.cut(1, how=Hang()),
        lambda wire: wire.cut_whole(Hang()),
        ("timeout",),
        channel="slow",
    ),
    "silent in the middle": Fault(
        lambda wire, gate: wire.cut(wire.content, how=Hang()),
        lambda wire: wire.cut_whole(Hang()),
        (),
        ("timeout",),
        ending="broken",
        whole_ending="answered",
        channel="slow",
    ),
    "empty": _both(lambda wire: plays.empty(), "empty", "empty"),
    "empty stream": _both(lambda wire: plays.sse([]), "empty", "empty"),
    "a web page": _both(lambda wire: plays.html(), "garbled"),
    "an error first": Fault(
        lambda wire, gate: plays.sse([wire.error_event]), _error_body, ("529",)
    ),
    "an error before content": Fault(
        lambda wire, gate: plays.sse([wire.pieces[0], wire.error_event]), _error_body, ("529",)
    ),
    "cut before content": Fault(
        lambda wire, gate: wire.cut(1, how=Close()),
        lambda wire: wire.cut_whole(Close()),
        ("broken", "broken"),
    ),
    "ended before content": Fault(
        lambda wire, gate: wire.cut(1, how=End()),
        lambda wire: body(200, wire.whole[:40], JSON),
        ("empty", "empty"),
        ("garbled",),
    ),
    "reset in the middle": Fault(
        lambda wire, gate: wire.cut_late(gate, Reset()),
        lambda wire: wire.cut_whole(Reset()),
        (),
        ("broken", "broken"),
        ending="broken",
        whole_ending="answered",
    ),
    "ended in the middle": Fault(
        lambda wire, gate: wire.cut_late(gate, End()),
        lambda wire: wire.cut_whole(Close()),
        (),
        ("broken", "broken"),
        ending="broken",
        whole_ending="answered",
    ),
    "an error in the middle": Fault(
        lambda wire, gate: wire.cut_late(gate, Data(wire.error_event), End()),
        _error_body,
        (),
        ("529",),
        ending="broken",
        whole_ending="answered",
    ),
    "zipped": Fault(
        lambda wire, gate: _zipped(b"".join(wire.pieces), SSE),
        lambda wire: _zipped(wire.whole, JSON),
        half=True,
    ),
    "left before headers": _both(lambda wire: plays.hang(), ending="left"),
    "left after headers": Fault(
        lambda wire, gate: wire.cut(wire.content, how=Hang()),
        lambda wire: wire.cut_whole(Hang()),
        ending="left",
    ),
}


@dataclass(frozen=True)
class Case:
    name: str
    client: Protocol
    upstream: Protocol
    streams: bool

    @property
    def fault(self) -> Fault:
        return FAULTS[self.name]

    @property
    def model(self) -> str:
        """By it the upstreams know what to do; each case has its own, and so its own breaker."""
        kind = "stream" if self.streams else "whole"
        name = self.name.replace(" ", "-")
        return f"{self.fault.channel}.{name}.{self.client}.up-{self.upstream}.{kind}"

    @property
    def kinds(self) -> tuple[str, ...]:
        fault = self.fault
        own = None if self.streams else fault.whole_kinds
        return fault.kinds if own is None else own

    @property
    def ending(self) -> Ending:
        fault = self.fault
        return (None if self.streams else fault.whole_ending) or fault.ending

    @property
    def tried(self) -> list[str]:
        """The channels in the order in which they are to be asked."""
        first = f"{self.fault.channel}-{self.upstream}"
        if self.ending in ("broken", "left") or self.fault.half:
            return [first]
        failed = [first] * len(self.kinds)
        return failed if self.ending == "told" else [*failed, f"second-{self.upstream}"]

    def play(self, gate: Gate) -> Play:
        wire = WIRES[self.upstream]
        return self.fault.stream(wire, gate) if self.streams else self.fault.whole(wire)

    def body(self) -> bytes:
        messages = [{"role": "user", "content": "hi"}]
        asked = {"model": self.model, "max_tokens": 9, "messages": messages}
        return json.dumps(asked | ({"stream": True} if self.streams else {})).encode()


CASES = [
    Case(*values) for values in product(FAULTS, ("anthropic", "openai_chat"), WIRES, (True, False))
]

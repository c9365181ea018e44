"""A trace as a conversation: turns of a user, in each the steps his agent took.

    turn  what the user said
      step  a request: tools' results ─▶ attempts that failed ─▶ what the model said and called
        step  a subagent's request, one level deeper
      side  requests beside the conversation, folded into one entry a kind

Clients that name their turns (`x-claude-code-prompt-id`) are believed; else a turn begins where a
request brings new words of the user. A repeated request (same conversation, again) brings nothing
new, and is a step that says so.
"""

from __future__ import annotations

from msgspec import Struct, field

from axonhub_cli.jsonio import Json
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.base import Answer
from axonhub_cli.tracing.conversation import (
    News,
    Said,
    Side,
    ToolCall,
    ToolResult,
    clip,
    read_news,
    read_said,
    side_of,
)
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.rows import AttemptRow, RequestRow, Tokens, TraceRow, timestamp


class Step(Struct, frozen=True, kw_only=True):
    """One request of the conversation, and only what was new in it."""

    request: RequestRow
    depth: int
    """0: the main agent; 1: its subagents; 2: theirs."""
    repeated: bool
    """The same conversation as the agent's request before: a retry by the client."""
    prompt: str
    """What a subagent was told, in its first step."""
    results: tuple[ToolResult, ...]
    text: str
    calls: tuple[ToolCall, ...]
    thinking: bool

    @property
    def failures(self) -> tuple[AttemptRow, ...]:
        """The attempts that failed or were given up."""
        return tuple(a for a in self.request.attempts if a.status in ("failed", "canceled"))

    def as_json(self) -> dict[str, Json]:
        return {
            "request": self.request.as_json(),
            "depth": self.depth,
            "repeated": self.repeated,
            "prompt": self.prompt,
            "results": [
                {"id": r.call_id, "text": r.text, "is_error": r.is_error} for r in self.results
            ],
            "text": self.text,
            "calls": [{"id": c.id, "name": c.name, "input": c.input} for c in self.calls],
        }


class SideRequests(Struct, frozen=True):
    """Requests of one kind beside the conversation, in one turn."""

    kind: Side
    requests: tuple[RequestRow, ...]

    @property
    def failed(self) -> int:
        return sum(request.status == "failed" for request in self.requests)


class Turn(Struct, frozen=True, kw_only=True):
    """What a user said, and everything that came of it."""

    at: float
    user: str
    attachments: int
    steps: tuple[Step, ...]
    side: tuple[SideRequests, ...]

    @property
    def tokens(self) -> Tokens:
        """Over all its requests, side requests included."""
        rows = [step.request for step in self.steps]
        rows += [request for side in self.side for request in side.requests]
        return Tokens(
            *(
                sum(getattr(row.tokens, name) or 0 for row in rows)
                for name in Tokens.__struct_fields__
            )
        )

    def as_json(self) -> dict[str, Json]:
        return {
            "at": timestamp(self.at),
            "user": self.user,
            "attachments": self.attachments,
            "tokens": self.tokens.as_json(),
            "steps": [step.as_json() for step in self.steps],
            "side": [
                {"kind": side.kind, "requests": [r.as_json() for r in side.requests]}
                for side in self.side
            ],
        }


class SessionView(Struct, frozen=True):
    """A trace and its turns."""

    trace: TraceRow
    turns: tuple[Turn, ...]

    def as_json(self) -> dict[str, Json]:
        """The trace as in a list of them, and its turns."""
        return self.trace.as_json() | {"turns": [turn.as_json() for turn in self.turns]}


class _Turn(Struct):
    """A turn while it is put together."""

    at: float
    user: str = ""
    attachments: int = 0
    steps: list[Step] = field(default_factory=list)
    side: dict[Side, list[RequestRow]] = field(default_factory=dict)

    def finished(self) -> Turn:
        return Turn(
            at=self.at,
            user=self.user,
            attachments=self.attachments,
            steps=tuple(self.steps),
            side=tuple(SideRequests(kind, tuple(rows)) for kind, rows in self.side.items()),
        )


def read_session(reader: TraceReader, given: str) -> SessionView:
    """The session of a trace's id, or of the beginning of one. Raises `NotRecorded`."""
    trace = reader.trace(given)
    builder = _Builder()
    for request in reversed(reader.list_requests(trace=trace.id, source=None)):
        body = reader.request_body(request.id)
        side = side_of(body, request.operation, request.request_class)
        if side is not None:
            builder.add_side(side, request)
        else:
            builder.add_step(request, read_news(body), _said(reader, request))
    return SessionView(trace, tuple(turn.finished() for turn in builder.turns))


def _said(reader: TraceReader, request: RequestRow) -> Said:
    protocol = PROTOCOLS.get(request.upstream_protocol or "")
    body = reader.answer_body(request.id)
    known = protocol is not None and body is not None
    return read_said(protocol.read_answer(body) if known and protocol and body else Answer())


class _Builder:
    """Puts requests, oldest first, into turns."""

    def __init__(self) -> None:
        self.turns: list[_Turn] = []
        self._named: dict[str, _Turn] = {}
        self._depths: dict[str | None, int] = {None: 0}
        self._last: dict[str | None, News] = {}

    def add_side(self, kind: Side, request: RequestRow) -> None:
        turn = self._named.get(request.prompt_id or "") or self._current(request)
        turn.side.setdefault(kind, []).append(request)

    def add_step(self, request: RequestRow, news: News, said: Said) -> None:
        agent = request.agent_id
        repeated = self._last.get(agent) == news and news != News()
        first = agent not in self._last
        self._last[agent] = news
        turn = self._turn(request, news, repeated=repeated)
        if agent is None and not turn.user and not repeated:
            turn.user = clip("\n".join(news.texts))
            turn.attachments = news.attachments
        turn.steps.append(
            Step(
                request=request,
                depth=self._depth(request),
                repeated=repeated,
                prompt=clip("\n".join(news.texts)) if agent is not None and first else "",
                results=() if repeated else news.results,
                text=said.text,
                calls=said.calls,
                thinking=said.thinking,
            )
        )

    def _turn(self, request: RequestRow, news: News, *, repeated: bool) -> _Turn:
        if request.prompt_id is not None:
            turn = self._named.get(request.prompt_id)
            if turn is None:
                turn = self._named[request.prompt_id] = self._unspoken(request)
            return turn
        new = request.agent_id is None and bool(news.texts) and not repeated
        return self._unspoken(request) if new else self._current(request)

    def _current(self, request: RequestRow) -> _Turn:
        return self.turns[-1] if self.turns else self._begin(request)

    def _unspoken(self, request: RequestRow) -> _Turn:
        """A turn that nobody has said anything in: a new one, or one with side requests alone."""
        if self.turns and not self.turns[-1].user and not self.turns[-1].steps:
            return self.turns[-1]
        return self._begin(request)

    def _begin(self, request: RequestRow) -> _Turn:
        self.turns.append(_Turn(request.at))
        return self.turns[-1]

    def _depth(self, request: RequestRow) -> int:
        agent = request.agent_id
        if agent not in self._depths:
            self._depths[agent] = self._depths.get(request.parent_agent_id, 0) + 1
        return self._depths[agent]

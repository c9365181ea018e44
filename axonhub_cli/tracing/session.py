"""A trace as a conversation: turns of a user, in each the steps of his agent and its subagents.

turn  what the user said
  step  a request: tools' results ─▶ attempts that failed ─▶ what the model said and called
    agent  a subagent that one of the step's calls started; several side by side
      step  …
  side  requests beside the conversation, folded into one entry a kind
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from axonhub_cli.jsonio import Json
from axonhub_cli.tracing.asked import ToolResult
from axonhub_cli.tracing.beside import Side
from axonhub_cli.tracing.conversation import ToolCall
from axonhub_cli.tracing.rows import AttemptRow, RequestRow, Tokens, TraceRow, timestamp

Label = Literal["compaction", "compacted", "new conversation", "unreadable"]
"""What is special about a step: it asks for a summary, it goes on from one, it begins something
else in the same session, its body could not be read."""


class Step(Struct, frozen=True, kw_only=True):
    """One request of the conversation, and only what was new in it."""

    request: RequestRow
    agent: str | None
    """Whose step it is; None: the main agent's."""
    depth: int
    """0: the main agent; 1: its subagents; 2: theirs."""
    repeated: bool
    """The same conversation as the agent's request before: a retry by the client."""
    prompt: str
    """What a subagent was told, in its first step, or later on."""
    results: tuple[ToolResult, ...]
    text: str
    calls: tuple[ToolCall, ...]
    thinking: bool
    label: Label | None = None

    @property
    def failures(self) -> tuple[AttemptRow, ...]:
        """The attempts that failed or were given up."""
        return tuple(a for a in self.request.attempts if a.status in ("failed", "canceled"))

    @property
    def until(self) -> float:
        """When it ended, as far as is known; epoch seconds."""
        return self.request.at + (self.request.total_ms or 0) / 1000

    def as_json(self) -> dict[str, Json]:
        return {
            "request": self.request.as_json(),
            "agent": self.agent,
            "depth": self.depth,
            "label": self.label,
            "repeated": self.repeated,
            "prompt": self.prompt,
            "results": [
                {"id": r.call_id, "text": r.text, "is_error": r.is_error, "name": r.name or None}
                for r in self.results
            ],
            "text": self.text,
            "calls": [{"id": c.id, "name": c.name, "input": c.input} for c in self.calls],
        }


class Agent(Struct, frozen=True, kw_only=True):
    """A subagent. `call_id`: the tool call that started it; None: which one is not known."""

    id: str
    parent: str | None
    """The agent that started it; None: the main one."""
    call_id: str | None
    name: str
    steps: tuple[Step, ...]

    @property
    def began(self) -> float:
        return min(step.request.at for step in self.steps)

    @property
    def ended(self) -> float:
        return max(step.until for step in self.steps)

    def overlaps(self, other: Agent) -> bool:
        """Did both run at once?"""
        return self.began < other.ended and other.began < self.ended

    def as_json(self, beside: tuple[Agent, ...]) -> dict[str, Json]:
        return {
            "id": self.id,
            "parent": self.parent,
            "call_id": self.call_id,
            "name": self.name,
            "began": timestamp(self.began),
            "ended": timestamp(self.ended),
            "parallel_with": [o.id for o in beside if o.id != self.id and self.overlaps(o)],
            "requests": [step.request.id for step in self.steps],
            "tokens": sum_tokens(step.request for step in self.steps).as_json(),
            "cost_usd": sum_cost(step.request for step in self.steps),
            "unpriced": sum(step.request.unpriced for step in self.steps),
        }


class Aside(Struct, frozen=True):
    """One request beside the conversation: what was asked last in it, and the answer."""

    request: RequestRow
    words: str = ""
    text: str = ""

    def as_json(self) -> dict[str, Json]:
        return self.request.as_json() | {"words": self.words, "text": self.text}


class SideRequests(Struct, frozen=True):
    """Requests of one kind beside the conversation, in one turn."""

    kind: Side
    asides: tuple[Aside, ...]

    @property
    def requests(self) -> tuple[RequestRow, ...]:
        return tuple(aside.request for aside in self.asides)

    @property
    def failed(self) -> int:
        return sum(request.status == "failed" for request in self.requests)


class Turn(Struct, frozen=True, kw_only=True):
    """What a user said, and everything that came of it. `continued`: in a new run of the client
    (`--continue`, `--resume`), or after a long pause."""

    at: float
    user: str
    attachments: int
    continued: bool
    conversation: int = 1
    """Which of the trace's conversations it is of; several may run side by side in one trace."""
    steps: tuple[Step, ...]
    """All of them, in order of time; those of subagents are in `agents` too."""
    agents: tuple[Agent, ...]
    side: tuple[SideRequests, ...]

    def requests(self) -> Iterator[RequestRow]:
        """All of them, side requests included."""
        yield from (step.request for step in self.steps)
        yield from (request for side in self.side for request in side.requests)

    @property
    def tokens(self) -> Tokens:
        return sum_tokens(self.requests())

    @property
    def cost_usd(self) -> float | None:
        """What is known of it; None: nothing is."""
        return sum_cost(self.requests())

    @property
    def unpriced(self) -> int:
        """How many of its answers cost more than that, or nobody knows what."""
        return sum(request.unpriced for request in self.requests())

    def as_json(self) -> dict[str, Json]:
        return {
            "at": timestamp(self.at),
            "user": self.user,
            "attachments": self.attachments,
            "continued": self.continued,
            "conversation": self.conversation,
            "tokens": self.tokens.as_json(),
            "cost_usd": self.cost_usd,
            "unpriced": self.unpriced,
            "steps": [step.as_json() for step in self.steps],
            "agents": [agent.as_json(self.agents) for agent in self.agents],
            "side": [
                {"kind": side.kind, "requests": [aside.as_json() for aside in side.asides]}
                for side in self.side
            ],
        }


class SessionView(Struct, frozen=True):
    """A trace and its turns."""

    trace: TraceRow
    turns: tuple[Turn, ...]

    def numbered(self) -> Iterator[tuple[int, Turn, int | None]]:
        """Each turn with its number, and with that of the turn which it goes on from, where turns
        of other conversations stand in between."""
        latest: dict[int, int] = {}
        for number, turn in enumerate(self.turns, 1):
            before = latest.get(turn.conversation)
            yield number, turn, before if before != number - 1 else None
            latest[turn.conversation] = number

    def as_json(self) -> dict[str, Json]:
        """The trace as in a list of them, and its turns."""
        return self.trace.as_json() | {"turns": [turn.as_json() for turn in self.turns]}


def sum_tokens(rows: Iterator[RequestRow]) -> Tokens:
    """Of all of them; what nobody said adds nothing."""
    found = [row.tokens for row in rows]
    names = Tokens.__struct_fields__
    return Tokens(*(sum(getattr(tokens, name) or 0 for tokens in found) for name in names))


def sum_cost(rows: Iterator[RequestRow]) -> float | None:
    """In US dollars, of those whose cost is known; None when no cost is."""
    known = [row.cost_usd for row in rows if row.cost_usd is not None]
    return sum(known) if known else None

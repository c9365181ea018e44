"""A trace as a person reads it: what was said, which tools were called, what failed on the way.

1 ▸ list the files                                    what the user said
  ● claude-sonnet-4-5 · main · 1.9 s · 12 in, 55 out · 01k3…
    ✗ other: 529, overloaded (40 ms)                  attempts that failed
    I will look.                                      what the model said
    → Agent {"prompt":"find bugs"}                    what it called
    ◇ subagent Explore · find bugs                    whom the call started, side by side
      ● …
  ● …
    ← Bash: README.md                                 what tools gave back
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from axonhub_cli.cli import pictures
from axonhub_cli.cli.figures import count, moment, short_ids, took
from axonhub_cli.cli.money import cost, money, spent
from axonhub_cli.cli.output import BOLD, CYAN, DIM, RED, YELLOW
from axonhub_cli.cli.request import models_of, sent_tokens, status_of, tokens_in_words
from axonhub_cli.cli.trees import Node
from axonhub_cli.tracing.rows import AttemptRow
from axonhub_cli.tracing.session import (
    Agent,
    Label,
    SessionView,
    SideRequests,
    Step,
    Turn,
    sum_tokens,
)
from axonhub_cli.tracing.title import shorten

_PICTURE, _SPAN = 48, 24
"""Letters of a line over time, and of a subagent's span."""
_TEXT, _LINE = 2000, 200
"""Letters of what was said, and of a call or a result, that are shown."""
_ASIDES, _ASIDE = 3, 80

_SIDE = {
    "title": ("title request", "title requests"),
    "topic": ("topic check", "topic checks"),
    "quota": ("quota check", "quota checks"),
    "count_tokens": ("token count", "token counts"),
    "web_search": ("web search", "web searches"),
    "auxiliary": ("side request", "side requests"),
}
_LABELS: dict[Label, str] = {
    "compaction": "asked for a summary of the conversation",
    "compacted": "goes on from the summary: what came before is no longer sent",
    "new conversation": "begins a new conversation in this session",
    "unreadable": "its body was not stored, or cannot be read",
}


def tell(view: SessionView, now: float, *, drawn: bool = False) -> Node:
    """The whole trace as a tree, from its head to the last step; with pictures when `drawn`."""
    steps = [step for turn in view.turns for step in turn.steps]
    ids = short_ids([step.request.id for step in steps])
    tools = {call.id: call.name for step in steps for call in step.calls}
    telling = _Telling(ids, tools, drawn)
    root = Node(f"trace {view.trace.id}", BOLD)
    root.add_all(_head(view, now))
    if drawn:
        root.add_all(_pictures(view))
    for number, turn, goes_on_from in view.numbered():
        root.add(telling.turn(turn, number, goes_on_from))
    return root


def clip(text: str) -> str:
    """The beginning of a long text, its lines kept, and how much more there is."""
    if len(text) <= _TEXT:
        return text
    return f"{text[:_TEXT].rstrip()}… ({len(text) - _TEXT} more characters)"


class _Telling:
    def __init__(self, ids: dict[str, str], tools: dict[str, str], drawn: bool) -> None:
        self._ids = ids
        self._tools = tools
        self._drawn = drawn

    def turn(self, turn: Turn, number: int, goes_on_from: int | None) -> Node:
        """`goes_on_from`: the turn before of its conversation, where another is in between."""
        files = f"[{turn.attachments} attached]" if turn.attachments else ""
        again = "(continued)" if turn.continued else ""
        side_by_side = f"(goes on from {goes_on_from})" if goes_on_from else ""
        said = clip(turn.user) or ("" if files else "(no new words of the user)")
        parts = (f"{number} ▸", said, files, side_by_side, again)
        node = Node(" ".join(part for part in parts if part), BOLD, gap=True)
        left = list(turn.agents)
        for step in turn.steps:
            if step.agent is None:
                node.add(self._step(step, left))
        # Whom nobody is known to have started.
        while left:
            node.add(self._agent(left[0], left))
        node.add_all(_side(side) for side in turn.side)
        if len(list(turn.requests())) > 1:
            node.add(Node(_turn_sum(turn), DIM))
        return node

    def _step(self, step: Step, left: list[Agent]) -> Node:
        failed = step.request.status == "failed"
        node = Node(f"● {_facts(step, self._ids)}", RED if failed else DIM)
        if step.label is not None:
            node.add(Node(f"⇢ {_LABELS[step.label]}", YELLOW))
        for result in step.results:
            name = result.name or self._tools.get(result.call_id, "tool")
            fault = " failed" if result.is_error else ""
            shown = shorten(result.text, _LINE) or "(nothing)"
            node.add(Node(f"← {name}{fault}: {shown}", RED if result.is_error else None))
        node.add_all(Node(f"✗ {fault}", RED) for fault in _faults(step))
        if step.text:
            node.add(Node(clip(step.text)))
        node.add_all(
            Node(f"→ {call.name} {shorten(call.input, _LINE)}", CYAN) for call in step.calls
        )
        calls = {call.id for call in step.calls}
        started = [agent for agent in left if agent.call_id in calls]
        for agent in started:
            if agent in left:
                node.add(self._agent(agent, left, beside=started))
        return node

    def _agent(self, agent: Agent, left: list[Agent], beside: Sequence[Agent] = ()) -> Node:
        left.remove(agent)
        lasted = took((agent.ended - agent.began) * 1000)
        tokens = sum_tokens(step.request for step in agent.steps)
        number = len(agent.steps)
        facts = [
            f"◇ subagent {agent.name}".rstrip(),
            f"{number} request{'' if number == 1 else 's'}",
            lasted,
            f"{count(sent_tokens(tokens) or 0)} in, {count(tokens.output or 0)} out",
        ]
        parallel = sum(agent.overlaps(other) for other in beside if other.id != agent.id)
        if parallel:
            facts.append(f"beside {parallel} other{'' if parallel == 1 else 's'}")
        node = Node(" · ".join(facts), BOLD)
        if self._drawn and len(beside) > 1:
            first, last = min(a.began for a in beside), max(a.ended for a in beside)
            drawn = pictures.span(agent.began, agent.ended, first, last, _SPAN)
            node.add(Node(f"|{drawn}|", CYAN))
        for step in agent.steps:
            if step.prompt:
                node.add(Node(f"▸ subagent: {clip(step.prompt)}", BOLD))
            node.add(self._step(step, left))
        for below in [other for other in left if other.parent == agent.id]:
            if below in left:
                node.add(self._agent(below, left))
        return node


def _head(view: SessionView, now: float) -> Iterator[Node]:
    trace = view.trace
    requests = f"{trace.requests} request{'' if trace.requests == 1 else 's'}"
    lasted = took((trace.updated_at - trace.started_at) * 1000)
    client = trace.client or "unknown"
    if client == "unknown":
        client += " client"
    parts = [client, requests, trace.status]
    if trace.thread_id:
        yield Node(f"thread {trace.thread_id}")
    yield Node(" · ".join([*parts, f"began {moment(trace.started_at, now)}, took {lasted}"]))
    named = {"models": trace.models, "channels": trace.channels}
    shown = [f"{noun} {', '.join(names)}" for noun, names in named.items() if names]
    if shown:
        yield Node(" · ".join(shown))
    spent = f" · cost {cost(trace.cost_usd, unpriced=trace.unpriced)}" if trace.requests else ""
    yield Node(f"tokens {tokens_in_words(trace.tokens)}{spent}")


def _pictures(view: SessionView) -> Iterator[Node]:
    """Over the requests in order of time: tokens in and out, cost, time to the first token."""
    rows = sorted((r for turn in view.turns for r in turn.requests()), key=lambda row: row.at)
    if len(rows) < 2:
        return
    lines: tuple[tuple[str, list[float | None], str], ...] = (
        ("tokens in", [sent_tokens(r.tokens) for r in rows], "count"),
        ("tokens out", [r.tokens.output for r in rows], "count"),
        ("cost", [r.cost_usd for r in rows], "dollars"),
        ("first token", [r.first_token_ms for r in rows], "took"),
    )
    for name, values, unit in lines:
        known = [value for value in values if value is not None]
        if any(known):
            yield Node(
                f"{name:<11} {pictures.spark(values, _PICTURE)}  up to {_say(max(known), unit)}",
                CYAN,
            )


def _say(value: float, unit: str) -> str:
    if unit == "dollars":
        return money(value)
    return took(value) if unit == "took" else count(round(value))


def _faults(step: Step) -> list[str]:
    """What failed, each thing once: the attempts, and what the client was told of them."""
    attempts = [_failure(attempt) for attempt in step.failures]
    errors = [attempt.error or "" for attempt in step.failures]
    final = step.request.error or ""
    if final in " ".join(errors):
        return attempts
    if len(errors) == 1 and errors[0] and errors[0] in final:
        return [final]
    return [*attempts, final]


def _facts(step: Step, ids: dict[str, str]) -> str:
    request = step.request
    parts = [models_of(request), request.channel or "no channel"]
    if request.status != "completed":
        parts.append(status_of(request))
    if step.repeated:
        parts.append("the client repeated it")
    if step.thinking:
        parts.append("thought first")
    if request.total_ms is not None:
        parts.append(took(request.total_ms))
    sent = sent_tokens(request.tokens)
    if sent is not None:
        parts.append(f"{count(sent)} in, {count(request.tokens.output or 0)} out")
    if request.cost_usd is not None:
        parts.append(spent(request.cost_usd, request.unpriced))
    return " · ".join([*parts, ids[request.id]])


def _failure(attempt: AttemptRow) -> str:
    name = f"channel {attempt.channel!r}: "
    reason = (attempt.error or attempt.status).removeprefix(name)
    lasted = "" if attempt.ms is None else f" ({took(attempt.ms)})"
    return f"{attempt.channel}: {reason}{lasted}"


def _side(side: SideRequests) -> Node:
    number = len(side.asides)
    failed = f", {side.failed} failed" if side.failed else ""
    node = Node(f"+ {number} {_SIDE[side.kind][number != 1]}{failed}", RED if failed else DIM)
    told = [aside for aside in side.asides if aside.words or aside.text]
    for aside in told[:_ASIDES]:
        both = (shorten(aside.words, _ASIDE), shorten(aside.text, _ASIDE))
        node.add(Node(" → ".join(text for text in both if text), DIM))
    if len(told) > _ASIDES:
        node.add(Node(f"… and {len(told) - _ASIDES} more", DIM))
    return node


def _turn_sum(turn: Turn) -> str:
    paid = spent(turn.cost_usd, turn.unpriced)
    return f"= {tokens_in_words(turn.tokens)}{f', cost {paid}' if paid else ''}"

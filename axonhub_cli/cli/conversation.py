"""A trace as a person reads it: what was said, which tools were called, what failed on the way.

1 ▸ list the files                                    what the user said
  ● claude-sonnet-4-5 · main · 1.9 s · 12 in, 55 out · 01k3…
    ✗ other: 529, overloaded (40 ms)                  attempts that failed
    I will look.                                      what the model said
    → Bash {"command":"ls"}                           what it called
  ● …
    ← Bash: README.md                                 what tools gave back
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from axonhub_cli.cli.figures import count, moment, short_ids, took
from axonhub_cli.cli.output import CYAN, RED
from axonhub_cli.cli.request import models_of, sent_tokens, status_of, tokens_in_words
from axonhub_cli.tracing.rows import AttemptRow
from axonhub_cli.tracing.session import SessionView, SideRequests, Step, Turn

BOLD, DIM = "1", "2"
_INDENT = 2

_SIDE = {
    "title": "title request",
    "count_tokens": "token count",
    "web_search": "web search",
    "auxiliary": "side request",
}


class Paragraph(Struct, frozen=True):
    """Some text at its indentation; `style` is an ANSI code."""

    text: str
    indent: int = 0
    style: str | None = None


def tell(view: SessionView, now: float) -> Iterator[Paragraph]:
    """The whole trace, from its head to the last step."""
    steps = [step for turn in view.turns for step in turn.steps]
    ids = short_ids([step.request.id for step in steps])
    tools = {call.id: call.name for step in steps for call in step.calls}
    yield from _head(view, now)
    for number, turn in enumerate(view.turns, 1):
        yield Paragraph("")
        yield from _turn(turn, number, now)
        for step in turn.steps:
            yield from _step(step, ids[step.request.id], tools)
        for side in turn.side:
            yield Paragraph(_side(side), _INDENT, RED if side.failed else DIM)


def _head(view: SessionView, now: float) -> Iterator[Paragraph]:
    trace = view.trace
    requests = f"{trace.requests} request{'' if trace.requests == 1 else 's'}"
    lasted = took((trace.updated_at - trace.started_at) * 1000)
    client = trace.client or "unknown"
    if client == "unknown":
        client += " client"
    parts = [client, requests, trace.status]
    yield Paragraph(f"trace {trace.id}", style=BOLD)
    if trace.thread_id:
        yield Paragraph(f"thread {trace.thread_id}")
    yield Paragraph(" · ".join([*parts, f"began {moment(trace.started_at, now)}, took {lasted}"]))
    named = {"models": trace.models, "channels": trace.channels}
    shown = [f"{noun} {', '.join(names)}" for noun, names in named.items() if names]
    if shown:
        yield Paragraph(" · ".join(shown))
    yield Paragraph(f"tokens {tokens_in_words(trace.tokens)}")


def _turn(turn: Turn, number: int, now: float) -> Iterator[Paragraph]:
    said = turn.user or "(no new words of the user)"
    files = f" [{turn.attachments} attached]" if turn.attachments else ""
    first, *rest = said.splitlines()
    yield Paragraph(f"{number} ▸ {first}{files if not rest else ''}", style=BOLD)
    for line in rest:
        yield Paragraph(line, 2 * _INDENT, BOLD)
    if rest and files:
        yield Paragraph(files.strip(), 2 * _INDENT)


def _step(step: Step, short_id: str, tools: dict[str, str]) -> Iterator[Paragraph]:
    indent = _INDENT + 2 * _INDENT * step.depth
    inner = indent + _INDENT
    if step.prompt:
        yield Paragraph(f"▸ subagent: {step.prompt}", indent, BOLD)
    failed = step.request.status == "failed"
    yield Paragraph(f"● {_facts(step, short_id)}", indent, RED if failed else DIM)
    for result in step.results:
        name = tools.get(result.call_id, "tool")
        fault = " failed" if result.is_error else ""
        shown = result.text or "(nothing)"
        yield Paragraph(f"← {name}{fault}: {shown}", inner, RED if result.is_error else None)
    for fault in _faults(step):
        yield Paragraph(f"✗ {fault}", inner, RED)
    if step.text:
        yield Paragraph(step.text, inner)
    for call in step.calls:
        yield Paragraph(f"→ {call.name} {call.input}", inner, CYAN)


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


def _facts(step: Step, short_id: str) -> str:
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
    return " · ".join([*parts, short_id])


def _failure(attempt: AttemptRow) -> str:
    name = f"channel {attempt.channel!r}: "
    reason = (attempt.error or attempt.status).removeprefix(name)
    lasted = "" if attempt.ms is None else f" ({took(attempt.ms)})"
    return f"{attempt.channel}: {reason}{lasted}"


def _side(side: SideRequests) -> str:
    number = len(side.requests)
    failed = f", {side.failed} failed" if side.failed else ""
    return f"+ {number} {_SIDE[side.kind]}{'' if number == 1 else 's'}{failed}"

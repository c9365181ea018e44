"""A session as Markdown: what was said and done, for a person who reads it elsewhere; all of it."""

from __future__ import annotations

from collections.abc import Iterator

from axonhub_cli.cli.figures import took
from axonhub_cli.cli.money import cost
from axonhub_cli.cli.request import models_of, tokens_in_words
from axonhub_cli.tracing.rows import timestamp
from axonhub_cli.tracing.session import SessionView, Step, Turn

_IN_LINE = 200
"""Letters of a call or a result that stand in the line of its name."""


def write_transcript(view: SessionView) -> str:
    """The whole document."""
    return "\n".join(_lines(view)) + "\n"


def _lines(view: SessionView) -> Iterator[str]:
    trace = view.trace
    yield f"# {trace.title or trace.id}"
    yield ""
    yield f"- trace `{trace.id}`, {trace.client or 'unknown client'}, {trace.status}"
    number = f"{trace.requests} request{'' if trace.requests == 1 else 's'}"
    yield f"- began {timestamp(trace.started_at)}, {number}"
    yield f"- {tokens_in_words(trace.tokens)}; cost {cost(trace.cost_usd, unpriced=trace.unpriced)}"
    for at, turn, goes_on_from in view.numbered():
        yield ""
        yield from _turn(turn, at, goes_on_from)


def _turn(turn: Turn, number: int, goes_on_from: int | None) -> Iterator[str]:
    side_by_side = f" (goes on from {goes_on_from})" if goes_on_from else ""
    yield f"## Turn {number}{side_by_side}{' (continued)' if turn.continued else ''}"
    yield ""
    if turn.user or not turn.attachments:
        yield from _quoted(turn.user or "(no new words of the user)")
    if turn.attachments:
        yield f"*{turn.attachments} attached*"
    names = {agent.id: agent.name for agent in turn.agents if agent.name}
    for step in turn.steps:
        yield ""
        yield from _step(step, names.get(step.agent or "", ""))
    for side in turn.side:
        yield ""
        yield f"*{len(side.asides)} beside the conversation: {side.kind}*"
        for aside in side.asides:
            if aside.words or aside.text:
                yield from _part("asked:", aside.words)
                yield from _part("answered:", aside.text)


def _step(step: Step, name: str) -> Iterator[str]:
    called = f" ({name})" if name else ""
    whose = f"subagent `{step.agent}`{called}, " if step.agent is not None else ""
    request = step.request
    label = f", {step.label}" if step.label else ""
    yield (
        f"### {whose}{models_of(request)} by {request.channel or 'no channel'} "
        f"({request.status}, {took(request.total_ms)}{label})"
    )
    if step.prompt:
        yield ""
        yield from _quoted(step.prompt)
    for result in step.results:
        of = f" of {result.name}" if result.name else ""
        failed = " (failed)" if result.is_error else ""
        yield from _part(f"result{of}{failed}:", result.text)
    for attempt in step.failures:
        yield f"- {attempt.channel} failed: {attempt.error or attempt.status}"
    if step.text:
        yield ""
        yield step.text
        yield ""
    for call in step.calls:
        yield from _part(f"call {call.name}", call.input)


def _quoted(text: str) -> Iterator[str]:
    yield from (f"> {line}".rstrip() for line in text.splitlines())


def _part(name: str, text: str) -> Iterator[str]:
    """An item of a list: a short text in its line, a longer one as a block below."""
    if "\n" not in text and len(text) <= _IN_LINE:
        yield f"- {name} {_code(text)}"
        return
    fence = "```"
    while fence in text:
        fence += "`"
    yield f"- {name}"
    yield ""
    yield from (f"  {line}".rstrip() for line in (fence, *text.splitlines(), fence))
    yield ""


def _code(text: str) -> str:
    """Between more backticks than are in it."""
    fence = "`"
    while fence in text:
        fence += "`"
    return f"{fence} {text} {fence}" if text else "(nothing)"

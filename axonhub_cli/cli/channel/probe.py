"""`channel test`: one real small request to the provider, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.channel.arguments import Json, Name
from axonhub_cli.cli.channel.taking_back import take_back
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.lookup import find_channel, find_reference
from axonhub_cli.config.labels import labels_of
from axonhub_cli.config.schema import Channel
from axonhub_cli.errors import CommandFailed, SecretError, UpstreamError, UsageError

if TYPE_CHECKING:
    from axonhub_cli.proxy.probe import ProbeResult
    from axonhub_cli.tracing.recorder import RequestRecord

_WRITING_S = 3.0


def test(
    ctx: typer.Context,
    name: Name,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="M", help="The model to ask; default: the type's first."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Ask every model of the channel, one after another.")
    ] = False,
    label: Annotated[
        str | None,
        typer.Option("--label", metavar="LABEL", help="Ask with this token; default: the first."),
    ] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Ask for a streamed answer.")] = False,
    json: Json = False,
) -> None:
    """Send one real small request; exit code 1 when it fails."""
    session = Session.of(ctx)
    channel = find_channel(session.config(), name)
    if every and model is not None:
        raise UsageError("--all and --model exclude each other")
    if not every:
        result = probe(session, channel, model=model, stream=stream, label=label)
        if json:
            output.emit_json(as_json(result))
        elif result.ok:
            output.line(_summary(result, stream=stream))
        fail_on_error(result)
        if not channel.enabled:
            output.note(f"It is disabled: axonhub channel enable {name}")
        return
    results = []
    for asked in _models(channel):
        result = probe(session, channel, model=asked, stream=stream, label=label)
        results.append(result)
        if not json:
            output.line(_summary(result, stream=stream))
    if json:
        output.emit_json([as_json(result) for result in results])
    failed = sum(not result.ok for result in results)
    if failed:
        raise CommandFailed(f"{failed} of {len(results)} models of channel {name!r} failed")


def probe(
    session: Session, channel: Channel, *, model: str | None, stream: bool, label: str | None = None
) -> ProbeResult:
    """Ask the provider; an answer that is an error, or a token that cannot be read, is a result.
    A token that was put aside and passes is used again."""
    from axonhub_cli.proxy.probe import ProbeResult, run_probe

    asked = model or ""
    reference = find_reference(channel, label) if label is not None else None
    if label is None and channel.tokens:
        label = labels_of(channel.tokens)[0]
    try:
        asked = model or _model_to_ask(session, channel)
        with _recording(session) as keep:
            result = run_probe(
                session.config(),
                channel,
                session.secrets(),
                session.environ,
                model=asked,
                stream=stream,
                reference=reference,
                keep=keep,
            )
        if result.ok and label is not None:
            take_back(session, channel.name, label)
        return result
    except SecretError as error:
        return ProbeResult(
            channel.name, ok=False, model=asked, ms=0, error=error.message, hint=error.hint
        )


@contextmanager
def _recording(session: Session) -> Iterator[Callable[[RequestRecord], None]]:
    """Tests are recorded too, hidden from lists unless asked for; none fails for want of that."""
    import logging

    from axonhub_cli.protocols import PROTOCOLS
    from axonhub_cli.tracing.writer import TraceWriter

    # What cannot be written is a daemon's to tell.
    logging.getLogger("axonhub").addHandler(logging.NullHandler())
    writer = TraceWriter(
        session.paths.trace_db,
        settings=lambda: session.config().server.trace,
        secrets=session.secrets().known_values,
        read_answer={name: protocol.read_totals for name, protocol in PROTOCOLS.items()},
        owner=False,
    )
    writer.start()
    try:
        yield lambda record: writer.put(record, "finished")
    finally:
        writer.close(_WRITING_S)


def fail_on_error(result: ProbeResult, *, kept_disabled: bool = False) -> None:
    """Raise `CommandFailed` with the reason when a test failed."""
    if result.ok:
        return
    name = result.channel
    reason = _reason(result) or "no reason is known"
    state = "is kept, but disabled" if kept_disabled else "failed its test"
    hint = f"`axonhub channel edit {name} …` changes it and tests it again"
    if kept_disabled:
        hint += f"; `axonhub channel enable {name}` enables it as it is"
    raise CommandFailed(f"channel {name!r} {state}: {reason}", hint=result.hint or hint)


def as_json(result: ProbeResult) -> dict[str, Any]:
    usage = result.tokens
    return {
        "channel": result.channel,
        "ok": result.ok,
        "model": result.model,
        "ms": result.ms,
        "first_token_ms": result.first_token_ms,
        "tokens": {
            "input": usage.input,
            "cache_read": usage.cache_read,
            "cache_write": usage.cache_write,
            "output": usage.output,
            "reasoning": usage.reasoning,
        },
        "error": _reason(result),
        "hint": result.hint,
    }


def _reason(result: ProbeResult) -> str | None:
    """Why it failed. Told to clients it names the channel, which is known here."""
    return result.error and result.error.removeprefix(f"channel {result.channel!r}: ")


def _summary(result: ProbeResult, *, stream: bool) -> str:
    if not result.ok:
        return f"failed  {result.model}  {_reason(result) or ''}".rstrip()
    parts = [f"ok  {result.model}", f"{result.ms} ms"]
    if stream and result.first_token_ms is not None:
        parts.append(f"first token after {result.first_token_ms} ms")
    usage = result.tokens
    if usage.input is not None or usage.output is not None:
        parts.append(f"{usage.input or 0} tokens in, {usage.output or 0} out")
    return "  ".join(parts)


def _model_to_ask(session: Session, channel: Channel) -> str:
    """The channel's default; where it has patterns alone, the first that the provider lists."""
    from axonhub_cli.proxy.probe import default_model, fetch_models

    try:
        return default_model(channel)
    except UsageError:
        hint = f"`axonhub channel test {channel.name} --model MODEL`"
    try:
        models = fetch_models(session.config(), channel, session.secrets(), session.environ)
    except UpstreamError as error:
        raise CommandFailed(
            f"channel {channel.name!r} names no model to test, and its list of models "
            f"cannot be had: {error.message}",
            hint=hint,
        ) from error
    if not models:
        raise CommandFailed(
            f"neither channel {channel.name!r} nor its provider names a model to test", hint=hint
        )
    return models[0]


def _models(channel: Channel) -> list[str]:
    from axonhub_cli.routing.models import served_models

    models = served_models(channel)
    if not models:
        raise UsageError(
            f"channel {channel.name!r} serves by patterns alone",
            hint=f"`axonhub channel models {channel.name} --fetch` fills its list",
        )
    return models

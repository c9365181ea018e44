"""`channel test`: one real small request to the provider, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.channel.arguments import Json, Name
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.lookup import find_channel
from axonhub_cli.config.schema import Channel
from axonhub_cli.errors import CommandFailed, UsageError

if TYPE_CHECKING:
    from axonhub_cli.proxy.probe import ProbeResult


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
    stream: Annotated[bool, typer.Option("--stream", help="Ask for a streamed answer.")] = False,
    json: Json = False,
) -> None:
    """Send one real small request; exit code 1 when it fails."""
    session = Session.of(ctx)
    channel = find_channel(session.config(), name)
    if every and model is not None:
        raise UsageError("--all and --model exclude each other")
    results = []
    for asked in _models(channel) if every else [model]:
        result = probe(session, channel, model=asked, stream=stream)
        results.append(result)
        if not json:
            output.line(_summary(result))
    if json:
        documents = [as_json(result) for result in results]
        output.emit_json(documents if every else documents[0])
    fail_on_errors(results, channel)


def probe(session: Session, channel: Channel, *, model: str | None, stream: bool) -> ProbeResult:
    """Ask the provider; an answer that is an error is a result too."""
    from axonhub_cli.proxy.probe import run_probe

    return run_probe(
        session.config(), channel, session.secrets(), session.environ, model=model, stream=stream
    )


def fail_on_errors(results: list[ProbeResult], channel: Channel) -> None:
    """Raise `CommandFailed` with the reason when a test failed."""
    failed = [result for result in results if not result.ok]
    if not failed:
        return
    first = failed[0]
    if len(results) > 1:
        raise CommandFailed(
            f"{len(failed)} of {len(results)} models of channel {channel.name!r} failed",
            hint=first.hint,
        )
    raise CommandFailed(
        f"channel {channel.name!r} failed its test: {first.error or 'no reason is known'}",
        hint=first.hint or f"`axonhub channel edit {channel.name} …` changes it",
    )


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
        "error": result.error,
        "hint": result.hint,
    }


def _summary(result: ProbeResult) -> str:
    if not result.ok:
        return f"failed  {result.model or '–'}  {result.error or ''}".rstrip()
    parts = [f"ok  {result.model}"]
    if result.ms is not None:
        parts.append(f"{result.ms:.0f} ms")
    if result.first_token_ms is not None:
        parts.append(f"first token after {result.first_token_ms:.0f} ms")
    if result.tokens.input is not None or result.tokens.output is not None:
        parts.append(f"{result.tokens.input or 0} tokens in, {result.tokens.output or 0} out")
    return "  ".join(parts)


def _models(channel: Channel) -> list[str]:
    from axonhub_cli.routing.candidates import served_models

    models = served_models(channel)
    if not models:
        raise UsageError(
            f"channel {channel.name!r} serves by patterns alone",
            hint=f"`axonhub channel test {channel.name} --model MODEL`",
        )
    return models

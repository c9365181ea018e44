"""`axonhub trace tail`: requests as they begin and end."""

from __future__ import annotations

from collections.abc import Iterator
from time import sleep, time
from typing import TYPE_CHECKING, Any

import typer

from axonhub_cli.cli import filters, output
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.figures import count, moment, took
from axonhub_cli.cli.money import spent
from axonhub_cli.errors import CommandFailed

if TYPE_CHECKING:
    from axonhub_cli.config.paths import Paths

Event = dict[str, Any]

_LOOK_AGAIN_S = 0.1


def tail(
    ctx: typer.Context,
    client: filters.Client = None,
    model: filters.Model = None,
    channel: filters.Channel = None,
    status: filters.Status = None,
    json: filters.Json = False,
) -> None:
    """Follow requests as they begin and end; Ctrl-C ends it."""
    from axonhub_cli.daemon.state import find_daemon

    picked = filters.read_filters(
        since=None, client=client, model=model, channel=channel, status=status, now=time()
    )
    paths = Session.of(ctx).paths
    if find_daemon(paths) is None:
        raise CommandFailed("axonhub is not running", hint="axonhub start")
    for event in _events(paths):
        if event["event"] == "hello" or not _matches(event, picked):
            continue
        if json:
            output.emit_json_line({k: v for k, v in event.items() if k != "proof"})
        else:
            output.line(_say(event))


def _events(paths: Paths) -> Iterator[Event]:
    """Of this home's daemon, and of the one that is started after it."""
    from axonhub_cli.daemon.listening import listen
    from axonhub_cli.daemon.state import read_state

    told = False
    while True:
        state = read_state(paths)
        for event in listen(state) if state is not None else ():
            if told:
                output.note("axonhub is back")
                told = False
            yield event
        if not told:
            output.note("axonhub has stopped; waiting for it (Ctrl-C ends this)")
            told = True
        sleep(_LOOK_AGAIN_S)


def _matches(event: Event, picked: filters.Picked) -> bool:
    if event["event"] == "missed":
        return True
    channels = {attempt["channel"] for attempt in event["attempts"]}
    # Of a request that begins, channel and outcome are not known yet.
    return (
        picked.client in (None, event["client"])
        and (picked.model is None or picked.model in (event["model"], event["upstream_model"]))
        and (picked.channel is None or picked.channel in channels)
        and picked.status in (None, event["status"])
    )


def _say(event: Event) -> str:
    if event["event"] == "missed":
        return f"… {event['count']} events were missed"
    at = _local(event["at"])
    name = event["id"][:12]
    agent = f" · agent {event['agent_id']}" if event["agent_id"] else ""
    asked = event["model"] or "no model"
    if event["event"] == "started":
        return f"{at}  {name}  ▶ {event['client']} asks for {asked}{agent}"
    sent = event["upstream_model"]
    names = asked if sent in (None, asked) else f"{asked} → {sent}"
    tokens = event["tokens"]
    sent_tokens = tokens["input"] + tokens["cache_read"] + tokens["cache_write"]
    code = event["http_status"]
    parts = [
        f"{code}" if event["status"] == "failed" and code else "",
        event["channel"] or "no channel",
        names,
        f"first {took(event['first_token_ms'])}" if event["first_token_ms"] is not None else "",
        took(event["total_ms"]),
        f"{count(sent_tokens)} in, {count(tokens['output'])} out" if sent_tokens else "",
        spent(event["cost_usd"], event["unpriced"]) if event["cost_usd"] is not None else "",
        f"{len(event['attempts'])} attempts" if len(event["attempts"]) > 1 else "",
        event["error"] or "",
    ]
    mark = {"completed": "✓", "failed": "✗", "canceled": "⊘"}.get(event["status"], "·")
    said = " · ".join(part for part in parts if part)
    return f"{at}  {name}  {mark} {event['status']} {said}{agent}"


def _local(at: str) -> str:
    from datetime import datetime

    seconds = datetime.fromisoformat(at).timestamp()
    return moment(seconds, time())

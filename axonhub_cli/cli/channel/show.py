"""`channel list` and `channel show`: what is configured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import typer
from msgspec import Struct

from axonhub_cli.cli import output
from axonhub_cli.cli.channel.arguments import Json, Name
from axonhub_cli.cli.channel.failing import failing_of
from axonhub_cli.cli.channel.failing import in_words as failing_in_words
from axonhub_cli.cli.channel.naming import in_words, naming_of
from axonhub_cli.cli.channel.override import as_json as override_as_json
from axonhub_cli.cli.channel.standing import Standing, standing_of
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.lookup import find_channel
from axonhub_cli.config.labels import shown_reference
from axonhub_cli.config.schema import Channel
from axonhub_cli.config.userinfo import hide_userinfo


def list_channels(ctx: typer.Context, json: Json = False) -> None:
    """List the channels."""
    session = Session.of(ctx)
    channels = session.config().channels
    health = _ask_health(session) if channels else {}
    stands = _ask_standings(session, channels)
    if json:
        output.emit_json([as_json(c, health.get(c.name), stands[c.name]) for c in channels])
        return
    columns = ["name", "type", "enabled", "models", "tokens", "weight", "priority", "health"]
    rows = [_row(c, health.get(c.name), stands[c.name]) for c in channels]
    if any(standing.scarcest for standing in stands.values()):
        columns.append("limits")
        rows = [[*row, stands[row[0]].scarcest or "–"] for row in rows]
    output.table(
        columns,
        rows,
        empty="No channels yet. Add one: axonhub channel add --type claude-code",
    )


def _row(channel: Channel, health: Health | None, standing: Standing) -> list[str]:
    from axonhub_cli.routing.models import served_models

    aside = len({aside.label for aside in standing.asides})
    return [
        channel.name,
        channel.type,
        "yes" if channel.enabled else "no",
        _shortened(served_models(channel)),
        f"{len(channel.tokens)}" + (f" ({aside} aside)" if aside else ""),
        str(channel.weight),
        str(channel.priority),
        health.words if health is not None else "–",
    ]


def show(ctx: typer.Context, name: Name, json: Json = False) -> None:
    """Show one channel."""
    session = Session.of(ctx)
    channel = find_channel(session.config(), name)
    health = _ask_health(session).get(name)
    standing = _ask_standings(session, [channel])[name]
    found = {**as_json(channel, health, standing), **_details(channel)}
    found["tokens_aside"] = [aside.as_json() for aside in standing.asides]
    if json:
        output.emit_json(found)
        return
    pairs = [
        ("name", channel.name),
        ("type", channel.type),
        ("enabled", "yes" if channel.enabled else "no"),
        ("base URL", found["base_url"] or "–"),
        ("protocols", ", ".join(found["protocols"])),
        ("models", ", ".join(found["models"]) or "–"),
        ("patterns", ", ".join(found["patterns"])),
        ("mappings", ", ".join(f"{m['from']} → {m['to']}" for m in found["mappings"])),
        *in_words(channel),
        ("tokens", ", ".join(found["token_references"]) or "none"),
        *[("aside", line) for line in standing.aside_lines()],
        ("auth", found["auth"] or ""),
        ("proxy", found["proxy"] or ""),
        ("CA file", channel.ca_file or ""),
        ("time limits", ", ".join(f"{k} {v}" for k, v in found["timeouts"].items())),
        ("client identity", _told(channel)),
        *failing_in_words(channel),
        ("edits", str(len(channel.overrides) or "")),
        ("weight", str(channel.weight)),
        ("priority", str(channel.priority)),
        ("tags", ", ".join(channel.tags)),
        ("at most", _at_most(channel)),
        ("health", health.words if health else "– (no daemon has used it yet)"),
        *[("limits", line) for line in standing.lines()],
    ]
    output.fields([(label, value) for label, value in pairs if value])


class Health(Struct, frozen=True):
    """What the daemon says of a channel: `closed` is in use, `open` one that failed,
    `half-open` one that the next request tries again."""

    state: str
    left_s: float = 0.0
    """Seconds until an open one is tried like the others again."""
    cause: str | None = None
    """Of its last failure."""

    @property
    def words(self) -> str:
        left = f", {self.left_s:.0f} s left" if self.state == "open" else ""
        return self.state + left + (f": {self.cause}" if self.cause else "")


def as_json(
    channel: Channel, health: Health | None, standing: Standing | None = None
) -> dict[str, Any]:
    """A channel as `channel list --json` writes it; `health` is None where no daemon knows it."""
    from axonhub_cli.routing.endpoints import endpoints
    from axonhub_cli.routing.models import served_models

    urls = endpoints(channel)
    return {
        "name": channel.name,
        "type": channel.type,
        "enabled": channel.enabled,
        "base_url": next(iter(urls.values()), None),
        "protocols": list(urls),
        "models": served_models(channel),
        "weight": channel.weight,
        "priority": channel.priority,
        "tags": list(channel.tags),
        "tokens": len(channel.tokens),
        "health": health.state if health is not None else None,
        "limits": standing.limits if standing is not None else None,
    }


def _details(channel: Channel) -> dict[str, Any]:
    """What `show` tells beyond the list."""
    from axonhub_cli.routing.models import is_glob, models_of

    limits = {
        "connect": channel.connect_timeout,
        "first_event": channel.first_event_timeout,
        "idle": channel.idle_timeout,
        "total": channel.total_timeout,
    }
    return {
        "patterns": [model for model in models_of(channel) if is_glob(model)],
        "mappings": [{"from": m.source, "to": m.target} for m in channel.mappings],
        **naming_of(channel),
        "endpoints": channel.endpoints,
        "auth": channel.auth,
        "proxy": channel.proxy and hide_userinfo(channel.proxy),
        "ca_file": channel.ca_file,
        "own_limits": {
            "rpm": channel.rpm,
            "tpm": channel.tpm,
            "concurrency": channel.concurrency,
            "queue": channel.queue,
            "queue_timeout": channel.queue_timeout,
        },
        "timeouts": {name: value for name, value in limits.items() if value is not None},
        "client_identity": channel.client_identity,
        **failing_of(channel),
        "overrides": [override_as_json(override) for override in channel.overrides],
        "token_references": [shown_reference(token) for token in channel.tokens],
    }


def _at_most(channel: Channel) -> str:
    """The channel's own limits, in words."""
    limits = [
        f"{number:,} {what}"
        for number, what in (
            (channel.concurrency, "requests at once"),
            (channel.rpm, "requests a minute"),
            (channel.tpm, "tokens a minute"),
        )
        if number is not None
    ]
    if not limits:
        return ""
    queue = f"{channel.queue:,} more wait, up to {channel.queue_timeout}"
    return ", ".join([*limits, queue if channel.queue else "nobody waits"])


def _told(channel: Channel) -> str:
    if channel.client_identity is None:
        return ""
    return "told" if channel.client_identity else "kept back"


def _shortened(models: list[str]) -> str:
    shown = ", ".join(models[:3]) or "–"
    return f"{shown} +{len(models) - 3}" if len(models) > 3 else shown


def _ask_standings(session: Session, channels: Sequence[Channel]) -> dict[str, Standing]:
    """By channel, of each of them."""
    from axonhub_cli.cli.routing_view import look

    if not channels:
        return {}
    view = look(session)
    return {channel.name: standing_of(view, channel) for channel in channels}


def _ask_health(session: Session) -> dict[str, Health]:
    """By channel; empty where no daemon runs."""
    from axonhub_cli.daemon.state import ask_health, read_state

    state = read_state(session.paths)
    answer = ask_health(state) if state is not None else None
    try:
        return msgspec.convert((answer or {}).get("health", {}), dict[str, Health])
    except msgspec.ValidationError:  # a daemon of another version
        return {}

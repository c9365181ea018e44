"""`axonhub explain`: how a request would be routed now, without sending it; and what follows what.

The decision is made here, by the same code and from the same state as the daemon's.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import Struct

from axonhub_cli.cli import output
from axonhub_cli.cli.commands import single
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.decisions import print_candidates, print_rejected
from axonhub_cli.cli.lookup import (
    channel_names,
    find_channel,
    find_key,
    find_profile,
    key_names,
    profile_names,
    words,
)
from axonhub_cli.errors import UsageError

if TYPE_CHECKING:
    from axonhub_cli.cli.routing_view import RoutingView
    from axonhub_cli.config.schema import Config, Key, Profile
    from axonhub_cli.routing.decision import Decision
    from axonhub_cli.routing.pools import Pools

app = single()

_DEFAULT_KEY = "default"
_PROTOCOLS = ("anthropic", "openai_chat")


Model = Annotated[
    str | None,
    typer.Argument(metavar="MODEL", help="As a client asks for it; default: the body's."),
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="K",
        help="Asked with this key; default: `default`.",
        autocompletion=key_names,
    ),
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="P",
        help="By this profile; default: the key's active one.",
        autocompletion=profile_names,
    ),
]
ProtocolOption = Annotated[
    str,
    typer.Option(
        "--protocol",
        metavar="P",
        help="The client's: anthropic or openai_chat.",
        autocompletion=words(*_PROTOCOLS),
    ),
]
Body = Annotated[
    str | None,
    typer.Option("--body", metavar="FILE", help="The request's JSON body; - reads stdin."),
]
SessionOption = Annotated[
    str | None,
    typer.Option("--session", metavar="ID", help="A session's (trace's) id, for its channel."),
]
Policy = Annotated[bool, typer.Option("--policy", help="Show what follows each kind of failure.")]
ChannelOption = Annotated[
    str | None,
    typer.Option(
        "--channel",
        metavar="C",
        help="With --policy: of this channel.",
        autocompletion=channel_names,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]


@app.command()
def explain(
    ctx: typer.Context,
    model: Model = None,
    key: KeyOption = None,
    profile: ProfileOption = None,
    protocol: ProtocolOption = "anthropic",
    body: Body = None,
    session: SessionOption = None,
    policy: Policy = False,
    channel: ChannelOption = None,
    json: Json = False,
) -> None:
    """Show how a request would be routed now. Nothing is sent."""
    context = Session.of(ctx)
    if policy:
        from axonhub_cli.cli.policy import show_policy

        if model is not None or body is not None:
            raise UsageError("--policy explains no model: it takes --channel and --json")
        config = context.config()
        show_policy(config, find_channel(config, channel) if channel else None, json=json)
        return
    if channel is not None:
        raise UsageError("--channel goes with --policy", hint="axonhub explain --policy")
    asked = _read_question(context, model, key, profile, protocol, body, session)
    _show(context, asked, json=json)


class _Asked(Struct, frozen=True):
    """What is to be explained."""

    model: str
    key: Key | None
    profile: Profile | None
    protocol: str
    session: str | None


def _read_question(
    context: Session,
    model: str | None,
    key: str | None,
    profile: str | None,
    protocol: str,
    body: str | None,
    session: str | None,
) -> _Asked:
    config = context.config()
    if protocol not in _PROTOCOLS:
        raise UsageError(
            f"{protocol!r} is no client's protocol", hint=f"one of: {', '.join(_PROTOCOLS)}"
        )
    given = _read_body(body) if body is not None else {}
    named = model or given.get("model")
    if not isinstance(named, str) or not named:
        raise UsageError(
            "which model? The body names none" if body is not None else "which model?",
            hint="axonhub explain MODEL; `axonhub channel list` shows what there is",
        )
    found = find_key(config, key) if key is not None else config.key(_DEFAULT_KEY)
    chosen = _choose_profile(config, found, profile)
    return _Asked(named, found, chosen, protocol, session or _session_in(given, config))


def _choose_profile(config: Config, key: Key | None, name: str | None) -> Profile | None:
    if name is not None:
        return find_profile(config, name)
    active = key.active_profile if key is not None else None
    return config.profile(active) if active is not None else None


def _read_body(file: str) -> dict[str, Any]:
    from axonhub_cli import jsonio

    where = "the body on stdin" if file == "-" else file
    try:
        if file == "-":
            data = sys.stdin.read().encode("utf-8", "surrogateescape")
        else:
            data = Path(file).read_bytes()
        found = jsonio.decode(data)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except jsonio.InvalidJson as error:
        raise UsageError(f"{where} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise UsageError(f"{where} is not a JSON object")
    return found


def _session_in(body: dict[str, Any], config: Config) -> str | None:
    from axonhub_cli.tracing.identity import find_trace

    metadata = body.get("metadata")
    user_id = metadata.get("user_id") if isinstance(metadata, dict) else None
    if not isinstance(user_id, str):
        return None
    return find_trace({}, user_id, config.server.trace).trace_id


def _show(context: Session, asked: _Asked, *, json: bool) -> None:
    from axonhub_cli.cli.routing_view import look
    from axonhub_cli.protocols import CONVERTIBLE
    from axonhub_cli.routing.candidates import refuse
    from axonhub_cli.routing.decision import Question, decide
    from axonhub_cli.routing.pools import Pools

    view = look(context)
    pools = Pools(context.config(), view.faults)
    question = Question(
        asked.model, asked.protocol, None, asked.profile, asked.session, CONVERTIBLE
    )
    decision = decide(question, pools, view.state, view.now)
    refusal = None
    if not decision.ranking.rows:
        refusal = refuse(pools.config, decision.model, decision.found, asked.profile)
    if json:
        record = _as_json(asked, decision, view)
        record["refusal"] = refusal.message if refusal is not None else None
        output.emit_json(record)
        return
    _print_head(asked, decision, pools, view)
    if refusal is not None:
        output.line()
        output.line(f"would be refused: {refusal.message}")
        if refusal.hint:
            output.note(f"hint: {refusal.hint}")
    else:
        output.line()
        print_candidates(decision.as_json()["candidates"], shares(decision))
    print_rejected(decision.as_json())


def _as_json(asked: _Asked, decision: Decision, view: RoutingView) -> dict[str, Any]:
    record = decision.as_json()
    for entry, share in zip(record["candidates"], shares(decision), strict=True):
        if share is not None:
            entry["share"] = round(share, 3)
    about = {
        "asked": asked.model,
        "key": asked.key.name if asked.key is not None else None,
        "profile": asked.profile.name if asked.profile is not None else None,
        "protocol": asked.protocol,
        "session": asked.session,
        "state": {"source": view.source, "age_s": view.age_s and round(view.age_s, 1)},
    }
    return about | record


def shares(decision: Decision) -> list[float | None]:
    """Where lots are drawn: which share of the requests each of the first ones gets."""
    rows = decision.ranking.rows
    if decision.strategy not in ("adaptive", "round-robin") or decision.session is not None:
        return [None] * len(rows)
    by_weight = decision.strategy == "round-robin"
    first = [_group(row) == _group(rows[0]) for row in rows]
    scores = [row.weight if by_weight else row.score for row in rows]
    total = sum(score for score, is_first in zip(scores, first, strict=True) if is_first)
    return [s / total if is_first else None for s, is_first in zip(scores, first, strict=True)]


def _group(row: Any) -> tuple[Any, ...]:
    return row.tier, row.candidate.channel.priority, row.candidate.native


def _print_head(asked: _Asked, decision: Decision, pools: Pools, view: RoutingView) -> None:
    mapped = f" → {decision.model}" if decision.model != asked.model else ""
    key = asked.key.name if asked.key is not None else "–"
    profile = f", profile {asked.profile.name}" if asked.profile is not None else ""
    affinity = "on" if pools.has_affinity(asked.profile) else "off"
    session = asked.session or f"none (affinity is {affinity}; --session shows one's channel)"
    if decision.session is not None:
        at = f", its prompt cache is at {decision.stays}" if decision.stays else ""
        session = f"{asked.session}: first choice {decision.ranking.home or 'nobody'}{at}"
    elif asked.session is not None:
        session = f"{asked.session} (affinity is off)"
    pairs = [
        ("model", asked.model + mapped),
        ("rule", decision.rule or "none"),
        ("key", key + profile),
        ("protocol", asked.protocol),
        ("strategy", decision.strategy),
        ("session", session),
        ("state", view.words),
    ]
    output.fields(pairs)

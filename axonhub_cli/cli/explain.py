"""`axonhub explain`: how a request would be routed now, without sending it; and what follows what.

The decision is made here, by the same code and from the same state as the daemon's.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Any

import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.commands import single
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.decisions import print_candidates, print_rejected
from axonhub_cli.cli.lookup import (
    channel_names,
    find_channel,
    key_names,
    profile_names,
    words,
)
from axonhub_cli.cli.question import (
    CLIENT_PROTOCOLS,
    Asked,
    read_body,
    read_question,
    time_of_week,
)
from axonhub_cli.errors import UsageError

if TYPE_CHECKING:
    from axonhub_cli.cli.routing_view import RoutingView
    from axonhub_cli.routing.conditions import Traits
    from axonhub_cli.routing.decision import Decision
    from axonhub_cli.routing.pools import Pools

app = single()


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
        autocompletion=words(*CLIENT_PROTOCOLS),
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
WhenOption = Annotated[
    list[str] | None,
    typer.Option(
        "--when",
        metavar="CONDITION",
        help="The request is like that, as in `profile map --when`; repeatable.",
    ),
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
    when: WhenOption = None,
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
    given = read_body(body) if body is not None else None
    asked = read_question(context.config(), model, key, profile, protocol, given, session, when)
    _show(context, asked, json=json)


def _show(context: Session, asked: Asked, *, json: bool) -> None:
    from axonhub_cli.cli.routing_view import look
    from axonhub_cli.protocols import CONVERTIBLE
    from axonhub_cli.routing.candidates import refuse
    from axonhub_cli.routing.decision import Question, decide
    from axonhub_cli.routing.pools import Pools

    view = look(context)
    pools = Pools(context.config(), view.faults)
    traits = asked.traits(pools.asked(asked.profile), view.now)
    question = Question(
        asked.model, asked.protocol, None, asked.profile, asked.session, CONVERTIBLE, traits
    )
    decision = decide(question, pools, view.state, view.now, view.sources)
    refusal = None
    if not decision.ranking.rows:
        refusal = refuse(pools.config, decision.model, decision.found, asked.profile)
    if json:
        record = _as_json(asked, decision, view)
        record["refusal"] = refusal.message if refusal is not None else None
        output.emit_json(record)
        return
    _print_head(asked, decision, pools, view, traits)
    if refusal is not None:
        output.line()
        output.line(f"would be refused: {refusal.message}")
        if refusal.hint:
            output.note(f"hint: {refusal.hint}")
    else:
        output.line()
        print_candidates(decision.as_json()["candidates"], shares(decision))
    print_rejected(decision.as_json())


def _as_json(asked: Asked, decision: Decision, view: RoutingView) -> dict[str, Any]:
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


def _print_head(
    asked: Asked, decision: Decision, pools: Pools, view: RoutingView, traits: Traits
) -> None:
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
        ("request", _traits_in_words(pools.asked(asked.profile), traits)),
        ("strategy", decision.strategy),
        ("session", session),
        ("state", view.words),
    ]
    output.fields([(name, value) for name, value in pairs if value])


def _traits_in_words(names: Collection[str], traits: Traits) -> str:
    """What rules ask for, and how the request is in that: `not background, 1200 tokens`."""
    said = []
    for name in sorted(names):
        value = getattr(traits, name)
        if isinstance(value, bool):
            said.append(name.replace("_", " ") if value else f"not {name.replace('_', ' ')}")
        elif name == "tokens":
            said.append(f"about {value} tokens")
        elif name == "client":
            said.append(f"client {value}")
        else:
            said.append(time_of_week(value))
    return ", ".join(said)

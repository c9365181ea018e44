"""The table of failures: what follows each kind, for all channels or for one."""

from __future__ import annotations

from typing import Any

from axonhub_cli.cli import output
from axonhub_cli.config.durations import seconds
from axonhub_cli.config.schema import Channel, Config

_BREAKER = {"enough": "rests at once", "something": "counts", "nothing": ""}


def show_policy(config: Config, channel: Channel | None, *, json: bool) -> None:
    """Print the rows that hold for `channel`; None: for one without a policy of its own."""
    from axonhub_cli.routing.policy import Pace, policy_table

    routing = config.routing
    own = channel.retries if channel is not None else None
    pace = Pace(routing.retries if own is None else own, seconds(routing.retry_delay))
    table = policy_table(channel, pace)
    if json:
        output.emit_json(table)
        return
    output.table(
        ("kind", "meaning", "then", "the channel", "the client, at last"),
        [(row["kind"], row["meaning"], _then(row), _aside(row), row["client"]) for row in table],
        empty="no kind of failure is known",
    )
    output.line()
    output.line(
        f"No new attempt begins later than {routing.budget} after the request came, and none at "
        "all after the first content has gone out."
    )
    output.line(
        f"A breaker opens after {routing.breaker_failures} counted failures in a row, for "
        f"{routing.breaker_probe}, twice as long with each probe that fails, at most "
        f"{routing.breaker_longest}."
    )
    if channel is None:
        output.note("hint: `axonhub explain --policy --channel NAME` shows a channel's own rules")


def _then(row: dict[str, Any]) -> str:
    steps = ["another token"] if row["other_token"] else []
    if row["repeats"]:
        times = "" if row["repeats"] == 1 else f" {row['repeats']} times"
        delay = f" after {row['delay_s']:g} s" if row["delay_s"] else " at once"
        steps.append(f"the same again{times}{delay}")
    steps.append({"next": "the next channel", "give_up": "the client is told"}[row["then"]])
    return ", ".join(steps) + (" (set for this channel)" if row["own"] else "")


def _aside(row: dict[str, Any]) -> str:
    said = _BREAKER.get(row["breaker"], str(row["breaker"]))
    return f"{said} when no token is left" if row["token_aside"] and said else said

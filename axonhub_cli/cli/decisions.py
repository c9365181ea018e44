"""Decision records in words: who could serve a request, in which order, why, and who could not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axonhub_cli.cli import output

_FACTORS = ("health", "latency", "load", "headroom", "quota")


def print_decision(record: dict[str, Any]) -> None:
    """How a request was routed: what was considered where there was a choice, what followed each
    failure, and who was passed over."""
    candidates = record.get("candidates") or []
    if len(candidates) > 1:
        output.line()
        strategy = record.get("strategy")
        output.line(f"candidates, in order{f' ({strategy})' if strategy else ''}:")
        print_candidates(candidates)
    for failure in record.get("failures") or []:
        delay = f", after {failure['delay_ms']} ms" if failure.get("delay_ms") else ""
        output.line(
            f"{failure.get('channel')} failed ({failure.get('kind')}): {failure.get('then')}{delay}"
        )
    print_rejected(record)


def print_candidates(
    candidates: list[dict[str, Any]], shares: Sequence[float | None] | None = None
) -> None:
    """The candidates of a record in the order in which they are tried; `shares`: of the requests,
    where they are drawn by lot."""
    shares = shares or [None] * len(candidates)
    shared = any(share is not None for share in shares)
    columns = ["channel", "model", "priority", "score", *(["share"] if shared else []), "why"]
    rows = []
    for entry, share in zip(candidates, shares, strict=True):
        row = [
            str(entry.get("channel")),
            str(entry.get("model")),
            str(entry.get("priority", "")),
            f"{entry['score']:g}" if "score" in entry else "",
        ]
        if shared:
            row.append(f"{share:.0%}" if share is not None else "")
        rows.append([*row, why(entry)])
    output.table(columns, rows, empty="nobody can serve it")


def print_rejected(record: dict[str, Any]) -> None:
    for rejected in record.get("rejected") or []:
        output.line(f"not used: {rejected.get('channel')} – {rejected.get('reason')}")


def why(entry: dict[str, Any]) -> str:
    """What made a candidate's score and place, in words."""
    product = "".join(f" × {name} {entry[name]:g}" for name in _FACTORS if name in entry)
    said = [f"weight {entry['weight']:g}{product}"] if "weight" in entry else []
    if "first_event_ms" in entry:
        said.append(f"first event {entry['first_event_ms']} ms")
    if "in_flight" in entry:
        said.append(f"{entry['in_flight']} in flight")
    if "price" in entry:
        said.append(f"${entry['price']:g}")
    return "; ".join([*said, *entry.get("notes", [])])

"""`axonhub request show --diff`: what the client sent against what went upstream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axonhub_cli.cli import output
from axonhub_cli.cli.output import BOLD, CYAN, DIM, RED, YELLOW
from axonhub_cli.cli.trees import Node, print_tree
from axonhub_cli.errors import CommandFailed

if TYPE_CHECKING:
    from axonhub_cli.tracing.changes import Change, Changes
    from axonhub_cli.tracing.queries import TraceReader
    from axonhub_cli.tracing.rows import RequestRow

_MARKS = {"changed": ("~", YELLOW), "added": ("+", CYAN), "removed": ("-", RED)}


def show_diff(reader: TraceReader, row: RequestRow, *, json: bool) -> None:
    """Of each attempt. Raises `CommandFailed` where there is nothing to compare."""
    from axonhub_cli.tracing.changes import find_changes

    if not row.attempts:
        raise CommandFailed(
            "nothing was sent to a provider for this request",
            hint=f"`axonhub request show {row.id}` says why",
        )
    body = reader.request_body(row.id)
    if body is None:
        raise CommandFailed(
            "what the client sent was not recorded",
            hint="`axonhub config get server.trace` shows whether bodies are stored",
        )
    decision = reader.decision(row)
    found: list[Changes] = []
    for attempt in row.attempts:
        sent = reader.upstream_body(row.id, attempt.n)
        if sent is not None:
            found.append(find_changes(row, attempt, body, sent, decision))
    if json:
        output.emit_json([changes.as_json() for changes in found])
        return
    for changes in found:
        print_tree(_tell(changes))


def _tell(changes: Changes) -> Node:
    converts = changes.protocol != changes.upstream_protocol
    way = (
        f"converted, {changes.protocol} → {changes.upstream_protocol}"
        if converts
        else f"relayed, {changes.protocol}"
    )
    root = Node(f"attempt {changes.attempt}, channel {changes.channel}: {way}", BOLD)
    if changes.same:
        root.add(Node("body: the very bytes that the client sent", DIM))
    elif not changes.changes:
        root.add(Node("body: the same values, written differently", DIM))
    root.add_all(_line(change) for change in changes.changes)
    for kind, names in changes.headers.items():
        mark, style = _MARKS[kind]
        if names:
            root.add(Node(f"{mark} headers {kind}: {', '.join(names)}", style))
    for loss in changes.losses:
        root.add(Node(f"lost: {loss.get('path')} – {loss.get('reason')}", YELLOW))
    return root


def _line(change: Change) -> Node:
    mark, style = _MARKS[change.kind]
    values = " → ".join(value for value in (change.old, change.new) if value is not None)
    node = Node(f"{mark} {change.path}: {values}", style)
    if change.why:
        node.add(Node(change.why, DIM))
    return node

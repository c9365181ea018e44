"""`axonhub request show --diff`: what the client sent against what went upstream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axonhub_cli.cli import output
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.output import BOLD, CYAN, DIM, RED, YELLOW
from axonhub_cli.cli.trees import Node, print_tree
from axonhub_cli.errors import AxonHubError, CommandFailed

if TYPE_CHECKING:
    from axonhub_cli.jsonio import Json
    from axonhub_cli.tracing.changes import Change, Changes
    from axonhub_cli.tracing.queries import TraceReader
    from axonhub_cli.tracing.rows import AttemptRow, RequestRow

_OWN_SPAN = "the attempt's own span, the parent of what happens upstream"
_HEADERS = {
    ("added", "traceparent"): _OWN_SPAN,
    ("changed", "traceparent"): _OWN_SPAN,
    ("removed", "traceparent"): "invalid, or telemetry.propagate is off",
    ("removed", "baggage"): "what systems tell each other of users stays here",
}
"""Why, where a name alone does not tell."""
_MARKS = {"changed": ("~", YELLOW), "added": ("+", CYAN), "removed": ("-", RED)}


def show_diff(session: Session, reader: TraceReader, row: RequestRow, *, json: bool) -> None:
    """Of each attempt. Raises `CommandFailed` where there is nothing to compare."""
    from axonhub_cli.tracing.changes import find_changes, value_of

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
            quirks = _quirks(session, row, attempt, value_of(body)) if sent != body else {}
            found.append(find_changes(row, attempt, body, sent, decision, quirks))
        else:
            what = f"what attempt {attempt.n} sent to {attempt.channel} was not recorded"
            output.note(f"{what}: the queue of traces was full")
    if json:
        output.emit_json([changes.as_json() for changes in found])
        return
    for changes in found:
        print_tree(_tell(changes))


def _quirks(session: Session, row: RequestRow, attempt: AttemptRow, body: Json) -> dict[str, str]:
    """Which quirk of the channel's dialect changes what, by path, as the channel is now."""
    from axonhub_cli.proxy.quirks_of import quirk_steps
    from axonhub_cli.tracing.differences import differences

    try:
        channel = session.config().channel(attempt.channel)
    except AxonHubError:
        return {}
    if channel is None or row.protocol != attempt.upstream_protocol:
        return {}
    named: dict[str, str] = {}
    steps = quirk_steps(channel, attempt.upstream_protocol, attempt.upstream_model, body)
    for name, before, after in steps:
        for each in differences(before, after):
            path = ".".join("*" if p.isdigit() else p for p in each.path.split("."))
            named.setdefault(path, name)
    return named


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
    if changes.cut:
        root.add(Node(f"… and more: the first {len(changes.changes)} changes are shown", DIM))
    for kind, names in changes.headers.items():
        mark, style = _MARKS[kind]
        if names:
            node = Node(f"{mark} headers {kind}: {', '.join(names)}", style)
            told = ((name, _HEADERS.get((kind, name))) for name in names)
            node.add_all(Node(f"{name}: {why}", DIM) for name, why in told if why is not None)
            root.add(node)
    for loss in changes.losses:
        root.add(Node(f"lost: {loss.get('path')} – {loss.get('reason')}", YELLOW))
    return root


def _line(change: Change) -> Node:
    mark, style = _MARKS[change.kind]
    values = " → ".join(value for value in (change.old, change.new) if value is not None)
    node = Node(f"{mark} {change.path}{': ' if values else ''}{values}", style)
    if change.why:
        node.add(Node(change.why, DIM))
    return node

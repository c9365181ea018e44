"""What lies between a client's request and the one that went upstream, each change with its name.

    relay    the same protocol: the values that differ, by path
    convert  another protocol: what there is of each kind, on either side

Lists are compared by what they begin and end with, so that one block put in is one change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.errors import ClientError
from axonhub_cli.ir.request import Request, Text, Thinking, ToolCall, ToolResult
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.tracing.rows import AttemptRow, RequestRow
from axonhub_cli.tracing.title import shorten

MOST = 200
"""Changes; a body that is another altogether has as many as it has values."""
_SHOWN = 120
_IDENTITY = "You are Claude Code"

Kind = Literal["changed", "added", "removed"]


class Change(Struct, frozen=True):
    """One difference. `old` and `new` are short texts; `why` is empty where nobody knows."""

    path: str
    kind: Kind
    old: str | None = None
    new: str | None = None
    why: str = ""


class Changes(Struct, frozen=True, kw_only=True):
    """All of them, of one attempt. `same`: the very bytes went on."""

    attempt: int
    channel: str
    protocol: str
    upstream_protocol: str
    same: bool
    changes: tuple[Change, ...]
    headers: dict[str, list[str]]
    """`added`, `removed` and `changed`: names; empty where they were not recorded."""
    losses: tuple[dict[str, Json], ...]

    def as_json(self) -> dict[str, Json]:
        found: dict[str, Any] = {n: getattr(self, n) for n in self.__struct_fields__}
        found["changes"] = [
            {n: getattr(change, n) for n in Change.__struct_fields__} for change in self.changes
        ]
        return found | {"losses": list(self.losses)}


def find_changes(
    row: RequestRow,
    attempt: AttemptRow,
    body: bytes,
    sent: bytes,
    decision: dict[str, Json],
) -> Changes:
    """`body` is the client's, `sent` the attempt's; `decision` has the names of some changes."""
    converted = row.protocol != attempt.upstream_protocol
    if converted:
        changes = tuple(_converted(row.protocol, attempt.upstream_protocol, body, sent))
    else:
        found = _differences(_value(body), _value(sent), "") if body != sent else iter(())
        namer = _Namer(row, decision)
        changes = tuple(namer.name(change) for change, _ in zip(found, range(MOST), strict=False))
    return Changes(
        attempt=attempt.n,
        channel=attempt.channel,
        protocol=row.protocol,
        upstream_protocol=attempt.upstream_protocol,
        same=body == sent,
        changes=changes,
        headers=_headers(decision, attempt.n),
        losses=row.losses,
    )


class _Namer:
    def __init__(self, row: RequestRow, decision: dict[str, Json]) -> None:
        self._row = row
        self._rule = decision.get("rule")
        edits = decision.get("overrides")
        # Of the last attempt.
        self._edits = [edit for edit in edits or () if edit.get("applied")]

    def name(self, change: Change) -> Change:
        return Change(change.path, change.kind, change.old, change.new, self._why(change))

    def _why(self, change: Change) -> str:
        for edit in self._edits:
            if _covers(str(edit.get("path")), change.path):
                return str(edit.get("reason"))
        if change.path == "model":
            return (
                f"renamed by the rule {self._rule} of profile {self._row.profile}"
                if self._rule
                else "renamed by a mapping of the channel"
            )
        if change.path.startswith("system") and _IDENTITY in (change.new or ""):
            return "identity block: the subscription's API wants it"
        if change.path.startswith("stream_options") and change.kind != "removed":
            return (
                "a stream's tokens are asked for, to know its cost; they are kept from the client"
            )
        for loss in self._row.losses:
            if _parts_of(change.path)[:1] == _parts_of(str(loss.get("path")))[:1]:
                return str(loss.get("reason"))
        return "the provider's dialect"


def _differences(old: Json, new: Json, path: str) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(name for name in new if name not in old)]:
            yield from _members(old, new, name, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _items(old, new, path)
    else:
        yield Change(path, "changed", _show(old), _show(new))


def _members(old: dict[str, Json], new: dict[str, Json], name: str, path: str) -> Iterator[Change]:
    below = f"{path}.{name}" if path else name
    if name not in new:
        yield Change(below, "removed", _show(old[name]))
    elif name not in old:
        yield Change(below, "added", None, _show(new[name]))
    else:
        yield from _differences(old[name], new[name], below)


def _items(old: list[Json], new: list[Json], path: str) -> Iterator[Change]:
    if len(old) == len(new):
        for at, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _differences(one, other, f"{path}.{at}")
        return
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    for at in range(start, len(old) - end):
        yield Change(f"{path}.{at}", "removed", _show(old[at]))
    for at in range(start, len(new) - end):
        yield Change(f"{path}.{at}", "added", None, _show(new[at]))


def _common(one: list[Json], other: list[Json]) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _converted(protocol: str, upstream: str, body: bytes, sent: bytes) -> Iterator[Change]:
    asked, told = _read(protocol, body), _read(upstream, sent)
    if asked is None or told is None:
        return
    before, after = _summary(asked), _summary(told)
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        kind: Kind = "changed" if old and new else "added" if new else "removed"
        yield Change(name, kind, old, new, f"said in {upstream}'s words")


def _summary(request: Request) -> dict[str, str]:
    """What there is in a request, of each kind; kinds that there are none of are left out."""
    blocks = [block for message in request.messages for block in message.content]
    counts = {
        "system blocks": len(request.system),
        "messages": len(request.messages),
        "texts": sum(isinstance(block, Text) for block in blocks),
        "tool calls": sum(isinstance(block, ToolCall) for block in blocks),
        "tool results": sum(isinstance(block, ToolResult) for block in blocks),
        "reasoning": sum(isinstance(block, Thinking) for block in blocks),
        "tools": len(request.tools),
    }
    plain = {
        "model": request.model,
        "max_tokens": request.sampling.max_tokens,
        "temperature": request.sampling.temperature,
        "top_p": request.sampling.top_p,
        "stop": list(request.sampling.stop) or None,
        "reasoning effort": request.reasoning.effort,
        "reasoning budget": request.reasoning.budget,
        "reasoning mode": request.reasoning.mode,
        "stream": request.stream or None,
        "user": request.user,
        "cache key": request.cache_key,
    }
    shown = {name: _show(value) for name, value in plain.items() if value is not None}
    return {name: str(count) for name, count in counts.items() if count} | shown


def _read(protocol: str, body: bytes) -> Request | None:
    known = PROTOCOLS.get(protocol)
    if known is None or known.codec is None:
        return None
    try:
        return known.codec.decode_request(jsonio.decode(body))
    except (ClientError, jsonio.InvalidJson, AttributeError):
        return None


def _headers(decision: dict[str, Json], attempt: int) -> dict[str, list[str]]:
    listed = decision.get("sent_headers")
    found = listed[attempt - 1] if isinstance(listed, list) and len(listed) >= attempt else {}
    return {name: list(found.get(name, ())) for name in ("added", "removed", "changed")}


def _covers(path: str, changed: str) -> bool:
    edited, found = _parts_of(path), _parts_of(changed)
    return found[: len(edited)] == edited or edited[: len(found)] == found


def _parts_of(path: str) -> list[str]:
    return path.replace("[", ".").replace("]", "").split(".")


def _value(body: bytes) -> Json:
    try:
        return jsonio.decode(body)
    except jsonio.InvalidJson:
        return body.decode("utf-8", "replace")


def _show(value: Json) -> str:
    text = value if isinstance(value, str) else jsonio.encode(value).decode()
    return shorten(text, _SHOWN)

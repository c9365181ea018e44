"""What lies between a client's request and the one that went upstream, each change with its name.

    relay    the same protocol: the values that differ, by path
    convert  another protocol: what there is of each kind, on either side

A reason is the nearest that is known: what edited just this place, what was said to be lost there,
which quirk of the provider's dialect changes it. Where nobody knows, there is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.errors import ClientError
from axonhub_cli.ir.request import Request, Text, Thinking, ToolCall, ToolResult
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.tracing.differences import Difference, Kind, differences, written
from axonhub_cli.tracing.rows import AttemptRow, RequestRow
from axonhub_cli.tracing.title import shorten

MOST = 200
"""Changes; a body that is another altogether has as many as it has values."""
_SHOWN = 120
_IDENTITY = "You are Claude Code"
_HALF = re.compile("[\ud800-\udfff]")
_HALF_REPLACED = "unpaired surrogate replaced: APIs refuse half a character"
# Of a conversion: under which names of fields a loss may speak of what is summed up.
_LOST_AS = {
    "reasoning effort": ("reasoning_effort", "output_config.effort", "thinking"),
    "reasoning budget": ("thinking", "reasoning_effort"),
    "reasoning mode": ("thinking", "reasoning_effort"),
    "user": ("metadata.user_id", "user"),
    "stop": ("stop", "stop_sequences"),
    "cache key": ("prompt_cache_key",),
    "system blocks": ("system",),
    "tools": ("tools.*",),
    "reasoning": ("messages.*.content.*",),
}


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
    cut: bool = False
    """There are more changes than these."""

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
    quirks: Mapping[str, str] = {},
) -> Changes:
    """`body` is the client's, `sent` the attempt's; `decision` has the names of some changes,
    `quirks` those of the dialect's, by the paths (`*` for an index) that each of them changes."""
    # Of the last attempt alone are losses and edits recorded.
    last = attempt.n == max((a.n for a in row.attempts), default=attempt.n)
    why = _Reasons(row, attempt, decision, quirks, last=last)
    if body == sent:
        changes: tuple[Change, ...] = ()
    elif row.protocol != attempt.upstream_protocol:
        changes = tuple(_converted(row.protocol, attempt.upstream_protocol, body, sent, why))
    else:
        found = islice(differences(value_of(body), value_of(sent)), MOST + 1)
        changes = tuple(_told(each, why.of_value(each)) for each in found)
    return Changes(
        attempt=attempt.n,
        channel=attempt.channel,
        protocol=row.protocol,
        upstream_protocol=attempt.upstream_protocol,
        same=body == sent,
        changes=changes[:MOST],
        cut=len(changes) > MOST,
        headers=_headers(decision, attempt.n),
        losses=row.losses if last else (),
    )


def value_of(body: bytes) -> Json:
    """A body as a value, halves of surrogate pairs as they came; a text where it is no JSON."""
    try:
        value = jsonio.decode(body)
        return value if jsonio.repair_surrogates(body) is body else json.loads(body)
    except (jsonio.InvalidJson, ValueError, RecursionError):
        return body.decode("utf-8", "replace")


class _Reasons:
    """Why each change was made, as far as the record tells."""

    def __init__(
        self,
        row: RequestRow,
        attempt: AttemptRow,
        decision: dict[str, Json],
        quirks: Mapping[str, str],
        *,
        last: bool,
    ) -> None:
        self._row = row
        self._attempt = attempt
        self._rule = decision.get("rule")
        edits = decision.get("overrides") or () if last else ()
        self._edits = [edit for edit in edits if edit.get("applied")]
        self._losses = row.losses if last else ()
        self._quirks = quirks

    def of_value(self, found: Difference) -> str:
        """Of a value of a relayed body."""
        return (
            self._edited(found.path)
            or self._known(found)
            or self._lost(found)
            or self._quirk(found.path)
        )

    def of_summary(self, name: str, old: str | None) -> str:
        """Of what a conversion is summed up by."""
        upstream = self._attempt.upstream_protocol
        if name == "model":
            return self._renamed()
        if edited := self._edited(name):
            return edited
        for path in (name, *_LOST_AS.get(name, ())):
            item = {"type": "thinking"} if name == "reasoning" else None
            if lost := self._lost(Difference(path, "removed", item)):
                return lost
        if name == "max_tokens" and old is None:
            return f"a default: the client sets no limit, and {upstream} wants one"
        return f"said in {upstream}'s words"

    def _known(self, found: Difference) -> str:
        old, new = found.old, found.new
        if isinstance(old, str) and _HALF.search(old) and _HALF.sub("\ufffd", old) == new:
            return _HALF_REPLACED
        if found.path == "model":
            return self._renamed()
        if found.path.startswith("system") and _IDENTITY in written(new):
            return "identity block: the subscription's API wants it"
        if found.path.startswith("stream_options") and found.kind != "removed":
            return (
                "a stream's tokens are asked for, to know its cost; they are kept from the client"
            )
        return ""

    def _renamed(self) -> str:
        if self._rule:
            return f"renamed by the rule {self._rule} of profile {self._row.profile}"
        return "renamed by a mapping of the channel"

    def _edited(self, path: str) -> str:
        for edit in self._edits:
            one, other = _parts_of(str(edit.get("path"))), _parts_of(path)
            if _begins(one, other) or _begins(other, one):
                return str(edit.get("reason"))
        return ""

    def _lost(self, found: Difference) -> str:
        fits = [(_fit(str(loss.get("path")), found), loss) for loss in self._losses]
        known = [(fit, str(loss.get("reason"))) for fit, loss in fits if fit is not None]
        return min(known, key=lambda each: each[0])[1] if known else ""

    def _quirk(self, path: str) -> str:
        parts = _parts_of(path)
        for pattern, name in self._quirks.items():
            wanted = _parts_of(pattern)
            if _begins(parts, wanted) or _begins(wanted, parts):
                return f"the provider's dialect: {name}"
        return ""


def _fit(path: str, found: Difference) -> int | None:
    """How well a loss speaks of a difference, 0 best; None: it does not.

    A path may end in a block's type (`messages[*].content[*]:image`), or name one as if it were a
    field (`messages[*].content[*].thinking`).
    """
    path, _, kind = path.partition(":")
    lost, changed = _parts_of(path), _parts_of(found.path)
    item = found.old if isinstance(found.old, dict) else {}
    if kind and item.get("type") != kind:
        return None
    if changed[-1].isdigit() and lost[-1] == item.get("name"):
        changed[-1] = lost[-1]
    if len(lost) == len(changed) and _begins(changed, lost):
        return 0
    if len(lost) == len(changed) + 1 and _begins(lost, changed) and found.kind == "removed":
        within = lost[-1] in item or lost[-1] in str(item.get("type"))
        return 1 if within else None
    return 2 if _begins(changed, lost) else None


def _begins(path: list[str], beginning: list[str]) -> bool:
    """Does a path begin so? `*` stands for anything."""
    pairs = list(zip(path, beginning, strict=False))
    return len(pairs) == len(beginning) and all(
        one == other or "*" in (one, other) for one, other in pairs
    )


def _told(found: Difference, why: str) -> Change:
    old = None if found.kind == "added" else _show(found.old)
    new = None if found.kind == "removed" else _show(found.new)
    return Change(found.path, found.kind, old, new, why)


def _converted(
    protocol: str, upstream: str, body: bytes, sent: bytes, why: _Reasons
) -> Iterator[Change]:
    if jsonio.repair_surrogates(body) is not body:
        yield Change("texts", "changed", None, None, _HALF_REPLACED)
    asked, told = _read(protocol, body), _read(upstream, sent)
    if asked is None or told is None:
        return
    before, after = _summary(asked), _summary(told)
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        kind: Kind = "changed" if old and new else "added" if new else "removed"
        yield Change(name, kind, old, new, why.of_summary(name, old))


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


def _parts_of(path: str) -> list[str]:
    return path.replace("[", ".").replace("]", "").split(".")


def _show(value: Json) -> str:
    text = value if isinstance(value, str) else written(value)
    return shorten(text.encode("utf-8", "backslashreplace").decode(), _SHOWN)

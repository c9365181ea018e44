"""The body of a relayed request: the client's bytes with the smallest edits."""

from __future__ import annotations

from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.dialects.base import QuirkContext, apply_quirks
from axonhub_cli.errors import ClientError
from axonhub_cli.ir.loss import Loss
from axonhub_cli.protocols.anthropic.identity import Edit, identity_edit
from axonhub_cli.protocols.anthropic.signatures import drop_all_reasoning, foreign_edits
from axonhub_cli.protocols.codec import UNSIGNED
from axonhub_cli.proxy import identity
from axonhub_cli.proxy.headers import is_claude_code
from axonhub_cli.proxy.identity import NOT_TOLD
from axonhub_cli.proxy.stream_usage import usage_edits
from axonhub_cli.proxy.target import Target

_PLACEHOLDER = UNSIGNED.encode()
_NOT_ITS_OWN = Loss("messages[*].content[*].thinking", "it is not this provider's reasoning")


class Relayed(Struct, frozen=True):
    """What goes upstream. `hides_usage`: the answer's usage is told because we asked for it."""

    body: bytes
    losses: tuple[Loss, ...]
    hides_usage: bool = False


def relayed_body(target: Target) -> Relayed:
    """The client's bytes with the smallest edits; where a dialect changes something, re-encoded."""
    call, dialect = target.call, target.dialect
    try:
        edits = _edits(target)
        # A dialect of its own knows what its provider wants of earlier reasoning.
        gone = _reasoning_edits(target) if dialect.relays else []
        untold = _user_edits(target) if dialect.relays else []
        usage = usage_edits(target)
        edits += gone + untold + usage
        body = jsonio.splice(call.body, edits) if edits else call.body
        taken_out = (*((_NOT_ITS_OWN,) if gone else ()), *((NOT_TOLD,) if untold else ()))
        if dialect.relays or not dialect.request:
            return Relayed(body, taken_out, bool(usage))
        given = jsonio.decode(body)
    except jsonio.InvalidJson as error:
        # What reading the envelope passes over: a key that is no text, nesting near the limit.
        raise ClientError(
            "invalid_request", f"the request body is not valid JSON: {error}"
        ) from error
    context = QuirkContext(target.candidate.upstream_model, None, target.settings)
    changed, losses = apply_quirks(dialect, given, context)
    body = body if changed is given else jsonio.encode(changed)
    return Relayed(body, (*taken_out, *losses), bool(usage))


def _edits(target: Target) -> list[Edit]:
    call, candidate = target.call, target.candidate
    edits: list[Edit] = []
    if candidate.upstream_model != call.model:
        name = jsonio.encode(candidate.upstream_model)
        edits += [(s.start, s.end, name) for s in call.members if s.key == "model"]
    if target.is_subscription and not is_claude_code(call.headers):
        edit = identity_edit(call.body, call.members)
        edits += [edit] if edit is not None else []
    return edits


def _user_edits(target: Target) -> list[Edit]:
    """Who the user is, goes to Anthropic; a dialect of its own takes it out itself."""
    call = target.call
    if not target.keeps_user or not bytes(call.envelope.metadata).startswith(b"{"):
        return []
    return identity.user_id_edits(call.body, call.members)


def _reasoning_edits(target: Target) -> list[Edit]:
    """Signed reasoning goes back only to who issued it; what is unknown goes as it is."""
    call, reasoning = target.call, target.reasoning
    if target.candidate.protocol != "anthropic":
        return []
    if reasoning.dropped:
        return drop_all_reasoning(call.body, call.members)
    if not reasoning.others and _PLACEHOLDER not in call.body:
        return []
    if b'"signature"' not in call.body and b'"redacted_thinking"' not in call.body:
        return []
    return foreign_edits(call.body, call.members, reasoning.is_foreign)

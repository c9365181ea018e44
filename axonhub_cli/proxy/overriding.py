"""A channel's overrides applied to the call that is about to be sent."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from axonhub_cli import jsonedit, jsonio
from axonhub_cli.jsonio import Json
from axonhub_cli.overrides.apply import Note, apply
from axonhub_cli.overrides.variables import Facts
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.client import lower_headers
from axonhub_cli.proxy.headers import CREDENTIALS, OWN_KEY
from axonhub_cli.proxy.reply import HeaderList
from axonhub_cli.proxy.target import Target
from axonhub_cli.proxy.upstream import UpstreamCall

_EFFORT: dict[str, tuple[tuple[str, ...], ...]] = {
    "anthropic": (("output_config", "effort"),),
    "openai_chat": (("reasoning_effort",), ("reasoning", "effort")),
}
"""Where a client says how much is to be thought, by its protocol."""


def override(target: Target, sent: UpstreamCall) -> tuple[UpstreamCall, tuple[Note, ...]]:
    """The call as the channel wants it, and what is to be noted of that. Never fails."""
    call = target.call
    done = apply(
        target.candidate.channel.overrides,
        sent.body,
        sent.headers,
        _facts(target),
        # An endpoint that counts takes a few of the members only.
        edits_body=call.route.operation == "generate",
    )
    if done.body is sent.body and done.headers is sent.headers:
        return sent, done.notes
    changed = msgspec.structs.replace(sent, body=done.body, headers=done.headers)
    return changed, done.notes


def _facts(target: Target) -> Facts:
    call, candidate, origin = target.call, target.candidate, target.origin
    return Facts(
        model=call.model,
        upstream_model=candidate.upstream_model,
        protocol=call.protocol.name,
        upstream_protocol=candidate.protocol,
        stream=call.streams,
        client=origin.client,
        session=origin.session,
        channel=candidate.channel.name,
        key=call.key.name,
        profile=call.profile.name if call.profile is not None else None,
        effort=lambda: _effort(call),
        metadata=lambda: _metadata(call),
        headers=_tellable(call.headers),
    )


def _effort(call: ClientCall) -> str | None:
    for steps in _EFFORT.get(call.protocol.name, ()):
        place = jsonedit.find(call.body, steps)
        value = jsonio.decode(call.body[place.start : place.end]) if place is not None else None
        if isinstance(value, str):
            return value
    return None


def _metadata(call: ClientCall) -> Mapping[str, Json]:
    value = jsonio.decode(bytes(call.envelope.metadata))
    return value if isinstance(value, dict) else {}


def _tellable(headers: HeaderList) -> dict[str, str]:
    """Without what opens something, here or elsewhere."""
    return lower_headers(
        [(n, v) for n, v in headers if n not in CREDENTIALS and not OWN_KEY.search(v)]
    )

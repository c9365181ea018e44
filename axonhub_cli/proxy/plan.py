"""The decision for one request: rule, candidates, order. Pure, and noted for the trace."""

from __future__ import annotations

from axonhub_cli.protocols import CONVERTIBLE
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.services import Services
from axonhub_cli.routing import balance, candidates, mapping
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.tracing.recorder import RequestRecord


def make_plan(
    services: Services, call: ClientCall, record: RequestRecord, session_key: str
) -> list[Candidate]:
    """Who is to be asked, in order. Raises `NoCandidate` when nobody is left."""
    config = call.snapshot.config
    resolved = mapping.resolve(call.profile, call.model)
    found = candidates.find(
        config,
        resolved.model,
        call.protocol.name,
        call.snapshot.faults,
        CONVERTIBLE if call.protocol.codec is not None else (),
    )
    now = services.clock()
    plan = balance.order(
        found.usable,
        session_key=session_key,
        resting=lambda c: services.resting.resting(c.channel.name, c.upstream_model, now=now),
    )
    record.decision = {
        "rule": resolved.rule,
        "candidates": [{"channel": c.channel.name, "model": c.upstream_model} for c in plan],
        "rejected": [{"channel": r.channel, "reason": r.reason} for r in found.rejected],
    }
    if not plan:
        raise candidates.refuse(config, resolved.model, found)
    return plan

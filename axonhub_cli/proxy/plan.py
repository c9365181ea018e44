"""The decision for one request, from what is known of it; noted for the trace."""

from __future__ import annotations

from axonhub_cli.protocols import CONVERTIBLE
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.services import Services
from axonhub_cli.proxy.traits import read_traits
from axonhub_cli.routing import candidates
from axonhub_cli.routing.decision import Decision, Question, decide, take_turn
from axonhub_cli.tracing.recorder import RequestRecord


def make_decision(
    services: Services, call: ClientCall, record: RequestRecord, session_key: str
) -> Decision:
    """Who is to be asked, in order. Raises `NoCandidate` when nobody is left."""
    pools, now = call.snapshot.pools, services.now()
    question = Question(
        call.model,
        call.protocol.name,
        session_key,
        call.profile,
        session_key if record.has_session else None,
        CONVERTIBLE if call.protocol.codec is not None else (),
        read_traits(pools.asked(call.profile), call, record, now),
    )
    decision = decide(question, pools, services.routing, now, services.sources)
    record.routed = decision.as_json
    if not decision.ranking.rows:
        raise candidates.refuse(pools.config, decision.model, decision.found, call.profile)
    if call.route.operation != "count_tokens":
        take_turn(decision, services.routing, call.profile)
    return decision

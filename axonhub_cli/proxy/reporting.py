"""After each attempt: tell whatever remembers channels and tokens how it ended."""

from __future__ import annotations

from axonhub_cli.errors import UpstreamStatus
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.retry_after import read_retry_after
from axonhub_cli.proxy.services import Services
from axonhub_cli.proxy.snapshot import Token
from axonhub_cli.routing.decision import Decision
from axonhub_cli.routing.health import Visit
from axonhub_cli.routing.outcome import Outcome, blame_of, cause
from axonhub_cli.routing.telling import CREDENTIAL_STATUSES
from axonhub_cli.tracing.recorder import AttemptRecord


def report(
    services: Services,
    call: ClientCall,
    outcome: Outcome,
    token: Token | None,
    attempt: AttemptRecord,
    decision: Decision,
    visit: Visit,
) -> None:
    """Never raises. `attempt.answer` holds the answer's bytes, for whoever counts its tokens."""
    error = outcome.error
    if (
        token is not None
        and isinstance(error, UpstreamStatus)
        and error.status in CREDENTIAL_STATUSES
    ):
        services.refused(token.reference)
    # Counting tokens is a side road: an upstream without it must stay in use for messages.
    if call.route.operation != "count_tokens":
        _note_health(services, outcome, decision, visit)


def _note_health(services: Services, outcome: Outcome, decision: Decision, visit: Visit) -> None:
    now, error = services.now(), outcome.error
    if outcome.left:
        # Nobody's fault; but what had begun to answer did answer.
        if outcome.first_event_ms is not None:
            visit.answered(now, outcome.first_event_ms)
            decision.answered(services.routing, outcome.candidate.channel.name, now)
        return
    if error is None:
        visit.answered(now, outcome.first_event_ms)
        visit.completed()
        decision.answered(services.routing, outcome.candidate.channel.name, now)
        return
    said = blame_of(outcome)
    if said == "nothing":
        return
    asked = None
    if isinstance(error, UpstreamStatus):
        asked = read_retry_after(error.headers, now)
    visit.failed(now, says_enough=said == "enough", asked=asked, cause=cause(error))

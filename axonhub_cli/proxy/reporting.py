"""After each attempt: tell whatever remembers channels and tokens how it ended."""

from __future__ import annotations

from axonhub_cli.errors import UpstreamError, UpstreamStatus
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
        _note_token(services, outcome, token)


def _note_token(services: Services, outcome: Outcome, token: Token | None) -> None:
    candidate, now, error = outcome.candidate, services.now(), outcome.error
    channel, model = candidate.channel.name, candidate.upstream_model
    if token is not None:
        if outcome.kind is not None and not outcome.left:
            asked = _asked(error, now)
            services.tokens.failed(channel, token, model, outcome.kind, now, asked)
        elif outcome.first_event_ms is not None or not outcome.left:
            services.tokens.answered(channel, token, model)
    failed = error is not None
    until = services.allowances.note(channel, token, model, outcome.headers, now, failed=failed)
    if until is not None and token is not None:
        services.tokens.exhausted(channel, token, now, until)


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
    asked = _asked(error, now)
    visit.failed(now, says_enough=said == "enough", asked=asked, cause=cause(error))


def _asked(error: UpstreamError | None, now: float) -> float | None:
    return read_retry_after(error.headers, now) if isinstance(error, UpstreamStatus) else None

"""After each attempt: tell whatever remembers channels and tokens how it ended."""

from __future__ import annotations

from axonhub_cli.errors import UpstreamStatus
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.retry_after import read_retry_after
from axonhub_cli.proxy.services import Services
from axonhub_cli.proxy.snapshot import Token
from axonhub_cli.routing import retry
from axonhub_cli.routing.outcome import Outcome
from axonhub_cli.tracing.recorder import AttemptRecord


def report(
    services: Services,
    call: ClientCall,
    outcome: Outcome,
    token: Token | None,
    attempt: AttemptRecord,
) -> None:
    """Never raises. `attempt.answer` holds the answer's bytes, for whoever counts its tokens."""
    error, channel = outcome.error, outcome.candidate.channel
    if (
        token is not None
        and isinstance(error, UpstreamStatus)
        and error.status in retry.CREDENTIAL_STATUSES
    ):
        services.refused(token.reference)
    if outcome.left:
        return
    if error is None:
        services.resting.wake(channel.name, outcome.candidate.upstream_model)
        return
    # Counting tokens is a side road: an upstream without it must stay in use for messages.
    if call.route.operation == "count_tokens" or not retry.rests(error):
        return
    asked = None
    if isinstance(error, UpstreamStatus):
        asked = read_retry_after(error.headers, services.now())
    services.resting.rest(
        channel.name, outcome.candidate.upstream_model, now=services.clock(), seconds=asked
    )

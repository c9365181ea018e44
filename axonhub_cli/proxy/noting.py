"""What a request's record keeps of what goes upstream, and of what the answer could not say."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from axonhub_cli.ir.loss import Loss
from axonhub_cli.jsonio import Json
from axonhub_cli.proxy.outgoing import Outgoing
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord


def note_outgoing(outgoing: Outgoing, record: RequestRecord, attempt: AttemptRecord) -> None:
    """Before it is sent."""
    record.losses = _as_data(outgoing.losses)
    record.decision.pop("overrides", None)
    if outgoing.overrides:
        record.decision["overrides"] = msgspec.to_builtins(outgoing.overrides)
    attempt.url = outgoing.call.url
    attempt.sent_headers = outgoing.call.headers
    body = outgoing.call.body
    attempt.sent_body = body if body is not record.body else None
    attempt.sent_parts = outgoing.parts


def note_answer(outgoing: Outgoing, record: RequestRecord) -> None:
    """After a converted answer."""
    if outgoing.conversion is not None and outgoing.conversion.answer_losses:
        record.losses += _as_data(outgoing.conversion.answer_losses)


def _as_data(losses: Iterable[Loss]) -> list[dict[str, Json]]:
    return [{"path": loss.path, "reason": loss.reason} for loss in losses]

"""What a client's call is like, for the rules that ask for it."""

from __future__ import annotations

import time
from collections.abc import Collection

from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.routing.conditions import NO_TRAITS, Traits
from axonhub_cli.routing.features import Facts
from axonhub_cli.routing.features import read_traits as read_from_body
from axonhub_cli.routing.hours import DAY
from axonhub_cli.tracing.recorder import RequestRecord


def read_traits(
    asked: Collection[str], call: ClientCall, record: RequestRecord, now: float
) -> Traits:
    """The traits named in `asked`. `now`: seconds since the epoch, for the time of day here."""
    if not asked:
        return NO_TRAITS
    local = time.localtime(now)
    facts = Facts(
        client=record.client,
        subagent=record.agent_id is not None,
        request_class=record.request_class,
        generates=call.route.operation == "generate",
        minute=local.tm_wday * DAY + local.tm_hour * 60 + local.tm_min,
    )
    return read_from_body(asked, facts, call.body, call.envelope)

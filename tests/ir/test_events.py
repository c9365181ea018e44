from __future__ import annotations

import msgspec

from axonhub_cli.errors import ErrorInfo
from axonhub_cli.ir.events import BlockStarted, Event, Failed, Finished, Started, TextDelta


def test_events_are_told_apart_by_their_tag() -> None:
    events: list[Event] = [
        Started(id="1"),
        BlockStarted(0, "text"),
        TextDelta(0, "a"),
        Finished(),
        Failed(ErrorInfo.of("upstream", "x")),
    ]
    assert msgspec.json.decode(msgspec.json.encode(events), type=list[Event]) == events

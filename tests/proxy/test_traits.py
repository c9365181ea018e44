"""A call's traits: read where a rule asks, from its body and from what its record knows."""

from __future__ import annotations

import time

from axonhub_cli.config.schema import Config, Key
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.snapshot import Snapshot
from axonhub_cli.proxy.traits import read_traits
from axonhub_cli.routing.conditions import NO_TRAITS, Traits
from axonhub_cli.tracing.recorder import RequestRecord

ALL = frozenset(Traits.__struct_fields__)
NOW = 1_790_000_000.0
BODY = b'{"model":"m","thinking":{"type":"enabled"},"messages":[]}'


def read(asked: frozenset[str], route: int = 0, **known: str) -> Traits:
    protocol = PROTOCOLS["anthropic"]
    call = ClientCall(
        protocol=protocol,
        route=protocol.routes[route],
        query="",
        headers=[],
        body=BODY,
        key=Key("default", "sha256:0"),
        profile=None,
        snapshot=Snapshot(config=Config()),
    )
    record = RequestRecord(id="r", at=NOW, protocol="anthropic", operation="generate")
    for name, value in known.items():
        setattr(record, name, value)
    return read_traits(asked, call, record, NOW)


def test_what_the_record_knows_is_a_trait() -> None:
    found = read(ALL, client="claude-code", agent_id="a1")
    assert (found.client, found.subagent, found.thinking) == ("claude-code", True, True)
    assert found.background
    assert not read(ALL, client="claude-code", request_class="main").background


def test_the_minute_is_that_of_the_clock_on_the_wall() -> None:
    local = time.localtime(NOW)
    assert read(ALL).minute % 60 == local.tm_min
    assert read(ALL).minute // 1440 == local.tm_wday


def test_counting_tokens_is_no_background_request() -> None:
    assert not read(ALL, route=1, client="claude-code").background


def test_without_a_question_nothing_is_read() -> None:
    assert read(frozenset(), agent_id="a1") is NO_TRAITS

"""Each protocol's record is coherent: what one of its functions writes, another understands."""

from __future__ import annotations

from typing import get_args

import pytest

from axonhub_cli import jsonio
from axonhub_cli.config.schema import Protocol
from axonhub_cli.errors import STATUS, ErrorInfo, Kind
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.base import Operation, WireProtocol
from axonhub_cli.protocols.sse import end_of_events, parse_events
from axonhub_cli.providers import PROVIDERS

KINDS: tuple[Kind, ...] = get_args(Kind)

pytestmark = pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)


def test_the_registry_and_the_configuration_know_the_same_names(protocol: WireProtocol) -> None:
    assert PROTOCOLS[protocol.name] is protocol
    assert set(PROTOCOLS) == set(get_args(Protocol))
    assert {name for provider in PROVIDERS.values() for name in provider.endpoints} <= set(
        PROTOCOLS
    )


def test_no_path_is_served_twice(protocol: WireProtocol) -> None:
    paths = [path for p in PROTOCOLS.values() for route in p.routes for path in route.paths]
    assert len(paths) == len(set(paths))
    for route in protocol.routes:
        assert route.operation in get_args(Operation)
        assert all(path.startswith("/") for path in (*route.paths, route.upstream_path))
        # The path of a client is that of an upstream, below the version.
        assert all(
            path.endswith(f"/{protocol.version}{route.upstream_path}") for path in route.paths
        )
    assert protocol.models_path.startswith("/")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_error_has_a_shape(protocol: WireProtocol, kind: Kind) -> None:
    info = ErrorInfo.of(kind, 'a "message"\nof two lines: ü', request_id="req_1")
    body = jsonio.decode(protocol.encode_error(info))
    assert info.message in str(body.values()).replace("\\n", "\n")
    event = protocol.encode_stream_error(info)
    assert end_of_events(event) == len(event)
    (parsed,) = parse_events(event)
    assert jsonio.decode(parsed.data) == body


@pytest.mark.parametrize("kind", KINDS)
def test_an_own_error_event_is_read_as_an_error(protocol: WireProtocol, kind: Kind) -> None:
    event = protocol.encode_stream_error(ErrorInfo.of(kind, "broken"))
    point = protocol.read_point(event)
    assert not point.committed
    assert point.error is not None
    assert 400 <= protocol.error_status(point.error) < 600
    end = protocol.read_end(event)
    assert (end.missing, end.error) == (b"", "broken")


def test_a_status_of_ours_survives_the_stream(protocol: WireProtocol) -> None:
    for kind in ("rate_limited", "overloaded", "not_found", "too_large", "timeout"):
        event = protocol.read_point(protocol.encode_stream_error(ErrorInfo.of(kind, "x"))).error
        assert event is not None
        assert protocol.error_status(event) == STATUS[kind]


def test_a_ping_is_one_event_or_a_comment_and_decides_nothing(protocol: WireProtocol) -> None:
    assert end_of_events(protocol.ping) == len(protocol.ping)
    assert len(list(parse_events(protocol.ping))) == (not protocol.ping.startswith(b":"))
    point = protocol.read_point(protocol.ping)
    assert (point.committed, point.error) == (False, None)


@pytest.mark.parametrize("tail", [b"", b"\n\n", b": comment\n\n", b"data: {\n\n", b"\xff\n\n"])
def test_nothing_readable_is_a_truncated_stream(protocol: WireProtocol, tail: bytes) -> None:
    assert protocol.read_end(tail).missing is None
    assert not protocol.read_point(tail).committed
    assert not protocol.read_answer(tail).complete

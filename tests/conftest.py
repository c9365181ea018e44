"""Fixtures for all tests: a scripted upstream, and real daemons in front of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.plays import default_answer
from tests.support.upstream import Upstream


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A scripted upstream that answers `pong` until it is told otherwise."""
    server = Upstream(default_answer)
    server.start()
    try:
        yield server
    finally:
        server.stop()

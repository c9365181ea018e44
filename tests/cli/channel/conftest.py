"""A provider that answers requests and has no list of models."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import plays
from tests.support.upstream import Play, SeenRequest, Upstream


def _answer(request: SeenRequest) -> Play:
    if request.path.endswith("/models"):
        return plays.error(404, "not_found_error", "no list here")
    return plays.default_answer(request)


@pytest.fixture
def listless() -> Iterator[Upstream]:
    server = Upstream(_answer)
    server.start()
    try:
        yield server
    finally:
        server.stop()

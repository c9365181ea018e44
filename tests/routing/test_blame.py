"""What a failure says of its channel, kind by kind."""

from __future__ import annotations

import pytest

from axonhub_cli.errors import (
    UpstreamError,
    UpstreamGarbled,
    UpstreamStatus,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from axonhub_cli.routing.blame import Blame, blame, cause


def status(number: int) -> UpstreamStatus:
    return UpstreamStatus(number, [], b"{}", message=f"it answered {number}")


TABLE: dict[Blame, list[UpstreamError]] = {
    "nothing": [status(n) for n in (400, 404, 408, 409, 413, 422)],
    "something": [
        *(status(n) for n in (500, 501, 502, 504, 520)),
        UpstreamUnreachable("reset", dropped=True),
        UpstreamGarbled("a web page"),
    ],
    "enough": [
        *(status(n) for n in (401, 402, 403, 429, 503, 529)),
        UpstreamUnreachable("refused"),
        UpstreamTimeout("silent"),
    ],
}


@pytest.mark.parametrize(
    ("said", "error"),
    [(said, error) for said, errors in TABLE.items() for error in errors],
    ids=str,
)
def test_each_failure_says_its_part(said: Blame, error: UpstreamError) -> None:
    assert blame(error) == said


def test_the_cause_is_told_in_a_few_words() -> None:
    assert cause(status(529)) == "529"
    assert cause(UpstreamTimeout("no event came within 180 s")) == "no event came within 180 s"
    assert len(cause(UpstreamGarbled("x" * 1000))) == 80

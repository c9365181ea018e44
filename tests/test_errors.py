from __future__ import annotations

import inspect
from typing import get_args

import pytest

from axonhub_cli import errors
from axonhub_cli.errors import (
    STATUS,
    AxonHubError,
    ClientError,
    ConfigError,
    ErrorInfo,
    Kind,
    NoCandidate,
    SecretError,
    UpstreamError,
    UpstreamGarbled,
    UpstreamStatus,
    UpstreamTimeout,
)

CLASSES = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, Exception) and found.__module__ == errors.__name__
]


def test_every_kind_has_a_status() -> None:
    assert set(STATUS) == set(get_args(Kind))
    assert all(400 <= status < 600 for status in STATUS.values())


def test_an_info_takes_the_status_of_its_kind() -> None:
    info = ErrorInfo.of("overloaded", "too busy", request_id="r")
    assert info == ErrorInfo(kind="overloaded", message="too busy", status=529, request_id="r")


@pytest.mark.parametrize("found", CLASSES)
def test_every_error_is_ours_and_drawn_in_the_tree(found: type[Exception]) -> None:
    assert issubclass(found, AxonHubError)
    assert found.__doc__
    assert found.__name__ in str(errors.__doc__)


def test_an_error_says_what_and_how_to_mend_it() -> None:
    error = ConfigError("what", hint="how")
    assert (str(error), error.message, error.hint) == ("what", "what", "how")
    assert AxonHubError("what").hint is None
    assert issubclass(SecretError, ConfigError)


def test_errors_that_a_client_sees_have_a_kind() -> None:
    assert ClientError("too_large", "x").kind == "too_large"
    assert NoCandidate("not_found", "x").kind == "not_found"
    assert UpstreamError("x").kind == UpstreamGarbled("x").kind == "upstream"
    assert UpstreamTimeout("x").kind == "timeout"


def test_an_upstreams_answer_is_kept_as_it_came() -> None:
    error = UpstreamStatus(429, [(b"retry-after", b"1")], b"{}", message="slow down")
    assert (error.status, error.headers, error.body) == (429, [(b"retry-after", b"1")], b"{}")

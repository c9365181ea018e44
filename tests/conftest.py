"""Fixtures for all tests: a scripted upstream, and real daemons in front of it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.daemon import Daemon
from tests.support.gateway import Gateway, running
from tests.support.home import Home, channel
from tests.support.plays import default_answer
from tests.support.upstream import Upstream

# A slow machine is no failure. What a property forbids shows within a few examples or within very
# many: the same few for everybody, and ten times as many, the same each time too, in .ci/run: who
# changes something else must not meet another's rare case. `--hypothesis-seed` looks for new ones.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", _PATIENT, max_examples=20, derandomize=True)
settings.register_profile("thorough", _PATIENT, max_examples=200, derandomize=True)
settings.load_profile("quick")

# The authorities of the world take 50 ms to load, in each daemon, SDK and process anew, and nothing
# here may call anybody whom they have signed. The key of this one is gone. Children inherit it.
os.environ["SSL_CERT_FILE"] = str(Path(__file__).parent / "support" / "authority.pem")


# Half of what a worker does before its first test is to rewrite the asserts of all files. One does
# it for the others and for the next time, though a container says PYTHONDONTWRITEBYTECODE.
sys.dont_write_bytecode = False


@pytest.hookimpl(wrapper=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One more than there are cores: a third of a test's time is waiting."""
    return (yield) + 1


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the results of the cases in tests/golden as they are now; review the diff",
    )


@pytest.fixture
def log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    """Warnings of ours, whatever level and handler a daemon in an earlier test has set."""
    monkeypatch.setattr(logging.getLogger("axonhub"), "propagate", True)
    caplog.set_level(logging.WARNING, "axonhub")
    return caplog


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A scripted upstream that answers `pong` until it is told otherwise."""
    server = Upstream(default_answer)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A throw-away axonhub home, not configured yet."""
    return Home(tmp_path)


@pytest.fixture
def daemon(home: Home, upstream: Upstream) -> Iterator[Daemon]:
    """A running daemon whose only channel is the scripted upstream."""
    home.configure(channel(upstream.url))
    server = Daemon(home).start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def shared_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running(tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    """A daemon before an upstream of each protocol, the same one for all tests that ask for it."""
    shared_gateway.reset()
    return shared_gateway

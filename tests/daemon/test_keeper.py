"""Routing's state on the disk: over a restart, from a broken file, on a disk that is full."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import pytest

from axonhub_cli.daemon.keeper import Keeper
from axonhub_cli.routing.state import RoutingState
from tests.support import plays
from tests.support.daemon import Daemon, DaemonProcess
from tests.support.home import Home, channel
from tests.support.plays import default_answer
from tests.support.upstream import Upstream

NOW = 1_800_000_000.0
BODY = b'{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}'


def fail(state: RoutingState) -> None:
    with state.health.begin("a", "m", NOW) as visit:
        visit.failed(NOW, asked=60.0)


def save(path: Path, *, failures: int) -> None:
    """The life of a daemon in which so many requests failed."""
    state = RoutingState()
    keeper = Keeper(path, state, lambda: NOW)

    async def story() -> None:
        keeper.start()
        for _ in range(failures):
            fail(state)
        await keeper.aclose()

    asyncio.run(story())


def restored(path: Path, now: float = NOW) -> RoutingState:
    state = RoutingState()
    Keeper(path, state, lambda: now).restore()
    return state


def test_what_is_saved_at_the_end_is_known_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "state" / "routing.json"
    save(path, failures=1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert restored(path, NOW + 10).health.wait("a", NOW + 10) == ("open", 50.0, None)


def test_without_news_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "routing.json"
    save(path, failures=0)
    assert not path.exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b'{"version": 1, "health": [7]}']
)
def test_a_broken_file_is_passed_over(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "routing.json"
    path.write_bytes(content)
    assert len(restored(path).health) == 0


def test_a_file_that_cannot_be_written_is_complained_of(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    save(in_the_way / "routing.json", failures=1)
    assert any("remembered over a restart" in record.message for record in log.records)


class Undumpable:
    """A part of the state with a fault."""

    revision = 7

    def dump(self) -> object:
        raise RuntimeError("nobody thought of this")

    def restore(self, saved: object, now: float) -> None:
        raise AssertionError("nothing was saved")


def test_a_fault_in_the_state_does_not_keep_the_daemon_from_ending_well(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    part = Undumpable()
    keeper = Keeper(tmp_path / "routing.json", RoutingState(part=part), lambda: NOW)
    part.revision += 1
    asyncio.run(keeper.aclose())
    assert "nobody thought of this" in log.text


def test_breakers_and_moved_sessions_outlive_the_daemon(home: Home, upstream: Upstream) -> None:
    second = Upstream(default_answer)
    second.start()
    try:
        home.configure(channel(upstream.url, "a"), channel(second.url, "b", priority=1))
        upstream.script(plays.rate_limited("600"))
        daemon: Daemon = DaemonProcess(home).start()
        try:
            assert daemon.post(BODY, ah_trace_id="moved")[1]["ah-channel"] == "b"
        finally:
            assert daemon.stop() == 0
        saved = json.loads(home.paths.routing_file.read_text())
        assert [entry["session"] for entry in saved["affinity"]] == ["moved"]
        daemon = Daemon(home).start()
        try:
            assert daemon.post(BODY)[1]["ah-channel"] == "b", "`a` still rests"
            health = {c["name"]: c["health"] for c in home.json("channel", "list")}
            assert health == {"a": "open", "b": "closed"}
        finally:
            daemon.stop()
        assert len(upstream.requests) == 1
    finally:
        second.stop()


def test_a_channel_that_was_mended_while_the_daemon_runs_is_tried_at_once(
    home: Home, upstream: Upstream
) -> None:
    home.configure(channel(upstream.url, "a"), channel(upstream.url, "b", priority=1))
    upstream.script(plays.error(401, "authentication_error", "x"))
    daemon = Daemon(home).start()
    try:
        assert daemon.post(BODY)[1]["ah-channel"] == "b"
        home.environ["OTHER"] = "sk-ant-api03-" + "y" * 8
        home.axonhub("channel", "edit", "a", "--token-env", "OTHER", "--no-test")
        assert daemon.post(BODY)[1]["ah-channel"] == "a"
    finally:
        daemon.stop()

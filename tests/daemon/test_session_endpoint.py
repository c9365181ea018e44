import json
from time import monotonic
from typing import Any

import pytest

from axonhub_cli.daemon.state import ask, find_daemon
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.plays import as_message, text
from tests.support.plays import body as play
from tests.support.upstream import PATIENCE, Upstream

SESSION = "5e551010-0000-4000-8000-000000000001"
BODY = json.dumps(
    {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
).encode()
PATH = f"/admin/api/session/{SESSION}"


def told(home: Home, daemon: Daemon, wanted: str = SESSION) -> dict[str, Any]:
    """What the daemon says once it has written the session."""
    running = find_daemon(home.paths)
    assert running is not None
    answer = ask(running, f"/admin/api/session/{wanted}")
    assert answer is not None
    return answer


@pytest.fixture
def limited(home: Home, upstream: Upstream) -> Any:
    home.configure(
        channel(upstream.url),
        key={"quotas": [{"requests": 10, "per": "day"}]},
        profile={"quotas": [{"cost": 2.0, "per": "all"}]},
        prices=[{"model": "*", "request": 0.5}],
    )
    server = Daemon(home).start()
    yield server
    server.stop()


def test_a_session_is_told_with_its_cost_and_what_is_left(
    home: Home, limited: Daemon, upstream: Upstream
) -> None:
    headers = [
        ("content-type", "application/json"),
        ("anthropic-ratelimit-unified-5h-utilization", "0.62"),
        ("anthropic-ratelimit-unified-5h-reset", "4102444800"),
    ]
    upstream.script(play(200, json.dumps(as_message(text("pong"))).encode(), *headers))
    assert limited.post(BODY, x_claude_code_session_id=SESSION)[0] == 200
    session: dict[str, Any] = {}
    deadline = monotonic() + PATIENCE
    while session.get("cost_usd") is None:  # it is written a moment after the answer
        assert monotonic() < deadline, "the session is not recorded"
        session = told(home, limited)["session"] or {}
    assert session["cost_usd"] == 0.5
    assert (session["model"], session["channel"]) == ("claude-sonnet-4-5", "main")
    assert (session["cache_read"], session["key"]) == (900, "default")
    limits = told(home, limited)["limits"]
    assert [limit["left"] for limit in limits if limit["name"] == "5h"] == [pytest.approx(0.38)]
    quotas = {limit["name"]: limit for limit in limits if "per" in limit}
    assert (quotas["requests"]["amount"], quotas["requests"]["per"]) == (9, "day")
    assert quotas["requests"]["left"] == 0.9
    assert quotas["cost"]["per"] == ""


def test_a_session_nobody_knows_is_none(home: Home, daemon: Daemon) -> None:
    answer = told(home, daemon, "nobodys")
    assert (answer["session"], answer["limits"], answer["traces_error"]) == (None, [], None)


def test_nobody_else_is_told(daemon: Daemon) -> None:
    status, _, body = daemon.get(PATH)
    assert status == 403
    assert b"session" not in body


def test_a_store_that_cannot_be_read_is_no_failure(home: Home, daemon: Daemon) -> None:
    file = home.paths.trace_db
    file.parent.mkdir(parents=True, exist_ok=True)  # it may be about to
    file.unlink(missing_ok=True)
    file.write_bytes(b"no database" * 1000)
    assert told(home, daemon)["session"] is None

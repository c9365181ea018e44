"""The running daemon's routing, told to the command line alone."""

from __future__ import annotations

import json

from axonhub_cli.daemon.state import ROUTING_PATH, TOKENS_PATH, ask, find_daemon, request_proof
from axonhub_cli.routing.state import RoutingState
from tests.support.daemon import Daemon
from tests.support.home import Home

BODY = b'{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}'


def test_who_has_read_the_state_file_sees_the_state_of_routing(home: Home, daemon: Daemon) -> None:
    daemon.post(BODY)
    running = find_daemon(home.paths)
    assert running is not None
    told = ask(running, ROUTING_PATH)
    assert told is not None
    assert told["faults"] == {}
    state = RoutingState()
    state.restore(told["routing"], 1_800_000_000.0)
    assert state.health.standing("main", "claude-sonnet-4-5") is not None


def test_nobody_else_does(home: Home, daemon: Daemon) -> None:
    running = find_daemon(home.paths)
    assert running is not None
    status, _, body = daemon.get(ROUTING_PATH)
    assert status == 403
    assert b"routing" not in body
    assert daemon.post(b"{}", ROUTING_PATH)[0] == 405
    for path, challenge in (("/health", "x"), (ROUTING_PATH, "y")):
        shown = request_proof(running.secret, path, challenge)
        headers = {"ah-challenge": "x", "ah-proof": shown}
        answer = daemon._request("GET", ROUTING_PATH, None, headers)
        assert answer[0] == 403, json.loads(answer[2])


def test_the_proof_that_anybody_gets_of_the_daemon_opens_nothing(daemon: Daemon) -> None:
    # The text that a caller would have to prove, given to `/health` as a challenge.
    _, _, health = daemon._request(
        "GET", "/health", None, {"ah-challenge": f"GET {ROUTING_PATH} x"}
    )
    headers = {"ah-challenge": "x", "ah-proof": json.loads(health)["proof"]}
    assert daemon._request("GET", ROUTING_PATH, None, headers)[0] == 403


def test_health_names_the_channels_to_who_has_read_the_state_file_alone(
    home: Home, daemon: Daemon
) -> None:
    told = json.loads(daemon._request("GET", "/health", None, {"ah-challenge": "x"})[2])
    assert told.keys() == {"status", "name", "version", "uptime_s", "proof"}
    running = find_daemon(home.paths)
    assert running is not None
    more = ask(running, "/health")
    assert more is not None
    assert more["health"] == {"main": {"state": "closed"}}


def test_tokens_are_taken_back_for_who_has_read_the_state_file_alone(
    home: Home, daemon: Daemon
) -> None:
    running = find_daemon(home.paths)
    assert running is not None
    path = f"{TOKENS_PATH}?channel=main&token=1"
    told = ask(running, path, method="POST")
    assert told is not None
    assert told["taken_back"] == 0
    shown = request_proof(running.secret, f"{TOKENS_PATH}?channel=other", "x", "POST")
    headers = {"ah-challenge": "x", "ah-proof": shown}
    assert daemon._request("POST", path, b"", headers)[0] == 403
    assert daemon.post(b"", path)[0] == 403
    assert daemon.get(path)[0] == 405

import json

from tests.support.daemon import Daemon
from tests.support.home import KEY, TOKEN
from tests.support.plays import overloaded
from tests.support.upstream import Upstream

HI = json.dumps({"model": "claude-x", "messages": [{"role": "user", "content": "hi"}]}).encode()


def metrics(daemon: Daemon) -> dict[str, float]:
    status, headers, body = daemon.get("/metrics")
    assert status == 200
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in body.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_what_went_through_is_counted(daemon: Daemon, upstream: Upstream) -> None:
    daemon.post(HI)
    upstream.script(overloaded())
    daemon.post(HI)
    found: dict[str, float] = {}
    failed = 'axonhub_attempt_errors_total{channel="main",kind="529"}'
    # The writer counts within a batch.
    while not found.get(failed):
        found = metrics(daemon)
    assert found['axonhub_tokens_total{channel="main",model="claude-x",type="cache_read"}'] >= 900
    assert found['axonhub_breaker_state{channel="main"}'] == 2
    assert found['axonhub_in_flight{channel="main"}'] == 0
    assert found["axonhub_trace_lost"] == 0
    assert found["axonhub_uptime_seconds"] > 0
    text = daemon.get("/metrics")[2].decode()
    assert KEY not in text
    assert TOKEN not in text


def test_metrics_need_a_key(daemon: Daemon) -> None:
    status, _, body = daemon._request("GET", "/metrics", None, {"authorization": "Bearer no"})
    assert (status, b"axonhub key" in body) == (401, True)

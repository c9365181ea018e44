import json
from time import monotonic

from tests.support.daemon import Daemon
from tests.support.home import KEY, TOKEN, Home, channel
from tests.support.plays import as_events, error, overloaded, text, truncated
from tests.support.upstream import PATIENCE, Reset, Upstream

HI = json.dumps({"model": "claude-x", "messages": [{"role": "user", "content": "hi"}]}).encode()


def metrics(daemon: Daemon) -> dict[str, float]:
    status, headers, body = daemon.get("/metrics")
    assert status == 200
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in body.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def wait_for(daemon: Daemon, name: str, value: float) -> dict[str, float]:
    """All of them, as soon as this one is so: the writer counts by batches, and under load the
    configuration is looked at every few milliseconds."""
    deadline = monotonic() + PATIENCE
    while (found := metrics(daemon)).get(name) != value:
        assert monotonic() < deadline, f"{name} is {found.get(name)}"
    return found


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
    assert found['axonhub_breaker_state{channel="main",model="claude-x"}'] == 2
    assert found['axonhub_channel_usable{channel="main"}'] == 1
    assert found['axonhub_in_flight{channel="main"}'] == 0
    assert found["axonhub_trace_lost_total"] == 0
    assert found["axonhub_trace_store_up"] == found["axonhub_config_ok"] == 1
    assert found["axonhub_uptime_seconds"] > 0
    assert not [name for name in found if "otlp" in name], "nothing is exported"
    text = daemon.get("/metrics")[2].decode()
    assert "# TYPE axonhub_trace_lost_total counter" in text
    assert KEY not in text
    assert TOKEN not in text


def test_one_models_breaker_says_nothing_of_another_model(
    daemon: Daemon, upstream: Upstream
) -> None:
    upstream.script(overloaded())
    daemon.post(HI)
    daemon.post(HI.replace(b"claude-x", b"claude-y"))
    states = {n: v for n, v in metrics(daemon).items() if n.startswith("axonhub_breaker_state{")}
    assert states == {
        'axonhub_breaker_state{channel="main",model="claude-x"}': 2,
        'axonhub_breaker_state{channel="main",model="claude-y"}': 0,
    }


def test_what_does_not_work_is_told_by_gauges(home: Home, upstream: Upstream) -> None:
    home.configure(
        channel(upstream.url), channel(upstream.url, "poor", tokens=["env:NOBODY_HAS_IT"])
    )
    home.paths.data_dir.parent.mkdir(parents=True, exist_ok=True)
    home.paths.data_dir.write_text("a file, not a folder")
    daemon = Daemon(home).start()
    try:
        assert daemon.post(HI)[0] == 200
        found = wait_for(daemon, "axonhub_trace_store_up", 0)
        # It waits for the file, with no queue before it.
        assert wait_for(daemon, "axonhub_trace_queue_records", 1)
        assert found['axonhub_channel_usable{channel="main"}'] == 1
        assert found['axonhub_channel_usable{channel="poor"}'] == 0
        home.paths.config_file.write_text("[servre]\n")
        assert wait_for(daemon, "axonhub_config_ok", 0)
    finally:
        daemon.stop()


def test_each_failure_is_counted_by_its_kind_once(daemon: Daemon, upstream: Upstream) -> None:
    """What broke after its first words, what failed before, and what was refused here."""
    stream = HI.replace(b"{", b'{"stream":true,', 1)
    pieces = as_events(text("pong"))
    upstream.script(truncated(pieces, len(b"".join(pieces[:3])), how=Reset()))
    assert daemon.post(stream)[0] == 200
    upstream.script(error(400, "invalid_request_error", "no"))
    assert daemon.post(HI)[0] == 400
    upstream.script(overloaded())
    assert daemon.post(HI)[0] == 529
    assert daemon.post(HI.replace(b"claude-x", b"unknown"))[0] == 404
    assert daemon.post(HI, authorization="Bearer ah-no")[0] == 401
    assert daemon.post(b"{", "/v1/chat/completions")[0] == 400
    assert daemon.post(HI, origin="https://web.test")[0] == 403
    attempts = {("main", "broken"), ("main", "529"), ("main", "request")}
    expected = {
        f'axonhub_attempt_errors_total{{channel="{channel}",kind="{kind}"}}': 1.0
        for channel, kind in attempts
    } | {
        f'axonhub_request_errors_total{{protocol="{protocol}",kind="{kind}"}}': 1.0
        for protocol, kind in (
            *(("anthropic", kind) for _, kind in attempts),
            *(("anthropic", "not_found"), ("anthropic", "authentication")),
            ("anthropic", "permission"),
            ("openai_chat", "invalid_request"),
        )
    }
    found = {}
    for name, value in expected.items():
        found = wait_for(daemon, name, value)
    assert {n: v for n, v in found.items() if "_errors_total" in n} == expected
    durations = [
        v for n, v in found.items() if n.startswith("axonhub_request_duration_seconds_count")
    ]
    assert sum(durations) == 5


def test_metrics_need_a_key(daemon: Daemon) -> None:
    status, _, body = daemon._request("GET", "/metrics", None, {"authorization": "Bearer no"})
    assert (status, b"axonhub key" in body) == (401, True)


def test_strangers_are_counted_wherever_they_knock(daemon: Daemon) -> None:
    no_key = {"authorization": "Bearer no"}
    anthropic = no_key | {"anthropic-version": "2023-06-01"}
    for path, headers in (("/metrics", no_key), ("/v1/models", no_key), ("/v1/models", anthropic)):
        assert daemon._request("GET", path, None, headers)[0] == 401
    found = metrics(daemon)
    for protocol in ("", "openai_chat", "anthropic"):
        kind = f'{{protocol="{protocol}",kind="authentication"}}'
        assert found[f"axonhub_request_errors_total{kind}"] == 1
    assert any('operation="models"' in name for name in found)

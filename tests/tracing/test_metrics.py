from axonhub_cli.tracing.entries import Entry, finished_entry
from axonhub_cli.tracing.metrics import MOST_VALUES, Counter, Histogram, Metrics, gauge
from tests.tracing.records import attempt, context, message, record, text


def entry(**changes: object) -> Entry:
    return finished_entry(record("r1", **changes), context(), stored=False)


def written(metrics: Metrics) -> list[str]:
    return metrics.write([]).decode().splitlines()


def test_a_request_is_counted_with_its_tokens_and_times() -> None:
    metrics = Metrics()
    metrics.observe(entry(first_token_ms=300.0, total_ms=700.0))
    lines = written(metrics)
    labels = 'protocol="anthropic",operation="generate",channel="main",model="claude-opus-5-5"'
    assert f'axonhub_requests_total{{{labels},status="completed",code="200"}} 1.0' in lines
    assert 'axonhub_tokens_total{channel="main",model="claude-opus-5-5",type="output"} 5.0' in lines
    assert 'axonhub_unpriced_total{channel="main",model="claude-opus-5-5"} 1.0' in lines
    assert 'axonhub_first_token_seconds_bucket{channel="main",le="0.25"} 0' in lines
    assert 'axonhub_first_token_seconds_bucket{channel="main",le="0.5"} 1' in lines
    assert 'axonhub_request_duration_seconds_sum{protocol="anthropic",stream="false"} 0.7' in lines


def test_failures_are_counted_by_kind() -> None:
    failed = attempt(status="failed", http_status=529, error_kind="529")
    metrics = Metrics()
    metrics.observe(entry(attempts=[failed, attempt(message(text("a")))]))
    lines = written(metrics)
    assert 'axonhub_attempt_errors_total{channel="main",kind="529"} 1.0' in lines
    assert not any(line.startswith("axonhub_request_errors_total{") for line in lines)
    assert 'axonhub_attempts_total{channel="main",status="failed"} 1.0' in lines
    assert 'axonhub_attempts_total{channel="main",status="completed"} 1.0' in lines


def test_models_that_clients_invent_are_bounded() -> None:
    metrics = Metrics()
    for number in range(MOST_VALUES + 5):
        metrics.observe(entry(attempts=[attempt(upstream_model=f"m{number}")]))
    lines = [line for line in written(metrics) if line.startswith("axonhub_requests_total{")]
    assert len(lines) == MOST_VALUES + 1
    assert any('model="other"' in line and line.endswith(" 5.0") for line in lines)


def test_a_models_name_takes_no_more_room_than_a_name_needs() -> None:
    metrics = Metrics()
    metrics.observe(entry(attempts=[attempt(message(text("a")), upstream_model="m" * 9999)]))
    assert max(map(len, written(metrics))) < 500


def test_every_failed_attempt_and_request_has_a_kind() -> None:
    metrics = Metrics()
    metrics.observe(entry(status="failed", attempts=[attempt(status="failed")]))
    metrics.observe(entry(status="running", attempts=[]))
    metrics.observe(entry(status="canceled", error_kind="canceled", attempts=[]))
    lines = written(metrics)
    assert 'axonhub_attempt_errors_total{channel="main",kind="internal"} 1.0' in lines
    assert 'axonhub_request_errors_total{protocol="anthropic",kind="internal"} 2.0' in lines
    assert 'axonhub_request_errors_total{protocol="anthropic",kind="canceled"} 1.0' in lines


def test_refusals_of_strangers_are_counted_with_the_requests() -> None:
    metrics = Metrics()
    metrics.refused("anthropic", "generate", "authentication", 401)
    metrics.observe(entry(status="failed", error_kind="authentication", attempts=[]))
    lines = written(metrics)
    assert 'axonhub_request_errors_total{protocol="anthropic",kind="authentication"} 2.0' in lines
    labels = 'protocol="anthropic",operation="generate",channel="",model="",status="failed"'
    assert f'axonhub_requests_total{{{labels},code="401"}} 1.0' in lines
    assert f'axonhub_requests_total{{{labels},code="200"}} 1.0' in lines


def test_the_text_is_what_prometheus_reads() -> None:
    counter = Counter("a_total", "What it is.")
    counter.add(2, name='say "hi"\\\n')
    assert list(counter.lines()) == [
        "# HELP a_total What it is.",
        "# TYPE a_total counter",
        'a_total{name="say \\"hi\\"\\\\\\n"} 2.0',
    ]
    histogram = Histogram("h", "H.", (1,))
    histogram.add(1)
    histogram.add(9)
    assert list(histogram.lines())[2:] == [
        'h_bucket{le="1"} 1',
        'h_bucket{le="+Inf"} 2',
        "h_sum 10.0",
        "h_count 2",
    ]
    assert list(gauge("g", "G.", [(1.5, {})]).lines()) == ["# HELP g G.", "# TYPE g gauge", "g 1.5"]


def test_a_name_that_is_no_unicode_leaves_the_metrics_readable() -> None:
    metrics, odd = Metrics(), entry()
    odd.request["upstream_model"] = "a\ud800"
    metrics.observe(odd)
    assert any('model="a?"' in line for line in written(metrics))

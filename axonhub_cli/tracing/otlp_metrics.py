"""Metrics of what went through, for OTLP: summed since the daemon began to export them.

    gen_ai.client.operation.duration               seconds of each attempt
    gen_ai.client.operation.time_to_first_chunk    seconds to the first content of a stream
    gen_ai.client.token.usage                      tokens, by `gen_ai.token.type`
    axonhub.requests, axonhub.attempt.errors       requests by outcome, failed attempts by error
    axonhub.cost.usd                               known cost in dollars

Names and buckets as in opentelemetry.io, "Semantic conventions for generative AI metrics" (1.41,
read 2026-11). Tokens and money are those that upstreams charge for, by the model they were asked
for. Each request counts, whether its spans are sampled or not. Models are named by clients: the
first hundreds are told apart, the names that come after them are `other`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from threading import Lock
from typing import Any

from axonhub_cli.tracing.entries import Entry, Row
from axonhub_cli.tracing.metrics import Counter
from axonhub_cli.tracing.otlp import FindProvider, error_of, operation_of, usage_of
from axonhub_cli.tracing.otlp_json import encode_metrics, write_attributes

MOST_SERIES = 500

_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS = tuple(float(4**power) for power in range(14))
_CUMULATIVE = 2
_MODEL = "gen_ai.request.model"

_Key = tuple[tuple[str, Any], ...]
_Point = dict[str, Any]
_NONE: dict[_Key, float] = {}


class _Instrument:
    """One metric's series, at most `MOST_SERIES` of them and `other`."""

    def __init__(self, name: str, unit: str, about: str, bounds: tuple[float, ...] = ()) -> None:
        self._head = {"name": name, "unit": unit, "description": about}
        self._bounds = bounds
        self._sums: dict[_Key, float] = {}
        self._counts: dict[_Key, list[int]] = {}

    def add(self, value: float, labels: Mapping[str, Any]) -> None:
        key = _key(labels)
        if key not in self._sums and len(self._sums) >= MOST_SERIES:
            # What is not told apart is still counted.
            key = tuple((name, "other" if name == _MODEL else label) for name, label in key)
        self._sums[key] = self._sums.get(key, 0.0) + value
        if self._bounds:
            counts = self._counts.setdefault(key, [0] * (len(self._bounds) + 1))
            counts[bisect_left(self._bounds, value)] += 1

    def write(self, times: _Point, elsewhere: Mapping[_Key, float] = _NONE) -> _Point:
        """`elsewhere`: what another thread has counted, of a metric without buckets."""
        sums = self._sums
        if elsewhere:
            both = {*sums, *elsewhere}
            sums = {key: sums.get(key, 0.0) + elsewhere.get(key, 0.0) for key in both}
        points = [self._point(key, value) | times for key, value in sums.items()]
        told: dict[str, Any] = {"dataPoints": points, "aggregationTemporality": _CUMULATIVE}
        if self._bounds:
            return self._head | {"histogram": told}
        return self._head | {"sum": told | {"isMonotonic": True}}

    def _point(self, key: _Key, value: float) -> _Point:
        point: _Point = {"attributes": write_attributes(dict(key))}
        if not self._bounds:
            return point | {"asDouble": value}
        counts = self._counts[key]
        return point | {
            "count": str(sum(counts)),
            "sum": value,
            "bucketCounts": [str(count) for count in counts],
            "explicitBounds": list(self._bounds),
        }


class OtlpMetrics:
    """`observe` is for the writer thread, `refused` for the loop, which waits for nobody, `encode`
    for any. `began`: epoch seconds."""

    def __init__(self, began: float) -> None:
        self._began = str(int(began * 1e9))
        self._lock = Lock()
        self._durations = _Instrument(
            "gen_ai.client.operation.duration", "s", "GenAI operation duration.", _SECONDS
        )
        self._first_chunks = _Instrument(
            "gen_ai.client.operation.time_to_first_chunk",
            "s",
            "From a call upstream to the first content of its stream.",
            _SECONDS,
        )
        self._usage = _Instrument(
            "gen_ai.client.token.usage",
            "{token}",
            "Number of input and output tokens used.",
            _TOKENS,
        )
        self._requests = _Instrument(
            "axonhub.requests", "{request}", "Requests of clients that have ended, by outcome."
        )
        self._errors = _Instrument(
            "axonhub.attempt.errors", "{error}", "Failed calls upstream, by class of error."
        )
        self._cost = _Instrument("axonhub.cost.usd", "{USD}", "Known cost in US dollars.")
        self._strangers: dict[_Key, float] = {}
        """Requests without a record; changed by the loop alone."""

    def observe(self, entry: Entry, find_provider: FindProvider) -> None:
        """One request that has ended."""
        with self._lock:
            self._requests.add(1, _request_labels(entry.request))
            for attempt in entry.attempts:
                self._observe_attempt(entry.request, attempt, find_provider)
            self._observe_spent(entry, find_provider)

    def refused(self, protocol: str, operation: str, kind: str, status: int) -> None:
        """One request that was refused before anything was known of it."""
        row: Row = {"protocol": protocol, "operation": operation, "status": "failed"}
        key = _key(_request_labels(row | {"http_status": status, "error_kind": kind}))
        self._strangers[key] = self._strangers.get(key, 0.0) + 1

    def encode(
        self, now: float, resource: Mapping[str, Any], gauges: Iterable[Counter] = ()
    ) -> bytes:
        """The body of a `POST …/v1/metrics`. `gauges`: as whoever asks has read them just now."""
        moment = {"timeUnixNano": str(int(now * 1e9))}
        sums = (self._durations, self._first_chunks, self._usage, self._errors, self._cost)
        times = {"startTimeUnixNano": self._began} | moment
        # One step for the interpreter: the loop may add while this is read.
        strangers = dict(list(self._strangers.items()))
        with self._lock:
            metrics = [each.write(times) for each in sums]
            metrics.append(self._requests.write(times, strangers))
        told = [metric for metric in metrics if _points(metric)]
        return encode_metrics([*told, *_write_gauges(gauges, moment)], resource)

    def _observe_attempt(self, request: Row, attempt: Row, find_provider: FindProvider) -> None:
        error = error_of(attempt)
        labels = _labels(
            request,
            str(attempt["channel"]),
            attempt["upstream_model"],
            find_provider(str(attempt["channel"]), str(attempt["upstream_protocol"])),
        ) | {"error.type": error}
        if isinstance(lasted := attempt["ms"], int | float):
            self._durations.add(lasted / 1000, labels)
        first = attempt["first_event_ms"]
        if request["stream"] and isinstance(first, int | float):
            self._first_chunks.add(first / 1000, labels)
        if attempt["status"] == "failed":
            told = {"axonhub.channel": attempt["channel"], "error.type": error}
            self._errors.add(1, told)

    def _observe_spent(self, entry: Entry, find_provider: FindProvider) -> None:
        protocols = {str(a["channel"]): str(a["upstream_protocol"]) for a in entry.attempts}
        for spent in entry.spent:
            provider = find_provider(spent.channel, protocols.get(spent.channel, ""))
            labels = _labels(entry.request, spent.channel, spent.model, provider)
            usage = spent.usage
            counts = usage_of(
                {
                    "input": usage.input,
                    "cache_read": usage.cache_read,
                    "cache_write": usage.cache_write,
                    "output": usage.output,
                }
            )
            for kind, count in zip(("input", "output"), counts, strict=True):
                if count is not None:
                    self._usage.add(float(count), labels | {"gen_ai.token.type": kind})
            if spent.usd is not None:
                self._cost.add(float(spent.usd), labels)


def _key(labels: Mapping[str, Any]) -> _Key:
    return tuple((name, label) for name, label in labels.items() if label is not None)


def _request_labels(row: Row) -> dict[str, Any]:
    return {
        "axonhub.protocol": row["protocol"],
        "gen_ai.operation.name": operation_of(row),
        "axonhub.status": row["status"],
        "http.response.status_code": row["http_status"],
        "axonhub.error.kind": row.get("error_kind"),
    }


def _labels(request: Row, channel: str, model: Any, provider: str | None) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": operation_of(request),
        "gen_ai.provider.name": provider,
        _MODEL: model,
        "axonhub.channel": channel,
    }


def _points(metric: _Point) -> list[_Point]:
    told = metric.get("histogram") or metric["sum"]
    points: list[_Point] = told["dataPoints"]
    return points


def _write_gauges(gauges: Iterable[Counter], moment: _Point) -> Iterator[_Point]:
    """Prometheus' gauges by OpenTelemetry's kind of name: `axonhub.breaker_state`."""
    for gauge in gauges:
        points = [
            {"attributes": write_attributes(dict(labels)), "asDouble": value} | moment
            for labels, value in gauge.values()
        ]
        name, about = gauge.about
        told = {"name": name.replace("_", ".", 1), "description": about}
        yield told | {"gauge": {"dataPoints": points}}

"""The GenAI conventions' two metrics, summed from spans since the daemon started: OTLP's JSON.

    gen_ai.client.operation.duration   seconds of each attempt
    gen_ai.client.token.usage          tokens of each request, by `gen_ai.token.type`

Buckets as the conventions advise (opentelemetry.io, "Semantic conventions for generative AI
metrics", v1.37, 2025-08). Models are named by clients: the first hundreds are told apart, the names
that come after them are `other`.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from axonhub_cli import __version__, jsonio
from axonhub_cli.tracing.otlp import Span, attributes_of, write_attributes

MOST_SERIES = 500

_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS = tuple(float(4**power) for power in range(14))
_CUMULATIVE = 2
_DURATION, _USAGE = "gen_ai.client.operation.duration", "gen_ai.client.token.usage"
_MODEL = "gen_ai.request.model"
_NAMED = ("gen_ai.operation.name", "gen_ai.provider.name", _MODEL, "error.type")

_Key = tuple[tuple[str, Any], ...]


class _Series:
    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0


class SpanMetrics:
    """For one thread. `began`: epoch seconds since which is summed."""

    def __init__(self, began: float) -> None:
        self._began = str(int(began * 1e9))
        self._found: dict[str, dict[_Key, _Series]] = {_DURATION: {}, _USAGE: {}}

    def add(self, span: Span) -> None:
        told = attributes_of(span)
        key = tuple((name, told[name]) for name in _NAMED if name in told)
        if "parentSpanId" in span and "axonhub.request.id" not in told:
            nanoseconds = int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])
            self._count(_DURATION, key, _SECONDS, nanoseconds / 1e9)
            return
        for kind in ("input", "output"):
            tokens = told.get(f"gen_ai.usage.{kind}_tokens")
            if tokens is not None:
                typed = (*key, ("gen_ai.token.type", kind))
                self._count(_USAGE, typed, _TOKENS, float(tokens))

    def encode(self, now: float) -> bytes:
        """The body of a `POST …/v1/metrics`."""
        metrics = [
            self._metric(_DURATION, "s", _SECONDS, now),
            self._metric(_USAGE, "{token}", _TOKENS, now),
        ]
        resource = {"attributes": write_attributes({"service.name": "axonhub"})}
        scoped = {"scope": {"name": "axonhub", "version": __version__}, "metrics": metrics}
        return jsonio.encode(
            {"resourceMetrics": [{"resource": resource, "scopeMetrics": [scoped]}]}
        )

    def _count(self, name: str, key: _Key, bounds: tuple[float, ...], value: float) -> None:
        found = self._found[name]
        if key not in found and len(found) >= MOST_SERIES:
            # What is not told apart is still counted.
            key = tuple((each, "other" if each == _MODEL else value) for each, value in key)
        series = found.setdefault(key, _Series(bounds))
        series.counts[bisect_left(bounds, value)] += 1
        series.sum += value

    def _metric(self, name: str, unit: str, bounds: tuple[float, ...], now: float) -> Any:
        points = [
            {
                "attributes": write_attributes(dict(key)),
                "startTimeUnixNano": self._began,
                "timeUnixNano": str(int(now * 1e9)),
                "count": str(sum(series.counts)),
                "sum": series.sum,
                "bucketCounts": [str(count) for count in series.counts],
                "explicitBounds": list(bounds),
            }
            for key, series in self._found[name].items()
        ]
        histogram = {"dataPoints": points, "aggregationTemporality": _CUMULATIVE}
        return {"name": name, "unit": unit, "histogram": histogram}

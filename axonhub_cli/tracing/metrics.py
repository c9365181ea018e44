"""Counters and histograms of what went through, and their text for Prometheus.

Counted by the writer thread from what it records, so that a request's path pays nothing; read by
whoever asks. Labels are bounded: a model is named by clients, and the names that come after the
first hundreds are `other`. The text format is small and stable; a library for it would cost the
daemon memory and start-up time for less code than its use would take.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import inf

from axonhub_cli.tracing.entries import Entry

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
MOST_VALUES = 200
"""Of one label."""
LONGEST = 128
"""Letters of one; a request's body may be one long name."""

_DURATIONS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_FIRST_TOKENS = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 180)
_TOKENS = ("input", "cache_read", "cache_write", "output", "reasoning")

_YES = {True: "true", False: "false"}

Labels = tuple[tuple[str, str], ...]


class Counter:
    """Sums by labels. Only ever added to by one thread; any may read. What two threads count has
    a counter for each, and is written as one (`join`)."""

    def __init__(self, name: str, help: str, *, kind: str = "counter") -> None:
        self._name = name
        self._help = help
        self._kind = kind
        self._sums: dict[Labels, float] = {}

    def add(self, amount: float, **labels: str) -> None:
        key = tuple(labels.items())
        self._sums[key] = self._sums.get(key, 0.0) + amount

    def join(self, other: Counter) -> Counter:
        """The sums of both, under this one's name."""
        joined = Counter(self._name, self._help, kind=self._kind)
        for labels, value in (*list(self._sums.items()), *list(other._sums.items())):
            joined.add(value, **dict(labels))
        return joined

    @property
    def about(self) -> tuple[str, str]:
        """Its name, and what it counts."""
        return self._name, self._help

    def values(self) -> list[tuple[Labels, float]]:
        # One step for the interpreter: another thread may add while this one reads.
        return list(self._sums.items())

    def lines(self) -> Iterator[str]:
        yield from _head(self._name, self._help, self._kind)
        for labels, value in self.values():
            yield _sample(self._name, labels, value)


class Histogram:
    """Values by labels, in buckets up to bounds; for threads as a counter."""

    def __init__(self, name: str, help: str, bounds: tuple[float, ...]) -> None:
        self._name = name
        self._help = help
        self._bounds = (*bounds, inf)
        self._counts: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}

    def add(self, value: float, **labels: str) -> None:
        key = tuple(labels.items())
        counts = self._counts.setdefault(key, [0] * len(self._bounds))
        counts[next(at for at, bound in enumerate(self._bounds) if value <= bound)] += 1
        self._sums[key] = self._sums.get(key, 0.0) + value

    def lines(self) -> Iterator[str]:
        yield from _head(self._name, self._help, "histogram")
        for labels, counts in list(self._counts.items()):
            below = 0
            for bound, count in zip(self._bounds, list(counts), strict=True):
                below += count
                limit = "+Inf" if bound == inf else f"{bound:g}"
                yield _sample(f"{self._name}_bucket", (*labels, ("le", limit)), below)
            yield _sample(f"{self._name}_sum", labels, self._sums.get(labels, 0.0))
            yield _sample(f"{self._name}_count", labels, below)


class Metrics:
    """All that is counted. `observe` is for the writer thread, `refused` for the loop's."""

    def __init__(self) -> None:
        self._models: set[str] = set()
        self._requests, self._strangers = (
            Counter("axonhub_requests_total", "Requests of clients that have ended, by outcome.")
            for _ in range(2)
        )
        self._failures, self._refusals = (
            Counter("axonhub_request_errors_total", "Requests that were not answered, by kind.")
            for _ in range(2)
        )
        self._attempts = Counter("axonhub_attempts_total", "Calls upstream, by outcome.")
        self._errors = Counter("axonhub_attempt_errors_total", "Failed calls upstream, by kind.")
        self._tokens = Counter("axonhub_tokens_total", "Tokens that upstreams reported, by type.")
        self._cost = Counter("axonhub_cost_usd_total", "Known cost in US dollars.")
        self._unpriced = Counter("axonhub_unpriced_total", "Answers whose cost is not known.")
        self._durations = Histogram(
            "axonhub_request_duration_seconds",
            "From a request to the end of its answer.",
            _DURATIONS,
        )
        self._first_tokens = Histogram(
            "axonhub_first_token_seconds",
            "From a request to a stream's first token.",
            _FIRST_TOKENS,
        )

    def observe(self, entry: Entry) -> None:
        """One request that has ended."""
        row = entry.request
        channel, protocol = str(row["channel"] or ""), str(row["protocol"])
        self._requests.add(
            1,
            protocol=protocol,
            operation=str(row["operation"]),
            channel=channel,
            model=self._model(row["upstream_model"]),
            status=str(row["status"]),
            code=str(row["http_status"] or ""),
        )
        if row["status"] != "completed":
            self._failures.add(1, protocol=protocol, kind=str(row["error_kind"] or "internal"))
        if isinstance(total := row["total_ms"], int | float):
            self._durations.add(total / 1000, protocol=protocol, stream=_YES[bool(row["stream"])])
        if isinstance(first := row["first_token_ms"], int | float):
            self._first_tokens.add(first / 1000, channel=channel)
        for attempt in entry.attempts:
            name, status = str(attempt["channel"]), str(attempt["status"])
            self._attempts.add(1, channel=name, status=status)
            if status == "failed":
                kind = str(attempt["error_kind"] or "internal")
                self._errors.add(1, channel=name, kind=kind)
        for spent in entry.spent:
            model = self._model(spent.model)
            for name in _TOKENS:
                if count := getattr(spent.usage, name):
                    self._tokens.add(count, channel=spent.channel, model=model, type=name)
            if spent.usd is not None:
                self._cost.add(float(spent.usd), channel=spent.channel, model=model)
            else:
                self._unpriced.add(1, channel=spent.channel, model=model)

    def refused(self, protocol: str, operation: str, kind: str, status: int) -> None:
        """One request that was refused before anything was known of it: no key of ours."""
        self._strangers.add(
            1,
            protocol=protocol,
            operation=operation,
            channel="",
            model="",
            status="failed",
            code=str(status),
        )
        self._refusals.add(1, protocol=protocol, kind=kind)

    def write(self, gauges: Iterable[Counter]) -> bytes:
        """The text, with gauges that whoever asks has read just now."""
        counted = (
            *(self._requests.join(self._strangers), self._failures.join(self._refusals)),
            *(self._attempts, self._errors, self._tokens, self._cost),
            *(self._unpriced, self._durations, self._first_tokens),
        )
        families: list[Counter | Histogram] = [*counted, *gauges]
        lines = [line for each in families for line in each.lines()]
        return ("\n".join(lines) + "\n").encode(errors="replace")

    def _model(self, name: object) -> str:
        if not isinstance(name, str):
            return ""
        name = name[:LONGEST]
        if name not in self._models:
            if len(self._models) >= MOST_VALUES:
                return "other"
            self._models.add(name)
        return name


def gauge(name: str, help: str, values: Iterable[tuple[float, Mapping[str, str]]]) -> Counter:
    """Values of this moment, each with its labels."""
    made = Counter(name, help, kind="gauge")
    for value, labels in values:
        made.add(value, **labels)
    return made


def _head(name: str, help: str, kind: str) -> Iterator[str]:
    yield f"# HELP {name} {help}"
    yield f"# TYPE {name} {kind}"


def _sample(name: str, labels: Labels, value: float) -> str:
    written = ",".join(f'{label}="{_escape(text)}"' for label, text in labels)
    return f"{name}{{{written}}} {value!r}" if written else f"{name} {value!r}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

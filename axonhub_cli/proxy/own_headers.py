"""The `AH-*` headers of an answer: which request it is, and how it was routed, in short.

| header              | says                                                                   |
|---------------------|------------------------------------------------------------------------|
| `AH-Request-Id`     | `axonhub request show` knows it by this                                |
| `AH-Trace-Id`       | the session                                                            |
| `AH-Channel`        | who answered                                                           |
| `AH-Upstream-Model` | the model that was asked for there                                     |
| `AH-Rule`           | the profile's rule that matched, where one did                         |
| `AH-Candidates`     | where there was a choice: `b 100, a 41.5`, in order, with their scores |
| `AH-Attempts`       | `a: 5xx, a +500ms: 529, b`: who was asked, after which wait, what came |
"""

from __future__ import annotations

from axonhub_cli.proxy.headers import safe_value
from axonhub_cli.proxy.reply import HeaderList
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.decision import Decision
from axonhub_cli.tracing.recorder import RequestRecord

_MOST_NAMED = 8
# Node's clients take 16 KB of headers in all, and a request may fail at two hundred channels.
_MOST_ATTEMPTS = 16


def own_headers(record: RequestRecord) -> HeaderList:
    """What every answer has, also one that no channel gave."""
    return [
        (b"ah-request-id", record.id.encode()),
        (b"ah-trace-id", safe_value(record.trace_id or "")),
    ]


def routed_headers(
    record: RequestRecord, decision: Decision, candidate: Candidate, kinds: list[str]
) -> HeaderList:
    """`kinds`: of the failures so far, one for each attempt that is over."""
    headers = own_headers(record)
    headers += [
        (b"ah-channel", safe_value(candidate.channel.name)),
        (b"ah-upstream-model", safe_value(candidate.upstream_model)),
        (b"ah-attempts", safe_value(_attempts(record, kinds))),
    ]
    if decision.rule is not None:
        headers.append((b"ah-rule", safe_value(decision.rule.replace("→", "->"))))
    rows = decision.ranking.rows
    if len(rows) > 1:
        named = ", ".join(f"{row.channel} {row.score:.3g}" for row in rows[:_MOST_NAMED])
        more = ", ..." if len(rows) > _MOST_NAMED else ""
        headers.append((b"ah-candidates", safe_value(named + more)))
    return headers


def naming(headers: HeaderList, record: RequestRecord, channel: str) -> HeaderList:
    """The headers of a failed request, naming the channel whose answer the client gets."""
    model = next(a.upstream_model for a in reversed(record.attempts) if a.channel == channel)
    told = {b"ah-channel": safe_value(channel), b"ah-upstream-model": safe_value(model)}
    return [(name, told.get(name, value)) for name, value in headers]


def _attempts(record: RequestRecord, kinds: list[str]) -> str:
    if len(record.attempts) == 1 and not kinds:
        return record.attempts[0].channel
    words: list[str] = []
    before = max(0, len(record.attempts) - _MOST_ATTEMPTS)
    if before:
        words.append(f"{before} more")
    for number, attempt in enumerate(record.attempts[before:], before):
        kind = f": {kinds[number]}" if number < len(kinds) else ""
        delay = f" +{attempt.delay_ms:.0f}ms" if attempt.delay_ms else ""
        words.append(attempt.channel + delay + kind)
    return ", ".join(words)

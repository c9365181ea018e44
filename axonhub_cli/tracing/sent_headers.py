"""Which headers an attempt sent that the client did not, and the reverse: names, never values."""

from __future__ import annotations

from axonhub_cli.tracing.recorder import RequestRecord

Differences = dict[str, list[str]]


def compare_headers(record: RequestRecord) -> list[Differences]:
    """For each attempt `added`, `removed` and `changed`; empty where an attempt sent nothing."""
    client = _named(record.headers)
    return [
        _compare(client, _named(attempt.sent_headers)) if attempt.sent_headers else {}
        for attempt in record.attempts
    ]


def _compare(client: dict[str, bytes], sent: dict[str, bytes]) -> Differences:
    return {
        "added": [name for name in sent if name not in client],
        "removed": [name for name in client if name not in sent],
        "changed": [name for name in sent if name in client and sent[name] != client[name]],
    }


def _named(headers: list[tuple[bytes, bytes]]) -> dict[str, bytes]:
    return {name.decode("latin-1").lower(): value for name, value in headers}

"""What `[server.trace]` must obey: how long, how much, and what is starred out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from axonhub_cli.config.durations import seconds
from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.config.sizes import size
from axonhub_cli.routing.backtracking import EXPONENTIAL, is_exponential

SMALLEST = 10**6
"""Bytes; the tables of an empty file need some of it."""

_LONGEST_SHOWN = 80

_FIELD = re.compile(r"[^\s.]+(?:\.[^\s.]+)*")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

Fault = tuple[str, str]


def trace_faults(trace: TraceSettings) -> Iterator[Fault]:
    """Every breach of a rule: where (`server.trace.keep`), and what."""
    for name, check in (("keep", check_keep), ("max_size", check_max_size)):
        if (fault := check(getattr(trace, name))) is not None:
            yield f"server.trace.{name}", fault
    for index, pattern in enumerate(trace.redact):
        if (fault := check_pattern(pattern)) is not None:
            yield f"server.trace.redact[{index}]", fault
    for index, field in enumerate(trace.extra_trace_body_fields):
        if not _FIELD.fullmatch(field):
            where = f"server.trace.extra_trace_body_fields[{index}]"
            yield where, f"{field!r} is not a field, such as metadata.session_id"
    headers = (("thread_header", trace.thread_header), ("trace_header", trace.trace_header))
    extra = enumerate(trace.extra_trace_headers)
    for where, name in (*headers, *((f"extra_trace_headers[{n}]", each) for n, each in extra)):
        if not _HEADER.fullmatch(name):
            yield f"server.trace.{where}", f"{name!r} is not the name of a header"


def check_keep(text: str) -> str | None:
    """What is wrong with a time to keep requests."""
    if text == "forever":
        return None
    try:
        return (
            None if seconds(text) > 0 else f'{text!r} keeps nothing: bodies = "off" keeps no bodies'
        )
    except ValueError as error:
        return f"{error}, or forever"


def check_max_size(text: str) -> str | None:
    """What is wrong with a largest size of the file."""
    if text == "unlimited":
        return None
    try:
        return None if size(text) >= SMALLEST else f"{text!r} is less than 1MB"
    except ValueError as error:
        return f"{error}, or unlimited"


def check_pattern(pattern: str) -> str | None:
    """What is wrong with a pattern of what is starred out."""
    # What the patterns are matched with (see `tracing.patterns`), by the few who have any.
    import regex

    shown = repr(pattern if len(pattern) <= _LONGEST_SHOWN else f"{pattern[:_LONGEST_SHOWN]}…")
    try:
        compiled = re.compile(pattern)
        regex.compile(pattern)
    except (OverflowError, RecursionError) as error:
        return f"{shown} is too much for a regular expression: {error}"
    except (re.error, regex.error, ValueError) as error:
        return f"{shown} is not a regular expression: {error}"
    if is_exponential(pattern):
        return f"{shown} {EXPONENTIAL}"
    return f"{shown} matches nothing at all, everywhere" if compiled.search("") else None

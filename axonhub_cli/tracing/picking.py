"""What lists are narrowed to, as conditions of SQL; every filter means the same of both lists.

A trace is picked when one of its requests is: asked for by a name or sent under it, failed or
canceled at any time, tried on a channel. A request is, too, by a channel that it had to leave.
"""

from __future__ import annotations

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Json

_ANY_REQUEST = ("failed", "canceled")
"""Outcomes that a later request does not undo."""


class Conditions:
    """The filters that are asked for, joined by AND; `values` go with its text."""

    def __init__(self) -> None:
        self._tests: list[str] = []
        self.values: list[Json] = []

    def add(self, test: str, *values: Json) -> None:
        """A test with its values; nothing is added for None."""
        if values[0] is not None:
            self._tests.append(test)
            self.values += values

    def __str__(self) -> str:
        return f"WHERE {' AND '.join(self._tests)}" if self._tests else ""


def pick_traces(
    *,
    since: float | None = None,
    client: str | None = None,
    model: str | None = None,
    channel: str | None = None,
    status: str | None = None,
    min_cost: float | None = None,
    thread: str | None = None,
) -> Conditions:
    """`since` is seconds since the epoch, `min_cost` in US dollars, `thread` a whole id."""
    found = Conditions()
    found.add("updated_at >= ?", since)
    found.add("client = ?", client)
    found.add(_MODEL_OF_TRACE, _in_list(model), model)
    found.add("instr(channels, ?)", _in_list(channel))
    if status in _ANY_REQUEST:
        found.add(_STATUS_OF_TRACE, status, status)
    else:
        found.add("status_now = ?", status)
    found.add("cost_usd >= ?", min_cost)
    found.add("thread = (SELECT seq FROM threads WHERE id = ?)", thread)
    return found


def pick_requests(
    *,
    trace: str | None = None,
    since: float | None = None,
    client: str | None = None,
    model: str | None = None,
    channel: str | None = None,
    status: str | None = None,
    source: str | None = None,
    min_cost: float | None = None,
) -> Conditions:
    """`trace` is a whole id; the rest as for traces."""
    found = Conditions()
    found.add("trace = (SELECT seq FROM traces WHERE id = ?)", trace)
    found.add("at >= ?", since)
    found.add("client = ?", client)
    found.add("? IN (model, upstream_model)", model)
    found.add(_CHANNEL_OF_REQUEST, channel, channel)
    found.add(_RUNNING_REQUEST if status == "running" else "status = ?", status)
    found.add("source = ?", source)
    found.add("cost_usd >= ?", min_cost)
    return found


def _in_list(name: str | None) -> str | None:
    """How a name stands in a list of them: quotes in it would be escaped."""
    return None if name is None else jsonio.encode(name).decode()


# Each of these goes through an index alone: see `schema.m009_filters`.
_MODEL_OF_TRACE = """(instr(models, ?)
    OR seq IN (SELECT trace FROM requests WHERE upstream_model = ?))"""
_STATUS_OF_TRACE = "(status_now = ? OR seq IN (SELECT trace FROM requests WHERE status = ?))"
_RUNNING_REQUEST = "status = ? AND seq IN (SELECT seq FROM requests WHERE status = 'running')"
_CHANNEL_OF_REQUEST = """(channel = ? OR seq IN (
    SELECT request FROM attempts WHERE channel = ? AND status IN ('failed', 'canceled')))"""

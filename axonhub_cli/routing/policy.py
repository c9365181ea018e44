"""What follows a failed attempt: one row for each kind of failure, and the decision by it.

In this order: another token of the channel where the failure is the token's; the same channel
again where it may be a passing one; the next channel; the client is told. Nothing here waits: the
clock's reading and the dice are arguments.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct

from axonhub_cli.config.schema import Action, Channel
from axonhub_cli.errors import (
    ChannelBusy,
    UpstreamError,
    UpstreamGarbled,
    UpstreamStatus,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from axonhub_cli.protocols.too_long import says_too_long
from axonhub_cli.routing.balance_words import says_no_balance

Kind = Literal[
    "connection",
    "dropped",
    "broken",
    "timeout",
    "first_token_timeout",
    "401",
    "402",
    "403",
    "404",
    "408",
    "409",
    "413",
    "429",
    "429_retry_after",
    "501",
    "503",
    "529",
    "5xx",
    "empty",
    "garbled",
    "signature",
    "stream_usage",
    "prompt_too_long",
    "request",
    "busy",
    "unsupported",
]
Blame = Literal["nothing", "something", "enough"]
"""`something` is counted by the breaker of the channel for the model, `enough` opens it at once."""
Client = Literal["as it came", "502", "504", "429", "400"]

LONGEST_WAIT_S = 10.0
"""Nobody waits longer than this before the same channel is asked again."""


class Row(Struct, frozen=True):
    """One kind of failure and what follows it."""

    kind: Kind
    meaning: str
    action: Action
    repeats: int | None = None
    """Of `same`: how often; None: the channel's `retries`."""
    at_once: bool = False
    """Of `same`: without a delay."""
    then: Action = "next"
    """After the last repetition."""
    larger: bool = False
    """Before giving up: only to channels whose model is known to have a larger context."""
    token: bool = False
    """It is the token's: another one of the channel comes first, and this one is put aside."""
    blame: Blame = "nothing"
    """What it says of the channel."""
    client: Client = "as it came"
    """What the client is told when this is all there is to tell."""


_ROWS = (
    Row(
        "connection",
        "refused, no such host, TLS, no connection in time",
        "next",
        client="502",
        blame="enough",
    ),
    Row(
        "dropped",
        "a connection ended before a byte of the answer",
        "same",
        repeats=1,
        at_once=True,
        client="502",
        blame="something",
    ),
    Row(
        "broken", "the connection or the answer broke off", "same", client="502", blame="something"
    ),
    Row("timeout", "silent for too long", "next", client="504", blame="enough"),
    Row("first_token_timeout", "no event in time", "next", client="504", blame="enough"),
    Row("401", "the token is refused", "next", token=True, client="502", blame="enough"),
    Row(
        "402",
        "the balance is used up, whatever the status",
        "next",
        token=True,
        blame="enough",
    ),
    Row("403", "the token may not", "next", token=True, client="502", blame="enough"),
    Row("404", "the channel has no such model or path", "next", blame="something"),
    Row("408", "the upstream waited for too long", "same", blame="something"),
    Row("409", "a conflict", "same"),
    Row("413", "the request is too large", "give_up"),
    Row("429", "a rate limit, without a word on when it ends", "next", token=True, blame="enough"),
    Row("429_retry_after", "a rate limit, with Retry-After", "next", token=True, blame="enough"),
    Row("501", "the upstream cannot do this", "next", blame="something"),
    Row("503", "unavailable", "next", blame="enough"),
    Row("529", "overloaded", "next", blame="enough"),
    Row("5xx", "any other fault of the upstream", "same", blame="something"),
    Row("empty", "a 200 with nothing in it", "same", client="502", blame="something"),
    Row(
        "garbled",
        "no answer of the protocol: a web page, a redirect, no JSON",
        "next",
        client="502",
        blame="something",
    ),
    Row(
        "signature",
        "reasoning of an earlier turn is refused: once more without it",
        "same",
        repeats=1,
        at_once=True,
        then="give_up",
    ),
    Row(
        "stream_usage",
        "a stream's tokens were asked for and may not be: once more without",
        "same",
        repeats=1,
        at_once=True,
        then="give_up",
    ),
    Row(
        "prompt_too_long",
        "longer than the model's context: only to one known to be larger",
        "give_up",
        larger=True,
    ),
    Row("request", "the request itself is at fault: any other 4xx", "give_up"),
    Row("busy", "the channel's own limits leave no place", "next", client="429"),
    Row(
        "unsupported",
        "what is asked cannot be said in the channel's protocol",
        "next",
        client="400",
    ),
)
ROWS: dict[str, Row] = {row.kind: row for row in _ROWS}
"""The whole table, in the order in which it is shown."""

# Of these a status is the more precise word: `policy = {"502" = "next"}`.
_GENERIC = ("5xx", "request")
_OWN: dict[int, Kind] = {
    401: "401",
    402: "402",
    403: "403",
    404: "404",
    408: "408",
    409: "409",
    413: "413",
    501: "501",
    503: "503",
    529: "529",
}


_STATUS_OF: dict[str, int] = {"429": 429, "429_retry_after": 429} | {
    kind: status for status, kind in _OWN.items()
}


class Fault(Struct, frozen=True):
    """One failure, told apart. `status`: of the answer, where there was one."""

    kind: Kind
    status: int | None = None


class State(Struct, frozen=True):
    """What a request has done so far, and what it may still do."""

    repeats: int = 0
    """How often this channel was asked again since it was chosen."""
    tokens: int = 0
    """How many of its tokens were not tried in this request."""
    channels: int = 0
    """How many candidates come after it."""
    left_s: float = float("inf")
    """Of the request's budget."""
    retry_after: float | None = None
    """Seconds that the upstream asks to be left alone."""
    may_repeat: bool = True
    """False: the upstream says that asking again is of no use (`x-should-retry: false`)."""


class Step(Struct, frozen=True):
    """What follows: another token or the same channel after `delay` seconds, the next, or none."""

    action: Literal["token", "same", "next", "give_up"]
    reason: str
    delay: float = 0.0
    larger: bool = False
    """Of `give_up`: unless there is a channel with a larger context."""


class Pace(Struct, frozen=True):
    """How often the same channel is asked again, and after which delay the first time."""

    retries: int = 1
    delay: float = 0.5


def classify(error: UpstreamError, *, retry_after: float | None = None) -> Fault:
    """Tell a failure apart. Of statuses the body counts: refusals are known by their words."""
    match error:
        case UpstreamStatus():
            return Fault(_kind_of_status(error, retry_after), error.status)
        case UpstreamTimeout(stage="connect"):
            return Fault("connection")
        case UpstreamTimeout(stage="first_event"):
            return Fault("first_token_timeout")
        case UpstreamTimeout():
            return Fault("timeout")
        case UpstreamUnreachable():
            inside: Kind = "broken" if error.inside else "connection"
            return Fault("dropped" if error.dropped else inside)
        case UpstreamGarbled():
            return Fault(error.what)
        case ChannelBusy():
            return Fault("busy")
    return Fault("garbled")


def _kind_of_status(error: UpstreamStatus, retry_after: float | None) -> Kind:
    status = error.status
    if status in (400, 413, 422, 500) and says_too_long(error.body.decode("utf-8", "replace")):
        return "prompt_too_long"
    if says_no_balance(status, error.said):
        return "402"
    if status == 429:
        return "429" if retry_after is None else "429_retry_after"
    if status in _OWN:
        return _OWN[status]
    return "5xx" if status >= 500 else "request"


def row_of(fault: Fault, channel: Channel) -> Row:
    """The table's row, with what the channel's `policy` says instead."""
    row = ROWS[fault.kind]
    for key in _keys(fault):
        if key in channel.policy:
            return _changed(row, channel.policy[key])
    return row


def decide(row: Row, state: State, pace: Pace, draw: float) -> Step:
    """`draw`: a number from 0 up to 1, by which delays differ by up to a quarter."""
    if state.left_s <= 0:
        return Step("give_up", "the time budget is used up")
    if row.token and state.tokens > 0 and row.action != "give_up":
        return Step("token", "another token of the channel")
    action = row.action
    if action == "same":
        step = _again(row, state, pace, draw)
        if step is not None:
            return step
        action = row.then
    if action == "give_up":
        return Step("give_up", "no other channel would do better", larger=row.larger)
    if state.channels == 0:
        return Step("give_up", "no channel is left")
    return Step("next", "the next channel")


def _again(row: Row, state: State, pace: Pace, draw: float) -> Step | None:
    most = pace.retries if row.repeats is None else row.repeats
    if state.repeats >= most or not state.may_repeat:
        return None
    delay = 0.0 if row.at_once else pace.delay * 2**state.repeats * (0.75 + draw / 2)
    delay = max(min(delay, LONGEST_WAIT_S), state.retry_after or 0.0)
    if delay > LONGEST_WAIT_S or delay >= state.left_s:
        return None
    return Step("same", "the same channel again", delay)


def _keys(fault: Fault) -> Iterable[str]:
    """The names by which a policy may mean this failure, the most precise first."""
    status = [] if fault.status is None else [str(fault.status)]
    return [*status, fault.kind] if fault.kind in _GENERIC else [fault.kind, *status]


def _changed(row: Row, action: Action) -> Row:
    """A repetition that a user asks for is one by the channel's `retries`."""
    if action == row.action and not row.larger:
        return row
    return Row(
        row.kind,
        row.meaning,
        action,
        token=row.token,
        blame=row.blame,
        client=row.client,
    )


def is_key(name: str) -> bool:
    """May a channel's `policy` name this?"""
    return name in ROWS or (name.isascii() and name.isdecimal() and 400 <= int(name) <= 599)


def policy_table(channel: Channel | None, pace: Pace) -> list[dict[str, Any]]:
    """The rows that hold for a channel (None: for one without a policy of its own), as data."""
    policy = channel.policy if channel is not None else {}
    table = []
    for row in _ROWS:
        keys = _keys(Fault(row.kind, _STATUS_OF.get(row.kind)))
        key = next((name for name in keys if name in policy), None)
        table.append(_as_data(row, None if key is None else policy[key], pace))
    for name, action in policy.items():
        if name not in ROWS:
            row = ROWS[_kind_of_status(UpstreamStatus(int(name), [], b"", message=""), None)]
            table.append(_as_data(row, action, pace) | {"kind": name})
    return table


def _as_data(row: Row, action: Action | None, pace: Pace) -> dict[str, Any]:
    used = row if action is None else _changed(row, action)
    repeats = 0
    if used.action == "same":
        repeats = pace.retries if used.repeats is None else used.repeats
    return {
        "kind": used.kind,
        "meaning": used.meaning,
        "other_token": used.token and used.action != "give_up",
        "repeats": repeats,
        "delay_s": 0.0 if used.at_once or not repeats else pace.delay,
        "then": used.then if used.action == "same" else used.action,
        "breaker": used.blame,
        "token_aside": used.token,
        "client": used.client,
        "own": action is not None,
    }

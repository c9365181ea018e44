"""Every error that axonhub raises on purpose.

    AxonHubError(message, *, hint)
    ├─ ConfigError                    the configuration is wrong: exit 2; a daemon keeps the last
    │  └─ SecretError                 a secret cannot be read or stored
    ├─ UsageError                     the command line is wrong: exit 2
    ├─ CommandFailed                  a command could not do its work: exit 1
    ├─ ClientError(kind)              the client's request is at fault: never retried
    │  └─ QuotaExceeded               its key or profile has used up what it may
    ├─ NoCandidate(kind)              nothing here can serve the request
    ├─ UpstreamError                  one attempt failed
    │  ├─ UpstreamStatus              the upstream answered with an error
    │  ├─ UpstreamUnreachable         no connection, or it died
    │  ├─ UpstreamTimeout             it was silent for too long
    │  ├─ UpstreamGarbled             what came is no answer: HTML, truncated, empty
    │  └─ ChannelBusy                 its own limits left no place; nothing was sent
    └─ StoreError                     the trace store; never fails a request

`ErrorInfo` is the neutral form that each protocol renders in its own shape.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal[
    "invalid_request",
    "authentication",
    "permission",
    "not_found",
    "too_large",
    "media_type",
    "rate_limited",
    "quota",
    "overloaded",
    "timeout",
    "upstream",
    "unavailable",
    "internal",
]

STATUS: dict[Kind, int] = {
    "invalid_request": 400,
    "authentication": 401,
    "permission": 403,
    "not_found": 404,
    "too_large": 413,
    "media_type": 415,
    "rate_limited": 429,
    "quota": 429,
    "overloaded": 529,
    "timeout": 504,
    "upstream": 502,
    "unavailable": 503,
    "internal": 500,
}


class ErrorInfo(Struct, frozen=True):
    """An error as a client will be told of it, in no protocol's shape yet."""

    kind: Kind
    message: str
    status: int
    request_id: str | None = None

    @classmethod
    def of(cls, kind: Kind, message: str, *, request_id: str | None = None) -> ErrorInfo:
        return cls(kind=kind, message=message, status=STATUS[kind], request_id=request_id)


class AxonHubError(Exception):
    """The root. `hint` is a command or a step that mends it."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(AxonHubError):
    """The configuration file, or a value in it, is wrong."""


class SecretError(ConfigError):
    """A secret reference cannot be resolved, or no backend can keep it."""


class UsageError(AxonHubError):
    """The command was called wrongly."""


class CommandFailed(AxonHubError):
    """A well-formed command could not do what was asked."""


class StoreError(AxonHubError):
    """The trace store cannot be read or written."""


class ClientError(AxonHubError):
    """The client's request cannot be served as it is."""

    def __init__(self, kind: Kind, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.kind: Kind = kind


class QuotaExceeded(ClientError):
    """A quota is used up; `reset_s`: seconds until something is free again, None: never."""

    def __init__(self, message: str, *, reset_s: float | None, hint: str | None = None) -> None:
        super().__init__("quota", message, hint=hint)
        self.reset_s = reset_s


class NoCandidate(AxonHubError):
    """No channel can serve the request: `not_found` for an unknown model, else `unavailable`.

    `final`: only a person can mend it, so to ask again is of no use."""

    def __init__(
        self, kind: Kind, message: str, *, hint: str | None = None, final: bool = True
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind: Kind = kind
        self.final = final


class UpstreamError(AxonHubError):
    """One attempt failed, before anything of its answer reached the client."""

    kind: Kind = "upstream"


class UpstreamStatus(UpstreamError):
    """The upstream answered with an error status, or with an error as its first event."""

    def __init__(
        self,
        status: int,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        *,
        message: str,
        said: bytes | None = None,
    ) -> None:
        """`said`: the upstream's own words, where `body` has them in the client's shape, in which
        a code or a type is lost."""
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body = body
        self.said = body if said is None else said


class UpstreamUnreachable(UpstreamError):
    """No connection, or one that broke.

    `dropped`: an open connection ended before a byte of the answer, as a kept-alive one does
    when the upstream closes it at the moment of the request. `inside`: it broke inside the answer.
    """

    def __init__(
        self,
        message: str,
        *,
        dropped: bool = False,
        inside: bool = False,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.dropped = dropped
        self.inside = inside


class UpstreamTimeout(UpstreamError):
    """The upstream was silent for longer than the channel allows: before it was connected, before
    the first event of a stream, or later."""

    kind: Kind = "timeout"

    def __init__(
        self,
        message: str,
        *,
        stage: Literal["connect", "first_event", "later"] = "later",
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.stage = stage


class UpstreamGarbled(UpstreamError):
    """What came is not an answer of the protocol: HTML, nothing at all, or the half of one."""

    def __init__(
        self,
        message: str,
        *,
        what: Literal["garbled", "empty", "broken"] = "garbled",
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.what = what


class ChannelBusy(UpstreamError):
    """The channel has no place for another request now; nothing was sent.

    `retry_after`: in how many seconds there will probably be one. `elsewhere`: the request need
    not wait for it, since another channel has a place.
    """

    kind: Kind = "rate_limited"

    def __init__(
        self,
        message: str,
        *,
        retry_after: int | None = None,
        elsewhere: bool = False,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        self.elsewhere = elsewhere

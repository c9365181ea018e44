"""What a client is told when every attempt has failed."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from axonhub_cli import jsonio
from axonhub_cli.errors import ChannelBusy, ErrorInfo, Kind, UpstreamStatus
from axonhub_cli.jsonio import Json
from axonhub_cli.proxy.reply import HeaderList
from axonhub_cli.routing.policy import Kind as FailureKind
from axonhub_cli.routing.telling import CREDENTIAL_STATUSES, Failure, most_telling

_KINDS: dict[int, Kind] = {
    400: "invalid_request",
    404: "not_found",
    413: "too_large",
    429: "rate_limited",
    503: "unavailable",
    504: "timeout",
    529: "overloaded",
}
# Claude Code knows what to mend by the upstream's own words.
_LONGEST_MESSAGE = 10_000
_LONGEST_WORDS = 300
# Claude Code and the SDKs obey it: repeating cannot mend what a person must mend.
DO_NOT_RETRY = (b"x-should-retry", b"false")


class Answer(Struct, frozen=True):
    """What goes to the client: the upstream's own words, or ours. `info` serves an open stream."""

    info: ErrorInfo
    headers: HeaderList
    body: bytes | None = None
    """None: rendered from `info` by the client's protocol."""
    channel: str | None = None
    """Whose answer it is, where it is an upstream's."""
    failure: FailureKind | None = None
    """Of which kind the failure is that is told of; the last one's where it is none of them."""


def describe(failures: list[Failure], request_id: str) -> Answer:
    """Choose. The upstream's answer stays as it is, but for our own credential's 401 and 403, and
    for a body that is no JSON object: no SDK finds a message in a load balancer's web page."""
    chosen = most_telling(failures)
    told = next((f.kind for f in failures if f.error is chosen), failures[-1].kind)
    return replace(_answer(failures, chosen, request_id), failure=told)


def _answer(failures: list[Failure], chosen: UpstreamStatus | None, request_id: str) -> Answer:
    if isinstance(chosen, UpstreamStatus) and chosen.status not in CREDENTIAL_STATUSES:
        info = ErrorInfo(
            kind=_KINDS.get(chosen.status, "upstream"),
            message=_message(chosen.body, _LONGEST_MESSAGE) or _plain(chosen.body, failures),
            status=chosen.status,
            request_id=request_id,
        )
        channel = next(f.channel for f in failures if f.error is chosen)
        if not _is_object(chosen.body):
            return Answer(info, _without_body(chosen.headers), None, channel)
        return Answer(info, chosen.headers, chosen.body, channel)
    if isinstance(chosen, UpstreamStatus):
        info = ErrorInfo.of("upstream", _refused(failures), request_id=request_id)
        return Answer(info, [DO_NOT_RETRY])
    waits = [f.error.retry_after or 1 for f in failures if isinstance(f.error, ChannelBusy)]
    if waits:
        info = ErrorInfo.of("rate_limited", _one_line(failures), request_id=request_id)
        return Answer(info, [(b"retry-after", str(min(waits)).encode())])
    kinds = {f.error.kind for f in failures}
    kind: Kind = kinds.pop() if len(kinds) == 1 else "upstream"
    return Answer(ErrorInfo.of(kind, _one_line(failures), request_id=request_id), [])


def sentence(failure: Failure) -> str:
    """`channel 'a': it answered 529`, with the upstream's own message where it gave one."""
    error = failure.error
    if isinstance(error, ChannelBusy):
        return f"channel {failure.channel!r} {error.message}"
    told = _message(error.body) if isinstance(error, UpstreamStatus) else ""
    detail = f" ({told})" if told else ""
    hint = f"; {error.hint}" if error.hint else ""
    return f"channel {failure.channel!r}: {error.message}{detail}{hint}"


def _refused(failures: list[Failure]) -> str:
    """Our own credential is at fault: name the channel and the command, not the client's key."""
    statuses = [f for f in failures if isinstance(f.error, UpstreamStatus)]
    refused = next(
        f
        for f in reversed(statuses)
        if isinstance(f.error, UpstreamStatus) and f.error.status in CREDENTIAL_STATUSES
    )
    several = sum(f.channel == refused.channel for f in statuses) > 1
    advice = (
        f"look at its tokens: axonhub channel token {refused.channel}"
        if several
        else f"replace its token: axonhub channel edit {refused.channel} --ask-token"
    )
    others = [sentence(f) for f in failures if f is not refused]
    rest = f" Also tried: {'; '.join(others)}." if others else ""
    return (
        f"the provider refused the credential of axonhub's own {sentence(refused)}. To mend it, "
        f"{advice}.{rest}"
    )


def _one_line(failures: list[Failure]) -> str:
    if len(failures) == 1:
        return sentence(failures[0])
    listed = "; ".join(sentence(f) for f in failures)
    return f"all {len(failures)} attempts failed: {listed}"


def _plain(body: bytes, failures: list[Failure]) -> str:
    """Our sentence, with what an upstream says that answers in a line of text instead of JSON."""
    told = _one_line(failures)
    words = " ".join(body[: 4 * _LONGEST_WORDS].decode(errors="ignore").split())
    is_text = words.isprintable() and not words.startswith(("<", "{", "["))
    return f"{told} ({words[:_LONGEST_WORDS]})" if words and is_text else told


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(jsonio.decode(body), dict)
    except jsonio.InvalidJson:
        return False


def _without_body(headers: HeaderList) -> HeaderList:
    """Without what tells of the body that does not go out (`content-…`; RFC 9110, 8.8: `etag`)."""
    about = (b"content-", b"etag", b"last-modified")
    return [(name, value) for name, value in headers if not name.lower().startswith(about)]


def _message(body: bytes, longest: int = 300) -> str:
    """The message inside an error body, whatever its exact shape; at most `longest` characters."""
    try:
        value: Json = jsonio.decode(body)
    except jsonio.InvalidJson:
        return ""
    error = value.get("error") if isinstance(value, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    return message[:longest] if isinstance(message, str) else ""

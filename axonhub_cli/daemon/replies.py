"""Errors as answers, in the shape of the protocol whose path was called."""

from __future__ import annotations

from axonhub_cli.errors import ErrorInfo, Kind
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.base import WireProtocol
from axonhub_cli.proxy.reply import HeaderList, Reply

JSON: tuple[bytes, bytes] = (b"content-type", b"application/json")
# A person must act first; a client that repeats would only be slower to say so.
_FINAL = frozenset({400, 401, 403, 404, 405, 413, 415})
_LONGEST_PATH = 200
# What stands behind `/v1/` in Anthropic's API (docs.anthropic.com/en/api, read 2026-11).
_ANTHROPIC_ROOTS = frozenset(("", *"messages complete models files skills organizations".split()))
_OPENAI_ROOTS = frozenset("chat completions responses embeddings images audio moderations".split())


async def send_error(
    reply: Reply, path: str, info: ErrorInfo, headers: HeaderList | None = None
) -> None:
    """Answer with an error; a stream that is open gets it as an event."""
    protocol = protocol_of(path)
    if reply.opened:
        if not reply.ended:
            await reply.end(protocol.encode_stream_error(info))
        return
    more = [(b"x-should-retry", b"false")] if info.status in _FINAL else []
    await reply.send_whole(
        info.status, [JSON, *more, *(headers or [])], protocol.encode_error(info)
    )


async def send_missing(
    reply: Reply, method: str, path: str, headers: HeaderList, served: str
) -> None:
    """Answer a path of nobody's in the shape of whoever seems to ask; `served`: what there is."""
    protocol = _likely_protocol(path, headers)
    message = f"axonhub has no such path ({method} {path[:_LONGEST_PATH]}); {served}"
    # OpenAI's own word for it is `invalid_request_error` without a code: `model_not_found`, as
    # `not_found` is written, would send people looking for a model.
    kind: Kind = "not_found" if protocol is PROTOCOLS["anthropic"] else "invalid_request"
    body = protocol.encode_error(ErrorInfo(kind=kind, message=message, status=404))
    await reply.send_whole(404, [JSON, (b"x-should-retry", b"false")], body)


def _likely_protocol(path: str, headers: HeaderList) -> WireProtocol:
    """By the headers that only Anthropic's clients send, then by the path. OpenAI's APIs are all
    below `/v1`; so are Anthropic's few, and a base URL may lack the `/v1`."""
    if any(name.startswith(b"anthropic-") or name == b"x-api-key" for name, _ in headers):
        return PROTOCOLS["anthropic"]
    root, _, rest = path.removeprefix("/").partition("/")
    if root == "v1":
        is_openai = rest.partition("/")[0] not in _ANTHROPIC_ROOTS
    else:
        is_openai = root in _OPENAI_ROOTS
    return PROTOCOLS["openai_chat" if is_openai else "anthropic"]


def protocol_of(path: str) -> WireProtocol:
    """The protocol whose client calls `path`; for a path of nobody's, Anthropic's."""
    for protocol in PROTOCOLS.values():
        for route in protocol.routes:
            if path in route.paths:
                return protocol
    return PROTOCOLS["anthropic"]

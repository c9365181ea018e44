"""One request to the echo provider, and the script of its answer.

Pure: a `Reply` is data, delays included; whoever plays it does the waiting and the sending.
"""

from __future__ import annotations

import hashlib

from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.echo import wire
from axonhub_cli.echo.answer import compose
from axonhub_cli.echo.tokens import count_input
from axonhub_cli.jsonio import InvalidJson, Json

MODELS = ("echo", "claude-echo")
"""Two names, because Claude Code's model discovery only shows names that contain `claude`."""

Chunks = tuple[tuple[float, bytes], ...]


class Reply(Struct, frozen=True):
    """An answer to play: after waiting for its delay (in seconds), each chunk goes out whole."""

    status: int
    headers: list[tuple[bytes, bytes]]
    chunks: Chunks

    @property
    def body(self) -> bytes:
        return b"".join(chunk for _, chunk in self.chunks)


class Refused(Exception):
    """The request is not one that Anthropic's API would take."""


def respond(path: str, body: bytes) -> Reply:
    """Answer a request for `path` (any prefix and query string are ignored) with `body`.

    Never raises: what is wrong with a request is told in the reply, as the real API tells it.
    """
    route = path.partition("?")[0].rstrip("/")
    identity = hashlib.sha256(body).hexdigest()[:24]
    try:
        if route.endswith("/models"):
            return _json(200, wire.model_list(MODELS), identity)
        if route.endswith("/messages/count_tokens"):
            request = _read(body, ("model", "messages"))
            return _json(200, {"input_tokens": count_input(request).total}, identity)
        if route.endswith("/messages"):
            return _answer(_read(body, ("model", "messages", "max_tokens")), identity)
    except Refused as refused:
        return _json(400, wire.error("invalid_request_error", str(refused)), identity)
    except RecursionError:
        too_deep = "The request body is nested too deeply"
        return _json(400, wire.error("invalid_request_error", too_deep), identity)
    return _json(404, wire.error("not_found_error", f"echo has no {route}"), identity)


def _answer(request: dict[str, Json], identity: str) -> Reply:
    message = wire.message(request, compose(request, identity), identity)
    if request.get("stream") is not True:
        return _json(200, message, identity, wire.FIRST)
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-cache"),
        (b"request-id", f"req_echo_{identity}".encode()),
    ]
    return Reply(200, headers, tuple(wire.stream(message)))


def _read(body: bytes, required: tuple[str, ...]) -> dict[str, Json]:
    try:
        request = jsonio.decode(body)
    except InvalidJson as error:
        raise Refused(f"The request body is not valid JSON: {error}") from error
    if not isinstance(request, dict):
        raise Refused("The request body must be a JSON object")
    for name in required:
        if name not in request:
            raise Refused(f"{name}: Field required")
    messages = request["messages"]
    if not isinstance(messages, list) or not all(isinstance(item, dict) for item in messages):
        raise Refused("messages: Input should be a list of objects")
    if not messages:
        raise Refused("messages: at least one message is required")
    return request


def _json(status: int, value: Json, identity: str, delay: float = 0.0) -> Reply:
    body = jsonio.encode(value)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"request-id", f"req_echo_{identity}".encode()),
    ]
    return Reply(status, headers, ((delay, body),))

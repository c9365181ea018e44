"""Errors in OpenAI's shape (platform.openai.com/docs/guides/error-codes, read 2026-11).

    {"error": {"message": "...", "type": "...", "param": null, "code": "..."}}

Providers that speak Chat Completions agree on `error.message` at most. Others answer with
`{"error": "text"}`, `{"message": "text"}`, `{"detail": ...}` (FastAPI), a numeric code
(OpenRouter), or a flat `{"object": "error", ...}` (vLLM); in a stream, the same as an event's data.
"""

from __future__ import annotations

from axonhub_cli import jsonio
from axonhub_cli.errors import ErrorInfo, Kind
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.too_long import TOO_LONG, says_too_long

_INVALID = "invalid_request_error"

_TYPES: dict[Kind, tuple[str, str | None]] = {
    "invalid_request": (_INVALID, None),
    "authentication": (_INVALID, "invalid_api_key"),
    "permission": ("permission_error", None),
    "not_found": (_INVALID, "model_not_found"),
    "too_large": (_INVALID, "request_too_large"),
    "media_type": (_INVALID, "unsupported_media_type"),
    "rate_limited": ("rate_limit_error", "rate_limit_exceeded"),
    "quota": ("insufficient_quota", "insufficient_quota"),
    "overloaded": ("server_error", "overloaded"),
    "timeout": ("server_error", "timeout"),
    "upstream": ("server_error", None),
    "unavailable": ("server_error", "service_unavailable"),
    "internal": ("server_error", None),
}
"""Kind → `type`, `code`: the code keeps apart what has one type."""

_STATUSES: dict[str, int] = {
    "invalid_api_key": 401,
    "authentication_error": 401,
    "insufficient_balance": 402,
    "permission_error": 403,
    "permission_denied": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "context_length_exceeded": 400,
    "invalid_request_error": 400,
    "BadRequestError": 400,
    "request_too_large": 413,
    "unsupported_media_type": 415,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "requests": 429,
    "tokens": 429,
    "timeout": 504,
    "timeout_error": 504,
    "overloaded": 529,
    "overloaded_error": 529,
    "engine_overloaded_error": 529,
    "service_unavailable": 503,
}
"""What `code` or `type` mean as a status; the code is the more precise."""

_KINDS: dict[int, Kind] = {
    401: "authentication",
    402: "permission",
    403: "permission",
    404: "not_found",
    408: "timeout",
    413: "too_large",
    415: "media_type",
    429: "rate_limited",
    503: "unavailable",
    504: "timeout",
    529: "overloaded",
}

_TOO_LONG_CODE = "context_length_exceeded"


def encode_error(info: ErrorInfo) -> bytes:
    """The body of an error response."""
    return jsonio.encode(_shape(info))


def encode_stream_error(info: ErrorInfo) -> bytes:
    """The last event of a broken stream; the SDKs raise for it, and no `[DONE]` follows."""
    return b"data: %b\n\n" % encode_error(info)


def error_status(data: bytes) -> int:
    """The status that the API would have answered with, had the error come before the stream."""
    error = _find_error(_decode(data))
    for name in ("code", "status", "type"):
        value = error.get(name)
        if isinstance(value, str) and value.isdecimal() and len(value) == 3:
            value = int(value)
        if isinstance(value, int) and 400 <= value <= 599:
            return value
        if isinstance(value, str) and value in _STATUSES:
            return _STATUSES[value]
    return 500


def decode_error(status: int, body: bytes) -> ErrorInfo:
    """An error answer, or the data of an error event, in neutral form.

    Claude Code compacts a conversation by the words "prompt is too long", so a provider's own
    words for it get them as a prefix.
    """
    value = _decode(body)
    error = _find_error(value)
    message = read_message(value) or f"the upstream answered with status {status}"
    kind = _KINDS.get(status) or ("invalid_request" if 400 <= status < 500 else "upstream")
    if error.get("code") == _TOO_LONG_CODE or says_too_long(message):
        kind = "invalid_request" if kind == "upstream" else kind
        if TOO_LONG not in message.lower():
            message = f"{TOO_LONG}: {message}"
    return ErrorInfo(kind=kind, message=message, status=status)


def read_message(value: Json) -> str:
    """What a decoded error says, whatever its shape; empty when it says nothing."""
    if not isinstance(value, dict):
        return ""
    error = value.get("error")
    if isinstance(error, str):
        return error
    inner = error if isinstance(error, dict) else value
    message = _text(inner.get("message")) or _text(value.get("message"))
    detail = _raw_detail(inner.get("metadata"))
    if detail and detail not in message:
        return f"{message}: {detail}" if message else detail
    return message or _detail(value.get("detail")) or _text(inner.get("code") or inner.get("type"))


def is_error(value: Json) -> bool:
    """Is this decoded data of a stream an error, instead of a chunk?"""
    if not isinstance(value, dict):
        return False
    return bool(value.get("error")) or value.get("object") == "error"


def _shape(info: ErrorInfo) -> Json:
    type_, code = _TYPES[info.kind]
    if info.kind == "invalid_request" and TOO_LONG in info.message.lower():
        code = _TOO_LONG_CODE
    shape: dict[str, Json] = {
        "error": {"message": info.message, "type": type_, "param": None, "code": code}
    }
    if info.request_id is not None:
        shape["request_id"] = info.request_id
    return shape


def _find_error(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        return {}
    error = value.get("error")
    return error if isinstance(error, dict) else value


def _raw_detail(metadata: Json) -> str:
    """OpenRouter keeps the provider's own words in `error.metadata.raw`, mostly as JSON text."""
    raw = _text(metadata.get("raw")) if isinstance(metadata, dict) else ""
    inner = read_message(_decode(raw.encode("utf-8", "replace"))) if raw else ""
    return inner or raw


def _detail(value: Json) -> str:
    if isinstance(value, list):
        return "; ".join(filter(None, (_text(_find_error(item).get("msg")) for item in value)))
    return _text(value)


def _decode(data: bytes) -> Json:
    """The value, None for what is no JSON; Gemini puts its error into an array."""
    try:
        value = jsonio.decode(data)
    except jsonio.InvalidJson:
        return None
    return value[0] if isinstance(value, list) and value else value


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""

"""Errors in Anthropic's shape (docs.anthropic.com/en/api/errors, read 2026-11)."""

from __future__ import annotations

from axonhub_cli import jsonio
from axonhub_cli.errors import ErrorInfo, Kind
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.sse import encode_event

_TYPES: dict[Kind, str] = {
    "invalid_request": "invalid_request_error",
    "authentication": "authentication_error",
    "permission": "permission_error",
    "not_found": "not_found_error",
    "too_large": "request_too_large",
    "media_type": "invalid_request_error",
    "rate_limited": "rate_limit_error",
    "quota": "rate_limit_error",
    "overloaded": "overloaded_error",
    "timeout": "timeout_error",
    "upstream": "api_error",
    "unavailable": "api_error",
    "internal": "api_error",
}

_STATUSES: dict[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}

_KINDS: dict[str, Kind] = {
    "invalid_request_error": "invalid_request",
    "authentication_error": "authentication",
    "billing_error": "permission",
    "permission_error": "permission",
    "not_found_error": "not_found",
    "request_too_large": "too_large",
    "rate_limit_error": "rate_limited",
    "timeout_error": "timeout",
    "overloaded_error": "overloaded",
}
"""`api_error` says nothing that the status does not say better."""

_STATUS_KINDS: dict[int, Kind] = {
    400: "invalid_request",
    401: "authentication",
    402: "permission",
    403: "permission",
    404: "not_found",
    408: "timeout",
    413: "too_large",
    415: "media_type",
    422: "invalid_request",
    429: "rate_limited",
    503: "unavailable",
    504: "timeout",
    529: "overloaded",
}


def encode_error(info: ErrorInfo) -> bytes:
    """The body of an error response."""
    return jsonio.encode(_shape(info))


def encode_stream_error(info: ErrorInfo) -> bytes:
    """An `error` event, as a stream may hold at any point between events."""
    return encode_event("error", jsonio.encode(_shape(info)))


def error_status(data: bytes) -> int:
    """The status that the API would have answered with, had the error come before the stream."""
    return _STATUSES.get(read_error(data)[0], 500)


def read_error(data: bytes) -> tuple[str, str]:
    """`(type, message)` of an error body or event; empty strings where it has none."""
    try:
        value = jsonio.decode(data)
    except jsonio.InvalidJson:
        return "", ""
    error = value.get("error") if isinstance(value, dict) else None
    if isinstance(error, str):
        return "", error
    if not isinstance(error, dict):
        return "", ""
    return _text(error.get("type")), _text(error.get("message"))


def decode_error(status: int, body: bytes) -> ErrorInfo:
    """An error answer; what its body says counts for more than its status."""
    word, message = read_error(body)
    kind = _KINDS.get(word) or _STATUS_KINDS.get(status) or "upstream"
    return ErrorInfo(
        kind=kind,
        message=message or word or f"The upstream answered with status {status}.",
        status=status,
        request_id=_request_id(body),
    )


def decode_stream_error(data: bytes) -> ErrorInfo:
    """An error event's data, which comes after a status of 200."""
    return decode_error(error_status(data), data)


def _request_id(body: bytes) -> str | None:
    try:
        value = jsonio.decode(body)
    except jsonio.InvalidJson:
        return None
    return _text(value.get("request_id")) or None if isinstance(value, dict) else None


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _shape(info: ErrorInfo) -> Json:
    shape: dict[str, Json] = {
        "type": "error",
        "error": {"type": _TYPES[info.kind], "message": info.message},
    }
    if info.request_id is not None:
        shape["request_id"] = info.request_id
    return shape

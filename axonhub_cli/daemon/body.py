"""The body of a request: read to its end, unpacked, never larger than allowed."""

from __future__ import annotations

from axonhub_cli.errors import ClientError
from axonhub_cli.proxy.encodings import TooLarge, Undecodable, decode
from axonhub_cli.proxy.guard import ClientLeft, Receive
from axonhub_cli.proxy.reply import HeaderList

# Python itself refuses to read numbers of thousands of digits.
_MOST_DIGITS = 100


async def read_body(headers: HeaderList, receive: Receive, limit: int) -> bytes:
    """Raises `ClientError` for what cannot be taken, `ClientLeft` when the client gives up."""
    declared = _header(headers, b"content-length")
    if declared.isdecimal() and (len(declared) > _MOST_DIGITS or int(declared) > limit):
        raise _too_large(limit)
    raw = await _read(receive, limit)
    _check_type(headers)
    # Several lines of a list are one list (RFC 9110, 5.3).
    encoding = ",".join(v.decode("latin-1") for n, v in headers if n == b"content-encoding")
    if encoding.strip().lower() in ("", "identity"):
        return raw
    try:
        return decode(raw, encoding, limit)
    except TooLarge as error:
        raise _too_large(limit) from error
    except Undecodable as error:
        raise ClientError(
            "invalid_request", f"the request body cannot be unpacked: {error}"
        ) from error


async def _read(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            return b"".join([*parts, part]) if parts else part
        parts.append(part)


def _check_type(headers: HeaderList) -> None:
    kind = _header(headers, b"content-type").partition(";")[0].strip().lower()
    # Some scripts send none; a wrong one (a form, a file) is a mistake worth naming.
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise ClientError(
            "media_type", f"content-type is {kind!r}: send the request as application/json"
        )


def _header(headers: HeaderList, name: bytes) -> str:
    return next((v.decode("latin-1").strip() for n, v in headers if n == name), "")


def _too_large(limit: int) -> ClientError:
    return ClientError(
        "too_large",
        f"the request body is larger than {limit:,} bytes",
        hint="axonhub config set server.max_request_bytes BYTES",
    )

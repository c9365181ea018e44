"""What a request says of its client, read the way the rest wants it."""

from __future__ import annotations

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Envelope
from axonhub_cli.proxy.reply import HeaderList


def lower_headers(headers: HeaderList) -> dict[str, str]:
    """ASGI's headers as text; of a repeated one the first counts."""
    return {n.decode("latin-1"): v.decode("latin-1") for n, v in reversed(headers)}


def metadata_user_id(envelope: Envelope) -> str | None:
    """`metadata.user_id`, in which Claude Code names its session."""
    raw = bytes(envelope.metadata)
    if not raw.startswith(b"{"):
        return None
    try:
        user_id = jsonio.decode(raw).get("user_id")
    except jsonio.InvalidJson:
        # Bytes that are no text, a number out of range: the API's to refuse.
        return None
    return user_id if isinstance(user_id, str) else None

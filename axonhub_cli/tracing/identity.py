"""Which trace and thread a request belongs to, read from its headers and `metadata.user_id`.

First hit wins: the trace header, the extra headers, then what a client says of its session
(OpenCode, Claude Code, Codex). A header that a user set himself comes before any client's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.config.schema import TraceSettings

MAX_ID_LENGTH = 200

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")

# Claude Code up to 2.1.77; the account part is empty without a login.
_LEGACY_USER_ID = re.compile(
    r"user_[0-9a-f]+_account_[0-9a-f-]*_session_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
    re.IGNORECASE,
)

_CLIENTS: tuple[tuple[str, str], ...] = (
    ("claude-cli/", "claude-code"),
    ("codex_", "codex"),
    ("codex-", "codex"),
    ("opencode/", "opencode"),
    ("geminicli/", "gemini-cli"),
    ("anthropic/", "anthropic-sdk"),
    ("asyncanthropic/", "anthropic-sdk"),
    ("openai/", "openai-sdk"),
    ("asyncopenai/", "openai-sdk"),
    ("google-genai-sdk/", "google-genai-sdk"),
    ("axonhub/", "axonhub"),
)
"""How User-Agents begin, in lower case."""


class TraceIdentity(Struct, frozen=True):
    """Where a request belongs."""

    trace_id: str | None = None
    thread_id: str | None = None


def find_trace(
    headers: Mapping[str, str], metadata_user_id: str | None, settings: TraceSettings
) -> TraceIdentity:
    """The identity of a request. `headers` has lower-case names.

    Ids come out as printable ASCII of at most 200 characters, fit for a header and a terminal.
    """
    thread_id = _clean(headers.get(settings.thread_header.lower()))
    for name in (settings.trace_header, *settings.extra_trace_headers):
        if trace_id := _clean(headers.get(name.lower())):
            return TraceIdentity(trace_id, thread_id)
    for session in _sessions(headers, metadata_user_id, settings):
        if trace_id := _clean(session):
            return TraceIdentity(trace_id, thread_id)
    return TraceIdentity(None, thread_id)


def find_client(user_agent: str | None) -> str:
    """The client's name for lists: `claude-code`, `anthropic-sdk`, …, or `unknown`."""
    start = (user_agent or "").lower()
    return next((name for prefix, name in _CLIENTS if start.startswith(prefix)), "unknown")


def session_of(user_id: str) -> str | None:
    """The session in a Claude Code `metadata.user_id`; None when it is not one.

    Three shapes: `user_<hex>_account__session_<uuid>`, the same with an account, and since 2.1.78
    a JSON object as a string, whose key is `session_id` (one AxonHub state wrote `session_uuid`).
    """
    if not user_id.lstrip().startswith("{"):
        legacy = _LEGACY_USER_ID.fullmatch(user_id.strip())
        return legacy[1] if legacy else None
    return _member(user_id, "session_id") or _member(user_id, "session_uuid")


def _sessions(
    headers: Mapping[str, str], metadata_user_id: str | None, settings: TraceSettings
) -> Iterator[str | None]:
    yield headers.get("x-session-affinity")
    if settings.claude_code_trace_enabled:
        yield headers.get("x-claude-code-session-id")
        yield session_of(metadata_user_id) if metadata_user_id else None
    if settings.codex_trace_enabled:
        yield headers.get("session-id") or headers.get("session_id")
        yield _member(headers.get("x-codex-turn-metadata", ""), "session_id")


def _member(document: str, name: str) -> str | None:
    """A string member of a JSON object; None when there is no such thing."""
    try:
        decoded = jsonio.decode(document.encode("utf-8", "replace"))
    except jsonio.InvalidJson:
        return None
    value = decoded.get(name) if isinstance(decoded, dict) else None
    return value if isinstance(value, str) else None


def _clean(value: str | None) -> str | None:
    return _UNPRINTABLE.sub("", value or "").strip()[:MAX_ID_LENGTH].strip() or None

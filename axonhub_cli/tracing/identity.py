"""Which trace, thread and agent a request belongs to, as its headers and its body name them.

First hit wins: the trace header, the extra headers, then what a client says of its session
(OpenCode, Claude Code, Codex), then the body fields of the configuration. A header that a user set
himself comes before any client's. A W3C `traceparent` names nothing here: it is another system's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b

import msgspec
from msgspec import Raw, Struct

from axonhub_cli import jsonio
from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.jsonio import Json
from axonhub_cli.tracing.roots import Roots

MAX_ID_LENGTH = 200

_PARENT_SESSION = "x-parent-session-id"
_OPENCODE_SESSIONS = ("x-session-affinity", "x-opencode-session")
"""`x-session-id` beside it is no session everywhere: OpenCode puts a key for prompt caches there
when it asks OpenRouter, and other programs a login's."""

_decode_members = msgspec.json.Decoder(dict[str, Raw]).decode

_SPACE = " \t\r\n"
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")

# Claude Code up to 2.1.77; the account part is empty without a login.
_LEGACY_USER_ID = re.compile(
    r"user_[0-9a-f]+_account_[0-9a-f-]*_session_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
    re.IGNORECASE,
)

_CLIENTS: tuple[tuple[str, str], ...] = (
    ("claude-cli/", "claude-code"),
    ("claude-code/", "claude-code"),
    ("codex_", "codex"),
    ("codex-", "codex"),
    ("opencode/", "opencode"),
    ("geminicli/", "gemini-cli"),
    ("geminicli-", "gemini-cli"),
    ("anthropic/", "anthropic-sdk"),
    ("asyncanthropic/", "anthropic-sdk"),
    ("openai/", "openai-sdk"),
    ("asyncopenai/", "openai-sdk"),
    ("google-genai-sdk/", "google-genai-sdk"),
    ("axonhub/", "axonhub"),
)
"""How User-Agents begin, in lower case."""


class TraceIdentity(Struct, frozen=True):
    """Where a request belongs. Of the session's first agent, both agents are None."""

    trace_id: str | None = None
    thread_id: str | None = None
    agent_id: str | None = None
    parent_agent_id: str | None = None


def find_trace(
    headers: Mapping[str, str],
    metadata_user_id: str | None,
    settings: TraceSettings,
    roots: Roots | None = None,
) -> TraceIdentity:
    """The identity of a request. `headers` has lower-case names, and values as Latin-1.

    Ids come out as printable ASCII of at most 200 characters, fit for a header and a terminal; one
    that was not gets a few digits of a hash, so that two that differ stay two.
    `roots` knows the sessions above an OpenCode subagent's.
    """
    thread_id = _clean(headers.get(settings.thread_header.lower()))
    root = _root(headers, roots)
    agent, parent = _agents(headers, root)
    for name in (settings.trace_header, *settings.extra_trace_headers):
        if trace_id := _clean(headers.get(name.lower())):
            return TraceIdentity(trace_id, thread_id, agent, parent)
    for session in _sessions(headers, root, metadata_user_id, settings):
        if trace_id := _clean(session):
            return TraceIdentity(trace_id, thread_id, agent, parent)
    return TraceIdentity(None, thread_id, agent, parent)


def find_in_body(body: bytes, fields: Sequence[str]) -> str | None:
    """The first of some fields that a body has, as an id: `metadata.session_id`, `items.0.id`."""
    values: dict[str, Raw] | None = None
    for field in fields:
        name, *rest = field.split(".")
        if values is None:
            try:
                values = _decode_members(body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return None
        raw = values.get(name)
        found = _step(jsonio.decode(bytes(raw)), rest) if raw is not None else None
        if isinstance(found, str | int) and not isinstance(found, bool):
            if trace_id := _clean(_as_header(str(found))):
                return trace_id
    return None


def _step(value: Json, names: Sequence[str]) -> Json:
    for name in names:
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


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


def _root(headers: Mapping[str, str], roots: Roots | None) -> str | None:
    """The session that an OpenCode subagent (1.18.33) works for: its own names the one above."""
    parent = headers.get(_PARENT_SESSION)
    session = _opencode_session(headers)
    return roots.find(session, parent) if roots and session and parent else parent


def _opencode_session(headers: Mapping[str, str]) -> str | None:
    """Of the subagent, if one asks; OpenCode names it otherwise to a provider of its own."""
    return next((found for name in _OPENCODE_SESSIONS if (found := headers.get(name))), None)


def _agents(headers: Mapping[str, str], root: str | None) -> tuple[str | None, str | None]:
    """Which of a session's agents asks, and who set it to work."""
    agent = headers.get("x-claude-code-agent-id")
    if agent is not None:
        return _clean(agent), _clean(headers.get("x-claude-code-parent-agent-id"))
    if root is not None:
        above = headers.get(_PARENT_SESSION)
        return _clean(_opencode_session(headers)), None if above == root else _clean(above)
    # A Codex subagent keeps the session and has a thread of its own (0.169.0).
    session, thread = _either(headers, "session-id"), _either(headers, "thread-id")
    if session and thread and thread != session:
        parent = headers.get("x-codex-parent-thread-id")
        return _clean(thread), None if parent == session else _clean(parent)
    return None, None


def _sessions(
    headers: Mapping[str, str],
    root: str | None,
    metadata_user_id: str | None,
    settings: TraceSettings,
) -> Iterator[str | None]:
    yield root
    yield _opencode_session(headers)
    if settings.claude_code_trace_enabled:
        yield headers.get("x-claude-code-session-id")
        yield _as_header(session_of(metadata_user_id) or "") if metadata_user_id else None
    if settings.codex_trace_enabled:
        yield _either(headers, "session-id")
        yield _member(headers.get("x-codex-turn-metadata", ""), "session_id")
        yield _either(headers, "conversation-id")


def _either(headers: Mapping[str, str], name: str) -> str | None:
    """A header of Codex, which used to write its names with underscores."""
    return headers.get(name) or headers.get(name.replace("-", "_"))


def _member(document: str, name: str) -> str | None:
    """A string member of a JSON object; None when there is no such thing."""
    if not document:
        return None
    try:
        decoded = jsonio.decode(document.encode("utf-8", "replace"))
    except jsonio.InvalidJson:
        return None
    value = decoded.get(name) if isinstance(decoded, dict) else None
    return value if isinstance(value, str) else None


def recorded_id(given: str) -> str:
    """An id as it is recorded, of one as a client or a user writes it."""
    return _clean(_as_header(given)) or given


def _as_header(value: str) -> str:
    """A string as the same bytes would come in a header."""
    return value.encode("utf-8", "surrogatepass").decode("latin-1")


def _clean(value: str | None) -> str | None:
    if not value:
        return None
    whole = value.strip(_SPACE)
    kept = _UNPRINTABLE.sub("", whole)
    if kept == whole and len(kept) <= MAX_ID_LENGTH:
        return kept or None
    mark = blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    # Without a dash in front, or a command would take it for an option.
    kept = kept.lstrip(" -")[: MAX_ID_LENGTH - len(mark) - 1].strip()
    return f"{kept}-{mark}" if kept else mark

"""What an agent asks beside its conversation: titles, checks, counts, searches.

A request only looks like one. Whether it is one depends on who asks: of a known agent it is
believed; anybody else may well ask a question with these words, or with a web search as his only
tool, and what he asked must not be folded away (see `is_beside`).
"""

from __future__ import annotations

from typing import Literal

from msgspec import Raw, Struct

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Json
from axonhub_cli.tracing.title import TITLE_REQUEST

Side = Literal["title", "topic", "quota", "count_tokens", "web_search", "auxiliary"]
"""Requests that a client makes beside the conversation."""

AGENTS = frozenset({"claude-code", "opencode"})
"""Clients that are known to make such requests, in the words below."""

_LOOKED_AT = 4096
"""Letters of a prompt in which an agent's words are looked for."""
# Words in the system prompt or in the last question, of agents' requests beside the conversation.
_MARKS: tuple[tuple[str, Side], ...] = (
    ("You are a title generator", "title"),
    ("indicates a new conversation topic", "topic"),
    ("[SUGGESTION MODE", "auxiliary"),
)
# How Open WebUI asks for titles, tags, follow-ups and search queries (its `config.py`, 2026-11).
_TASK, _TASK_LINE = "### Task:\n", 120
_CHAT_HISTORY = "### Chat History:\n<chat_history>"
_OF_ANYBODY = frozenset({"title", "topic", "auxiliary"})
"""Kinds whose words are an agent's own; a search or a very short answer may be anybody's."""


class Signs(Struct, frozen=True):
    """What of a body tells a side request."""

    tools: list[Raw] | None = None
    system: Raw = Raw(b"null")
    max_tokens: Json = None
    output_config: Json = None
    response_format: Json = None


def looks_like(
    signs: Signs, first: str, last: str, operation: str, request_class: str | None
) -> Side | None:
    """What kind of side request this may be; `first` and `last`: texts of the user."""
    if operation == "count_tokens":
        return "count_tokens"
    if signs.tools and all(_is_web_search(tool) for tool in signs.tools):
        return "web_search"
    if not signs.tools and (found := _by_its_words(signs, first, last)) is not None:
        return found
    return "auxiliary" if request_class == "auxiliary" else None


def is_beside(
    side: Side, client: str | None, request_class: str | None, *, other_conversation: bool
) -> bool:
    """Is what looks like a side request one?

    `other_conversation`: the trace has a conversation that begins with other words.
    """
    if side == "count_tokens" or request_class == "auxiliary" or client in AGENTS:
        return True
    return other_conversation and side in _OF_ANYBODY


def _by_its_words(signs: Signs, first: str, last: str) -> Side | None:
    # Claude Code asks the main model for a session's title, as JSON and without tools.
    if list(_schema_properties(signs.output_config, signs.response_format)) == ["title"]:
        return "title"
    if first.startswith(TITLE_REQUEST):
        return "title"
    if last.startswith(_TASK) and _CHAT_HISTORY in last[:_LOOKED_AT]:
        return "title" if " title" in last[:_TASK_LINE] else "auxiliary"
    system = bytes(signs.system)[:_LOOKED_AT].decode("utf-8", "replace")
    for mark, side in _MARKS:
        if mark in system or mark in first[:_LOOKED_AT] or mark in last[:_LOOKED_AT]:
            return side
    return "quota" if signs.max_tokens == 1 else None


def _is_web_search(raw: Raw) -> bool:
    try:
        tool = jsonio.decode(bytes(raw))
    except jsonio.InvalidJson:
        return False
    return isinstance(tool, dict) and str(tool.get("type")).startswith("web_search")


def _schema_properties(output_config: Json, response_format: Json) -> dict[str, Json]:
    for found, path in (
        (output_config, ("format", "schema", "properties")),
        (response_format, ("json_schema", "schema", "properties")),
    ):
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, dict):
            return found
    return {}

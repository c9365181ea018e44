"""What a request is like, read from its bytes: only what some rule asks for, decoding little.

*Background*: `x-claude-code-request-class: auxiliary` says so (Claude Code sends it where
`CLAUDE_CODE_GATEWAY_HINT_HEADERS=1` is set, as `axonhub env` does; code.claude.com, "Gateway
protocol reference", 2026-11). Without that header: a request of Claude Code or OpenCode without
any tool and with at most four messages, since all others of theirs bring tools (captures of
2.1.330 and 1.18.33). A search of the web is `web_search` and never background. The model's name
says nothing: who works with a small model makes no background request by that, and a rule for the
name is there to be written.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import msgspec
from msgspec import Raw, Struct

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Envelope, Json
from axonhub_cli.routing.conditions import NO_TRAITS, Traits

BYTES_PER_TOKEN = 4
TOKENS_PER_IMAGE = 1_500
# Nothing that people or programs write has so long a run of these; shorter images count as text.
_BASE64 = re.compile(rb"[A-Za-z0-9+/=]{4096,}")
# Title calls have one to three; a conversation that is summed up has more.
_MOST_MESSAGES = 4
_AGENTS = frozenset({"claude-code", "opencode"})


class Facts(Struct, frozen=True):
    """What is known of a request without its body."""

    client: str = "unknown"
    subagent: bool = False
    request_class: str | None = None
    """`x-claude-code-request-class`: main, subagent or auxiliary."""
    generates: bool = True
    """False: tokens are only counted."""
    minute: int = 0
    """Of the week in local time; Monday 00:00 is 0."""


class _Switches(Struct, frozen=True):
    """Top-level fields of either protocol by which reasoning or searching is asked for."""

    thinking: Json = None
    reasoning: Json = None
    reasoning_effort: Json = None
    enable_thinking: Json = None
    web_search_options: Json = None
    plugins: Json = None


_decode_switches = msgspec.json.Decoder(_Switches).decode


def read_traits(
    asked: Collection[str], facts: Facts, body: bytes, envelope: Envelope | None
) -> Traits:
    """The traits named in `asked`; the others stay as they are by default.

    `envelope` is that of `body`; None: there is no body, and nothing is read from it.
    """
    if not asked:
        return NO_TRAITS
    found: dict[str, Json] = {
        "client": facts.client,
        "subagent": facts.subagent or facts.request_class == "subagent",
        "minute": facts.minute,
    }
    if envelope is not None:
        if "tokens" in asked:
            found["tokens"] = estimate_tokens(body)
        if "images" in asked:
            found["images"] = has_images(body, envelope)
        if "thinking" in asked:
            found["thinking"] = thinks(_read_switches(body))
        if "web_search" in asked:
            found["web_search"] = searches(body, envelope)
        if "background" in asked:
            found["background"] = is_background(facts, body, envelope)
    return Traits(**found)


def estimate_tokens(body: bytes) -> int:
    """A token is taken for 4 bytes of the body, an image for 1,500 tokens; no tokenizer runs."""
    size, images = len(body), 0
    if b"base64" in body:
        for found in _BASE64.finditer(body):
            size -= found.end() - found.start()
            images += 1
    return size // BYTES_PER_TOKEN + images * TOKENS_PER_IMAGE


def is_background(facts: Facts, body: bytes, envelope: Envelope) -> bool:
    """See the module's text for the rule."""
    if not facts.generates:
        return False
    if facts.request_class is not None:
        return facts.request_class == "auxiliary" and not searches(body, envelope)
    few = len(envelope.messages or ()) <= _MOST_MESSAGES
    return facts.client in _AGENTS and not envelope.tools and few


def has_images(body: bytes, envelope: Envelope) -> bool:
    """Anthropic's `image` block, in a tool's result too, or Chat's `image_url` part."""
    if b'"image"' not in body and b'"image_url"' not in body:
        return False
    return any(
        _is_image(block)
        for message in envelope.messages or ()
        if b'"image' in bytes(message)
        for block in _blocks(_decode(message))
    )


def thinks(switches: _Switches) -> bool:
    """May the model reason? Anthropic's `thinking` (adaptive too), Chat's `reasoning_effort`, and
    what OpenRouter, Zhipu, DeepSeek and Qwen take instead."""
    for mode in (switches.thinking, switches.reasoning):
        if isinstance(mode, dict):
            off = mode.get("type") == "disabled" or mode.get("effort") == "none"
            return not off and mode.get("enabled") is not False
    effort = switches.reasoning_effort
    return switches.enable_thinking is True or (isinstance(effort, str) and effort != "none")


def searches(body: bytes, envelope: Envelope) -> bool:
    """Is the provider to search the web? A function of the client's own that does is not meant."""
    if b"web" not in body:
        return False
    if any(_is_search(_decode(tool)) for tool in envelope.tools or () if b"web" in bytes(tool)):
        return True
    if b'"web_search_options"' not in body and b'"plugins"' not in body:
        return False
    switches = _read_switches(body)
    plugins = switches.plugins if isinstance(switches.plugins, list) else []
    return isinstance(switches.web_search_options, dict) or any(
        isinstance(plugin, dict) and plugin.get("id") == "web" for plugin in plugins
    )


def _read_switches(body: bytes) -> _Switches:
    try:
        return _decode_switches(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # The API's to refuse.
        return _Switches()


def _is_search(tool: Json) -> bool:
    """`web_search_20250305`, `web_search_preview`, Zhipu's `web_search`, Moonshot's builtin."""
    if not isinstance(tool, dict):
        return False
    kind = str(tool.get("type"))
    function = tool.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    return kind.startswith("web_search") or (kind == "builtin_function" and "web" in str(name))


def _is_image(block: Json) -> bool:
    return isinstance(block, dict) and block.get("type") in ("image", "image_url")


def _blocks(message: Json) -> Iterator[Json]:
    content = message.get("content") if isinstance(message, dict) else None
    for block in content if isinstance(content, list) else ():
        yield block
        inner = block.get("content") if isinstance(block, dict) else None
        if isinstance(inner, list):
            yield from inner


def _decode(raw: Raw) -> Json:
    try:
        return jsonio.decode(bytes(raw))
    except jsonio.InvalidJson:
        return None

"""Conditions of a rule beside the model's name: what a request is like, and whether that fits.

What users of Claude Code routers know as scenario routing. On the command line a condition is one
word (`background`, `not-thinking`, `tokens>60000`, `client=codex`), in the file a key of `when`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct, to_builtins

from axonhub_cli.config.schema import When
from axonhub_cli.errors import ConfigError
from axonhub_cli.routing import hours

LONG_CONTEXT = 60_000
"""Tokens of input beyond which a request is `long-context`."""

CLIENTS = (
    "claude-code",
    "codex",
    "opencode",
    "gemini-cli",
    "anthropic-sdk",
    "openai-sdk",
    "google-genai-sdk",
    "axonhub",
    "unknown",
)
"""What `client` may be compared with: the names that `trace list` shows."""

_FLAGS = {
    "background": "background",
    "thinking": "thinking",
    "images": "images",
    "web-search": "web_search",
    "subagent": "subagent",
}
"""Words of the command line to keys of the file."""
_ADJECTIVES = {"images": "image", "web_search": "web-search"}
_TOKENS = re.compile(r"tokens\s*(>|<=)\s*(\d{1,9})(k?)", re.IGNORECASE)
_HINT = (
    "background, thinking, images, web-search, subagent (each with not- before it), long-context, "
    "'tokens>60000', 'tokens<=60000', client=codex, time=22:00-06:00"
)


class Traits(Struct, frozen=True):
    """What a request is like, as far as some rule asks for it."""

    background: bool = False
    """A coding agent's small side request: a title, a summary, a topic check."""
    thinking: bool = False
    """The model may reason before it answers."""
    images: bool = False
    """There is one in the conversation, results of tools included."""
    web_search: bool = False
    """The provider is to search the web itself."""
    subagent: bool = False
    tokens: int = 0
    """Of input, estimated."""
    client: str = "unknown"
    minute: int = 0
    """Of the week in local time; Monday 00:00 is 0."""


NO_TRAITS = Traits()


def holds(when: When | None, traits: Traits) -> bool:
    """Does the request meet every condition? No condition always holds."""
    if when is None:
        return True
    for name in _FLAGS.values():
        wanted = getattr(when, name)
        if wanted is not None and wanted is not getattr(traits, name):
            return False
    if when.over_tokens is not None and traits.tokens <= when.over_tokens:
        return False
    if when.up_to_tokens is not None and traits.tokens > when.up_to_tokens:
        return False
    if when.client and traits.client not in when.client:
        return False
    return when.time is None or hours.holds(when.time, traits.minute)


def asked(conditions: Iterable[When | None]) -> frozenset[str]:
    """The names of the `Traits` that these conditions ask for."""
    names: set[str] = set()
    for when in conditions:
        if when is None:
            continue
        names |= {name for name in _FLAGS.values() if getattr(when, name) is not None}
        if when.over_tokens is not None or when.up_to_tokens is not None:
            names.add("tokens")
        if when.client:
            names.add("client")
        if when.time is not None:
            names.add("minute")
    return frozenset(names)


def parse(words: Iterable[str]) -> When | None:
    """The conditions as they are written on the command line. Raises `ConfigError`."""
    found: dict[str, Any] = {}
    for word in words:
        text = word.strip()
        if not text:
            continue
        name, value = _read(text)
        if name == "client":
            found["client"] = (*found.get("client", ()), *value)
        elif found.setdefault(name, value) != value:
            raise ConfigError(f"two conditions contradict each other: the second is {text!r}")
    if not found:
        return None
    when = When(**found)
    for where, what in faults_of(when):
        raise ConfigError(f"{where}: {what}")
    return when


def _read(text: str) -> tuple[str, Any]:
    lowered = text.lower().replace("_", "-")
    bare = lowered.removeprefix("not-")
    negated = bare != lowered
    if bare in _FLAGS:
        return _FLAGS[bare], not negated
    if bare == "long-context":
        bare = f"tokens>{LONG_CONTEXT}"
    if found := _TOKENS.fullmatch(bare):
        number = int(found[2]) * (1000 if found[3] else 1)
        return ("over_tokens" if (found[1] == ">") is not negated else "up_to_tokens"), number
    name, equals, value = text.partition("=")
    if equals and name.strip().lower() == "client":
        clients = tuple(part for part in map(str.strip, value.split(",")) if part)
        if not clients:
            raise ConfigError(
                f"{text[:80]!r} names no client", hint=f"there are {', '.join(CLIENTS)}"
            )
        return "client", clients
    if equals and name.strip().lower() == "time":
        return "time", " ".join(value.split())
    raise ConfigError(f"{text[:80]!r} is no condition", hint=f"there are {_HINT}")


def words_of(when: When | None) -> tuple[str, ...]:
    """The conditions as they are written on the command line."""
    return tuple(_words(when)) if when is not None else ()


def _words(when: When) -> Iterator[str]:
    for word, name in _FLAGS.items():
        wanted = getattr(when, name)
        if wanted is not None:
            yield word if wanted else f"not-{word}"
    if when.over_tokens is not None:
        yield f"tokens>{when.over_tokens}"
    if when.up_to_tokens is not None:
        yield f"tokens<={when.up_to_tokens}"
    if when.client:
        yield f"client={','.join(when.client)}"
    if when.time is not None:
        yield f"time={when.time}"


def explain(when: When) -> str:
    """Which requests meet them: `background codex requests of over 60000 tokens`."""
    said = []
    for name in _FLAGS.values():
        wanted = getattr(when, name)
        if wanted is not None:
            adjective = _ADJECTIVES.get(name, name)
            said.append(adjective if wanted else f"non-{adjective}")
    if when.client:
        said.append(" or ".join(when.client))
    said.append("requests")
    if when.over_tokens is not None:
        said.append(f"of over {when.over_tokens} tokens")
    if when.up_to_tokens is not None:
        said.append(f"of up to {when.up_to_tokens} tokens")
    if when.time is not None:
        said.append(f"at {when.time}")
    return " ".join(said)


def as_plain(when: When) -> dict[str, Any]:
    """The table `when` of the file: only what is asked for."""
    plain: dict[str, Any] = to_builtins(when)
    return {name: value for name, value in plain.items() if value not in (None, (), [])}


def faults_of(when: When) -> Iterator[tuple[str, str]]:
    """Where and what is wrong with conditions that someone wrote."""
    if when == When():
        yield "", "there is no condition in it: leave it out"
    for name in ("over_tokens", "up_to_tokens"):
        number = getattr(when, name)
        if number is not None and number < 1:
            yield name, f"{number} is no number of tokens"
    over, up_to = when.over_tokens, when.up_to_tokens
    if over is not None and up_to is not None and up_to <= over:
        yield "up_to_tokens", f"no request has over {over} and up to {up_to} tokens"
    for index, client in enumerate(when.client):
        if client not in CLIENTS:
            yield f"client[{index}]", f"unknown client {client!r}: there are {', '.join(CLIENTS)}"
    if when.time is not None:
        try:
            hours.read_spans(when.time)
        except ConfigError as error:
            yield "time", error.message

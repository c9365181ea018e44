"""What values and conditions may name: `{{request.model}}`, `request.headers.x-team`, `body.n`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from msgspec import Struct, field

from axonhub_cli import jsonedit, jsonio
from axonhub_cli.jsonio import Json
from axonhub_cli.overrides.paths import EACH, WrongPath, concrete, parse

_PLACEHOLDER = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_SECRET_HEADERS = frozenset(
    "authorization x-api-key x-goog-api-key api-key cookie proxy-authorization".split()
)


class Facts(Struct, frozen=True):
    """What is known of a request, of one candidate for it, and of who asks."""

    model: str = ""
    """As the client asked for it."""
    upstream_model: str = ""
    protocol: str = ""
    upstream_protocol: str = ""
    stream: bool = False
    client: str = ""
    session: str | None = None
    channel: str = ""
    key: str = ""
    profile: str | None = None
    effort: Callable[[], str | None] = lambda: None
    """Looked for when it is asked for: it stands somewhere in the body."""
    metadata: Callable[[], Mapping[str, Json]] = dict
    headers: Mapping[str, str] = field(default_factory=dict)
    """The client's, by lower-case name, without credentials."""


class Missing(Exception):
    """The request has no such value; the message is the variable's name."""


_SIMPLE: dict[str, Callable[[Facts], Json]] = {
    "request.model": lambda facts: facts.model,
    "request.protocol": lambda facts: facts.protocol,
    "request.stream": lambda facts: facts.stream,
    "request.effort": lambda facts: facts.effort(),
    "request.client": lambda facts: facts.client or None,
    "request.session": lambda facts: facts.session,
    "upstream.model": lambda facts: facts.upstream_model,
    "upstream.protocol": lambda facts: facts.upstream_protocol,
    "channel.name": lambda facts: facts.channel,
    "key.name": lambda facts: facts.key,
    "profile.name": lambda facts: facts.profile,
}
METADATA, HEADERS, BODY = "request.metadata.", "request.headers.", "body."
NAMES = (*_SIMPLE, f"{METADATA}NAME", f"{HEADERS}NAME", f"{BODY}PATH")
"""All that there are, for people."""


def check(name: str) -> str | None:
    """What is wrong with a variable's name, as a clause; the nearest one is the caller's to say."""
    if name in _SIMPLE:
        return None
    if name.startswith(BODY):
        return _check_path(name.removeprefix(BODY))
    for group in (METADATA, HEADERS):
        if name.startswith(group) and name != group:
            header = name.removeprefix(group).lower()
            if group == HEADERS and header in _SECRET_HEADERS:
                return f"{name!r} is a credential, which goes nowhere else"
            return None
    return f"there is no variable {name!r}"


def placeholders(value: Json) -> Iterator[str]:
    """The variables that a value names, in its texts at any depth."""
    if isinstance(value, str):
        yield from _PLACEHOLDER.findall(value)
    elif isinstance(value, dict):
        for item in value.values():
            yield from placeholders(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from placeholders(item)


def look_up(name: str, facts: Facts, body: bytes) -> Json:
    """A variable's value; None where the request has none. `body` is the one that goes upstream,
    as far as it is edited."""
    simple = _SIMPLE.get(name)
    if simple is not None:
        return simple(facts)
    if name.startswith(METADATA):
        return facts.metadata().get(name.removeprefix(METADATA))
    if name.startswith(HEADERS):
        return facts.headers.get(name.removeprefix(HEADERS).lower())
    place = jsonedit.find(body, concrete(parse(name.removeprefix(BODY))))
    return None if place is None else jsonio.decode(body[place.start : place.end])


def render(value: Json, facts: Facts, body: bytes) -> Json:
    """The value with its variables put in. A text that is one variable and nothing else becomes
    that value, a number or an object too. Raises `Missing`."""
    if isinstance(value, str):
        return _render_text(value, facts, body)
    if isinstance(value, dict):
        return {name: render(item, facts, body) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [render(item, facts, body) for item in value]
    return value


def as_text(value: Json) -> str:
    return value if isinstance(value, str) else jsonio.encode(value).decode()


def _render_text(text: str, facts: Facts, body: bytes) -> Json:
    pieces = _split(text)
    if len(pieces) == 1:
        return text
    found = []
    for name in pieces[1::2]:
        given = look_up(name, facts, body)
        if given is None:
            raise Missing(name)
        found.append(given)
    if pieces[0] == pieces[2] == "" and len(pieces) == 3:
        return found[0]
    texts = [*pieces]
    texts[1::2] = map(as_text, found)
    return "".join(texts)


@lru_cache(maxsize=1024)
def _split(text: str) -> list[str]:
    """Literal, variable, literal, … in turns."""
    return _PLACEHOLDER.split(text)


def _check_path(path: str) -> str | None:
    try:
        steps = parse(path)
    except WrongPath as error:
        return str(error)
    return (
        f"{BODY}{path} names several values: [*] cannot stand in a variable"
        if (EACH in steps)
        else None
    )

"""Keep credentials out of the trace: by header name, by the form of a value, by known value.

Headers, URLs and sentences are cleaned of anything that looks like a credential. Bodies are the
user's own words and are cleaned only of what axonhub knows to be one, its secrets and its keys, and
of what the configuration's patterns match.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from json import dumps

from axonhub_cli import jsonio
from axonhub_cli.config.userinfo import HIDDEN, hide_userinfo
from axonhub_cli.jsonio import Json
from axonhub_cli.tracing.hidden_names import hide_in_header, hide_in_text, is_hidden
from axonhub_cli.tracing.patterns import Patterns

Headers = tuple[tuple[bytes, bytes], ...]

_OWN_KEYS = re.compile(rb"ah-[0-9a-f]{64}")

_SHORTEST = 8
"""A shorter secret is likely a word, and hiding it everywhere would make a body unreadable."""

_LONGEST_KEPT = 2048
"""Letters of a text that is remembered: clients choose some, and hundreds are."""


class Redactor:
    """Knows the secrets of one moment. What it has cleaned lately, it remembers.

    `patterns` are regular expressions, see `patterns.py`; raises for one that is none.
    """

    def __init__(self, secrets: Iterable[str] = (), patterns: Iterable[str] = ()) -> None:
        self._patterns = Patterns(patterns)
        self._secrets = sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True)
        self._raw = [form for secret in self._secrets for form in _forms(secret)]
        self._short_text = lru_cache(maxsize=512)(self._text)
        self._short_value = lru_cache(maxsize=256)(self._value)
        self.headers = lru_cache(maxsize=64)(self._headers)
        """`[[name, value], …]` as JSON, names in lower case, credentials hidden."""

    @property
    def problem(self) -> str | None:
        """What is wrong with a pattern, as a sentence; None while all is well."""
        return self._patterns.problem

    def body(self, body: bytes) -> bytes:
        """A body, or a part of one, with known secrets starred out; `body` itself without any.

        The length stays, so that positions in a body mean the same before and after.
        """
        for form in self._raw:
            if form in body:
                body = body.replace(form, b"*" * len(form))
        if b"ah-" in body:
            body = _OWN_KEYS.sub(_stars, body)
        if self._patterns:
            # A skeleton's holes must stay, whatever a pattern takes in around them.
            body = b"\0".join([self._patterns.star(piece) for piece in body.split(b"\0")])
        return body

    def document(self, value: Json) -> bytes:
        """A document of ours as JSON, cleaned like a body. It stays JSON: of a pattern that takes
        in quotes or braces, only what it finds within a text is hidden."""
        written = jsonio.encode(value)
        cleaned = self.body(written)
        if cleaned == written or _is_json(cleaned):
            return cleaned
        return jsonio.encode(self.texts(value))

    def texts(self, value: Json) -> Json:
        """The same value with each text in it cleaned; names stay. A text that a pattern meets
        with its quotes, as it stands in JSON, is hidden as a whole."""
        match value:
            case str():
                written = jsonio.encode(cleaned := self.text(value))
                return cleaned if self._patterns.star(written) == written else HIDDEN
            case list() | tuple():
                return [self.texts(item) for item in value]
            case dict():
                return {name: self.texts(item) for name, item in value.items()}
            case _:
                return value

    def text(self, text: str) -> str:
        """A sentence, a header's value or a URL: valid Unicode, no credential."""
        return self._short_text(text) if len(text) <= _LONGEST_KEPT else self._text(text)

    def _text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        text = self._patterns.hide(hide_in_text(text))
        if "://" in text:
            text = hide_userinfo(text)
        return text if text.isascii() else text.encode("utf-8", "replace").decode()

    def _headers(self, headers: Headers) -> bytes:
        named = ((name.decode("latin-1").lower(), value) for name, value in headers)
        return jsonio.encode(
            [
                [name, HIDDEN if is_hidden(name) else self._header(value.decode("latin-1"))]
                for name, value in named
            ]
        )

    def _header(self, value: str) -> str:
        return self._short_value(value) if len(value) <= _LONGEST_KEPT else self._value(value)

    def _value(self, value: str) -> str:
        return self._text(hide_in_header(value))


def _stars(found: re.Match[bytes]) -> bytes:
    return b"*" * len(found[0])


def _is_json(data: bytes) -> bool:
    try:
        jsonio.decode(data)
    except jsonio.InvalidJson:
        return False
    return True


def _forms(secret: str) -> set[bytes]:
    """A secret as it may stand in a body: as it is, and as clients' languages write it in JSON."""
    raw = secret.encode("utf-8", "replace")
    written = jsonio.encode(raw.decode())[1:-1]
    # Python's own writer leaves ASCII alone, PHP's does that and escapes slashes.
    ascii_only = dumps(raw.decode())[1:-1].encode()
    return {raw, written, ascii_only, ascii_only.replace(b"/", b"\\/")}

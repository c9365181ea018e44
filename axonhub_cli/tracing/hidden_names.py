"""What carries a credential by its name or its form, in headers, queries and sentences. Pure.

    x-access: bearer dGhl…          a scheme before the value
    https://host/v1?Api_Key=s3cret  a name; `_`, `.` and capitals make no difference
    sig=…; user=me                  the same in a header's value
    ya29.a0Af…                      a form that vendors give to their tokens

Names are looked at by their words, so that what a vendor calls its credential tomorrow is likely
known today. That a harmless value is hidden costs less than a credential that is shown; what names
a session is a name and shown, since traces are found by it (`identity.py`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote_plus

from axonhub_cli.config.userinfo import HIDDEN

_SHOWN = frozenset(
    {"idempotency-key", "session-id", "x-session-id", "x-session-affinity"}
    | {"x-parent-session-id", "x-claude-code-session-id"}
)
_PARTS = re.compile(
    # `author` and `authority` are no credentials, `authorization` is; `max-tokens` is a number.
    r"auth(?!or(?!i[sz]))|token(?!s|-(?:count|limit|budget|usage|type))|secret|signature|jwt"
    r"|passw|passphrase|passcode|passkey|cookie|credential|bearer|csrf|xsrf"
    r"|(?:api|access|private|subscription)-?key|client-?cert|sess(?:ion)?-?id"
)
_WORDS = re.compile(
    r"(?:^|-)(?:key|sig|pat|otp|totp|mfa|pin|sso|sid|saml|assertion|hmac|dpop|pwd|pw|pass"
    r"|session|ak|sk)(?:-|$)|^code$"
)

_FORMS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:(?:sk|ah|rk|pk|csk|xai|pplx|tvly|nvapi|glpat|sess|xox[a-z])-"
    r"|(?:sk|rk|pk|gsk|gh[opusr]|github_pat|dop_v1|shpat)_|ya29\.|AIza|eyJ)[-_.A-Za-z0-9]{8,}"
    r"|(?:hf|r8|npm)_[A-Za-z0-9]{20,}|pypi-Ag[-_A-Za-z0-9]{20,}|1//0[-_A-Za-z0-9]{20,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16})"
)
# Sentences speak of bearers and of basic plans: in small letters only what is no word is hidden.
_SCHEMES = re.compile(
    r"(?<=\bBearer )\S+|(?<=\bBasic )\S+"
    r"|(?i:(?<=\bbearer )|(?<=\bbasic ))(?=[^\s]*\d)[-\w.~+/=]{8,}"
)
_HEADER_SCHEMES = re.compile(
    r"(?i)(\b(?:bearer|basic|negotiate|ntlm|dpop|apikey|api-key)\s+|^\s*(?:token|key|digest)\s+)\S.*"
)
_QUERY = re.compile(r"(?<=[?&#])([^=&#\s?]{1,200})=([^&#\s\"]*)")
_NAMED = re.compile(r"[?&;#]([^=&;#\s?]{1,200})=(?!\*\*\*)")
_MOST_LAYERS = 3
"""Of percent-encoding."""
_AFTER_SEMICOLON = re.compile(r"(?<=;)([^=&;#\s?]{1,200})=([^&;#\s\"]*)")
_NAME = re.compile(r"(?<![\w.%-])([\w.%-]{1,200})[\\\"']*\s?[=:]\s?")
_VALUE = re.compile(r"\\?\"[^\"]*\"|'[^']*'|[^\s,;&#}\])\"']+")


@lru_cache(maxsize=1024)
def is_hidden(name: str) -> bool:
    """Does a header or a (decoded) query parameter of this name carry a credential?"""
    plain = name.lower().replace("_", "-").replace(".", "-").replace(" ", "-")
    if plain in _SHOWN:
        return False
    return _PARTS.search(plain) is not None or _WORDS.search(plain) is not None


def hide_in_text(text: str) -> str:
    """A sentence or a URL without what looks like a credential in it."""
    text = _SCHEMES.sub(HIDDEN, _FORMS.sub(HIDDEN, text))
    if "=" in text:
        text = _QUERY.sub(_hide_pair, _AFTER_SEMICOLON.sub(_hide_pair, text))
    return text


def hide_in_header(value: str) -> str:
    """The same of a header's value, which may be a scheme with its credential, or hold pairs."""
    value = _HEADER_SCHEMES.sub(rf"\1{HIDDEN}", hide_in_text(value))
    return _hide_members(value) if "=" in value or ":" in value else value


def _hide_pair(found: re.Match[str]) -> str:
    name, value = found[1], found[2]
    if is_hidden(unquote_plus(name)):
        return f"{name}={HIDDEN}"
    return f"{name}={HIDDEN}" if "%" in value and _holds_one(value) else found[0]


def _holds_one(value: str) -> bool:
    """Is there a credential in what a value means? In a URL within a URL, say."""
    for _ in range(_MOST_LAYERS):
        inner = unquote_plus(value)
        if inner == value:
            return False
        named = (found[1] for found in _NAMED.finditer(inner))
        if _FORMS.search(inner) or any(is_hidden(unquote_plus(name)) for name in named):
            return True
        value = inner
    return False


def _hide_members(text: str) -> str:
    """`name=value` and `"name": "value"`, wherever one begins."""
    pieces: list[str] = []
    at = 0
    while (named := _NAME.search(text, at)) is not None:
        end = named.end()
        pieces.append(text[at:end])
        at = end
        if is_hidden(unquote_plus(named[1])) and (value := _VALUE.match(text, end)) is not None:
            pieces.append(HIDDEN)
            at = value.end()
    return "".join([*pieces, text[at:]])

"""The user and password in a URL, shown to nobody: one rule for lists, errors and traces."""

from __future__ import annotations

import re

HIDDEN = "***"

# Up to the last `@` of the authority (RFC 3986, section 3.2): a password may hold one itself.
_USERINFO = re.compile(r"(?<=//)[^/?#\s]*(?=@)")


def hide_userinfo(text: str) -> str:
    """A URL, or a sentence with URLs in it, with `***` in the place of users and passwords."""
    return _USERINFO.sub(HIDDEN, text) if "@" in text else text

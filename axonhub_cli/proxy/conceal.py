"""Keeps our own credential out of what an upstream says: some echo the token that they refuse."""

from __future__ import annotations

from axonhub_cli.proxy.headers import CREDENTIALS
from axonhub_cli.proxy.reply import HeaderList

HIDDEN = b"***"
# A shorter one is likely a word that a local engine takes for a key.
_SHORTEST = 8


class Conceal:
    """Hides the credentials of one call, given by the headers it was sent with."""

    def __init__(self, sent: HeaderList) -> None:
        shown = [value.rpartition(b" ")[2] for name, value in sent if name in CREDENTIALS]
        self._secrets = [secret for secret in shown if len(secret) >= _SHORTEST]

    def bytes(self, data: bytes) -> bytes:
        """`data` itself where it holds none."""
        for secret in self._secrets:
            if secret in data:
                data = data.replace(secret, HIDDEN)
        return data

    def headers(self, headers: HeaderList) -> HeaderList:
        return [(name, self.bytes(value)) for name, value in headers]

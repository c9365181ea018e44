"""Listen to a running daemon: the lines of its live feed, from the one that wrote the state file.

For the command line, which speaks to the daemon by HTTP only.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from time import monotonic

from axonhub_cli import jsonio
from axonhub_cli.daemon.state import (
    CHALLENGE_HEADER,
    LIVE_PATH,
    PROOF_HEADER,
    DaemonState,
    connect,
    proof,
    request_proof,
)
from axonhub_cli.jsonio import Json

_CONNECT_S = 1.0
_SILENCE_S = 12.0
"""More than two of the daemon's beats."""


def listen(state: DaemonState) -> Iterator[dict[str, Json]]:
    """Its events, from `hello` on, until it ends, is gone or is not the one that it should be."""
    challenge = os.urandom(16).hex()
    connection = HTTPConnection("localhost", state.port, timeout=_SILENCE_S)
    try:
        connection.sock = connect(state, monotonic() + _CONNECT_S)
        connection.sock.settimeout(_SILENCE_S)
        shown = request_proof(state.secret, LIVE_PATH, challenge)
        headers = {CHALLENGE_HEADER: challenge, PROOF_HEADER: shown}
        connection.request("GET", LIVE_PATH, headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            return
        known = False
        while line := answer.readline():
            event = jsonio.decode(line) if line.strip() else None
            if event is None:
                continue
            known = known or _proves(event, state, challenge)
            if not known:
                return
            yield event
    except (OSError, HTTPException, jsonio.InvalidJson):
        return
    finally:
        connection.close()


def _proves(event: Json, state: DaemonState, challenge: str) -> bool:
    claimed = event.get("proof") if isinstance(event, dict) else None
    expected = proof(state.secret, challenge)
    return isinstance(claimed, str) and hmac.compare_digest(claimed.encode(), expected.encode())

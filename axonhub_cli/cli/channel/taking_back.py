"""Takes tokens back that were put aside: in the running daemon, else in what the last one saved."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from axonhub_cli.cli.context import Session


def take_back(session: Session, channel: str, label: str | None = None) -> bool:
    """One token of a channel, or all; False where there was nothing to take back."""
    from axonhub_cli.daemon.state import TOKENS_PATH, ask, read_state

    asked = {"channel": channel} | ({"token": label} if label is not None else {})
    running = read_state(session.paths)
    path = f"{TOKENS_PATH}?{urlencode(asked)}"
    told = ask(running, path, method="POST") if running is not None else None
    if told is not None:
        return bool(told.get("taken_back"))
    return _edit_file(session, channel, label)


def _edit_file(session: Session, channel: str, label: str | None) -> bool:
    from axonhub_cli import jsonio
    from axonhub_cli.config.files import replace_private
    from axonhub_cli.errors import AxonHubError

    file = session.paths.routing_file
    try:
        saved: Any = jsonio.decode(file.read_bytes())
        entries = saved["parts"]["tokens"]
        kept = [
            entry
            for entry in entries
            if entry["channel"] != channel or (label is not None and entry["label"] != label)
        ]
        if len(kept) == len(entries):
            return False
        saved["parts"]["tokens"] = kept
        replace_private(file, jsonio.encode(saved).decode())
    except (OSError, ValueError, KeyError, TypeError, AxonHubError):
        # No daemon and no state that could be read: nothing is put aside.
        return False
    return True

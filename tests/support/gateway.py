"""A daemon with an upstream of each protocol behind it, to be shared by many tests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from axonhub_cli.tracing.queries import NotRecorded, TraceReader
from tests.support import chat_plays, plays
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.upstream import PATIENCE, Upstream

OAUTH_TOKEN = "sk-ant-oat01-" + "x" * 8
"""The form of a subscription's token."""

MESSAGES = "/anthropic/v1/messages"
COMPLETIONS = "/v1/chat/completions"


class Gateway:
    """Models `claude-*` go to an Anthropic upstream, `sub-*` to a `claude-code` channel on the same
    one, `gpt-*` to a Chat upstream; the names are sent upstream as they came."""

    def __init__(self, path: Path) -> None:
        self.home = Home(path)
        self.home.environ["TEST_OAUTH_TOKEN"] = OAUTH_TOKEN
        self.anthropic = Upstream(plays.default_answer)
        self.chat = Upstream(chat_plays.default_answer)
        self.daemon = Daemon(self.home)
        self._changed = False
        self._configured = 0

    @property
    def url(self) -> str:
        return self.daemon.url

    def reset(self) -> None:
        """As it was at first, for the next test."""
        self.anthropic.reset(plays.default_answer)
        self.chat.reset(chat_plays.default_answer)
        if self._changed:
            self.configure()
            self._changed = False

    def configure(self, *channels: dict[str, Any], **more: Any) -> None:
        """Its three channels, and these, which come first; `more` goes to `Home.configure`."""
        self._changed = True
        self._configured += 1
        marker = f"configured-{self._configured}"
        more["mappings"] = {marker: "claude-scripted-1", **more.get("mappings", {})}
        if "profile" in more:
            more["profile"] = _with_marker(more["profile"], marker)
        subscription = {"type": "claude-code", "tokens": ["env:TEST_OAUTH_TOKEN"]}
        self.home.configure(
            *channels,
            channel(self.anthropic.url, "claude", priority=1),
            channel(self.anthropic.url, "subscription", models=["sub-*"], **subscription),
            channel(self.chat.url, "chat", models=["gpt-*"], type="openai-compatible", priority=1),
            **more,
        )
        if self.url:
            self._wait_for(marker)

    def provider(self, type: str, model: str, protocol: str = "openai_chat") -> None:
        """For this test, `model` is served by a channel of this type."""
        upstream = self.anthropic if protocol == "anthropic" else self.chat
        fields: dict[str, Any] = {"type": type, "protocol": protocol, "models": [model]}
        self.configure(channel(upstream.url, "provider", **fields))

    def losses(self, request_id: str) -> Sequence[dict[str, Any]]:
        """What the trace says was lost of a request; it is written a moment after the answer."""
        deadline = monotonic() + PATIENCE
        while True:
            try:
                with TraceReader(self.home.paths.trace_db) as reader:
                    return reader.request(request_id).losses
            except NotRecorded:
                assert monotonic() < deadline, f"{request_id} is not recorded"

    def _wait_for(self, marker: str) -> None:
        """Until the daemon, which looks at its files at most every few milliseconds, has this."""
        deadline = monotonic() + PATIENCE
        while self.daemon.get(f"/v1/models/{marker}")[0] != 200:
            assert monotonic() < deadline, "the daemon does not take its new configuration"

    def ask(self, path: str, body: dict[str, Any], **headers: str) -> tuple[int, Any]:
        """One request; status and body, decoded unless it is a stream."""
        status, got, answer = self.daemon.post(json.dumps(body).encode(), path, **headers)
        kind = got.get("content-type", "")
        return status, json.loads(answer) if kind.startswith("application/json") else answer


def _with_marker(profile: dict[str, Any], marker: str) -> dict[str, Any]:
    """The profile, in which the marker is served too."""
    rule = {"from": marker, "to": "claude-scripted-1"}
    found = profile | {"mappings": [rule, *profile.get("mappings", [])]}
    return found | ({"models": [*profile["models"], marker]} if "models" in profile else {})


@contextmanager
def running(path: Path) -> Iterator[Gateway]:
    gateway = Gateway(path)
    gateway.anthropic.start()
    gateway.chat.start()
    try:
        gateway.configure()
        gateway.daemon.start()
        try:
            yield gateway
        finally:
            gateway.daemon.stop()
    finally:
        gateway.chat.stop()
        gateway.anthropic.stop()

"""A daemon with an upstream of each protocol behind it, to be shared by many tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import chat_plays, plays
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.upstream import Upstream

OAUTH_TOKEN = "sk-ant-oat01-" + "x" * 8
"""The form of a subscription's token."""


class Gateway:
    """Models `claude-*` go to an Anthropic upstream, `sub-*` to a `claude-code` channel on the same
    one, `gpt-*` to a Chat upstream; the names are sent upstream as they came."""

    def __init__(self, path: Path) -> None:
        self.home = Home(path)
        self.home.environ["TEST_OAUTH_TOKEN"] = OAUTH_TOKEN
        self.anthropic = Upstream(plays.default_answer)
        self.chat = Upstream(chat_plays.default_answer)
        self.daemon = Daemon(self.home)

    @property
    def url(self) -> str:
        return self.daemon.url

    def reset(self) -> None:
        """As it was at first, for the next test."""
        self.anthropic.reset(plays.default_answer)
        self.chat.reset(chat_plays.default_answer)

    def configure(self, **more: object) -> None:
        """Its three channels; `more` goes to `Home.configure`."""
        subscription = {"type": "claude-code", "tokens": ["env:TEST_OAUTH_TOKEN"]}
        self.home.configure(
            channel(self.anthropic.url, "claude"),
            channel(self.anthropic.url, "subscription", models=["sub-*"], **subscription),
            channel(self.chat.url, "chat", models=["gpt-*"], type="openai-compatible"),
            **more,  # type: ignore[arg-type]
        )


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

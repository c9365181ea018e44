"""The configuration of a running daemon: looked at with each request, swapped when it changed.

A request keeps the snapshot it began with. A file that cannot be read leaves the last good
configuration in place, with the error in `config_error`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from axonhub_cli.config.labels import labels_of
from axonhub_cli.config.load import load
from axonhub_cli.config.paths import Paths
from axonhub_cli.config.schema import Channel, Config
from axonhub_cli.config.secrets import SecretStore
from axonhub_cli.config.store import fingerprint
from axonhub_cli.errors import ConfigError, SecretError
from axonhub_cli.providers import PROVIDERS
from axonhub_cli.proxy.snapshot import Snapshot, Token, limits_of

logger = logging.getLogger("axonhub")

_LOOK_EVERY_S = 0.005
_ASK_AGAIN_S = 30.0
_RETRY_FAULTS_S = 60.0


class Runtime:
    """Gives each request its snapshot."""

    def __init__(
        self,
        paths: Paths,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._paths = paths
        self._environ = environ
        self._seen: tuple[Any, ...] | None = None
        self._lock = asyncio.Lock()
        self._look_at = 0.0
        self._retry_at = 0.0
        self._asked_again_at = -_ASK_AGAIN_S
        self.secrets: SecretStore | None = None
        self.snapshot = Snapshot(config=Config())
        self.config_error: str | None = None

    async def start(self) -> None:
        """Read the configuration for the first time. Raises `ConfigError`."""
        self._seen = fingerprint(self._paths)
        await self._load()

    async def current(self) -> Snapshot:
        """The snapshot for a request that begins now.

        Under load the files are looked at every few milliseconds only, less than the command that
        changed them takes to end.
        """
        now = self._clock()
        if now < self._look_at and self._seen is not None:
            return self.snapshot
        self._look_at = now + _LOOK_EVERY_S
        if self.snapshot.faults and now >= self._retry_at:
            # A keyring that was locked, a password manager that was not running.
            self._seen = None
        if fingerprint(self._paths) != self._seen:
            async with self._lock:
                await self._reload()
        return self.snapshot

    def refused(self, reference: str) -> None:
        """An upstream refused this secret: what a password manager gave may have been renewed, so
        its command is run again with the next request, though not more than twice a minute."""
        now = self._clock()
        if not reference.startswith("command:") or now < self._asked_again_at + _ASK_AGAIN_S:
            return
        self._asked_again_at = now
        if self.secrets is not None:
            self.secrets.invalidate(reference)
        self._seen = None

    def known_secrets(self) -> list[str]:
        """Every secret value in use, so that the trace can keep them out."""
        return self.secrets.known_values() if self.secrets is not None else []

    async def _reload(self) -> None:
        seen = fingerprint(self._paths)
        if seen == self._seen:
            return
        try:
            await self._load()
            self.config_error = None
            logger.info("configuration reloaded")
        except ConfigError as error:
            self.config_error = error.message
            logger.error("the changed configuration is not used: %s", error.message)
        self._seen = seen

    async def _load(self) -> None:
        config = load(self._paths, self._environ)
        # A keyring may ask the user to unlock it, a command may call a password manager.
        self.snapshot = await asyncio.to_thread(self._read, config)
        self._retry_at = self._clock() + _RETRY_FAULTS_S

    def _read(self, config: Config) -> Snapshot:
        known = self.secrets
        # What was read stays read: a reload must not make a password manager ask again.
        self.secrets = (
            known.with_config(config)
            if known is not None
            else SecretStore(self._paths, config, self._environ)
        )
        tokens: dict[str, tuple[Token, ...]] = {}
        faults: dict[str, str] = {}
        for channel in config.channels:
            if not channel.enabled:
                continue
            try:
                tokens[channel.name] = self._tokens(channel)
            except SecretError as error:
                faults[channel.name] = f"has no usable token ({error.message})"
        return Snapshot(
            config=config,
            keys={key.hash: key for key in config.keys},
            tokens=tokens,
            limits={c.name: limits_of(config.server, c) for c in config.channels},
            faults=faults,
        )

    def _tokens(self, channel: Channel) -> tuple[Token, ...]:
        assert self.secrets is not None
        provider = PROVIDERS[channel.type]
        tokenless = provider.token_form == "none" or provider.token_optional
        if not channel.tokens and channel.base_url is None and not tokenless:
            raise SecretError("no token is configured")
        tokens: list[Token] = []
        failure: SecretError | None = None
        for label, ref in zip(labels_of(channel.tokens), channel.tokens, strict=True):
            try:
                tokens.append(Token(label, self.secrets.resolve(ref), ref))
            except SecretError as error:
                failure = error
                logger.warning("token %s of channel %s: %s", label, channel.name, error.message)
        if failure is not None and not tokens:
            raise failure
        return tuple(tokens)
